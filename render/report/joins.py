"""Joins: where clips begin, end or meet, and whether a click can be heard there.

Promises: judged is the delivered master, a window of it at a time. At a join the waveform of some
channel steps from one sample to the next; that is a click where the step is

- over `AUDIBLE_DB`, and
- more than `OUTSTANDING` times the largest step within `REACH_S` on either side, joins aside.

So a cut counts only where it stands out of what sounds around it: a zero crossing, a continuous
splice, a fade or a dense mix hide it, from this check as from the ear. How often the rule errs on
real material stands in docs/report.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from attrs import frozen

from ...audio import FloatArray, IndexArray
from ...ir.nodes import Edge
from ...ir.units import gain_factor
from .clips import SoundingClip

REACH_S = 0.02
"""How far around a join the largest step is looked for, in seconds."""

OUTSTANDING = 1.5
"""How many times the largest step around it a click's step is."""

AUDIBLE_DB = -60.0
"""A smaller step, in dB of full scale, is not heard however quiet it is around it."""

_NEAR = 2  # samples: what resampling in a limiter spreads a step over, and less than any fade
_GUARD = 8  # samples around a join that say nothing of what sounds around it


@frozen
class ClipEdge:
    """One edge of a clip, and how many samples it fades there."""

    clip: SoundingClip
    edge: Edge

    @property
    def fade(self) -> int:
        """How many samples it fades."""
        return self.clip.fades[self.edge is Edge.OUT]

    @property
    def at(self) -> int:
        """The first sample of the clip, or the first after it."""
        return self.clip.start if self.edge is Edge.IN else self.clip.stop


@frozen
class Join:
    """A sample of the mix at which clips begin or end."""

    at: int
    edges: tuple[ClipEdge, ...]

    @property
    def barest(self) -> tuple[ClipEdge, ...]:
        """The edges with the shortest fade: those that can click."""
        least = min(edge.fade for edge in self.edges)
        return tuple(edge for edge in self.edges if edge.fade == least)

    @property
    def is_splice(self) -> bool:
        """Whether on some track one clip ends where another begins."""
        ending = {e.clip.track for e in self.edges if e.edge is Edge.OUT}
        return any(e.edge is Edge.IN and e.clip.track in ending for e in self.edges)


@frozen
class Click:
    """A step of the waveform that stands out.

    Attributes:
        join: where.
        step: from one sample to the next, as a factor of full scale.
        around: the largest step nearby, likewise.
    """

    join: Join
    step: float
    around: float


def joins_of(clips: Iterable[SoundingClip]) -> tuple[Join, ...]:
    """The joins of the clips, in time order; edges a few samples apart make one."""
    edges = [ClipEdge(clip, edge) for clip in clips for edge in Edge]
    edges.sort(key=lambda edge: edge.at)
    groups: list[list[ClipEdge]] = []
    for edge in edges:
        if groups and edge.at - groups[-1][0].at <= _NEAR:
            groups[-1].append(edge)
        else:
            groups.append([edge])
    return tuple(Join(group[0].at, tuple(group)) for group in groups)


def crossfades(joins: Sequence[Join]) -> int:
    """How many crossfades there are."""
    edges = (edge for join in joins for edge in join.edges)
    return sum(e.edge is Edge.IN and Edge.IN in e.clip.crossfaded for e in edges)


def clicks(master: Path, joins: Sequence[Join]) -> Iterator[Click]:
    """The joins of a master that click, in time order.

    Raises:
        soundfile.LibsndfileError: it cannot be read.
    """
    places = np.array([join.at for join in joins], np.int64)
    with soundfile.SoundFile(master) as audio:
        reach = round(REACH_S * audio.samplerate)
        for join in joins:
            near = places[np.searchsorted(places, join.at - reach - _GUARD) :]
            near = near[near < join.at + reach + _GUARD] - (join.at - reach)
            found = _standing_out(steps(audio, join.at - reach, join.at + reach), near, reach)
            if found is not None:
                yield Click(join, *found)


def steps(audio: soundfile.SoundFile, start: int, stop: int) -> FloatArray:
    """How far the waveform moves to each sample of [start, stop), shape (channels, n).

    Before its first sample and after its last a file is silent.
    """
    return np.abs(np.diff(window(audio, start - 1, stop), axis=1))


def window(audio: soundfile.SoundFile, start: int, stop: int) -> FloatArray:
    """The samples [start, stop) of a file, shape (channels, n); silence beyond its ends."""
    held = np.zeros((audio.channels, stop - start))
    first, last = max(start, 0), min(stop, audio.frames)
    if first < last:
        audio.seek(first)
        block = audio.read(last - first, dtype="float64", always_2d=True)
        held[:, first - start : first - start + len(block)] = block.T
    return held


def _standing_out(moved: FloatArray, joins: IndexArray, middle: int) -> tuple[float, float] | None:
    """Step and surroundings of the channel that clicks at the middle; None where none does."""
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
    """Neighbours on a track with a gap of at most so many samples between them."""
    by_track: dict[str, list[SoundingClip]] = {}
    for clip in clips:
        by_track.setdefault(clip.track, []).append(clip)
    for on_track in by_track.values():
        ordered = sorted(on_track, key=lambda clip: (clip.start, clip.stop))
        for before, after in pairwise(ordered):
            if 0 < after.start - before.stop <= longest:
                yield before, after
