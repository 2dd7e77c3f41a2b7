"""An explanation as text and as plain data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

from ..ir.diagnostics import counted
from ..ir.nodes import Source
from ..ir.origin import Documents
from ..ir.places import place, shown_place
from ..ir.units import decibels, milliseconds
from .explain import Explanation, Silent, Sounding, Stage
from .measured import LEVELS
from .owners import Level, Owner
from .words import played_part, position, shown_speed

Measured = Mapping[str, float | None]
"""Levels that a render measured around a moment, by the names that `measured.LEVELS` explains."""


def explanation_text(
    moment: Explanation, documents: Documents, measured: Measured | None = None
) -> str:
    """Each clip with everything that changes its level, and the total, as text."""
    count = len(moment.sounding)
    head = f"{position(moment.at, moment.rate)}, sample {moment.at}: "
    head += f"{counted(count, 'clip')} sound{'s' if count == 1 else ''}"
    head += _before_cuts(moment, documents)
    if measured is not None:
        heard = [
            f"{LEVELS[name][0]} {'silence' if level is None else f'{level:.1f} {LEVELS[name][1]}'}"
            for name, level in measured.items()
        ]
        head += f"\nmeasured in the master: {', '.join(heard)}"
    blocks = [_block(s, moment.rate, documents) for s in moment.sounding]
    if moment.sounding:
        last = moment.sounding[0].stages
        master = [s for s in last if s.matters and s.owner.level is Level.MASTER]
        if master:
            blocks.append(["master, for every clip", *_table(map(_row(documents), master))])
    if moment.silent:
        blocks.append(silent_lines(moment.silent, documents))
    return "\n\n".join([head, *("\n".join(block) for block in blocks)]) + "\n"


def silent_lines(silent: Iterable[Silent], documents: Documents) -> list[str]:
    """Each clip that is silent, and why."""
    return [
        f"clip {s.clip} is silent: {s.why}  ({shown_place(s.origin, documents)})" for s in silent
    ]


def _before_cuts(moment: Explanation, documents: Documents) -> str:
    """Where the moment is without the cuts, on a line of its own; "" if there are none."""
    found = moment.before_cuts
    if found is None:
        return ""
    text = f"\n{position(found.at, moment.rate)} without the cuts"
    if found.cut:
        seconds = found.length / moment.rate
        text += f", after {found.cut} of {seconds:.3g} s ({shown_place(found.origin, documents)})"
    return text


Row = tuple[str, str, str, str]


def _block(sounding: Sounding, rate: int, documents: Documents) -> list[str]:
    """One clip: its source, its path to the master, and the total including the master."""
    owner = sounding.owner
    shown = shown_place(sounding.origin, documents)
    own = [s for s in sounding.stages if s.matters and s.owner.level is not Level.MASTER]
    part = played_part(sounding.source)
    part = f" ({part})" if part else ""
    place = position(sounding.sample, rate)
    if sounding.source.speed != (1, 1):
        place = source_place(sounding.source, sounding.file_sample)
    title = "including master" + ("" if sounding.measured else ", without its loudness gain")
    return [
        f"clip {owner.id}" + (f"  ({shown})" if shown else ""),
        f"  plays {sounding.source.path}{part} at {place}, "
        f"goes to {', '.join([*way(owner), 'master'])}",
        *_table([*map(_row(documents), own), ("total", title, _pair(sounding.factors), "")]),
    ]


def way(owner: Owner) -> list[str]:
    """What a clip goes through before the master."""
    return [f"track {owner.track}"] * bool(owner.track) + [f"bus {owner.bus}"] * bool(owner.bus)


def source_place(source: Source, sample: int) -> str:
    """The position in a file; with its rate and speed where it does not play at its own speed."""
    place = position(sample, source.rate)
    if source.speed == (1, 1):
        return place
    return f"{place} (of {source.rate} Hz, {shown_speed(source)})"


def _row(documents: Documents) -> Callable[[Stage], Row]:
    def row(stage: Stage) -> Row:
        where = shown_place(stage.node.origin, documents)
        return (
            stage.owner.level.value,
            stage.does,
            _levels(stage),
            f"{where}  {stage.cause}".rstrip(),
        )

    return row


def _table(rows: Iterable[Row]) -> Iterator[str]:
    listed = list(rows)
    widths = [max(len(row[i]) for row in listed) for i in range(3)]
    for level, does, gain, where in listed:
        line = f"    {level:<{widths[0]}}  {does:<{widths[1]}}  {gain:>{widths[2]}}  {where}"
        yield line.rstrip()


def _levels(stage: Stage) -> str:
    if not stage.effect.known:
        return "?"
    return "" if stage.effect.factors is None else _pair(stage.effect.factors)


def _pair(factors: tuple[float, ...]) -> str:
    """A gain in dB, or one per channel if they differ."""
    if len(set(factors)) == 1:
        return shown_db(decibels(factors[0]))
    return "  ".join(
        f"{side} {shown_db(decibels(f))}" for side, f in zip("LR", factors, strict=True)
    )


def shown_db(level: float) -> str:
    """A gain in dB; -inf is silence."""
    if level == -math.inf:
        return "silent"
    return f"{level + 0.0:+.2f} dB"


def explanation_data(
    moment: Explanation, documents: Documents, measured: Measured | None = None
) -> dict[str, object]:
    """The explanation as plain data; the level of silence is None."""
    return {
        "measured": None if measured is None else dict(measured),
        "sample": moment.at,
        "ms": float(milliseconds(moment.at, moment.rate)),
        "rate": moment.rate,
        "before_cuts": _before_cuts_data(moment, documents),
        "clips": [
            {
                "clip": s.owner.id,
                "track": s.owner.track,
                "bus": s.owner.bus,
                "place": place(s.origin, documents),
                "source": s.source.path,
                "source_sample": s.file_sample,
                "source_part": played_part(s.source),
                "source_rate": s.source.rate,
                "source_speed": list(s.source.speed),
                "source_ms": float(milliseconds(s.file_sample, s.source.rate)),
                "stages": [
                    {
                        "value": stage.node.name,
                        "kind": stage.node.kind,
                        "owner": {"level": stage.owner.level.value, "id": stage.owner.id},
                        "does": stage.does,
                        "cause": stage.cause,
                        "gain_db": _list(stage.effect.factors),
                        "reduction_db": stage.effect.reduction_db,
                        "place": place(stage.node.origin, documents),
                    }
                    for stage in s.stages
                ],
                "gain_db": _list(s.factors),
                "loudness_measured": s.measured,
            }
            for s in moment.sounding
        ],
        "silent": silent_data(moment.silent, documents),
    }


def silent_data(silent: Iterable[Silent], documents: Documents) -> list[dict[str, object]]:
    """The silent clips as plain data."""
    return [{"clip": s.clip, "why": s.why, "place": place(s.origin, documents)} for s in silent]


def _before_cuts_data(moment: Explanation, documents: Documents) -> dict[str, object] | None:
    found = moment.before_cuts
    if found is None:
        return None
    return {
        "sample": found.at,
        "ms": float(milliseconds(found.at, moment.rate)),
        "after": found.cut or None,
        "place": place(found.origin, documents),
    }


def _list(factors: tuple[float, ...] | None) -> list[float | None] | None:
    if factors is None:
        return None
    return [decibels(f) if f else None for f in factors]
