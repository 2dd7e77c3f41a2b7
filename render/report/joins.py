"""Finds joins, where clips begin, end or meet, and detects clicks there.

The delivered master is judged, one window at a time. At a join, the step of the waveform from one
sample to the next in some channel is a click if it is

- above `AUDIBLE_DB`, and
- more than `OUTSTANDING` times the largest step within `REACH_S` on either side, other joins
  excluded.

So a cut counts only if it stands out from the sound around it: a zero crossing, a continuous
splice, a fade or a dense mix mask it for this check as for the ear. docs/report.md gives the error
rates of the rule on real material.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from attrs import frozen

from ...audio import FloatArray, IndexArray
from ...audio.reading import steps
from ...ir.nodes import Edge
from ...ir.units import gain_factor
from .clips import SoundingClip

REACH_S = 0.02
"""The range around a join in which the largest step is searched, in seconds."""

OUTSTANDING = 1.5
"""The ratio to the largest step around it above which a step is a click."""

AUDIBLE_DB = -60.0
"""A smaller step, in dB of full scale, is inaudible even in quiet surroundings."""

_NEAR = 2  # samples: resampling in a limiter spreads a step over this many; any fade is longer
_GUARD = 8  # samples around a join that are not part of its surroundings


@frozen
class ClipEdge:
    """One edge of a clip."""

    clip: SoundingClip
    edge: Edge

    @property
    def fade(self) -> int:
        """The length of its fade, in samples."""
        return self.clip.fades[self.edge is Edge.OUT]

    @property
    def at(self) -> int:
        """The first sample of the clip, or the first after it."""
        return self.clip.start if self.edge is Edge.IN else self.clip.stop


@frozen
class ClipJoin:
    """A position in the mix at which clips begin or end."""

    at: int
    edges: tuple[ClipEdge, ...]

    @property
    def least_faded(self) -> tuple[ClipEdge, ...]:
        """The edges with the shortest fade: those that can click. Those of a splice come first."""
        least = min(edge.fade for edge in self.edges)
        found = [edge for edge in self.edges if edge.fade == least]
        tracks = Counter(edge.clip.track for edge in found)
        return tuple(sorted(found, key=lambda edge: -tracks[edge.clip.track]))

    @property
    def is_splice(self) -> bool:
        """Whether one clip of a track ends where another begins."""
        ending = {e.clip.track for e in self.edges if e.edge is Edge.OUT}
        return any(e.edge is Edge.IN and e.clip.track in ending for e in self.edges)


@frozen
class Click:
    """A click.

    Attributes:
        join: where it is.
        step: from one sample to the next, in full scale.
        around: the largest step around it, in full scale.
    """

    join: ClipJoin
    step: float
    around: float


def joins_of(clips: Iterable[SoundingClip]) -> tuple[ClipJoin, ...]:
    """The joins of the clips, in time order; edges a few samples apart are one join."""
    edges = [ClipEdge(clip, edge) for clip in clips for edge in Edge]
    edges.sort(key=lambda edge: edge.at)
    groups: list[list[ClipEdge]] = []
    for edge in edges:
        if groups and edge.at - groups[-1][0].at <= _NEAR:
            groups[-1].append(edge)
        else:
            groups.append([edge])
    return tuple(ClipJoin(group[0].at, tuple(group)) for group in groups)


def crossfades(joins: Sequence[ClipJoin]) -> int:
    """The number of crossfades."""
    edges = (edge for join in joins for edge in join.edges)
    return sum(e.edge is Edge.IN and Edge.IN in e.clip.crossfaded for e in edges)


def clicks(master: Path, joins: Sequence[ClipJoin]) -> Iterator[Click]:
    """The clicks at the joins of a master, in time order.

    Raises:
        soundfile.LibsndfileError: it cannot be read.
    """
    places = np.array([join.at for join in joins], np.int64)
    with soundfile.SoundFile(master) as audio:
        reach = round(REACH_S * audio.samplerate)
        for join in joins:
            near = places[np.searchsorted(places, join.at - reach - _GUARD) :]
            near = near[near < join.at + reach + _GUARD] - (join.at - reach)
            found = _click(steps(audio, join.at - reach, join.at + reach), near, reach)
            if found is not None:
                yield Click(join, *found)


def _click(moved: FloatArray, joins: IndexArray, middle: int) -> tuple[float, float] | None:
    """The step at the middle and the largest around it in the channel that clicks, or None."""
    around = np.ones(moved.shape[1], bool)
    for place in joins:
        around[max(place - _GUARD, 0) : max(place + _GUARD + 1, 0)] = False
    if not around.any():
        return None
    here = moved[:, middle - _NEAR : middle + _NEAR + 1].max(axis=1)
    there = moved[:, around].max(axis=1)
    found = [
        (float(step), float(most))
        for step, most in zip(here, there, strict=True)
        if step > gain_factor(AUDIBLE_DB) and step > OUTSTANDING * most
    ]
    return max(found, default=None)


def gaps(
    clips: Iterable[SoundingClip], longest: int
) -> Iterator[tuple[SoundingClip, SoundingClip]]:
    """Adjacent clips of a track with a gap of at most `longest` samples between them."""
    by_track: dict[str, list[SoundingClip]] = {}
    for clip in clips:
        by_track.setdefault(clip.track, []).append(clip)
    for on_track in by_track.values():
        ordered = sorted(on_track, key=lambda clip: (clip.start, clip.stop))
        for before, after in pairwise(ordered):
            if 0 < after.start - before.stop <= longest:
                yield before, after
