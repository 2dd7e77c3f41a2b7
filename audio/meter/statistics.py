"""Streaming statistics of samples: RMS, noise floor, DC offset, correlation of two channels.

Nothing here is weighted or gated. RMS is over all samples of all channels, so a mono file and the
same signal in two channels read the same. The noise floor is the RMS of the quietest half second,
as audiobook checks define it (ACX), searched in steps of 10 ms. Results are the same for any
division of the stream into blocks.

The meter keeps sums over frames of one second and the mean square of every 10 ms (8 bytes each, as
in `loudness`). numpy computes the sums rather than BLAS, whose results may depend on its threads.
"""

from __future__ import annotations

import math

import attrs
import numpy as np

from ...ir.units import power_decibels, power_factor
from .. import FloatArray
from .framing import Framer, checked, part_edges
from .loudness import SLICES_PER_SECOND, window_powers
from .spans import FramedMeter, Series

NOISE_STEPS = 5
"""Steps of 100 ms in the window of the noise floor."""

QUIET_DBFS = -50.0
"""The RMS of 10 ms under which they are room tone: the highest noise floor allowed for audiobooks,
and 10 dB for what rises above the floor in so short a time."""


@attrs.frozen
class RoomTone:
    """The room tone at both ends: up to the first 10 ms with an RMS over `QUIET_DBFS`.

    head_s and tail_s are their durations. rms_dbfs is the lowest RMS of 100 ms in them, -inf for
    digital silence and where there is no room tone.
    """

    head_s: float
    tail_s: float
    rms_dbfs: float


@attrs.frozen
class Statistics:
    """Statistics of one stream, full scale 1.0.

    rms_dbfs and noise_floor_dbfs are dB of full scale (a square wave at full scale is 0 dBFS, a
    sine -3.01), -inf for silence; a stream shorter than half a second is its own quietest window.
    dc_offset is the mean of each channel. correlation is Pearson's coefficient of two channels, 1
    if they are equal, -1 if they are opposite, None if there are not two or one is constant.
    """

    rms_dbfs: float
    noise_floor_dbfs: float
    dc_offset: tuple[float, ...]
    correlation: float | None
    room_tone: RoomTone


class StatisticsMeter:
    """Feed blocks of any size and read the result at any time.

    rate is in Hz, at least 100. `feed` raises ValueError for a block of another shape and for NaN
    or infinity.
    """

    def __init__(self, rate: int, channels: int) -> None:
        if rate < SLICES_PER_SECOND or channels < 1:
            raise ValueError(f"no statistics at {rate} Hz with {channels} channels")
        self._framer = Framer(channels, rate)
        self._edges = part_edges(rate, SLICES_PER_SECOND)
        self._sums = _Sums.none(channels)
        self._slices: list[FloatArray] = []

    def feed(self, block: FloatArray) -> None:
        """Process the next block, float64 of shape (channels, n), any n."""
        for frame in self._framer.push(checked(block, self._framer.channels)):
            self._sums = self._sums.plus(frame)
            self._slices.append(self._slice_powers(frame))

    def result(self) -> Statistics:
        """The statistics of everything fed so far."""
        rest = self._framer.pending
        sums = self._sums.plus(rest)
        slices = np.concatenate([*self._slices, self._slice_powers(rest)])
        windows = window_powers(slices, NOISE_STEPS)
        power = sums.power()
        return Statistics(
            rms_dbfs=power_decibels(power),
            noise_floor_dbfs=power_decibels(float(windows.min()) if windows.size else power),
            dc_offset=tuple(float(mean) for mean in sums.means()),
            correlation=sums.correlation(),
            room_tone=_room_tone(slices),
        )

    def _slice_powers(self, frame: FloatArray) -> FloatArray:
        """Mean square of each complete 10 ms slice of a frame, over all channels."""
        whole = int(np.searchsorted(self._edges, frame.shape[1], side="right")) - 1
        if whole == 0:
            return np.zeros(0)
        edges = self._edges[: whole + 1]
        squares = np.square(frame[:, : edges[-1]])
        sums = np.add.reduceat(squares, edges[:-1], axis=1).mean(axis=0)
        powers: FloatArray = sums / np.diff(edges)
        return powers


def _room_tone(slices: FloatArray) -> RoomTone:
    """The room tone of a stream from the mean squares of each 10 ms."""
    loud = np.flatnonzero(slices > power_factor(QUIET_DBFS))
    head = int(loud[0]) if loud.size else len(slices)
    tail = len(slices) - 1 - int(loud[-1]) if loud.size else len(slices)
    ends = [slices[:head], slices[len(slices) - tail :]]
    powers = [window_powers(end, 1) for end in ends]
    lowest = min((float(found.min()) for found in powers if found.size), default=0.0)
    return RoomTone(
        head_s=head / SLICES_PER_SECOND,
        tail_s=tail / SLICES_PER_SECOND,
        rms_dbfs=power_decibels(lowest),
    )


class RmsMeter(FramedMeter):
    """The RMS alone; arguments and errors as of `StatisticsMeter`."""

    MEMORY = ("_framer",)
    FINDINGS = ("_squares",)

    def __init__(self, rate: int, channels: int) -> None:
        self._framer: Framer = Framer(channels, rate)
        self._squares = Series(np.zeros((channels, 0)))

    def take(self, frame: FloatArray) -> None:
        """See `FramedMeter`."""
        self._squares.add(_squares(frame)[:, None])

    def result(self) -> float:
        """The RMS of everything fed so far, dBFS; -inf for silence."""
        rest = self._framer.pending
        squares = self._squares.joined(_squares(rest)[:, None])
        count = (squares.shape[1] - 1) * self._framer.size + rest.shape[1]
        return power_decibels(_power(squares.cumsum(axis=1)[:, -1], count))


def _squares(frame: FloatArray) -> FloatArray:
    """The sum of the squares of each channel."""
    return np.asarray(np.einsum("ij,ij->i", frame, frame))


def _power(squares: FloatArray, count: int) -> float:
    """The mean square of all channels."""
    return float(squares.mean()) / count if count else 0.0


@attrs.frozen
class _Sums:
    """Sums of samples, of squares, and of products of the first two channels, and the count."""

    count: int
    values: FloatArray
    squares: FloatArray
    products: float

    @classmethod
    def none(cls, channels: int) -> _Sums:
        return cls(0, np.zeros(channels), np.zeros(channels), 0.0)

    def plus(self, frame: FloatArray) -> _Sums:
        """These sums plus those of a frame, shape (channels, n)."""
        return _Sums(
            self.count + frame.shape[1],
            self.values + frame.sum(axis=1),
            self.squares + _squares(frame),
            self.products + float(np.einsum("j,j->", frame[0], frame[-1])),
        )

    def power(self) -> float:
        return _power(self.squares, self.count)

    def means(self) -> FloatArray:
        return self.values / max(1, self.count)

    def correlation(self) -> float | None:
        """Covariance divided by the product of the standard deviations."""
        if len(self.values) != 2 or not self.count:
            return None
        one, other = self.means()
        spread = self.squares / self.count - np.square(self.means())
        # Means of squares have rounding errors of this size; a smaller spread is a constant.
        if (spread <= 1e-14 * self.squares / self.count).any():
            return None
        covariance = self.products / self.count - one * other
        return float(np.clip(covariance / math.sqrt(spread[0] * spread[1]), -1.0, 1.0))
