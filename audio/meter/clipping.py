"""Streaming detector of clipping: runs of consecutive samples at full scale.

A run is three or more consecutive samples of one channel whose magnitude is at or above full scale,
with either sign. Each run is counted once, for any division of the stream into blocks. A limiter or
a normaliser leaves one or two such samples; a flat top of three is, at audio frequencies, the
remainder of a clipped crest. Memory is constant.
"""

from __future__ import annotations

import attrs
import numpy as np

from .. import FloatArray

RUN = 3
"""Samples at full scale that make a run."""


@attrs.frozen
class Clipping:
    """The runs of a stream, over all its channels.

    runs is their number; longest is the length of the longest, in samples; first is the position of
    the earliest, in samples from the start, or None if there is none.
    """

    runs: int = 0
    longest: int = 0
    first: int | None = None


class ClippingMeter:
    """Feed blocks of any size and read the result at any time.

    full_scale is the lowest magnitude that counts: for n-bit integers 1 - 2^(1-n), the highest
    positive sample.
    """

    def __init__(self, channels: int, full_scale: float = 1.0) -> None:
        self._full_scale = full_scale
        self._open = [0] * channels
        self._start = 0
        self._found = Clipping()

    def feed(self, block: FloatArray) -> None:
        """Process the next block, float64 of shape (channels, n), any n."""
        for channel, samples in enumerate(block):
            self._take(channel, samples)
        self._start += block.shape[1]

    def result(self) -> Clipping:
        """The runs of everything fed so far, including one that reaches the end."""
        found = self._found
        for length in self._open:
            found = _with_runs(found, np.array([self._start - length]), np.array([length]))
        return found

    def _take(self, channel: int, samples: FloatArray) -> None:
        full = np.abs(samples) >= self._full_scale
        before = self._open[channel]
        if not full.any():
            if before:
                self._close(np.array([self._start - before]), np.array([before]))
                self._open[channel] = 0
            return
        edges = np.diff(full.astype(np.int8), prepend=np.int8(0), append=np.int8(0))
        starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        if before:
            # The open run continues at 0, or ended there.
            starts = np.concatenate([[-before], starts[1:] if full[0] else starts])
            ends = ends if full[0] else np.concatenate([[0], ends])
        lengths = ends - starts
        self._open[channel] = int(lengths[-1]) if full[-1] else 0
        closed = slice(None, -1) if full[-1] else slice(None)
        self._close(self._start + starts[closed], lengths[closed])

    def _close(self, starts: np.ndarray, lengths: np.ndarray) -> None:
        self._found = _with_runs(self._found, starts, lengths)


def _with_runs(found: Clipping, starts: np.ndarray, lengths: np.ndarray) -> Clipping:
    """`found` plus those of the runs, given by first sample and length, that are long enough."""
    counted = lengths >= RUN
    if not counted.any():
        return found
    first = int(starts[counted].min())
    return Clipping(
        runs=found.runs + int(counted.sum()),
        longest=max(found.longest, int(lengths[counted].max())),
        first=first if found.first is None else min(first, found.first),
    )
