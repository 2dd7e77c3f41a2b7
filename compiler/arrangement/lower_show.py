"""A show becomes a timeline.

Promises: the timeline depends only on the document and the lengths of its files; each of its values
has its origin in a line of the show. Speakers, ads, stings, music and the bed are a track each, in
this order; empty tracks are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from attrs import define, field

from ...documents.limits import MAX_TIME_MS
from ...documents.load import Faults
from ...documents.models import exceeded, legal, replace, shared
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic
from ...ir.nodes import Source
from ...ir.origin import Origin
from ...ir.units import milliseconds, samples
from ..declared import MediaMode
from ..geometry import rounds
from ..timeline.model import ZERO, Clip, Marker, Timeline, Track
from ..timeline.validate import unique
from .report import Report, unknown
from .show import Music, Segment, SegmentKind, Show, Speaker
from .whole import blank, probe, trimmed

# The tracks that do not belong to a speaker: id -> role.
_OTHERS: Mapping[str, str] = {
    "ads": "voiceover",
    "stings": "fx",
    "music": "music",
    "timelines": "dialogue",
}
_TRACK_OF: Mapping[SegmentKind, str] = {SegmentKind.AD: "ads", SegmentKind.STING: "stings"}
_BED = "bed"
_HOST = Speaker(id="host")
_UNDER = ("music", _BED)
"""The tracks that play on where speech is cut."""


def lower_show(show: Show, faults: Faults, mode: MediaMode) -> Timeline:
    """The timeline of a show, with everything that is wrong with it as `faults`, at its lines.

    Args:
        show: as it was read.
        faults: the errors found while it was read.
        mode: where the facts about its sources are from.
    """
    report = Report(show.document, faults)
    report.found += check_show(show)
    show = legal(show)
    timeline = blank(show)
    media = probe(timeline, list(_uses(show)), report, mode)
    mixer = _ShowMixer(show, media, report)
    length = mixer.mix() or 1  # a show that is nothing but errors has a length, too
    return trimmed(
        replace(
            timeline,
            length_ms=milliseconds(length, show.sample_rate),
            markers=tuple(marker for marker, _ in mixer.in_order()),
            tracks=mixer.tracks(),
            via={**timeline.via, **mixer.via()},
            faults=report.faults,
        )
    )


def check_show(show: Show) -> Iterator[Diagnostic]:
    """Every violation that can be found without the files."""
    origin = show.origin()
    yield from exceeded(show, show.origin)
    ids = [speaker.id for speaker in show.speakers]
    yield from unique(show.origin, ids, ("speakers",), "speaker")
    for s, speaker in enumerate(show.speakers):
        if speaker.id in (*_OTHERS, _BED):
            yield Diagnostic(
                Code.DUPLICATE_ID,
                f"{speaker.id!r} is the name of a track in every show",
                origin.child("speakers", s, "id"),
                "rename the speaker",
            )
    if not show.segments:
        place = origin.child("segments")
        yield Diagnostic(Code.EMPTY_TIMELINE, "there are no segments", place, "add one")
    for s, segment in enumerate(show.segments):
        yield from _segment(show, segment, origin.child("segments", s))


def _segment(show: Show, segment: Segment, origin: Origin) -> Iterator[Diagnostic]:
    if segment.source is None and segment.kind is not SegmentKind.AD:
        message = f"a {segment.kind} needs a source"
        yield Diagnostic(Code.MISSING_KEY, message, origin, "only an ad may be an empty slot")
    elif segment.source is None and segment.duration_ms is None:
        message = "an ad needs a source, or a duration_ms for an empty slot"
        yield Diagnostic(Code.MISSING_KEY, message, origin)
    if segment.speaker is None:
        return
    place = origin.child("speaker")
    if segment.kind is not SegmentKind.PART:
        message = f"a {segment.kind} has no speaker"
        yield Diagnostic(Code.BAD_STRUCTURE, message, place, "leave it out, or make it a part")
    elif segment.speaker not in (known := [s.id for s in show.speakers or (_HOST,)]):
        yield unknown(Code.UNKNOWN_SPEAKER, "speaker", segment.speaker, known, place)


def _uses(show: Show) -> Iterator[tuple[str, Origin]]:
    """Every source and the place of its name, in the document's order."""
    for key in ("intro", "outro", "bed"):
        owner = getattr(show, key)
        if owner is not None:
            yield owner.source, show.origin(key, "source")
    for s, segment in enumerate(show.segments):
        if segment.source is not None:
            yield segment.source, show.origin("segments", s, "source")


