"""Finds where the sound of a file is cut off and resumes.

Speech and music also pause, and synthetic speech pauses in digital silence, but before a pause the
level falls and before a dropout it does not. So an empty stretch, without a sample over a
threshold, is a dropout only if the sound is cut off at both its ends:

- the level of the `EDGE_S` next to it exceeds `SOUNDING_DB`, and is at most `LED_DB` below that of
  the `REACH_S` next to it, and
- the waveform is cut off away from zero: its step to silence is at least `SWING` of the largest
  step of the `BESIDE_S` next to it, and the two steps together are at least one such step.

docs/report.md gives the error rates of the rule on real material.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile
from attrs import define, field, frozen

from ...ir.units import decibels, gain_factor
from .. import FloatArray
from ..reading import steps, window
from .spans import Series, SpanMeter

Samples: TypeAlias = npt.NDArray[Any]
"""Real numbers of any type."""

SHORTEST_S = 0.001
SOUNDING_DB = -50.0
EDGE_S = 0.005
REACH_S = 0.05
LED_DB = 12.0
BESIDE_S = 0.02
SWING = 0.3

_APART = 1024  # samples that are faster to look at than to leave out
_NEVER = -(1 << 62)


@frozen
class SampleRange:
    """The samples [start, stop) of a file."""

    start: int
    stop: int


@define
class EmptyStretches(SpanMeter):
    """Finds stretches without a sample over a threshold directly after loud samples.

    `found` are candidates for `is_cut_off`.
    """

    MEMORY = ("_position", "_open", "_last_loud")
    FINDINGS = ("_found",)

    rate: int
    empty_db: float
    full_scale: float = 1.0
    _found: Series = field(factory=lambda: Series(np.zeros((2, 0), np.int64)))
    _position: int = 0
    _open: int = -1  # the start of a stretch that has not ended; -1: it is not after loud samples
    _last_loud: int = _NEVER

    @property
    def found(self) -> tuple[SampleRange, ...]:
        """The stretches in everything fed."""
        return tuple(SampleRange(*pair) for pair in self._found.joined().T.tolist())

    def feed(self, samples: Samples) -> None:
        """Process the next samples, shape (channels, n), of any type, as parts of `full_scale`."""
        start, count = self._position, samples.shape[1]
        self._position += count
        sounding = _over(_magnitudes(samples[:, :: self._step]), self._empty)
        extent = self._extent(samples, sounding)
        if extent is None:
            return
        first, stop = extent
        if self._open >= 0 and start + first - self._open > self._shortest:
            self._found.add(np.array([[self._open], [start + first]]))
        for begin, end in self._places(sounding):
            part = samples[:, begin:end]  # nothing is found without a loud sample
            if not begin or max(part.max(), -float(part.min())) > self._loud:
                self._look(_magnitudes(part), start + begin)
        before = max(stop - self._near, 0)
        loud = np.flatnonzero(_over(_magnitudes(samples[:, before:stop]), self._loud))
        if len(loud):
            self._last_loud = start + before + int(loud[-1])
        self._open = start + stop
        if self._open - self._last_loud > self._near:
            self._open, self._last_loud = -1, _NEVER

    def _extent(self, samples: Samples, sounding: npt.NDArray[np.bool_]) -> tuple[int, int] | None:
        """From the first sample over the threshold to the end of the last; None: there is none.

        sounding: whether every `_step`-th is over it.
        """
        count: int = samples.shape[1]
        known = self._step * np.flatnonzero(sounding)
        head, tail = (int(known[0]) + 1, int(known[-1])) if len(known) else (count, 0)
        first, last = (
            np.flatnonzero(_over(_magnitudes(part), self._empty))
            for part in (samples[:, :head], samples[:, tail:])
        )
        return (int(first[0]), tail + int(last[-1]) + 1) if len(first) else None

    def _look(self, magnitudes: Samples, start: int) -> None:
        """Find the stretches that begin and end within magnitudes, shape (n,)."""
        over = _over(magnitudes, self._empty)
        edges = np.flatnonzero(over[1:] != over[:-1])[0 if over[0] else 1 :] + 1
        starts, stops = edges[: len(edges) // 2 * 2].reshape(-1, 2).T
        wide = stops - starts > self._shortest
        if not wide.any():
            return
        starts, stops = start + starts[wide], start + stops[wide]
        loud = start + np.flatnonzero(_over(magnitudes, self._loud))
        loud = np.concatenate([[self._last_loud], loud])
        near = starts - loud[np.searchsorted(loud, starts) - 1] <= self._near
        self._found.add(np.array([starts[near], stops[near]]))

    def _places(self, sounding: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
        """Ranges that contain all stretches within samples, and the loud samples before them.

        sounding: whether every `_step`-th is over the threshold; in a stretch two in a row are not.
        """
        places = self._step * np.flatnonzero(~(sounding[1:] | sounding[:-1]))
        if not len(places):
            return
        apart = np.flatnonzero(np.diff(places) > _APART)
        starts = places[[0, *(apart + 1)]] - self._step - self._near
        stops = places[[*apart, -1]] + 2 * self._step + 1
        yield from zip(starts.clip(0).tolist(), stops.tolist(), strict=True)

    @property
    def _step(self) -> int:
        return max(int(self._shortest / 2), 1)

    @property
    def _shortest(self) -> float:
        return SHORTEST_S * self.rate

    @property
    def _near(self) -> int:
        return round(self._shortest) + 1

    @property
    def _empty(self) -> float:
        return gain_factor(self.empty_db) * self.full_scale

    @property
    def _loud(self) -> float:
        return gain_factor(SOUNDING_DB) * self.full_scale


def _magnitudes(samples: Samples) -> Samples:
    """The largest magnitude of each sample over all channels, shape (n,); unsigned of integers."""
    found = np.abs(samples)
    if found.dtype.kind == "i":  # the lowest integer has no magnitude of its type
        found = found.view(f"u{found.dtype.itemsize}")
    return reduce(np.maximum, found)


def _over(magnitudes: Samples, threshold: float) -> npt.NDArray[np.bool_]:
    """Whether each magnitude exceeds a threshold, without a conversion of integers."""
    is_float = magnitudes.dtype.kind == "f"
    return np.asarray(magnitudes > (threshold if is_float else int(threshold)))


def is_cut_off(
    audio: soundfile.SoundFile, hole: SampleRange, *, steps_to_silence: bool = True
) -> bool:
    """Whether the sound of a file is cut off at both ends of an empty stretch.

    steps_to_silence: whether the waveform must also be away from zero there.
    """
    rate = audio.samplerate
    reach, beside = round(REACH_S * rate), round(BESIDE_S * rate)
    edge = max(round(EDGE_S * rate), 1)
    before = window(audio, hole.start - reach, hole.start)
    after = window(audio, hole.stop, hole.stop + reach)[:, ::-1]
    if not all(_ends_loud(side, edge) for side in (before, after)):
        return False
    if not steps_to_silence:
        return True
    swings = sorted(
        (
            _share(steps(audio, hole.start - beside, hole.start + 1)),
            _share(steps(audio, hole.stop, hole.stop + beside)[:, ::-1]),
        )
    )
    return swings[0] >= SWING and sum(swings) >= 1.0


def _ends_loud(side: FloatArray, edge: int) -> bool:
    """Whether sound is about as loud at its end as before it."""
    last, all_of_it = decibels(_rms(side[:, -edge:])), decibels(_rms(side))
    return last > SOUNDING_DB and last > all_of_it - LED_DB


def _share(moved: FloatArray) -> float:
    """The last step as a share of the largest before it, in the channel where it is largest."""
    channel = moved[int(np.argmax(moved[:, -1]))]
    most = float(channel[:-1].max())
    return float(channel[-1]) / most if most > 0.0 else 0.0


def _rms(samples: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))
