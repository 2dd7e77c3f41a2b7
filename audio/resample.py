"""Resampling of a whole source to the session rate, with a defined length.

The resampler is libsoxr at very high quality (28 bits, linear phase, float64). Its output is
aligned with its input: sample 0 of both is at the same instant. N samples at rate r become N*R/r at
rate R, rounded half to even; libsoxr rounds half up, so at a tie its last sample is dropped.

One call, a stream in any blocks, and ffmpeg's `aresample=R:resampler=soxr:precision=28` on dblp are
bit-identical. (Without `cutoff`: even the default value, if given, changes the filter.)
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import soxr

from . import FloatArray

_QUALITY = "VHQ"


def output_length(samples: int, source_rate: int, rate: int) -> int:
    """The length at `rate` of a source of `samples` at `source_rate`."""
    return round(Fraction(samples * rate, source_rate))


def resample(source: FloatArray, source_rate: int, rate: int) -> FloatArray:
    """Resample a whole source, shape (channels, n); rates in Hz."""
    out = soxr.resample(source.T, source_rate, rate, quality=_QUALITY).T
    length = output_length(source.shape[1], source_rate, rate)
    return np.ascontiguousarray(out[:, :length])


class Resampler:
    """Streaming `resample`: the blocks returned, joined, are bit-identical to its result."""

    def __init__(self, source_rate: int, rate: int, channels: int) -> None:
        self._rates = (source_rate, rate)
        self._stream = soxr.ResampleStream(
            source_rate, rate, channels, dtype="float64", quality=_QUALITY
        )
        self._channels = channels
        self._taken = self._given = 0

    def process(self, block: FloatArray) -> FloatArray:
        """Process the next samples, shape (channels, n); return those ready, (channels, m)."""
        self._taken += block.shape[1]
        return self._chunk(block, last=False)

    def flush(self) -> FloatArray:
        """The remaining samples after the last block; the resampler cannot be used afterwards."""
        due = output_length(self._taken, *self._rates) - self._given
        return self._chunk(np.zeros((self._channels, 0)), last=True)[:, :due]

    def _chunk(self, block: FloatArray, *, last: bool) -> FloatArray:
        out = self._stream.resample_chunk(np.ascontiguousarray(block.T), last=last).T
        self._given += out.shape[1]
        return np.ascontiguousarray(out)
