"""Timelines that clips of another timeline play: read, given a length, and inlined.

Promises: after `inlined` every clip plays a file. The tracks of an inner timeline follow the track
that plays it, with ids that begin with those of that track and clip; each of their values has its
origin in the inner document. What an outer clip or track says is applied exactly, or an error says
where else to write it. No timeline plays itself, and paths pass the gate of the outer document.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePath

from attrs import define, evolve, field, frozen

from ..documents.fields import declaration
from ..documents.load import Faults
from ..documents.models import put, replace
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, Related, TimelineError, errors
from ..ir.names import NumberedNames
from ..ir.node import Source
from ..ir.origin import Document, Origin, tokens
from ..ir.units import milliseconds
from ..media.gate import refused
from .arrangement.whole import delayed
from .declared import MediaMode
from .edits.place import placed
from .edits.ripple import only
from .edits.splice import NO_CUTS, spliced
from .geometry import extent, mix_length
from .media import probe_sources
from .timeline.entry import NestedBuses, SourceEntry, file_entry
from .timeline.model import BusOverride, Clip, Marker, Timeline, Track, clip_id
from .timeline.validate import validate, validate_media

MOST_CLIPS = 100_000
"""Of a timeline with all that it plays."""

CAUSE = "the part that its clip plays"

_EQUAL = ("channels", "pan_law", "detector")
"""What an inner timeline has in common with the one that plays it."""

_OF_CLIP = {"id", "source", "start_ms", "offset_ms", "duration_ms", "gain_db", "mute", "accept"}
_OF_TRACK = {"id", "role", "name", "bus", "gain_db", "mute", "solo", "tags", "ripple", "clips"}
"""What clips and tracks that play a timeline may say."""

Use = tuple[str, SourceEntry, Origin]
"""A name or path that clips use, its entry, and the place to report a problem of it."""
Read = Callable[[Path], Timeline]
"""The path of a document -> its timeline; raises TimelineError."""


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
    problems: list[Diagnostic] = []
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
            problems += (evolve(d, origin=d.origin or origin) for d in error.diagnostics)
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


def inlined(timeline: Timeline, nested: Mapping[str, Nested], mode: MediaMode) -> Timeline:
    """The timeline with the tracks of those that it plays, in place of their clips.

    One with errors is returned unchanged: the compilation reports them.
    """
    media, found = probe_sources(timeline, mode)
    if timeline.faults.found or errors(found):
        return timeline
    whole, found = placed(timeline, media)
    if errors((*found, *validate(whole), *validate_media(whole, media))):
        return timeline
    inliner = _Inliner(whole, nested, {**media})
    made = inliner.run()
    if inliner.problems:
        return put(timeline, faults=Faults(tuple(inliner.problems)))
    length = mix_length(whole, media)
    if made.length_ms is None and mix_length(made, inliner.media) != length:
        made = put(made, length_ms=milliseconds(length, made.sample_rate))
    return made


@define
class _Inliner:
    """The result so far; `media` are the sources of its clips."""

    outer: Timeline
    nested: Mapping[str, Nested]
    media: dict[str, Source]
    problems: list[Diagnostic] = field(factory=list)
    tracks: list[Track] = field(factory=list)
    markers: list[Marker] = field(factory=list)
    sources: dict[str, SourceEntry] = field(factory=dict)
    buses: dict[str, BusOverride] = field(factory=dict)
    via: dict[str, Origin] = field(factory=dict)
    names: dict[tuple[str, str], str] = field(factory=dict)
    clips: int = 0

    def run(self) -> Timeline:
        """Inline every clip that plays a timeline."""
        outer = self.outer
        self.sources = {n: e for n, e in outer.sources.items() if n not in self.nested}
        self.buses = {bus.id: bus for bus in outer.buses}
        self.markers = list(outer.markers)
        self.via = {p: o for p, o in outer.via.items() if tokens(p)[:1] != ("tracks",)}
        for t, track in enumerate(outer.tracks):
            self._track(t, track)
        return put(
            outer,
            tracks=tuple(self.tracks),
            markers=tuple(self.markers),
            sources=self.sources,
            buses=tuple(self.buses.values()),
            via=self.via,
            nested={},
        )

    def _track(self, t: int, track: Track) -> None:
        """A track without the clips that play timelines, then the tracks of these."""
        played = [(c, clip) for c, clip in enumerate(track.clips) if clip.source in self.nested]
        kept = [(c, clip) for c, clip in enumerate(track.clips) if clip.source not in self.nested]
        if kept or not played:
            named = (put(clip, id=clip_id(clip, c)) if played else clip for c, clip in kept)
            at = ("tracks", len(self.tracks))
            self._note(self.outer, ("tracks", t), at, inside=not played)
            for number, (c, _) in enumerate(kept if played else ()):
                self._note(self.outer, ("tracks", t, "clips", c), (*at, "clips", number))
            self.tracks.append(put(track, clips=tuple(named)))
        if not played:
            return
        self._refuse(track, Track("", role=""), _OF_TRACK, ("tracks", t), "a track")
        for c, clip in played:
            place = ("tracks", t, "clips", c)
            self._refuse(clip, Clip(""), _OF_CLIP, place, "a clip")
            if not self.problems:
                self._clip(track, clip, c, place)

    def _refuse(
        self,
        owner: Track | Clip,
        plain: Track | Clip,
        allowed: set[str],
        place: tuple[str | int, ...],
        noun: str,
    ) -> None:
        """Report the keys that a clip or a track with a timeline cannot have."""
        for key in declaration(type(owner)).keys:
            if key not in allowed and getattr(owner, key) != getattr(plain, key):
                self.problems.append(
                    Diagnostic(
                        Code.BAD_NESTING,
                        f"{noun} that plays a timeline has no {key}",
                        self.outer.origin(*place, key),
                        "write it in that timeline, or on a bus that only its tracks go to",
                    )
                )

    def _clip(self, track: Track, clip: Clip, c: int, place: tuple[str | int, ...]) -> None:
        nested = self.nested[clip.source]
        where = extent(clip, self.outer.sample_rate, self.media)
        part = _part(nested, where.offset, where.length)
        self.clips += sum(len(inner.clips) for inner in part.tracks)
        if self.clips > MOST_CLIPS:
            message = f"with the timelines that it plays, this one has over {MOST_CLIPS:,} clips"
            self.problems.append(Diagnostic(Code.BAD_NESTING, message, self.outer.origin(*place)))
            return
        part = delayed(part, milliseconds(where.start, self.outer.sample_rate))
        prefix = f"{track.id}.{clip_id(clip, c)}"
        solo = any(inner.solo for inner in part.tracks)
        for i, inner in enumerate(part.tracks):
            number = len(self.tracks)
            self._note(part, ("tracks", i), ("tracks", number))
            mute = inner.mute or track.mute or clip.mute or (solo and not inner.solo)
            values: dict[str, object] = {
                "id": f"{prefix}.{inner.id}",
                "mute": mute,
                "solo": track.solo,
                "gain_db": inner.gain_db + track.gain_db + clip.gain_db,
                "tags": inner.tags or track.tags,
                "ripple": inner.ripple and track.ripple,
                "clips": tuple(self._played(nested, each, clip) for each in inner.clips),
            }
            if nested.entry.buses is NestedBuses.DROP:
                values |= {"role": track.role, "bus": track.bus}
            self.tracks.append(put(inner, **values))
        for m, marker in enumerate(part.markers):
            self._note(part, ("markers", m), ("markers", len(self.markers)))
            self.markers.append(marker)
        if nested.entry.buses is NestedBuses.KEEP:
            self._keep(part, place)

    def _keep(self, part: Timeline, place: tuple[str | int, ...]) -> None:
        """Add the changes to buses of an inner timeline."""
        stated = {bus.id for bus in self.outer.buses}
        for b, bus in enumerate(part.buses):
            if bus.id in stated:
                continue
            if self.buses.get(bus.id, bus) != bus:
                message = f"two timelines that this one plays change {bus.id} in different ways"
                help = "state the bus in this timeline, or choose buses: drop for one of them"
                origin = self.outer.origin(*place, "source")
                there = (Related(part.origin("buses", b), "one of them"),)
                self.problems.append(Diagnostic(Code.BAD_NESTING, message, origin, help, there))
            elif bus.id not in self.buses:
                self._note(part, ("buses", b), ("buses", len(self.buses)))
                self.buses[bus.id] = bus

    def _played(self, nested: Nested, clip: Clip, outer: Clip) -> Clip:
        """An inner clip with the name or path that its source has in the outer timeline."""
        key = (nested.entry.path, clip.source)
        if key not in self.names:
            self.names[key] = self._source(nested, clip.source)
        return put(clip, source=self.names[key], accept={**clip.accept, **outer.accept})

    def _source(self, nested: Nested, name: str) -> str:
        """The name or path of an inner source in the outer timeline, where it is added."""
        folder = PurePath(nested.entry.path).parent
        inner = nested.timeline.sources.get(name)
        entry = inner or file_entry(name)
        words = None if entry.transcript is None else str(folder / entry.transcript)
        entry = put(entry, path=str(folder / entry.path), transcript=words)
        made = entry.path
        if inner is not None or made in self.sources:
            stem = PurePath(nested.entry.path).stem
            made = NumberedNames(taken=self.sources, separator=".").take(f"{stem}.{name}")
            self.sources[made] = entry
            if inner is not None:
                self._note(nested.timeline, ("sources", name), ("sources", made))
        self.media[made] = evolve(nested.media[name], name=made)
        return made

    def _note(
        self,
        timeline: Timeline,
        old: tuple[str | int, ...],
        new: tuple[str | int, ...],
        *,
        inside: bool = True,
    ) -> None:
        """Note where a value comes from, and with `inside` the values in it."""
        source, target = (Origin("").child(*place).pointer for place in (old, new))
        self.via[target] = timeline.origin(*old)
        for pointer in timeline.via if inside else ():
            if pointer.startswith(f"{source}/"):
                origin = timeline.origin(*tokens(pointer))
                self.via[target + pointer[len(source) :]] = origin


def _part(nested: Nested, first: int, length: int) -> Timeline:
    """Samples [first, first + length) of a timeline, as a timeline of their own."""
    timeline, rate = nested.timeline, nested.timeline.sample_rate
    clips = (clip for track in timeline.tracks for clip in track.clips)
    ends = (extent(clip, rate, nested.media).end for clip in clips)
    whole = max((nested.length, *ends))
    if (first, length) == (0, whole):
        return timeline
    return spliced(timeline, nested.media, only(first, first + length, whole, CAUSE))
