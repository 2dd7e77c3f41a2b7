"""The explanation of a range, a clip or a track as text and as plain data."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..ir.diagnostics import counted
from ..ir.origin import Documents
from ..ir.places import place, shown_place
from ..ir.units import milliseconds
from .explain_text import shown_db, silent_data, silent_lines, source_place, way
from .passages import DIP_DB, Passage, RangeExplanation
from .reductions import reduction_text
from .words import played_part, position


def range_text(found: RangeExplanation, documents: Documents) -> str:
    """Each clip that sounds, with its gain and what mixdown decided about it, as text."""
    span = f"{position(found.start, found.rate)} to {position(found.end, found.rate)}"
    verb = "sounds" if len(found.passages) == 1 else "sound"
    blocks = [[f"{span}: {counted(len(found.passages), 'clip')} {verb}"]]
    blocks += [list(_block(passage, found.rate, documents)) for passage in found.passages]
    if found.silent:
        blocks.append(silent_lines(found.silent, documents))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _block(passage: Passage, rate: int, documents: Documents) -> Iterator[str]:
    shown = shown_place(passage.origin, documents)
    yield f"clip {passage.owner.id}" + (f"  ({shown})" if shown else "")
    part = played_part(passage.source)
    part = f" ({part})" if part else ""
    at = source_place(passage.source, passage.file_sample)
    span = f"{position(passage.start, rate)} to {position(passage.end, rate)}"
    yield (
        f"  {span}, plays {passage.source.path}{part} from {at}, goes to "
        f"{', '.join([*way(passage.owner), 'master'])}"
    )
    yield f"  gain {_gain(passage, rate)}"
    for taken in passage.reductions:
        done = reduction_text(taken.node, taken.down_db)
        yield f"  {taken.does}: {done} at most, at {position(taken.at, rate)}"
    for cause, origin in passage.causes:
        where = shown_place(origin, documents)
        yield f"  {cause}" + (f"  ({where})" if where else "")


def _gain(passage: Passage, rate: int) -> str:
    if shown_db(passage.lowest) == shown_db(passage.highest):
        return shown_db(passage.lowest)
    text = (
        f"{shown_db(passage.lowest)} at {position(passage.lowest_at, rate)} to "
        f"{shown_db(passage.highest)} at {position(passage.highest_at, rate)}"
    )
    dips = f", {counted(passage.dips, 'dip')} of {DIP_DB:g} dB or more"
    return text + (dips if passage.dips else "")


def range_data(found: RangeExplanation, documents: Documents) -> dict[str, object]:
    """The same as plain data; the level of silence is None."""

    def ms(at: int) -> float:
        return float(milliseconds(at, found.rate))

    return {
        "start_ms": ms(found.start),
        "end_ms": ms(found.end),
        "rate": found.rate,
        "clips": [
            {
                "clip": p.owner.id,
                "track": p.owner.track,
                "bus": p.owner.bus,
                "place": place(p.origin, documents),
                "start_ms": ms(p.start),
                "end_ms": ms(p.end),
                "source": p.source.path,
                "source_part": played_part(p.source),
                "source_rate": p.source.rate,
                "source_speed": list(p.source.speed),
                "source_ms": float(milliseconds(p.file_sample, p.source.rate)),
                "lowest_gain_db": None if p.lowest == -math.inf else p.lowest,
                "lowest_at_ms": ms(p.lowest_at),
                "highest_gain_db": None if p.highest == -math.inf else p.highest,
                "highest_at_ms": ms(p.highest_at),
                "dips": p.dips,
                "reductions": [
                    {"value": r.node.name, "kind": r.node.kind, "db": r.down_db, "at_ms": ms(r.at)}
                    for r in p.reductions
                ],
                "causes": [
                    {"cause": cause, "place": place(origin, documents)}
                    for cause, origin in p.causes
                ],
            }
            for p in found.passages
        ],
        "silent": silent_data(found.silent, documents),
    }
