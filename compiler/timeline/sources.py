"""The files that clips play, and checks of the files that a document may name.

Promises: the only place that turns a clip's `source` into a path. Every path passes the gate
(`media/gate.py`); a name with a problem is reported once, at its first place.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from attrs import evolve

from ...documents.values import MAX_SPEED, MAX_TERM, ratio, shown
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, did_you_mean
from ...media.gate import refused
from .model import Timeline

MOST_SUGGESTED = 20
"""For how many misspelt names a near one is looked for: each search reads all names of sources."""


def source_path(timeline: Timeline, source: str) -> Path:
    """The file of a clip's `source`: its entry in `sources`, or else the path itself."""
    return timeline.root / timeline.sources.get(source, source)


def source_speed(timeline: Timeline, source: str) -> tuple[int, int]:
    """The speed of a clip's `source`, as a reduced ratio."""
    found = ratio(timeline.speeds.get(source, "1"))
    return (found or Fraction(1)).as_integer_ratio()


def validate_sources(timeline: Timeline) -> Iterator[Diagnostic]:
    """The problems of the names, paths and speeds of sources; no file is opened."""
    for name, path in timeline.sources.items():
        yield from _path(timeline, path, ("sources", name))
    for name, speed in timeline.speeds.items():
        yield from _speed(timeline, name, speed)
    seen = set(timeline.sources)
    misspelt = 0
    for t, track in enumerate(timeline.tracks):
        for c, clip in enumerate(track.clips):
            if clip.source in seen:
                continue
            seen.add(clip.source)
            place = ("tracks", t, "clips", c, "source")
            found = list(_path(timeline, clip.source, place))
            if not found and misspelt < MOST_SUGGESTED:
                found = list(_misspelt(timeline, clip.source, place))
                misspelt += len(found)
            yield from found


def validate_cover(timeline: Timeline) -> Iterator[Diagnostic]:
    """The problems of the cover's path; no file is opened."""
    if timeline.cover is not None:
        yield from _path(timeline, timeline.cover, ("cover",))


def _speed(timeline: Timeline, name: str, speed: str) -> Iterator[Diagnostic]:
    origin = timeline.origin("speeds", name)
    if name not in timeline.sources:
        yield Diagnostic(
            Code.UNKNOWN_SOURCE,
            f"no source is named {shown(name)}",
            origin,
            did_you_mean(name, timeline.sources),
        )
    if ratio(speed) is None:
        yield Diagnostic(
            Code.OUT_OF_RANGE,
            f"{shown(speed)} is no speed to play at",
            origin,
            f"a ratio such as '100/97', or a number such as '1.5', from 1/{MAX_SPEED} to "
            f"{MAX_SPEED}, its terms up to {MAX_TERM:,}",
        )


def _path(timeline: Timeline, path: str, place: tuple[str | int, ...]) -> Iterator[Diagnostic]:
    problem = refused(timeline.root, path, allow_outside=timeline.allow_outside)
    if problem is not None:
        yield evolve(problem, origin=timeline.origin(*place))


def _misspelt(
    timeline: Timeline, source: str, place: tuple[str | int, ...]
) -> Iterator[Diagnostic]:
    """A bare word that is not a file is a name; report it if it is close to a known one."""
    if "/" in source or "." in source or not timeline.sources:
        return
    near = difflib.get_close_matches(source[:100], timeline.sources, n=1, cutoff=0.6)
    if near and not source_path(timeline, source).exists():
        yield Diagnostic(
            Code.UNKNOWN_SOURCE,
            f"no source is named {shown(source)}",
            timeline.origin(*place),
            did_you_mean(source, timeline.sources),
        )
