"""Regroups audio blocks of any size into frames of one size.

The meters work on fixed frames counted from the first sample, so every result is bit-identical for
any division of the stream into blocks, and one-sample blocks do not cost a filter call each. Memory
is one frame, and a few seconds of the input where it is resampled.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
import numpy.typing as npt

from .. import FloatArray, IndexArray, distinct
from ..resample import Resampler, resample


def part_edges(rate: int, parts: int) -> IndexArray:
    """The boundaries of equal parts of a second, rounded to samples, shape (parts + 1,)."""
    return np.rint(np.arange(parts + 1) * rate / parts).astype(np.int64)


def checked(block: npt.ArrayLike, channels: int) -> FloatArray:
    """A block of samples that have a level.

    Raises:
        ValueError: it is not of shape (channels, n), or contains NaN or infinity.
    """
    samples = np.asarray(block, dtype=np.float64)
    if samples.ndim != 2 or samples.shape[0] != channels:
        raise ValueError(f"a block must have shape ({channels}, n), not {samples.shape}")
    if not np.isfinite(distinct(samples)).all():
        raise ValueError("the audio contains NaN or infinite samples, which have no level")
    return samples


@attrs.define
class Framer:
    """Accepts blocks of shape (channels, n), any n, and yields frames of `size` samples."""

    MEMORY = ("pending",)

    channels: int
    size: int
    _buffer: FloatArray = attrs.field(init=False, repr=False)
    _filled: int = attrs.field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self._buffer = np.zeros((self.channels, self.size))

    @property
    def pending(self) -> FloatArray:
        """The samples of the incomplete frame, shape (channels, fewer than size); a view."""
        return self._buffer[:, : self._filled]

    @pending.setter
    def pending(self, samples: FloatArray) -> None:
        self._filled = samples.shape[1]
        self._buffer[:, : self._filled] = samples

    def drain(self) -> FloatArray:
        """The same, without which it goes on as after the last frame; a view."""
        drained = self.pending
        self._filled = 0
        return drained

    def push(self, samples: FloatArray) -> Iterator[FloatArray]:
        """Yield each frame that a checked block completes, shape (channels, size).

        A frame is a read-only view that the next frame may overwrite.
        """
        taken = 0
        while taken < samples.shape[1]:
            count = min(self.size - self._filled, samples.shape[1] - taken)
            if count == self.size and samples.strides[1] == samples.itemsize:
                yield samples[:, taken : taken + count]
                taken += count
                continue
            self._buffer[:, self._filled : self._filled + count] = samples[:, taken : taken + count]
            self._filled += count
            taken += count
            if self._filled == self.size:
                self._filled = 0
                yield self._buffer


class ResamplingFramer:
    """The frames of a stream, of one second each, after resampling to another rate.

    The resampler takes the stream in seconds too, so the frames are the same for any blocks. Its
    memory cannot be read.
    """

    def __init__(self, source_rate: int, rate: int, channels: int) -> None:
        """rate: Hz; a whole number of its samples is a second, as of the source's."""
        self.channels = channels
        self._rates = (source_rate, rate)
        self._resampler = Resampler(source_rate, rate, channels)
        self._input, self._output = Framer(channels, source_rate), Framer(channels, rate)
        self._seconds: list[FloatArray] = []  # of the input; what is before them is done
        self._given = 0  # samples of the output since the first of these

    def push(self, samples: FloatArray) -> Iterator[FloatArray]:
        """Yield each frame that a checked block completes."""
        for second in self._input.push(samples):
            resampled = self._resampler.process(second)
            self._seconds.append(second.copy())
            self._given += resampled.shape[1]
            # `pending` resamples what is not given yet, and a second before it for the filter.
            while self._given >= 2 * self._rates[1]:
                self._given -= self._rates[1]
                del self._seconds[0]
            yield from self._output.push(resampled)

    @property
    def pending(self) -> FloatArray:
        """The samples after the last frame, as if silence followed; any number of them."""
        line = np.concatenate([*self._seconds, self._input.pending], axis=1)
        rest = resample(line, *self._rates)[:, self._given :]
        return np.concatenate([self._output.pending, rest], axis=1)
