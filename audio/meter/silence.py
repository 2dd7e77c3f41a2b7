"""Streaming detector of silence at the head and the tail of a stream.

A sample is audible if its magnitude in any channel exceeds the threshold (-60 dBFS). The head
precedes the first audible sample and the tail follows the last; a silent stream is all head and all
tail. Memory is constant.
"""

from __future__ import annotations

import attrs
import numpy as np

from ...ir.units import gain_factor
from .. import FloatArray

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
        audible = np.flatnonzero((np.abs(block) > self._threshold).any(axis=0))
        if audible.size:
            if self._first is None:
                self._first = self._length + int(audible[0])
            self._end = self._length + int(audible[-1]) + 1
        self._length += block.shape[1]

    def result(self) -> SilentEnds:
        """Head and tail of everything fed so far."""
        head = self._length if self._first is None else self._first
        return SilentEnds(head=head, tail=self._length - self._end)
