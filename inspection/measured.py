"""What a render measured of a mix, found beside it: the facts and the levels over time.

A render writes manifest.json and report.json into one directory. They count for a mix only if the
manifest has the facts of exactly this mix, backend and delivery.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ..compiler.facts import Facts, read_facts
from ..compiler.unit import Unit
from ..ir.codes import Code
from ..ir.diagnostics import MixdownError
from .report import JSON_NAME, Curve, DeliveryReport

_WINDOW_S = 0.4
"""The window of momentary loudness, ITU-R BS.1770-5."""


def beside(file: str, directory: str | None) -> Path | None:
    """The directory of the render of a file: the one given, or the one that `render` makes.

    None if none is given, and there is no such directory or no manifest that can be read.
    """
    if directory is not None:
        return Path(directory)
    found = Path(f"{Path(file).stem}-mixdown")
    try:
        facts_beside(found)
    except MixdownError:
        return None
    return found


def facts_beside(directory: Path) -> Facts:
    """The facts that the render in a directory measured.

    Raises:
        TimelineError: MIX307, there are none.
    """
    return read_facts(directory / "manifest.json")


def levels_at(report: DeliveryReport, seconds: float) -> Mapping[str, float | None]:
    """What was measured in the master around a time: by the names that `LEVELS` explains."""
    found = {
        "momentary_lufs": _value(report.momentary, seconds + _WINDOW_S / 2),
        "short_term_lufs": _value(report.short_term, seconds + 1.5),
    }
    if report.reduction is not None:
        found["limiter_db"] = _value(report.reduction.curve, seconds)
    return found


def loudest(report: DeliveryReport) -> float | None:
    """The middle of the loudest 400 ms, seconds; None if nothing has a loudness."""
    curve = report.momentary
    heard = [(v, n) for n, v in enumerate(curve.values) if v is not None]
    if not heard:
        return None
    _, number = max(heard, key=lambda pair: (pair[0], -pair[1]))
    return float(curve.start_s + number * curve.step_s - _WINDOW_S / 2)


LEVELS: Mapping[str, tuple[str, str]] = {
    "momentary_lufs": ("momentary", "LUFS"),
    "short_term_lufs": ("short-term", "LUFS"),
    "limiter_db": ("the limiter takes", "dB"),
}
"""What each level is called, and its unit."""


def report_beside(directory: Path, unit: Unit) -> DeliveryReport | None:
    """The report of a render; None if it was a render of another mix, or has no report.

    Raises:
        MixdownError: MIX307, its report cannot be read.
    """
    known = facts_beside(directory).finishes
    path = directory / JSON_NAME
    if unit.keys is None or unit.keys.finish not in known or not path.is_file():
        return None
    try:
        return DeliveryReport.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"{str(path)!r} is not a report of mixdown"
        raise MixdownError.of(Code.BAD_REQUEST, message, help="render the mix again") from error


def _value(curve: Curve, seconds: float) -> float | None:
    """The value of a curve at the nearest of its times; None before and after it."""
    number = round((seconds - curve.start_s) / curve.step_s)
    return curve.values[number] if 0 <= number < len(curve.values) else None
