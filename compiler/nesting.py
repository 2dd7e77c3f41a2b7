"""Timelines that clips of another timeline play: read, within limits, and given a length.

Promises: a document is read once for a document that includes or plays it, and what all of them
have together is limited before the work. No timeline plays itself, and paths pass the gate of the
outer document. `inlining` puts what was read in place of the clips.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from attrs import define, evolve, field, frozen

from ..documents.load import MOST_TEXT, Faults, Parsed, parse_file
from ..documents.models import put, replace
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, Related, TimelineError, errors
from ..ir.node import Source
from ..ir.origin import Document, Origin
from ..media.gate import refused
from .declared import MediaMode
from .edits.place import placed
from .edits.splice import NO_CUTS
from .geometry import mix_length
from .media import probe_sources
from .timeline.entry import NestedBuses, SourceEntry
from .timeline.model import Timeline
from .timeline.validate import validate, validate_media

MOST_CLIPS = 100_000
"""Of a timeline with all that it plays; and of the timelines that it plays, directly or through
others, together.

Counted before the work, so a clip that plays a part of a timeline counts as the whole, and a track
without clips as one clip.
"""

MOST_LEVELS = 32
"""How deep timelines can play each other."""

_EQUAL = ("channels", "pan_law", "detector")
"""What an inner timeline has in common with the one that plays it."""

Use = tuple[str, SourceEntry, Origin]
"""A name or path that clips use, its entry, and the place to report a problem of it."""
Read = Callable[[Path], Timeline]
"""The path of a document -> its timeline; raises TimelineError."""


@define
class DocumentReader:
    """The documents that one document includes and plays, within limits.

    Attributes:
        most_clips: see `MOST_CLIPS`.
        clips: of the timelines so far.
        size: of the documents so far, characters.
    """

    most_clips: int = MOST_CLIPS
    clips: int = 0
    size: int = 0
    _timelines: dict[str, Timeline | TimelineError] = field(factory=dict)

    def parsed(self, path: Path) -> Parsed:
        """The document in a file.

        Raises:
            TimelineError: it cannot be read, or the documents together are too large.
        """
        found = parse_file(path)
        self.size += len(found.text)
        if self.size > MOST_TEXT:
            message = (
                f"the documents that this one includes and plays have over {MOST_TEXT >> 20} MB"
            )
            raise TimelineError.of(Code.TOO_COMPLEX, message)
        return found

    def timeline(self, path: Path, read: Read) -> Timeline:
        """The timeline in a file, which is read once.

        Raises:
            TimelineError: it cannot be read, or the timelines together have too many clips.
        """
        key = os.path.realpath(path)
        if key not in self._timelines:
            try:
                found = read(path)
                self.clips += _count(found)
                if self.clips > self.most_clips:
                    raise TimelineError(self.too_many(None))
                self._timelines[key] = found
            except TimelineError as error:
                self._timelines[key] = error
        known = self._timelines[key]
        if isinstance(known, TimelineError):
            raise known
        return known

    def too_many(self, origin: Origin | None) -> Diagnostic:
        """MIX108: the timelines together have too many clips."""
        message = f"with the timelines that it plays, this one has over {self.most_clips:,} clips"
        return Diagnostic(Code.TOO_COMPLEX, message, origin, "render parts of it, and play these")


def clip_sources(timeline: Timeline) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """What the clips of a timeline play, and where they say so."""
    for t, track in enumerate(timeline.tracks):
        for c, clip in enumerate(track.clips):
            yield clip.source, ("tracks", t, "clips", c, "source")


def _count(timeline: Timeline) -> int:
    """How many clips a timeline has; see `MOST_CLIPS`."""
    return sum(max(1, len(track.clips)) for track in timeline.tracks)


@frozen
class Nested:
    """A timeline that others play.

    Attributes:
        timeline: at the rate of the outer one, with a start for each clip.
        media: its sources, by the names that its clips use.
        length: samples.
        entry: what the outer document says about it.
    """

    timeline: Timeline
    media: Mapping[str, Source]
    length: int
    entry: SourceEntry

    @cached_property
    def clips(self) -> int:
        """How many clips it has; see `MOST_CLIPS`."""
        return _count(self.timeline)


@frozen
class NestedDocuments:
    """The timelines that a document plays, and what is wrong with them.

    Attributes:
        found: by the names that its clips use.
        faults: of those that cannot be played.
        documents: of all of them.
    """

    found: Mapping[str, Nested] = field(factory=dict)
    faults: Faults = field(factory=Faults)
    documents: tuple[Document, ...] = ()

    def lengths(self, rate: int, channels: int) -> Mapping[str, Source]:
        """The timelines as if they were files, for whatever needs only their lengths."""
        return {
            name: Source(name, each.entry.path, "", rate, channels, each.length, "timeline")
            for name, each in self.found.items()
        }


def read_nested(
    outer: Timeline, uses: Iterable[Use], read: Read, mode: MediaMode, chain: tuple[str, ...]
) -> NestedDocuments:
    """Read the timelines among the sources of a document.

    Args:
        outer: the fields of the document, without tracks.
        uses: its sources.
        read: reads a document.
        mode: where the facts about sources are from.
        chain: the names of the documents that lead to this one, its own last.
    """
    found: dict[str, Nested] = {}
    problems: dict[Diagnostic, None] = {}
    bad: set[str] = set()
    documents: dict[str, Document] = {}
    for name, entry, origin in uses:
        if not entry.is_document or name in found:
            continue
        try:
            inner = _read(outer, entry, origin, read, chain)
            documents |= inner.documents
            found[name] = _measured(outer, inner, entry, origin, mode)
        except TimelineError as error:
            documents |= error.documents
            told = (evolve(d, origin=d.origin or origin) for d in error.diagnostics)
            problems |= dict.fromkeys(told)
            bad.add(origin.pointer)
    return NestedDocuments(
        found, Faults(tuple(problems), frozenset(bad)), tuple(documents.values())
    )


def _read(
    outer: Timeline, entry: SourceEntry, origin: Origin, read: Read, chain: tuple[str, ...]
) -> Timeline:
    """The timeline of an entry, at the rate of the outer one."""
    problem = refused(outer.root, entry.path, allow_outside=outer.allow_outside)
    if problem is not None:
        raise TimelineError(problem)
    path = outer.root / entry.path
    if os.path.realpath(path) in map(os.path.realpath, chain):
        message = " plays ".join((*chain, str(path)))
        help = "a timeline cannot play itself"
        raise TimelineError.of(Code.CIRCULAR_TIMELINES, message, origin=origin, help=help)
    if len(chain) > MOST_LEVELS:
        message = f"timelines play each other more than {MOST_LEVELS} levels deep"
        raise TimelineError.of(Code.TOO_COMPLEX, message, origin=origin)
    if not replace(entry, buses=NestedBuses.KEEP).is_path:
        message = f"{entry.path} is a timeline, so its entry has a path, and buses, and no more"
        raise TimelineError.of(Code.BAD_NESTING, message, origin=origin)
    inner = read(path)
    if inner.faults.found:
        raise TimelineError(inner.faults.found, inner.documents)
    return inner


def _measured(
    outer: Timeline, inner: Timeline, entry: SourceEntry, origin: Origin, mode: MediaMode
) -> Nested:
    """The timeline as one that can be inlined."""
    problems = [*_refusals(outer, inner, entry, origin), *errors(validate(inner))]
    inner = put(inner, sample_rate=outer.sample_rate)
    media, found = probe_sources(inner, mode)
    problems += errors(found)
    if not problems:
        inner, found = placed(inner, media)
        problems += errors((*found, *validate_media(inner, media)))
    if problems:
        raise TimelineError(problems, inner.documents)
    return Nested(inner, media, mix_length(inner, media), entry)


def _refusals(
    outer: Timeline, inner: Timeline, entry: SourceEntry, origin: Origin
) -> Iterator[Diagnostic]:
    """What keeps a timeline from being played by another."""
    for key in _EQUAL:
        ours, its = (getattr(each, key) for each in (outer, inner))
        if ours != its:
            message = f"{entry.path} has {key} {its}, and the timeline that plays it {ours}"
            there = Related(inner.origin(key), "its own")
            yield Diagnostic(Code.BAD_NESTING, message, origin, "make them equal", (there,))
    for key, nothing in NO_CUTS.items():
        if getattr(inner, key) != nothing:
            message = f"a timeline that another one plays has no {key}"
            help = f"write it with ordinary clips: mixdown inspect {entry.path} --after cut"
            yield Diagnostic(Code.BAD_NESTING, message, inner.origin(key), help)
