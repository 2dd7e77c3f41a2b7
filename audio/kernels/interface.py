"""What a set of kernels provides, and the records that they exchange.

Samples are float64 of shape (channels, n), of any strides, and are not changed. A stereo block may
be one row of memory that serves as both channels.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import FloatArray, IndexArray

IntegerArray: TypeAlias = npt.NDArray[np.signedinteger[Any]]
Key: TypeAlias = npt.NDArray[np.uint64]
"""The key of a Philox-4x64 generator: two words."""


ROW = 16
"""Samples of a row, the unit in which a waveform between samples is judged and computed: a wider
one multiplies more zeros, a narrower one copies more."""


class Quantised(NamedTuple):
    """A block of integers.

    frames: as they are stored, shape (n, channels). levels: the same numbers as float64 of full
    scale 1.0, shape (channels, n). clipped: how many samples exceeded full scale.
    """

    frames: IntegerArray
    levels: FloatArray
    clipped: int

    @property
    def samples(self) -> IntegerArray:
        """The integers, shape (channels, n)."""
        return self.frames.T


class CurveBounds(NamedTuple):
    """The bounds of a set of interpolators; interpolation.py derives them.

    Attributes:
        gain: the waveform is at most this times the largest sample that it depends on.
        bend: it exceeds the samples on either side by at most this times the largest second
            difference of the samples that it depends on.
        lead: the sample of a row's window after which its first point is.
        first, last: the first and the last row of samples that a row depends on, from its own.
    """

    gain: float
    bend: float
    lead: int
    first: int
    last: int


class Kernels(Protocol):
    """The inner loops; a module has all of them."""

    def filtered(
        self, section: FloatArray, block: FloatArray, state: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Filter each channel by a biquad, as scipy's `lfilter`.

        section: b0 b1 b2 1 a1 a2. state: shape (channels, 2). Returns the output and the state
        after it.
        """
        ...

    def energies(
        self, sections: FloatArray, block: FloatArray, state: FloatArray, edges: IndexArray
    ) -> tuple[FloatArray, FloatArray]:
        """Filter each channel by two biquads, as scipy's `sosfilt`, and sum squares.

        sections: shape (2, 6). state: shape (2, channels, 2). edges: rising, from 0 to the length
        of the block. Returns the sum of squares of the output from each edge to the next, shape
        (channels, edges - 1), in the order of numpy's `add.reduceat`, and the state.
        """
        ...

    def noise(self, key: Key, channels: int, offset: int, count: int) -> FloatArray:
        """The difference of the two halves of words of Philox-4x64, shape (channels, count).

        Word n of channel c is the one at n % 4 of counter (n // 4 + 1, c, 0, 0); offset: the first
        n. Values are integers, within 2^32.
        """
        ...

    def dithered(self, key: Key, block: FloatArray, offset: int, step: float) -> FloatArray:
        """A block plus `noise` times `step`, a power of two."""
        ...

    def quantised(self, block: FloatArray, bits: int) -> Quantised:
        """A block of full scale 1.0, rounded half to even to 16 or 24 bits and clipped.

        Raises:
            ValueError: a sample is NaN.
        """
        ...

    def reaching(
        self, samples: FloatArray, floor: float, rows: int, bounds: CurveBounds
    ) -> tuple[npt.NDArray[np.bool_], float]:
        """Whether the waveform may exceed `floor` in each of the rows, and the largest magnitude.

        samples: of one channel, consecutive in memory, a whole number of rows that reaches to the
        end of the last window. Returns an array of shape (rows,).
        """
        ...

    def extremes(self, block: FloatArray, starts: IndexArray) -> FloatArray:
        """The lowest and the highest sample over all channels from each start to the next.

        starts: rising, from 0, below the length of the block, to whose end the last one reaches.
        Returns shape (2, starts).
        """
        ...

    def held(self, line: FloatArray, size: int, count: int) -> FloatArray:
        """The maximum of `size` values from each of the first `count` on, shape (count,)."""
        ...

    def released(
        self, targets: FloatArray, level: float, decays: FloatArray, least: float
    ) -> tuple[FloatArray, float]:
        """Values that rise with their targets at once and decay towards them.

        level: before the first. decays: what remains of a distance after 1, 2, 3, ... samples.
        least: a value that is not above it becomes 0. Returns the values, and the level after the
        last.
        """
        ...

    def smoothed(self, line: FloatArray, box: int) -> FloatArray:
        """Three moving averages over `box` values, an odd number; the ends are continued."""
        ...
