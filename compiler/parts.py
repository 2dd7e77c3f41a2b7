"""The parts of a master that become files of their own, and their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, TimelineError
from ..ir.units import samples
from ..plans.splitting import MasterPart
from .deliveries import SPLITS, TEMPLATE, part_name, unusable
from .timeline.model import Timeline, clip_id
from .unit import Unit


class _Start(NamedTuple):
    """Where a part begins, samples, and what it is called."""

    at: int
    title: str


def master_parts(unit: Unit) -> tuple[MasterPart, ...]:
    """The parts that the request splits the master into, in order; none unless it does.

    The first begins with the mix and the last ends with it. The title of a part is that of the
    chapter, marker or clip that begins it; the first has that of the first one, wherever it is.

    Raises:
        TimelineError: MIX307, there is nothing to split at, or the names cannot be used.
    """
    split, template = unit.request.split, unit.request.split_name or TEMPLATE
    if split is None:
        return ()
    timeline, length = unit.timeline, unit.ir.session.length or 0
    starts = [start for start in _starts(timeline, split) if start.at < length]
    if not starts:
        help = "add markers" if split != SPLITS[2] else "its first track has no clips"
        raise TimelineError.of(Code.BAD_REQUEST, f"the mix has no {split} to split at", help=help)
    places = [0, *(start.at for start in starts[1:]), length]
    made: list[MasterPart] = []
    for number, (start, (first, last)) in enumerate(zip(starts, pairwise(places), strict=True), 1):
        tags = dict(timeline.metadata)
        if "title" in tags:
            tags.setdefault("album", tags["title"])
        tags |= {"title": start.title, "track": f"{number}/{len(starts)}"}
        name = part_name(template, tags, number)
        target = f"part-{number:0{len(str(len(starts)))}}"
        made.append(MasterPart(target, name, start.title, first, last, tuple(sorted(tags.items()))))
    _check_names(made, unit.export.container)
    return tuple(made)


def _starts(timeline: Timeline, split: str) -> Iterator[_Start]:
    """Where the parts begin, each place once, with the titles of all that begins there."""
    rate = timeline.sample_rate
    if split == SPLITS[2]:
        clips = enumerate(timeline.tracks[0].clips if timeline.tracks else ())
        found = [(samples(clip.start_ms, rate), clip_id(clip, c)) for c, clip in clips]
    else:
        marks = [m for m in timeline.markers if m.toc or split != SPLITS[0]]
        found = [(samples(marker.at_ms, rate), marker.label) for marker in marks]
    for at, group in groupby(sorted(found, key=lambda each: each[0]), lambda each: each[0]):
        yield _Start(at, " / ".join(title for _, title in group))


def _check_names(parts: list[MasterPart], extension: str) -> None:
    """Refuse names that cannot be used, or that two parts have."""
    problems = [problem for part in parts for problem in unusable([(part.name, extension)])]
    for name, times in Counter(part.name for part in parts).items():
        if times > 1:
            message = f"{times} parts would be named {name}.{extension}"
            help = "put {number} into the template of their names"
            problems.append(Diagnostic(Code.BAD_REQUEST, message, help=help))
    if problems:
        raise TimelineError(problems)