@define
class _ShowMixer:
    """Builds the mix of one show; all times are samples.

    What cannot be played has no clip and no length; `is_whole` is then false.
    """

    show: Show
    media: Mapping[str, Source]
    report: Report
    markers: list[tuple[Marker, Origin]] = field(factory=list)
    clips: dict[str, list[tuple[Clip, Origin]]] = field(factory=dict)
    is_whole: bool = True

    def mix(self) -> int:
        """Place everything; return the length of the show."""
        for m, marker in enumerate(self.show.markers):
            self.markers.append((marker, self.show.origin("markers", m)))
        words = self._segments(*self._intro())
        length = self._outro(words) + self._samples(self.show.tail_ms)
        if self.show.bed is not None:
            self._bed(length)
        return length

    def tracks(self) -> tuple[Track, ...]:
        """The tracks, in order."""
        cut = bool(self.show.cuts or self.show.tighten or self.show.remove or self.show.keep)
        return tuple(
            Track(
                **shared(owner, Track),
                clips=tuple(clip for clip, _ in self.clips[owner.id]),
                ripple=not cut or owner.id not in _UNDER,
            )
            for owner in self._owners()
        )

    def via(self) -> dict[str, Origin]:
        """The origins of tracks and clips, by their pointers."""
        found: dict[str, Origin] = {}
        speakers = [speaker.id for speaker in self.show.speakers]
        for t, owner in enumerate(self._owners()):
            if owner.id in speakers:
                found[f"/tracks/{t}"] = self.show.origin("speakers", speakers.index(owner.id))
            elif owner.id == _BED:
                found[f"/tracks/{t}"] = self.show.origin(_BED)
            for c, (_, origin) in enumerate(self.clips[owner.id]):
                found[f"/tracks/{t}/clips/{c}"] = origin
        marked = enumerate(self.in_order())
        return found | {f"/markers/{m}": origin for m, (_, origin) in marked}

    def in_order(self) -> list[tuple[Marker, Origin]]:
        """The markers and their places, in time order."""
        return sorted(self.markers, key=lambda marked: marked[0].at_ms)

    def _mark(self, at: int, label: str, origin: Origin) -> None:
        self.markers.append((Marker(at_ms=self._ms(at), label=label), origin))

    def _owners(self) -> list[Speaker]:
        """The names, roles and levels of the tracks with clips."""
        every = [*(self.show.speakers or (_HOST,))]
        every += [Speaker(id=id, role=role) for id, role in _OTHERS.items()]
        if self.show.bed is not None:
            every.append(Speaker(id=_BED, role=self.show.bed.role))
        by_id = {owner.id: owner for owner in every}
        return [owner for id, owner in by_id.items() if id in self.clips]

    def _intro(self) -> tuple[int, Decimal]:
        """Where words may begin, and the gap before them if the first segment has none."""
        intro, head = self.show.intro, self._samples(self.show.head_ms)
        if intro is None:
            return head, ZERO
        end = self._music(intro, head, "intro")
        self._mark(head, "Intro", self.show.origin("intro"))
        if intro.alone_ms is None:
            return end, self.show.gap_ms
        return min(end, head + self._samples(intro.alone_ms)), ZERO

    def _segments(self, at: int, first_gap: Decimal) -> int:
        """Place the segments from `at` on; return the end of the last."""
        for s, segment in enumerate(self.show.segments):
            usual = self.show.gap_ms if s else first_gap
            start = at + self._samples(usual if segment.gap_ms is None else segment.gap_ms)
            if self._ms(start) > MAX_TIME_MS:
                message = f"this begins after {MAX_TIME_MS:,} ms, the maximum length of a show"
                self.report.error(Code.OUT_OF_RANGE, message, self.show.origin("segments", s))
                break
            at = start
            label = segment.label or ("Ad" if segment.kind is SegmentKind.AD else None)
            if label is not None:
                self._mark(at, label, self.show.origin("segments", s))
            if segment.source is None:
                self.is_whole = self.is_whole and segment.duration_ms is not None
                at += self._samples(segment.duration_ms or ZERO)
                continue
            first = (self.show.speakers or (_HOST,))[0].id
            track = _TRACK_OF.get(segment.kind, segment.speaker or first)
            is_nested = segment.source in self.show.nested
            fade = ZERO if is_nested else self.show.fade_ms
            if is_nested:
                track = "timelines"
                self._check_nested(segment, s)
            clip = Clip(
                **shared(segment, Clip) | {"gap_ms": ZERO},
                id=f"{segment.kind}-{s + 1}",
                start_ms=self._ms(at),
                fade_in_ms=fade,
                fade_out_ms=fade,
            )
            at += self._place(clip, track, self.show.origin("segments", s))
        return at

    def _check_nested(self, segment: Segment, s: int) -> None:
        """Report what a segment that is a timeline cannot have."""
        if segment.speaker is not None:
            message = "a timeline has tracks of its own, and no speaker"
            place = self.show.origin("segments", s, "speaker")
            self.report.error(Code.BAD_NESTING, message, place, "leave it out")

    def _outro(self, words: int) -> int:
        """The end of the show; its last segment ends at `words`."""
        outro = self.show.outro
        ends = [words, *(self._end(clip) for clip, _ in self.clips.get("music", []))]
        if outro is None:
            return max(ends)
        length = self._length(outro)
        start = words + self._samples(self.show.gap_ms)
        if outro.alone_ms is not None:
            start = words - max(0, length - self._samples(outro.alone_ms))
        if start < 0 and self.is_whole:
            self.report.error(
                Code.BAD_STRUCTURE,
                f"the outro would begin {-self._ms(start)} ms before the show",
                self.show.origin("outro", "alone_ms"),
                "shorten it with duration_ms, or increase alone_ms",
            )
            return max(ends)
        start = max(0, start)
        self._mark(max(start, words), "Outro", self.show.origin("outro"))
        return max(*ends, self._music(outro, start, "outro"))

    def _music(self, music: Music, start: int, key: str) -> int:
        """Place the intro or the outro; return its end."""
        clip = Clip(**shared(music, Clip), id=key, start_ms=self._ms(start))
        return start + self._place(clip, "music", self.show.origin(key))

    def _bed(self, length: int) -> None:
        """Place the bed in crossfaded rounds; the last ends with the show."""
        bed = self.show.bed
        assert bed is not None
        origin = self.show.origin(_BED)
        if bed.source not in self.media or not length:
            self.clips.setdefault(_BED, [])
            return
        whole = self.media[bed.source].length(self.show.sample_rate)
        overlap = self._samples(bed.crossfade_ms)
        if 3 * overlap > whole:
            self.report.error(
                Code.BAD_STRUCTURE,
                f"the bed lasts {self._ms(whole)} ms, less than three of its crossfades",
                origin.child("crossfade_ms"),
                "shorten the crossfade",
            )
            return
        repeats = rounds(length, whole, overlap)
        for number, (start, lasts) in enumerate(repeats, 1):
            is_last = number == len(repeats)
            clip = Clip(
                id=f"round-{number}",
                source=bed.source,
                start_ms=self._ms(start),
                duration_ms=self._ms(lasts),
                gain_db=bed.gain_db,
                fade_in_ms=ZERO if number > 1 else bed.fade_in_ms,
                fade_out_ms=bed.fade_out_ms if is_last else ZERO,
                crossfade_in_ms=bed.crossfade_ms if number > 1 else None,
                crossfade_out_ms=None if is_last else bed.crossfade_ms,
            )
            self._place(clip, _BED, origin)

    def _place(self, clip: Clip, track: str, origin: Origin) -> int:
        """Put a clip on a track; return its length."""
        clips = self.clips.setdefault(track, [])
        if clip.source in self.media:
            clips.append((clip, origin))
        return self._length(clip)

    def _length(self, played: Clip | Music) -> int:
        """The length that a file plays, by its duration or to its end; at least 0."""
        if played.duration_ms is not None:
            return self._samples(played.duration_ms)
        if played.source not in self.media:
            self.is_whole = False
            return 0
        whole = self.media[played.source].length(self.show.sample_rate)
        return max(0, whole - self._samples(played.offset_ms))

    def _end(self, clip: Clip) -> int:
        return self._samples(clip.start_ms) + self._length(clip)

    def _samples(self, ms: Decimal) -> int:
        return samples(ms, self.show.sample_rate)

    def _ms(self, count: int) -> Decimal:
        return milliseconds(count, self.show.sample_rate)
