"""Resampling of a whole source to the session rate, with a defined length.

The resampler is libsoxr at its very high quality (28 bits, linear phase, float64), whose output
is aligned with its input: sample 0 of both falls on the same instant. N samples at rate r become
N*R/r at rate R, rounded half to even; libsoxr rounds half up, so at a tie its last sample is
dropped.

One call, a stream in any blocks, and ffmpeg's `aresample=R:resampler=soxr:precision=28` on dblp (no
`cutoff`: giving one, even the default, changes the filter) give the same bits.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import soxr

from .arrays import FloatArray

_QUALITY = "VHQ"


def output_length(samples: int, source_rate: int, rate: int) -> int:
    """How many samples at `rate` a source of `samples` at `source_rate` becomes."""
    return round(Fraction(samples * rate, source_rate))


def resample(source: FloatArray, source_rate: int, rate: int) -> FloatArray:
    """A whole source, shape (channels, n), at another rate; rates in Hz."""
    out = soxr.resample(source.T, source_rate, rate, quality=_QUALITY).T
    length = output_length(source.shape[1], source_rate, rate)
    return np.ascontiguousarray(out[:, :length])


class Resampler:
    """The same, streaming: the blocks returned, joined, are bit for bit what `resample` returns."""

    def __init__(self, source_rate: int, rate: int, channels: int) -> None:
        self._rates = (source_rate, rate)
        self._stream = soxr.ResampleStream(
            source_rate, rate, channels, dtype="float64", quality=_QUALITY
        )
        self._channels = channels
        self._taken = self._given = 0

    def process(self, block: FloatArray) -> FloatArray:
        """Take the next samples, shape (channels, n); give what is ready, shape (channels, m)."""
        self._taken += block.shape[1]
        return self._chunk(block, last=False)

    def flush(self) -> FloatArray:
        """The rest, after the last block; nothing may be processed afterwards."""
        due = output_length(self._taken, *self._rates) - self._given
        return self._chunk(np.zeros((self._channels, 0)), last=True)[:, :due]

    def _chunk(self, block: FloatArray, *, last: bool) -> FloatArray:
        out = self._stream.resample_chunk(np.ascontiguousarray(block.T), last=last).T
        self._given += out.shape[1]
        return np.ascontiguousarray(out)
