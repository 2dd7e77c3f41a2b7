"""Streaming extremes: the lowest and the highest sample of each of so many parts of a second.

Parts are counted from the start of every second, with boundaries rounded to whole samples. Results
are the same for any division of the stream into blocks.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .. import FloatArray
from ..kernels import KERNELS
from .framing import Framer, part_edges
from .spans import FramedMeter, Series

ExtremeArray: TypeAlias = npt.NDArray[np.float32]
"""Extremes; half the memory, and exact for 24-bit samples."""


class ExtremesMeter(FramedMeter):
    """Feed blocks of any size and read the result at any time."""

    MEMORY = ("_framer",)
    FINDINGS = ("_extremes",)

    def __init__(self, rate: int, channels: int, parts: int) -> None:
        """rate: Hz. parts: of a second."""
        self._framer: Framer = Framer(channels, rate)
        self._starts = part_edges(rate, parts)[:-1]
        self._extremes = Series(np.zeros((2, 0), np.float32))

    def take(self, frame: FloatArray) -> None:
        """See `FramedMeter`."""
        self._extremes.add(self._extremes_of(frame))

    def result(self) -> ExtremeArray:
        """The lowest and the highest sample of each part over all channels, shape (2, parts).

        The last part may be incomplete.
        """
        return self._extremes.joined(self._extremes_of(self._framer.pending))

    def _extremes_of(self, block: FloatArray) -> ExtremeArray:
        starts = self._starts[: np.searchsorted(self._starts, block.shape[1])]
        if not len(starts):
            return np.zeros((2, 0), np.float32)
        return KERNELS.extremes(block, starts).astype(np.float32)
