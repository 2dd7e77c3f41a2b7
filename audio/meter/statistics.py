"""Streaming statistics of samples: RMS, noise floor, DC offset, correlation of two channels.

What it promises: nothing here is weighted or gated. RMS is over all samples of all channels, so a
mono file and the same in two channels read the same. The noise floor is the RMS of the quietest
half second, as audiobook checks define it (ACX), looked for every 10 ms. Results do not depend on
how the stream is cut.

How: sums over frames of one second, and the mean square of every 10 ms (8 bytes each, as in
`loudness`). Sums are numpy's own and not BLAS's, whose results may depend on its threads.
"""

from __future__ import annotations

import math

import attrs
import numpy as np

from .framing import FloatArray, Framer
from .loudness import SLICES_PER_SECOND, slice_edges, window_powers

NOISE_STEPS = 5
"""Steps of 100 ms in the window of the noise floor."""


@attrs.frozen
class Statistics:
    """What the samples of one stream are like, full scale 1.0.

    rms_dbfs and noise_floor_dbfs are dB of full scale (a square wave at full scale is 0 dBFS, a
    sine -3.01), -inf for silence; a stream shorter than half a second is its own quietest window.
    dc_offset has the mean of each channel. correlation is Pearson's coefficient of two channels, 1
    for equal ones, -1 for opposite ones; None where there are not two, or one does not move.
    """

    rms_dbfs: float
    noise_floor_dbfs: float
    dc_offset: tuple[float, ...]
    correlation: float | None


class StatisticsMeter:
    """Feed blocks of any size, then ask for the result; feeding may go on afterwards.

    rate is in Hz, at least 100. `feed` raises ValueError for a block of another shape and for NaN
    or infinity.
    """

    def __init__(self, rate: int, channels: int) -> None:
        if rate < SLICES_PER_SECOND or channels < 1:
            raise ValueError(f"no statistics at {rate} Hz with {channels} channels")
        self._framer = Framer(channels, rate)
        self._edges = slice_edges(rate)
        self._sums = _Sums.none(channels)
        self._slices: list[FloatArray] = []

    def feed(self, block: FloatArray) -> None:
        """Take the next block, float64 of shape (channels, n), any n."""
        for frame in self._framer.push(block):
            self._sums = self._sums.plus(frame)
            self._slices.append(self._slice_powers(frame))

    def result(self) -> Statistics:
        """The statistics of everything fed so far."""
        rest = self._framer.pending
        sums = self._sums.plus(rest)
        windows = window_powers(
            np.concatenate([*self._slices, self._slice_powers(rest)]), NOISE_STEPS
        )
        power = sums.power()
        return Statistics(
            rms_dbfs=_decibels(power),
            noise_floor_dbfs=_decibels(float(windows.min()) if windows.size else power),
            dc_offset=tuple(float(mean) for mean in sums.means()),
            correlation=sums.correlation(),
        )

    def _slice_powers(self, frame: FloatArray) -> FloatArray:
        """Mean square of each whole 10 ms slice of a frame, over all channels."""
        whole = int(np.searchsorted(self._edges, frame.shape[1], side="right")) - 1
        if whole == 0:
            return np.zeros(0)
        edges = self._edges[: whole + 1]
        squares = np.square(frame[:, : edges[-1]])
        sums = np.add.reduceat(squares, edges[:-1], axis=1).mean(axis=0)
        powers: FloatArray = sums / np.diff(edges)
        return powers


@attrs.frozen
class _Sums:
    """Of samples, of squares, and of products of the first two channels; how many samples."""

    count: int
    values: FloatArray
    squares: FloatArray
    products: float

    @classmethod
    def none(cls, channels: int) -> _Sums:
        return cls(0, np.zeros(channels), np.zeros(channels), 0.0)

    def plus(self, frame: FloatArray) -> _Sums:
        """These and those of a frame, shape (channels, n)."""
        return _Sums(
            self.count + frame.shape[1],
            self.values + frame.sum(axis=1),
            self.squares + np.einsum("ij,ij->i", frame, frame),
            self.products + float(np.einsum("j,j->", frame[0], frame[-1])),
        )

    def power(self) -> float:
        return float(self.squares.mean()) / self.count if self.count else 0.0

    def means(self) -> FloatArray:
        return self.values / max(1, self.count)

    def correlation(self) -> float | None:
        """Covariance over the product of the deviations."""
        if len(self.values) != 2 or not self.count:
            return None
        one, other = self.means()
        spread = self.squares / self.count - np.square(self.means())
        # Means of squares carry rounding errors of this size: less than that is a constant.
        if (spread <= 1e-14 * self.squares / self.count).any():
            return None
        covariance = self.products / self.count - one * other
        return float(np.clip(covariance / math.sqrt(spread[0] * spread[1]), -1.0, 1.0))


def _decibels(power: float) -> float:
    return 10.0 * math.log10(power) if power > 0.0 else float("-inf")
