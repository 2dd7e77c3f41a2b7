"""Regrouping of audio blocks of any size into frames of one size.

Both meters work on fixed frames counted from the first sample. That makes every result
independent, to the bit, of how the caller cuts the stream, and keeps one-sample blocks from
costing a filter call each. Memory is one frame.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@attrs.define
class Framer:
    """Takes blocks of shape (channels, n), any n, and gives frames of `size` samples."""

    channels: int
    size: int
    _buffer: FloatArray = attrs.field(init=False, repr=False)
    _filled: int = attrs.field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self._buffer = np.zeros((self.channels, self.size))

    @property
    def pending(self) -> FloatArray:
        """The samples still short of a frame, shape (channels, fewer than size); a view."""
        return self._buffer[:, : self._filled]

    def push(self, block: npt.ArrayLike) -> Iterator[FloatArray]:
        """Yield each frame that `block` completes, shape (channels, size).

        A frame is a view that the next frame overwrites. Raises ValueError, before it takes any
        sample, if `block` is not of shape (channels, n) or holds NaN or infinity: those have no
        level.
        """
        samples = np.asarray(block, dtype=np.float64)
        if samples.ndim != 2 or samples.shape[0] != self.channels:
            raise ValueError(
                f"a block must have shape ({self.channels}, n); this one has {samples.shape}"
            )
        if not np.isfinite(samples).all():
            raise ValueError("the audio holds NaN or infinite samples; they have no level")
        taken = 0
        while taken < samples.shape[1]:
            count = min(self.size - self._filled, samples.shape[1] - taken)
            self._buffer[:, self._filled : self._filled + count] = samples[:, taken : taken + count]
            self._filled += count
            taken += count
            if self._filled == self.size:
                self._filled = 0
                yield self._buffer
