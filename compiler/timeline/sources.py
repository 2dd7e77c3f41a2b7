"""The files that clips play, and checks of the files that a document may name.

Promises: the only place that turns a clip's `source` into a path. Every path passes the gate
(`media/gate.py`); a name with a problem is reported once, at its first place.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from attrs import evolve

from ...documents.values import shown
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, did_you_mean
from ...ir.origin import Origin
from ...media.gate import refused
from .entry import NestedBuses, SourceEntry, file_entry
from .model import Timeline

MOST_SUGGESTED = 20
"""For how many misspelt names a near one is looked for: each search reads all names of sources."""


def entry_of(timeline: Timeline, source: str) -> SourceEntry:
    """What a clip's `source` names: the entry in `sources`, or else the file of that path."""
    return timeline.sources.get(source) or file_entry(source)


def source_path(timeline: Timeline, source: str) -> Path:
    """The file of a clip's `source`."""
    return timeline.root / entry_of(timeline, source).path


def entry_origin(timeline: Timeline, name: str, key: str = "path") -> Origin:
    """The place of a key of an entry; of a path, that of the entry if it says nothing else."""
    short = key == "path" and timeline.sources[name].is_path
    return timeline.origin("sources", name, *(() if short else (key,)))


def validate_sources(timeline: Timeline) -> Iterator[Diagnostic]:
    """The problems of the names and paths of sources; no file is opened."""
    for name, entry in timeline.sources.items():
        yield from _path(timeline, entry.path, entry_origin(timeline, name))
        if entry.transcript is not None:
            place = entry_origin(timeline, name, "transcript")
            yield from _path(timeline, entry.transcript, place)
        if entry.buses is NestedBuses.DROP and not entry.is_document:
            message = f"{shown(name)} is a media file, which has no buses"
            place = entry_origin(timeline, name, "buses")
            yield Diagnostic(Code.BAD_STRUCTURE, message, place, "leave it out")
        if entry.downmix is not None and not isinstance(entry.channels, int | None):
            yield Diagnostic(
                Code.OUT_OF_RANGE,
                f"{shown(name)} selects channels and mixes them down",
                entry_origin(timeline, name, "downmix"),
                "keep one of the two: a downmix plays all channels",
            )
    seen = set(timeline.sources)
    misspelt = 0
    for t, track in enumerate(timeline.tracks):
        for c, clip in enumerate(track.clips):
            if clip.source in seen:
                continue
            seen.add(clip.source)
            origin = timeline.origin("tracks", t, "clips", c, "source")
            found = list(_path(timeline, clip.source, origin))
            if not found and misspelt < MOST_SUGGESTED:
                found = list(_misspelt(timeline, clip.source, origin))
                misspelt += len(found)
            yield from found


def validate_cover(timeline: Timeline) -> Iterator[Diagnostic]:
    """The problems of the cover's path; no file is opened."""
    if timeline.cover is not None:
        yield from _path(timeline, timeline.cover, timeline.origin("cover"))


def _path(timeline: Timeline, path: str, origin: Origin) -> Iterator[Diagnostic]:
    problem = refused(timeline.root, path, allow_outside=timeline.allow_outside)
    if problem is not None:
        yield evolve(problem, origin=origin)


def _misspelt(timeline: Timeline, source: str, origin: Origin) -> Iterator[Diagnostic]:
    """A bare word that is not a file is a name; report it if it is close to a known one."""
    if "/" in source or "." in source or not timeline.sources:
        return
    near = difflib.get_close_matches(source[:100], timeline.sources, n=1, cutoff=0.6)
    if near and not source_path(timeline, source).exists():
        yield Diagnostic(
            Code.UNKNOWN_SOURCE,
            f"no source is named {shown(source)}",
            origin,
            did_you_mean(source, timeline.sources),
        )
