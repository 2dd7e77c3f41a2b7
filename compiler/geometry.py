"""Positions in whole samples: the extents of clips, their crossfades, the length of the mix.

Promises: pure functions of the timeline and its sources. A muted clip or track counts for
crossfades and for the length; it only makes no sound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from attrs import evolve, frozen

from ..ir.curves import canonical_curve
from ..ir.nodes import Aim, Point, Source
from ..ir.units import samples
from .timeline.automation import Keyframe
from .timeline.model import Clip, Timeline, Track

Media = Mapping[str, Source]


@frozen
class Extent:
    """The position of a clip in samples: on the timeline, and in its source at the session rate."""

    start: int
    offset: int
    length: int

    @property
    def end(self) -> int:
        """The first sample after it."""
        return self.start + self.length


@frozen
class Crossfades:
    """The crossfades of one clip: samples faded in and out, curves, and the length it is cut to."""

    fade_in: int = 0
    fade_out: int = 0
    curve_in: str = "qsin"
    curve_out: str = "qsin"
    length: int | None = None


class Junction(NamedTuple):
    """Two clips of a track that follow each other, by their numbers.

    Attributes:
        before: the earlier clip.
        after: the later clip.
        room: the most samples that a crossfade of them may last.
        limit: the clip whose other fade or crossfade leaves less room than the overlap; or None.
        crossfade: how many samples they crossfade over.
    """

    before: int
    after: int
    room: int
    limit: int | None
    crossfade: int


def extent(clip: Clip, rate: int, media: Media) -> Extent:
    """The extent of a clip; without a duration it lasts to the end of its source."""
    offset = samples(clip.offset_ms, rate)
    if clip.duration_ms is not None:
        length = samples(clip.duration_ms, rate)
    else:
        source = media[clip.source]
        length = source.length(rate) - offset
    return Extent(samples(clip.start_ms, rate), offset, length)


def mix_length(timeline: Timeline, media: Media) -> int:
    """The length of the mix in samples: `length_ms`, or else up to the end of the last clip."""
    rate = timeline.sample_rate
    if timeline.length_ms is not None:
        return samples(timeline.length_ms, rate)
    clips = (clip for track in timeline.tracks for clip in track.clips)
    return max((extent(clip, rate, media).end for clip in clips), default=0)


def rounds(length: int, piece: int, overlap: int) -> list[tuple[int, int]]:
    """The start and the length of each repeat of a piece that is to fill a length, in samples.

    Without an overlap every repeat is whole, and the last is cut. With one they are as few as
    possible, and of lengths as equal as possible, so that the last is not very short.

    Args:
        length: to fill, over 0.
        piece: its length, over `overlap`.
        overlap: of each repeat with the next.
    """
    if length <= piece:
        return [(0, length)]
    if not overlap:
        return [(start, min(piece, length - start)) for start in range(0, length, piece)]
    count = -(-(length - overlap) // (piece - overlap))
    starts = [number * (length - overlap) // count for number in range(count)]
    ends = [start + overlap for start in starts[1:]] + [length]
    return [(start, end - start) for start, end in zip(starts, ends, strict=True)]


def start_order(extents: list[Extent]) -> list[int]:
    """The numbers of a track's clips by start, then by their place in the document."""
    return sorted(range(len(extents)), key=lambda i: (extents[i].start, i))


def junctions(track: Track, extents: list[Extent], rate: int) -> tuple[Junction, ...]:
    """Each two clips of a track that follow each other, in start order.

    A crossfade fits in the overlap, after the fade-in of the earlier clip, and before the fade-out
    of the later one or its crossfade with the next.
    """
    found: list[Junction] = []
    cut: int | None = None  # where the crossfade of the later clip with the next begins
    for a, b in reversed(list(pairwise(start_order(extents)))):
        before, after = track.clips[a], track.clips[b]
        start, end = extents[b].start, extents[b].end
        overlap = max(0, min(extents[a].end, end) - start)
        rest = (end - samples(after.fade_out_ms, rate) if cut is None else cut) - start
        if overlap and samples(before.fade_in_ms, rate) > start - extents[a].start:
            room, limit = 0, a
        elif rest < overlap:
            room, limit = max(0, rest), b
        else:
            room, limit = overlap, None
        hints = (before.crossfade_out_ms, after.crossfade_in_ms)
        asked = [samples(hint, rate) for hint in hints if hint is not None]
        crossfade = min(room, *asked) if asked else 0
        cut = start if crossfade else None
        found.append(Junction(a, b, room, limit, crossfade))
    return tuple(reversed(found))


def crossfades(track: Track, extents: list[Extent], rate: int) -> Mapping[int, Crossfades]:
    """The crossfades of a track's clips, by their number in the document.

    Two clips that follow each other in start order, overlap and have a hint on either side are
    crossfaded. The crossfade begins with the later clip and is as long as the shortest of the hints
    and the room that there is; the earlier clip ends where it ends.
    """
    found: dict[int, Crossfades] = {}
    for junction in junctions(track, extents, rate):
        a, b, n = junction.before, junction.after, junction.crossfade
        if not n:
            continue
        before, after = track.clips[a], track.clips[b]
        curve = canonical_curve(after.crossfade_curve or before.crossfade_curve or "qsin")
        cut = extents[b].start + n - extents[a].start
        found[a] = evolve(found.get(a, Crossfades()), fade_out=n, curve_out=curve, length=cut)
        found[b] = evolve(found.get(b, Crossfades()), fade_in=n, curve_in=curve)
    return found


def points(keyframes: tuple[Keyframe, ...], rate: int) -> tuple[Point, ...]:
    """Keyframes in time order, in samples."""
    return tuple(_point(k, rate) for k in sorted(keyframes, key=lambda k: k.at_ms))


def _point(keyframe: Keyframe, rate: int) -> Point:
    aim = keyframe.aim and Aim(samples(keyframe.aim[0], rate), float(keyframe.aim[1]))
    return Point(samples(keyframe.at_ms, rate), float(keyframe.value), keyframe.curve, aim)


def played_spans(
    spans: Iterable[tuple[int, int]], where: Extent, source: Source, rate: int
) -> Iterator[tuple[int, int]]:
    """The spans of a survey, in ms of its source, in samples of the timeline.

    Only those that a clip plays, which may begin before it and end after it.
    """
    played, session = source.rates(rate)
    first = where.start - where.offset
    for span in spans:
        at, end = (
            first + round(Fraction(ms * source.rate * session, 1000 * played)) for ms in span
        )
        if at < where.end and end > where.start:
            yield at, end
