"""Streaming detector of silence at the head and the tail of a stream.

What it promises: a sample is heard where its magnitude, in any channel, is over the threshold
(-60 dBFS); head and tail are what lies before the first of these and after the last. All of a
silent stream is head, and all of it tail. Memory is constant.
"""

from __future__ import annotations

import attrs
import numpy as np

from .framing import FloatArray

THRESHOLD_DBFS = -60.0
"""The level that a sample must pass to be heard: the noise floor that audiobooks may have."""


@attrs.frozen
class Silence:
    """Samples before the first that is heard, and after the last."""

    head: int
    tail: int


class SilenceMeter:
    """Feed blocks of any size, then ask for the result; feeding may go on afterwards."""

    def __init__(self, threshold_dbfs: float = THRESHOLD_DBFS) -> None:
        self._threshold = 10.0 ** (threshold_dbfs / 20.0)
        self._length = 0
        self._first: int | None = None
        self._end = 0

    def feed(self, block: FloatArray) -> None:
        """Take the next block, float64 of shape (channels, n), any n."""
        heard = np.flatnonzero((np.abs(block) > self._threshold).any(axis=0))
        if heard.size:
            if self._first is None:
                self._first = self._length + int(heard[0])
            self._end = self._length + int(heard[-1]) + 1
        self._length += block.shape[1]

    def result(self) -> Silence:
        """Head and tail of everything fed so far."""
        head = self._length if self._first is None else self._first
        return Silence(head=head, tail=self._length - self._end)
