"""Regroups audio blocks of any size into frames of one size.

The meters work on fixed frames counted from the first sample, so every result is bit-identical for
any division of the stream into blocks, and one-sample blocks do not cost a filter call each. Memory
is one frame.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
import numpy.typing as npt

from .. import FloatArray


@attrs.define
class Framer:
    """Accepts blocks of shape (channels, n), any n, and yields frames of `size` samples."""

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

    def push(self, block: npt.ArrayLike) -> Iterator[FloatArray]:
        """Yield each frame that `block` completes, shape (channels, size).

        A frame is a view that the next frame overwrites. Raises ValueError, before consuming any
        sample, if `block` is not of shape (channels, n) or contains NaN or infinity, which have no
        level.
        """
        samples = np.asarray(block, dtype=np.float64)
        if samples.ndim != 2 or samples.shape[0] != self.channels:
            raise ValueError(f"a block must have shape ({self.channels}, n), not {samples.shape}")
        if not np.isfinite(samples).all():
            raise ValueError("the audio contains NaN or infinite samples, which have no level")
        taken = 0
        while taken < samples.shape[1]:
            count = min(self.size - self._filled, samples.shape[1] - taken)
            self._buffer[:, self._filled : self._filled + count] = samples[:, taken : taken + count]
            self._filled += count
            taken += count
            if self._filled == self.size:
                self._filled = 0
                yield self._buffer
