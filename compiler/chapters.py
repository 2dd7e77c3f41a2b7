"""Markers as chapters: a chapter runs from its marker to the next one, or to the end of the mix."""

from __future__ import annotations

from itertools import groupby, pairwise

from ..ir.units import milliseconds, samples
from ..plans.ffmetadata import Chapter
from .timeline.model import Timeline


def chapters(timeline: Timeline, length: int) -> tuple[Chapter, ...]:
    """The chapters of a mix of `length` samples, in time order, to the millisecond.

    Markers within one millisecond make one chapter, called by all of their labels; markers at the
    end of the mix, or beyond it, make none.
    """
    in_milliseconds = 1000
    end = samples(milliseconds(length, timeline.sample_rate), in_milliseconds)
    markers = sorted(timeline.markers, key=lambda marker: marker.at_ms)
    moments = [
        (start, " / ".join(marker.label for marker in group))
        for start, group in groupby(markers, lambda m: samples(m.at_ms, in_milliseconds))
        if start < end
    ]
    return tuple(
        Chapter(start, stop, title) for (start, title), (stop, _) in pairwise([*moments, (end, "")])
    )
