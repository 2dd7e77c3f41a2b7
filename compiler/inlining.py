"""The tracks of timelines in place of the clips that play them.

Promises: after `inlined` every clip plays a file. The tracks of an inner timeline follow the track
that plays it, with ids that begin with those of that track and clip; each of their values has its
origin in the inner document. What an outer clip or track says is applied exactly, or an error says
where else to write it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from attrs import define, evolve, field, frozen

from ..documents.fields import declaration
from ..documents.load import Faults
from ..documents.models import put
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, Related, errors
from ..ir.names import NumberedNames
from ..ir.node import Source
from ..ir.origin import Origin, tokens
from ..ir.units import milliseconds
from .arrangement.whole import delayed
from .declared import MediaMode
from .edits.place import placed
from .edits.ripple import only
from .edits.splice import spliced
from .geometry import extent, mix_length
from .media import probe_sources
from .nesting import DocumentReader, Nested, clip_sources
from .timeline.entry import NestedBuses, SourceEntry, file_entry
from .timeline.model import BusOverride, Clip, Marker, Timeline, Track, clip_id
from .timeline.validate import validate, validate_media

CAUSE = "the part that its clip plays"

_OF_CLIP = {"id", "source", "start_ms", "offset_ms", "duration_ms", "gain_db", "mute", "accept"}
_OF_TRACK = {"id", "role", "name", "bus", "gain_db", "mute", "solo", "tags", "ripple", "clips"}
"""What clips and tracks that play a timeline may say."""

_DEPTHS = (3, 5)
"""How many parts the pointer of a track, marker, bus or source has, and that of a clip."""


@frozen(eq=False)
class _ValuePlaces:
    """A timeline, and the pointers of the values that its `via` knows, by what they are inside."""

    timeline: Timeline
    inside: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, timeline: Timeline) -> _ValuePlaces:
        """A timeline with these."""
        inside: dict[str, list[str]] = {}
        for pointer in timeline.via:
            parts = pointer.split("/")
            for depth in _DEPTHS:
                if len(parts) > depth:
                    inside.setdefault("/".join(parts[:depth]), []).append(pointer)
        return cls(timeline, inside)


def inlined(
    timeline: Timeline, nested: Mapping[str, Nested], mode: MediaMode, reading: DocumentReader
) -> Timeline:
    """The timeline with the tracks of those that it plays, in place of their clips.

    One with errors is returned unchanged: the compilation reports them.
    """
    if timeline.faults.found:
        return timeline
    media, found = probe_sources(timeline, mode)
    if errors(found):
        return timeline
    whole, found = placed(timeline, media)
    if errors((*found, *validate(whole), *validate_media(whole, media))):
        return timeline
    problem = _too_many(whole, nested, reading)
    if problem is not None:
        return put(timeline, faults=Faults((problem,)))
    inliner = _Inliner(whole, nested, {**media})
    made = inliner.run()
    if inliner.problems:
        return put(timeline, faults=Faults(tuple(inliner.problems)))
    length = mix_length(whole, media)
    if made.length_ms is None and mix_length(made, inliner.media) != length:
        made = put(made, length_ms=milliseconds(length, made.sample_rate))
    return made


def _too_many(
    timeline: Timeline, nested: Mapping[str, Nested], reading: DocumentReader
) -> Diagnostic | None:
    """The problem that a timeline has too many clips with all that it plays, if it has."""
    count = 0
    for source, place in clip_sources(timeline):
        count += nested[source].clips if source in nested else 1
        if count > reading.most_clips:
            return reading.too_many(timeline.origin(*place))
    return None


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
    written: dict[str, _ValuePlaces] = field(factory=dict)

    def run(self) -> Timeline:
        """Inline every clip that plays a timeline."""
        outer = self.outer
        self.sources = {n: e for n, e in outer.sources.items() if n not in self.nested}
        self.buses = {bus.id: bus for bus in outer.buses}
        self.markers = list(outer.markers)
        self.via = {p: o for p, o in outer.via.items() if tokens(p)[:1] != ("tracks",)}
        written = _ValuePlaces.of(outer)
        for t, track in enumerate(outer.tracks):
            self._track(written, t, track)
        return put(
            outer,
            tracks=tuple(self.tracks),
            markers=tuple(self.markers),
            sources=self.sources,
            buses=tuple(self.buses.values()),
            via=self.via,
            nested={},
        )

    def _track(self, written: _ValuePlaces, t: int, track: Track) -> None:
        """A track without the clips that play timelines, then the tracks of these."""
        played = [(c, clip) for c, clip in enumerate(track.clips) if clip.source in self.nested]
        kept = [(c, clip) for c, clip in enumerate(track.clips) if clip.source not in self.nested]
        if kept or not played:
            named = (put(clip, id=clip_id(clip, c)) if played else clip for c, clip in kept)
            at = ("tracks", len(self.tracks))
            self._note(written, ("tracks", t), at, inside=not played)
            for number, (c, _) in enumerate(kept if played else ()):
                self._note(written, ("tracks", t, "clips", c), (*at, "clips", number))
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
        part = delayed(part, milliseconds(where.start, self.outer.sample_rate))
        written = _ValuePlaces.of(part)
        prefix = f"{track.id}.{clip_id(clip, c)}"
        solo = any(inner.solo for inner in part.tracks)
        for i, inner in enumerate(part.tracks):
            number = len(self.tracks)
            self._note(written, ("tracks", i), ("tracks", number))
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
            self._note(written, ("markers", m), ("markers", len(self.markers)))
            self.markers.append(marker)
        if nested.entry.buses is NestedBuses.KEEP:
            self._keep(written, place)

    def _keep(self, written: _ValuePlaces, place: tuple[str | int, ...]) -> None:
        """Add the changes to buses of an inner timeline."""
        part = written.timeline
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
                self._note(written, ("buses", b), ("buses", len(self.buses)))
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
                self._note(self._inner(nested), ("sources", name), ("sources", made))
        self.media[made] = evolve(nested.media[name], name=made)
        return made

    def _inner(self, nested: Nested) -> _ValuePlaces:
        """An inner timeline with its places."""
        path = nested.entry.path
        if path not in self.written:
            self.written[path] = _ValuePlaces.of(nested.timeline)
        return self.written[path]

    def _note(
        self,
        written: _ValuePlaces,
        old: tuple[str | int, ...],
        new: tuple[str | int, ...],
        *,
        inside: bool = True,
    ) -> None:
        """Note where a value comes from, and with `inside` the values in it."""
        source, target = (Origin("").child(*place).pointer for place in (old, new))
        self.via[target] = written.timeline.origin(*old)
        for pointer in written.inside.get(source, ()) if inside else ():
            origin = written.timeline.origin(*tokens(pointer))
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
