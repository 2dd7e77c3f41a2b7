"""Positions in whole samples: the extents of clips, their crossfades, the length of the mix.

Promises: pure functions of the timeline and its sources. A muted clip or track counts for
crossfades and for the length; it only makes no sound.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from attrs import evolve, frozen

from ..ir.curves import canonical_curve
from ..ir.nodes import Aim, Point, Source
from ..ir.units import samples
from .timeline.model import Clip, Keyframe, Timeline, Track

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


def start_order(extents: list[Extent]) -> list[int]:
    """The numbers of a track's clips by start, then by their place in the document."""
    return sorted(range(len(extents)), key=lambda i: (extents[i].start, i))


def crossfades(track: Track, extents: list[Extent], rate: int) -> Mapping[int, Crossfades]:
    """The crossfades of a track's clips, by their number in the document.

    Two clips that follow each other in start order, overlap and have a hint on either side are
    crossfaded. The crossfade begins with the later clip and is as long as the shortest of the hints
    and the overlap; the earlier clip ends where it ends.
    """
    found: dict[int, Crossfades] = {}
    for a, b in pairwise(start_order(extents)):
        before, after = track.clips[a], track.clips[b]
        hints = [h for h in (before.crossfade_out_ms, after.crossfade_in_ms) if h is not None]
        overlap = min(extents[a].end, extents[b].end) - extents[b].start
        n = min([overlap, *(samples(h, rate) for h in hints)])
        if not hints or n <= 0:
            continue
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
