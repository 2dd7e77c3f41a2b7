"""Streaming detector of silence at the head and the tail of a stream.

A sample is audible if its magnitude in any channel exceeds the threshold (-60 dBFS). The head
precedes the first audible sample and the tail follows the last; a silent stream is all head and all
tail. Memory is constant.
"""

from __future__ import annotations

import attrs
import numpy as np

from ...ir.units import gain_factor
from .. import FloatArray, IndexArray

_STRETCH = 4096
"""Samples searched at a time for the last audible one, from the end."""

THRESHOLD_DBFS = -60.0
"""The level above which a sample is audible: the highest noise floor allowed for audiobooks."""


@attrs.frozen
class SilentEnds:
    """The number of samples before the first audible one, and after the last."""

    head: int
    tail: int


class SilenceMeter:
    """Feed blocks of any size and read the result at any time."""

    def __init__(self, threshold_dbfs: float = THRESHOLD_DBFS) -> None:
        self._threshold = gain_factor(threshold_dbfs)
        self._length = 0
        self._first: int | None = None
        self._end = 0

    def feed(self, block: FloatArray) -> None:
        """Process the next block, float64 of shape (channels, n), any n."""
        if self._first is None:
            audible = self._audible(block)
            if audible.size:
                self._first = self._length + int(audible[0])
        if self._first is not None:
            for stop in range(block.shape[1], 0, -_STRETCH):
                start = max(stop - _STRETCH, 0)
                audible = self._audible(block[:, start:stop])
                if audible.size:
                    self._end = self._length + start + int(audible[-1]) + 1
                    break
        self._length += block.shape[1]

    def result(self) -> SilentEnds:
        """Head and tail of everything fed so far."""
        head = self._length if self._first is None else self._first
        return SilentEnds(head=head, tail=self._length - self._end)

    def _audible(self, samples: FloatArray) -> IndexArray:
        return np.flatnonzero((np.abs(samples) > self._threshold).any(axis=0))
