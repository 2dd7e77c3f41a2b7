"""Where clips lie, in whole samples: extents, crossfades, the length of the mix.

Promises: pure functions of the timeline and its sources. A muted clip or track lies where it lies:
it counts for crossfades and for the length, and only makes no sound.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from attrs import evolve, frozen

from ..ir.curves import canonical_curve
from ..ir.nodes import Point, Source
from ..ir.units import samples
from .timeline.model import Clip, Keyframe, Timeline, Track

Media = Mapping[str, Source]


@frozen
class Extent:
    """Where a clip lies, in samples: of the timeline and of its source (at the session rate)."""

    start: int
    offset: int
    length: int

    @property
    def end(self) -> int:
        """The first sample after it."""
        return self.start + self.length


@frozen
class Join:
    """The crossfades of one clip: samples faded in and out, curves, and where it is then cut."""

    fade_in: int = 0
    fade_out: int = 0
    curve_in: str = "qsin"
    curve_out: str = "qsin"
    length: int | None = None


def extent(clip: Clip, rate: int, media: Media) -> Extent:
    """Where a clip lies; without a duration it lasts to the end of its source."""
    offset = samples(clip.offset_ms, rate)
    if clip.duration_ms is not None:
        length = samples(clip.duration_ms, rate)
    else:
        source = media[clip.source]
        length = source.length(rate) - offset
    return Extent(samples(clip.start_ms, rate), offset, length)


def mix_length(timeline: Timeline, media: Media) -> int:
    """How long the mix lasts, in samples: `length_ms`, or to the end of the last clip."""
    rate = timeline.sample_rate
    if timeline.length_ms is not None:
        return samples(timeline.length_ms, rate)
    clips = (clip for track in timeline.tracks for clip in track.clips)
    return max((extent(clip, rate, media).end for clip in clips), default=0)


def start_order(extents: list[Extent]) -> list[int]:
    """The numbers of a track's clips by start, then by their place in the document."""
    return sorted(range(len(extents)), key=lambda i: (extents[i].start, i))


def joins(track: Track, extents: list[Extent], rate: int) -> Mapping[int, Join]:
    """The crossfades of a track's clips, by their number in the document.

    Clips are taken in start order. Each pair that follows one another and overlaps, with a hint on
    either side, crossfades from the later one's start over the least of the hints and the overlap;
    the earlier one ends there.
    """
    found: dict[int, Join] = {}
    for a, b in pairwise(start_order(extents)):
        before, after = track.clips[a], track.clips[b]
        hints = [h for h in (before.crossfade_out_ms, after.crossfade_in_ms) if h is not None]
        overlap = min(extents[a].end, extents[b].end) - extents[b].start
        n = min([overlap, *(samples(h, rate) for h in hints)])
        if not hints or n <= 0:
            continue
        curve = canonical_curve(after.crossfade_curve or before.crossfade_curve or "qsin")
        cut = extents[b].start + n - extents[a].start
        found[a] = evolve(found.get(a, Join()), fade_out=n, curve_out=curve, length=cut)
        found[b] = evolve(found.get(b, Join()), fade_in=n, curve_in=curve)
    return found


def points(keyframes: tuple[Keyframe, ...], rate: int) -> tuple[Point, ...]:
    """Keyframes in time order, in samples."""
    ordered = sorted(keyframes, key=lambda k: k.at_ms)
    return tuple(Point(samples(k.at_ms, rate), float(k.value), k.curve) for k in ordered)
