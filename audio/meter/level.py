"""One level of a stream: what a loudness goal reads of it."""

from __future__ import annotations

from ...ir.finish import Reading
from .. import FloatArray
from .loudness import LoudnessMeter
from .statistics import RmsMeter


class LevelMeter:
    """Feed blocks of any size and read the level at any time; errors as of the meter in use."""

    def __init__(self, reading: Reading, rate: int, channels: int) -> None:
        self._reading = reading
        self._rms = RmsMeter(rate, channels) if reading is Reading.RMS else None
        self._loudness = None if self._rms else LoudnessMeter(rate, channels)

    def feed(self, block: FloatArray) -> None:
        """Process the next block, float64 of shape (channels, n), any n."""
        if self._rms:
            self._rms.feed(block)
        if self._loudness:
            self._loudness.feed(block)

    def result(self) -> float:
        """LUFS or dBFS, as the reading says; -inf for silence."""
        if self._rms:
            return self._rms.result()
        assert self._loudness is not None
        found = self._loudness.result()
        return found.padded if self._reading is Reading.MOMENTARY else found.integrated
