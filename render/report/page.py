"""The delivery report as one HTML page: no network, no other file, no framework.

A pure function of the report. Text from a timeline stays text: Jinja2 escapes every value, and the
page's content security policy forbids it to send anything, and to load anything but the sound
beside it. Without JavaScript the readout, the zoom and links to moments are missing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from attrs import frozen
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ...ir.diagnostics import counted
from ...ir.units import clock, decibels, gain_factor
from .model import BusReport, Curve, DeliveryReport

WIDTH = 1000.0
"""The width of every picture, in its own units: the whole master."""

HEIGHT = 100.0

LOUDEST_LUFS, QUIETEST_LUFS = 0.0, -48.0
"""The range of the loudness picture."""

FLOOR_DB = -60.0
"""The bottom of the pictures of buses."""

LEAST_REDUCTION_DB = 3.0
"""The smallest range of the gain-reduction picture."""

_TICKS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_MOST_TICKS = 9


@frozen
class Tick:
    """A tick of an axis: its position, in percent, and its label."""

    at: float
    text: str


@frozen
class BusPicture:
    """A bus, and the outline of its picture."""

    bus: BusReport
    outline: str


def page_text(report: DeliveryReport) -> str:
    """The page, with a final line feed."""
    deepest = report.reduction.deepest_db if report.reduction else 0.0
    depth = max(LEAST_REDUCTION_DB, math.ceil(deepest))
    return template("page.html.jinja").render(
        report=report,
        outline=_outline(report, *report.waveform),
        momentary=_line(report, report.momentary),
        short_term=_line(report, report.short_term),
        reduced=_area_from_top(report, report.reduction.curve, depth) if report.reduction else "",
        depth=depth,
        floor=FLOOR_DB,
        times=tuple(_times(report.duration_s)),
        lanes=[BusPicture(bus, _area(report, bus.peaks)) for bus in report.buses if bus.peaks],
        levels=[Tick(_percent(_down(v)), f"{v:g}") for v in (0, -12, -24, -36, -48)],
        ceiling_factor=None if report.ceiling_db is None else gain_factor(report.ceiling_db),
        curves=_curves(report),
    )


@cache
def template(name: str) -> Template:
    """A template of this package, with its filters; every value is escaped."""
    environment = Environment(
        loader=PackageLoader(__package__, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "clock": _clock,
        "counted": counted,
        "level": _level,
        "length": _length,
        "size": _size,
        "across": _across,
        "down": _down,
        "meter": _meter,
    }
    return environment.get_template(name)


def _clock(seconds: float) -> str:
    """1:02.345."""
    return clock(seconds, 3)


def _length(seconds: float) -> str:
    """A duration to a useful precision: 48.0 s, 12:03, 1:02:03."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _level(value: float | None, digits: int = 1) -> str:
    """A level with a real minus sign; a dash for silence."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def _size(count: int) -> str:
    """A number of bytes, in kB or MB."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def _meter(lufs: float | None) -> float:
    """The filled share of a meter from `QUIETEST_LUFS` to `LOUDEST_LUFS`, percent."""
    return 0.0 if lufs is None else 100.0 - _percent(_down(lufs))


def _across(seconds: float, report: DeliveryReport) -> float:
    """The position of a time, in percent of the master."""
    return round(100.0 * min(seconds / report.duration_s, 1.0), 3)


def _down(lufs: float) -> float:
    """The position of a loudness in its picture, from the top."""
    share = (LOUDEST_LUFS - lufs) / (LOUDEST_LUFS - QUIETEST_LUFS)
    return round(HEIGHT * min(max(share, 0.0), 1.0), 2)


def _percent(down: float) -> float:
    return round(100.0 * down / HEIGHT, 3)


def _places(report: DeliveryReport, curve: Curve) -> Iterator[float]:
    """The horizontal position of each value of a curve."""
    scale = WIDTH / report.duration_s
    for k in range(len(curve.values)):
        yield round(min((curve.start_s + k * curve.step_s) * scale, WIDTH), 1)


def _points(points: Iterable[tuple[float, float]]) -> str:
    return "L".join(f"{x:g} {y:g}" for x, y in points)


def _outline(report: DeliveryReport, lowest: Curve, highest: Curve) -> str:
    """The waveform as an area: along its upper edge, then back along its lower edge."""
    places = [*_places(report, highest), WIDTH]
    top = [_swing(value) for value in highest.values]
    bottom = [_swing(value) for value in lowest.values]
    # The last column extends to the end.
    above = zip(places, [*top, *top[-1:]], strict=False)
    below = zip(reversed(places), reversed([*bottom, *bottom[-1:]]), strict=False)
    return f"M{_points([*above, *below])}Z"


def _area(report: DeliveryReport, peaks: Curve) -> str:
    """Magnitudes in dB as an area above `FLOOR_DB`."""
    heights = [_height(value or 0.0) for value in peaks.values]
    places = [*_places(report, peaks), WIDTH]
    points = zip(places, [*heights, *heights[-1:]], strict=False)  # the last extends to the end
    return f"M{_points([(0.0, HEIGHT), *points, (WIDTH, HEIGHT)])}Z"


def _height(magnitude: float) -> float:
    share = decibels(magnitude) / FLOOR_DB
    return round(HEIGHT * min(max(share, 0.0), 1.0), 2)


def _swing(value: float | None) -> float:
    """The vertical position of a sample in its picture."""
    return round(HEIGHT / 2 * (1.0 - min(max(value or 0.0, -1.0), 1.0)), 2)


def _line(report: DeliveryReport, curve: Curve) -> str:
    """Loudness as a line, with gaps where it does not exist."""
    parts: list[list[tuple[float, float]]] = [[]]
    for place, value in zip(_places(report, curve), curve.values, strict=True):
        if value is None:
            parts.append([])
        else:
            parts[-1].append((place, _down(value)))
    return "".join(f"M{_points(part)}" for part in parts if part)


def _area_from_top(report: DeliveryReport, curve: Curve, depth: float) -> str:
    """Gain reduction as an area downwards from the top."""
    points = [
        (place, round(HEIGHT * min((value or 0.0) / depth, 1.0), 2))
        for place, value in zip(_places(report, curve), curve.values, strict=True)
    ]
    return f"M{_points([(0.0, 0.0), *points, (WIDTH, 0.0)])}Z"


def _times(duration: float) -> Iterator[Tick]:
    """The ticks of the time axis: few, at round times."""
    fitting = (step for step in _TICKS_S if duration / step <= _MOST_TICKS)
    step = next(fitting, _TICKS_S[-1] * math.ceil(duration / _TICKS_S[-1] / _MOST_TICKS))
    for k in range(int(duration / step + 1e-9) + 1):
        at = k * step
        text = f"{at:g} s" if step < 1 else _clock(at).removesuffix(".000")
        yield Tick(round(100.0 * at / duration, 3), text)


def _curves(report: DeliveryReport) -> Mapping[str, object]:
    """The values that the readout under the pointer shows."""
    lowest, highest = report.waveform

    def listed(curve: Curve) -> dict[str, object]:
        return {"start": curve.start_s, "step": curve.step_s, "values": curve.values}

    peaks = tuple(
        max(high or 0.0, -(low or 0.0))
        for low, high in zip(lowest.values, highest.values, strict=True)
    )
    return {
        "duration": report.duration_s,
        "peak": listed(Curve(highest.start_s, highest.step_s, peaks)),
        "momentary": listed(report.momentary),
        "short_term": listed(report.short_term),
        "reduction": listed(report.reduction.curve) if report.reduction else None,
    }
