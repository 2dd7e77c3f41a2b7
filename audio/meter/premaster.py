"""Measures a premaster, and predicts its loudness behind a gain and the limiter.

The limiter's gain follows from peaks, and is one for all channels. So the limiter itself, at 1 kHz
on the peak of every millisecond, gives the gain that it has there, without a look at the samples:
10 minutes take 15 ms. The power of each 10 ms of the meter, times the mean square of the gain over
them, makes the loudness. Two things are neglected: peaks between samples, and the spread of a gain
that moves. On speech with music, limited by up to 1.4 LU, predictions were within 0.02 LU.

Results are the same for any division of the stream into blocks; memory is 32 MB for an hour.
"""

from __future__ import annotations

import numpy as np
from attrs import field, frozen

from ...ir.finish import Reading
from ...ir.units import gain_factor
from .. import FloatArray, distinct
from ..kernels import KERNELS
from ..limiter import TruePeakLimiter
from .extremes import ExtremeArray
from .framing import Framer, part_edges
from .loudness import (
    MOMENTARY_STEPS,
    SLICES_PER_SECOND,
    SLICES_PER_STEP,
    LoudnessMeter,
    integrated_loudness,
    window_powers,
)
from .spans import FramedMeter, Series
from .statistics import RmsMeter

PEAKS_PER_SECOND = 1000
_BLOCK = 1 << 16  # peaks at a time
_PER_SLICE = PEAKS_PER_SECOND // SLICES_PER_SECOND


@frozen
class PremasterLevels:
    """What was measured.

    Attributes:
        lufs: the level that a goal reads of it: as a rule integrated loudness; -inf for silence.
        powers: of every 10 ms, as in `Loudness`.
        peaks: the largest magnitude in each millisecond, over all channels.
    """

    lufs: float
    powers: FloatArray = field(eq=False, repr=False)
    peaks: ExtremeArray = field(eq=False, repr=False)

    def limited(self, gain_db: float, ceiling_db: float) -> float:
        """The integrated loudness that it has behind a gain and a limiter, LUFS."""
        return integrated_loudness(self.limited_blocks(gain_db, ceiling_db))

    def limited_blocks(self, gain_db: float, ceiling_db: float) -> FloatArray:
        """The powers of the 400 ms blocks that it has there, at 100 ms steps."""
        factor = gain_factor(gain_db)
        limiter = TruePeakLimiter(PEAKS_PER_SECOND, 1, ceiling_db, detector="sample_peak")
        squares, done = np.ones(len(self.peaks), np.float32), 0
        blocks = range(0, len(self.peaks), _BLOCK)
        for start in (*blocks, None):
            if start is None:
                limited = limiter.flush()
            else:
                peaks = self.peaks[None, start : start + _BLOCK].astype(np.float64)
                limited = limiter.process(factor * peaks)
            before = factor * self.peaks[done : done + limited.shape[1]].astype(np.float64)
            gains = np.divide(limited[0], before, out=np.ones(len(before)), where=before > 0.0)
            squares[done : done + limited.shape[1]] = np.square(gains)
            done += limited.shape[1]
        count = min(len(squares) // _PER_SLICE, len(self.powers))
        means = squares[: count * _PER_SLICE].reshape(count, _PER_SLICE).mean(1, np.float64)
        powers = self.powers[:count] * means * factor**2
        return window_powers(powers, MOMENTARY_STEPS)[::SLICES_PER_STEP]


class PremasterMeter(FramedMeter):
    """Feed blocks of any size and read the result at any time.

    Raises ValueError as `LoudnessMeter` does.
    """

    MEMORY = ("_framer", "_loudness", "_rms")
    FINDINGS = ("_loudness", "_rms", "_peaks")

    def __init__(self, rate: int, channels: int, reading: Reading = Reading.INTEGRATED) -> None:
        """reading: what its level is."""
        self._reading = reading
        self._framer: Framer = Framer(channels, rate)  # the meters need no copies of whole seconds
        self._loudness = LoudnessMeter(rate, channels)
        self._rms = RmsMeter(rate, channels)
        self._starts = part_edges(rate, PEAKS_PER_SECOND)[:-1]
        self._peaks = Series(np.zeros(0, np.float32))

    def take(self, frame: FloatArray) -> None:
        """See `FramedMeter`."""
        self._loudness.add(frame)
        self._peaks.add(self._peaks_of(frame))
        if self._reading is Reading.RMS:
            self._rms.add(frame)

    def result(self) -> PremasterLevels:
        """The levels of everything fed so far."""
        self.take(self._framer.drain())
        loudness = self._loudness.result()
        lufs = loudness.padded if self._reading is Reading.MOMENTARY else loudness.integrated
        return PremasterLevels(
            lufs=self._rms.result() if self._reading is Reading.RMS else lufs,
            powers=loudness.powers,
            peaks=self._peaks.joined(),
        )

    def _peaks_of(self, second: FloatArray) -> ExtremeArray:
        starts = self._starts[: np.searchsorted(self._starts, second.shape[1])]
        if not len(starts):
            return np.zeros(0, np.float32)
        lowest, highest = KERNELS.extremes(distinct(second), starts)
        return np.asarray(np.maximum(highest, -lowest), np.float32)
