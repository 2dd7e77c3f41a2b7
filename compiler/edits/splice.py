"""Takes removed ranges out of a timeline: clips split, and everything on it follows.

Promises: the result is an ordinary timeline without cuts. A clip that a cut touches becomes one
clip for each kept range that it sounds in; all origins lead back to the document, and the edges of
a join name the cut. docs/semantics.md defines the rules. Relies on a valid, clamped timeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import NamedTuple

from attrs import define, evolve, field

from ...documents.models import put
from ...ir.names import NumberedNames
from ...ir.origin import Origin, tokens
from ...ir.units import milliseconds, samples
from ..geometry import Extent, Media, extent, junctions
from ..timeline.model import Clip, Marker, Timeline, Track, clip_id
from .ripple import Place, Removed, Ripple
from .segments import excerpted, rippled

NO_CUTS = {"cuts": (), "tighten": None, "remove": None, "keep": None}
"""The keys of a timeline that cut it, without a cut."""
CURVE = "qsin"
"""Of the crossfade at a join: equal power, as for other crossfades."""

Decided = Mapping[str, Removed]
"""Keys of a clip, with what decided their values."""
Made = tuple[int, Clip, Decided]
"""The number of a clip, what becomes of it, and what was decided."""


def spliced(timeline: Timeline, media: Media, ripple: Ripple) -> Timeline:
    """The timeline on the new time.

    Args:
        timeline: valid, and clamped.
        media: by the clips' `source`.
        ripple: of the timeline.
    """
    splice = _Splice(timeline, media, ripple)
    tracks = tuple(splice.track(t, track) for t, track in enumerate(timeline.tracks))
    length = timeline.length_ms and splice.ms(ripple.new_length)
    markers = tuple(splice.markers())
    values = {"tracks": tracks, "markers": markers, "length_ms": length, "via": splice.via}
    return put(timeline, **NO_CUTS, **values)


class Fragment(NamedTuple):
    """A part of a clip, on the old time.

    Attributes:
        start: its first sample.
        end: the first sample after it.
        shift: how much earlier it is on the new time.
        fade_in: the samples over which it fades in at a join; 0: it has its own edge.
        fade_out: the same at its end.
        before: what is removed before it, if it has a join there.
        after: the same after it.
    """

    start: int
    end: int
    shift: int
    fade_in: int
    fade_out: int
    before: Removed | None
    after: Removed | None


@define
class _Splice:
    """One run: its input, and the origins of what it has made."""

    timeline: Timeline
    media: Media
    ripple: Ripple
    via: dict[str, Origin] = field(factory=dict)
    inside: dict[str, list[str]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Keep the origins of what stays in its place, and sort the others by clip."""
        for pointer, origin in self.timeline.via.items():
            match tokens(pointer):
                case ("tracks", t, "clips", c, *rest):
                    if rest:
                        self.inside.setdefault(f"/tracks/{t}/clips/{c}", []).append(pointer)
                case ("markers", *_):
                    pass
                case _:
                    self.via[pointer] = origin

    @property
    def rate(self) -> int:
        """The session rate."""
        return self.timeline.sample_rate

    def ms(self, count: int) -> Decimal:
        """The time of a sample."""
        return milliseconds(count, self.rate)

    def markers(self) -> Iterator[Marker]:
        """The markers on the new time; one whose chapter is removed as a whole is left out."""
        count = 0
        order = sorted(enumerate(self.timeline.markers), key=lambda item: item[1].at_ms)
        for (number, marker), following in zip_longest(order, order[1:]):
            at = samples(marker.at_ms, self.rate)
            then = at if following is None else samples(following[1].at_ms, self.rate)
            new = self.ripple.new(at)
            if then > at and self.ripple.new(then) == new:
                continue
            self.via[f"/markers/{count}"] = self.timeline.origin("markers", number)
            count += 1
            end = samples(marker.at_ms + (marker.length_ms or 0), self.rate)
            length = self.ms(self.ripple.new(end) - new) if self.ripple.new(end) > new else None
            yield put(marker, at_ms=self.ms(new), length_ms=length)

    def track(self, t: int, track: Track) -> Track:
        """A track on the new time."""
        extents = [extent(clip, self.rate, self.media) for clip in track.clips]
        if not track.ripple:
            made = self._shortened(track, extents)
        elif any(self.ripple.touching(where.start, where.end) for where in extents):
            made = self._split(track, extents)
        else:
            made = self._moved(track, extents)
        clips = []
        for number, (c, clip, decided) in enumerate(made):
            self._note(("tracks", t, "clips", c), ("tracks", t, "clips", number), decided)
            clips.append(clip)
        automation = rippled(track.automation, self.ripple, self.rate)
        return put(track, clips=tuple(clips), automation=automation)

    def _note(self, old: Place, new: Place, decided: Decided) -> None:
        """Note where a clip comes from, and what decided its edges."""
        origin = self.timeline.origin
        whole, made = (Origin("").child(*place).pointer for place in (old, new))
        self.via[made] = origin(*old)
        for pointer in self.inside.get(whole, ()):
            self.via[made + pointer[len(whole) :]] = origin(*tokens(pointer))
        for key, removed in decided.items():
            cut = evolve(origin(*removed.place), cause=removed.cause)
            self.via[f"{made}/{key}"] = evolve(origin(*old, key), via=cut)

    def _moved(self, track: Track, extents: Sequence[Extent]) -> Iterator[Made]:
        """The clips of a track on which no clip is cut."""
        for c, (clip, where) in enumerate(zip(track.clips, extents, strict=True)):
            yield c, put(clip, start_ms=self.ms(self.ripple.new(where.start))), {}

    def _shortened(self, track: Track, extents: Sequence[Extent]) -> Iterator[Made]:
        """The clips of a track with `ripple: false`: they play on, and end earlier."""
        for (c, clip, _), where in zip(self._moved(track, extents), extents, strict=True):
            start, end = self.ripple.new(where.start), self.ripple.new(where.end)
            if end - start == where.length:
                yield c, clip, {}
            elif end > start:
                last = self.ripple.touching(where.start, where.end)[-1]
                fade_in = min(samples(clip.fade_in_ms, self.rate), end - start)
                fade_out = samples(clip.fade_out_ms, self.rate)
                if not clip.crossfade_out_ms:
                    fade_out = max(fade_out, last.fade // 2)
                shorter = put(
                    clip,
                    duration_ms=self.ms(end - start),
                    fade_in_ms=self.ms(fade_in),
                    fade_out_ms=self.ms(min(fade_out, end - start - fade_in)),
                    automation=excerpted(clip.automation, 0, end - start, self.rate),
                )
                yield c, shorter, {"duration_ms": last}

    def _split(self, track: Track, extents: Sequence[Extent]) -> Iterator[Made]:
        """The parts of the clips of a track: its crossfades become fades, which clips keep."""
        ids = NumberedNames(separator=".")
        for c, clip in enumerate(track.clips):
            ids.take(clip_id(clip, c))
        crossed = self._crossed(track, extents)
        for c, clip in enumerate(track.clips):
            whole, where = crossed[c]
            for number, part in enumerate(self._parts(where)):
                name = ids.take(clip_id(clip, c)) if number else clip_id(clip, c)
                decided: dict[str, Removed] = {}
                if part.before is not None:
                    decided |= {"start_ms": part.before, "fade_in_ms": part.before}
                if part.after is not None:
                    decided |= {"duration_ms": part.after, "fade_out_ms": part.after}
                yield c, self._part(put(whole, id=name), extents[c], part), decided

    def _crossed(self, track: Track, extents: Sequence[Extent]) -> list[tuple[Clip, Extent]]:
        """The clips with fades in place of crossfades, and where they are without them.

        Where a range is removed from a crossfade, the earlier clip ends and the later one begins at
        the join.
        """
        clips, where = list(track.clips), list(extents)
        for found in junctions(track, list(extents), self.rate):
            a, b, count = found.before, found.after, found.crossfade
            start = extents[b].start
            curve = clips[b].crossfade_curve or clips[a].crossfade_curve or CURVE
            cuts = self.ripple.touching(start, start + count) if count else ()
            if cuts:
                where[a] = _until(where[a], cuts[0].end)
                where[b] = _since(where[b], cuts[0].start)
            elif count:
                where[a] = _until(where[a], start + count)
                clips[a] = put(clips[a], fade_out_ms=self.ms(count), fade_out_curve=curve)
                clips[b] = put(clips[b], fade_in_ms=self.ms(count), fade_in_curve=curve)
        bare = (put(clip, crossfade_in_ms=None, crossfade_out_ms=None) for clip in clips)
        return list(zip(bare, where, strict=True))

    def _parts(self, where: Extent) -> Iterator[Fragment]:
        """The parts of a clip in the kept ranges that it sounds in."""
        for kept in self.ripple.kept(where.start, where.end):
            start, end, fade_in, fade_out = where.start, where.end, 0, 0
            before = kept.before if start < kept.start else None
            after = kept.after if end > kept.end else None
            if before is not None:
                start = max(start, kept.start - before.reach)
                fade_in = kept.start - before.reach + before.fade - start
            if after is not None:
                end = min(end, kept.end + after.reach)
                fade_out = end - (kept.end + after.reach - after.fade)
            fade_in = min(fade_in, end - start)
            fade_out = min(fade_out, end - start - fade_in)
            shift = kept.start - self.ripple.new(kept.start)
            yield Fragment(start, end, shift, fade_in, fade_out, before, after)

    def _part(self, clip: Clip, where: Extent, part: Fragment) -> Clip:
        """A part of a clip, which is at `where` as a whole, as a clip of its own."""
        clip = put(clip, start_ms=self.ms(part.start - part.shift))
        if (part.start, part.end) == (where.start, where.end):
            return clip
        first, length = part.start - where.start, part.end - part.start
        fade_in, fade_out = part.fade_in, part.fade_out
        if part.before is None:
            fade_in = min(samples(clip.fade_in_ms, self.rate), length - fade_out)
        if part.after is None:
            fade_out = min(samples(clip.fade_out_ms, self.rate), length - fade_in)
        return put(
            clip,
            offset_ms=self.ms(where.offset + first),
            duration_ms=self.ms(length),
            fade_in_ms=self.ms(fade_in),
            fade_out_ms=self.ms(fade_out),
            fade_in_curve=clip.fade_in_curve if not part.fade_in else CURVE,
            fade_out_curve=clip.fade_out_curve if not part.fade_out else CURVE,
            automation=excerpted(clip.automation, first, first + length, self.rate),
        )


def _until(where: Extent, end: int) -> Extent:
    """The extent, ended earlier."""
    return evolve(where, length=min(where.end, end) - where.start)


def _since(where: Extent, start: int) -> Extent:
    """The extent, begun later."""
    later = max(where.start, start)
    return Extent(later, where.offset + later - where.start, where.end - later)
