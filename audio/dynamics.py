"""Compressor, gate and de-esser: gains that follow the level of the signal that they change.

All three look ahead: their output is as long as their input, without latency. They keep their state
from block to block, so that the division into blocks changes no sample by more than rounding. The
channels share one gain.

The compressor's gain computer (soft knee) and its smooth decoupled detector are those of D.
Giannoulis, M. Massberg, J. D. Reiss, "Digital Dynamic Range Compressor Design - A Tutorial and
Analysis", JAES 60(6), 2012, equations 4, 17 and 18, in the log domain. The de-esser uses the same
on the difference of two bands. docs/semantics.md has all formulas.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise

import numpy as np
from scipy.ndimage import maximum_filter1d
from scipy.signal import firwin, lfilter, oaconvolve, sosfilt

from ..ir.units import DB_PER_NEPER, gain_factor
from . import FloatArray
from .biquad import coefficients

HYSTERESIS_DB = 3.0
"""How far below its threshold a gate closes."""

REACH_S = 0.0025
"""Half the length of the de-esser's crossover, which is also its look-ahead, in seconds."""

_VOICE_HZ, _VOICE_TOP, _SIBILANT_TOP = 300.0, 0.8, 1.8
"""The de-esser's bands: the voice from this frequency to 0.8 times the crossover's, the sibilants
from the crossover's to 1.8 times that."""

_BAND_S = 0.005
"""Time constant of the level of a band, in seconds."""

_BAND_FLOOR = 1e-7
"""Added to the power of a band, so that silence is no sibilant: -70 dBFS."""

_FAINTEST = 1e-10
"""Samples below -200 dBFS have this level."""

_LARGEST_EXPONENT = 600.0
"""Of the powers that the detector divides by, so that none overflows."""

_RELEASED_DB = 1e-30
"""A smaller state of a detector is 0, because denormal numbers are slow."""


class LevelFollower(ABC):
    """Changes a stream by a gain that follows its level; blocks of output lag by the look-ahead."""

    def __init__(self, channels: int, look_ahead: int) -> None:
        """look_ahead: samples, 0 or more."""
        self.look_ahead = look_ahead
        self._line = np.zeros((channels, 0))

    def process(self, block: FloatArray) -> FloatArray:
        """Process the next samples, shape (channels, n); return those ready, (channels, m)."""
        self._line = np.concatenate([self._line, block], axis=1)
        changes = self.gains(block)
        count = max(self._line.shape[1] - self.look_ahead, 0)
        ready, self._line = self._line[:, :count], self._line[:, count:]
        # The last `count` changes belong to these samples: each was found from what lies ahead.
        return self._changed(ready, changes[changes.shape[0] - count :])

    def flush(self) -> FloatArray:
        """The remaining samples, as if silence followed; it cannot be used afterwards."""
        return self.process(np.zeros((len(self._line), self.look_ahead)))

    @abstractmethod
    def gains(self, block: FloatArray) -> FloatArray:
        """The gain in dB for the samples `look_ahead` before those of the block, shape (n,)."""

    def _changed(self, samples: FloatArray, gains: FloatArray) -> FloatArray:
        """Samples with the gains in dB; unchanged, bit for bit, where all of these are 0."""
        return samples * np.exp(gains / DB_PER_NEPER) if gains.any() else samples


class Compressor(LevelFollower):
    """Lowers what exceeds a threshold."""

    MEMORY = ("_line", "_detector")

    def __init__(
        self,
        channels: int,
        *,
        threshold_db: float,
        ratio: float,
        knee_db: float,
        attack: int,
        release: int,
        look_ahead: int,
        makeup_db: float,
    ) -> None:
        """Levels in dBFS and dB, times in samples; ratio is 1 or more."""
        super().__init__(channels, look_ahead)
        self._computer = GainComputer(threshold_db, ratio, knee_db)
        self._detector = PeakDetector(attack, release)
        self._makeup_db = makeup_db

    def gains(self, block: FloatArray) -> FloatArray:
        """See `LevelFollower`."""
        peaks = np.abs(block).max(axis=0, initial=0.0)
        return self._makeup_db - self._detector.smooth(self._computer.reduction(_level(peaks)))


class NoiseGate(LevelFollower):
    """Lowers what is below a threshold, in straight lines of dB."""

    MEMORY = ("_line", "_recent", "_is_open", "_gain_db")

    def __init__(
        self,
        channels: int,
        *,
        threshold_db: float,
        range_db: float,
        attack: int,
        hold: int,
        release: int,
        look_ahead: int,
    ) -> None:
        """Levels in dBFS and dB, times in samples."""
        super().__init__(channels, look_ahead)
        self._open, self._close = (
            gain_factor(threshold_db),
            gain_factor(threshold_db - HYSTERESIS_DB),
        )
        self._range_db = range_db
        self._rise, self._fall = range_db / max(attack, 1), range_db / max(release, 1)
        self._recent = np.zeros(hold)
        self._is_open = False
        self._gain_db = -range_db

    def gains(self, block: FloatArray) -> FloatArray:
        """See `LevelFollower`."""
        line = np.concatenate([self._recent, np.abs(block).max(axis=0, initial=0.0)])
        hold = len(self._recent)
        self._recent = line[len(line) - hold :]
        size = hold + 1
        # The largest of the last `size` samples: a centred window, moved to end at the sample.
        held = maximum_filter1d(line, size, origin=hold - size // 2)[hold:] if len(line) else line
        return self._ramps(self._opened(held))

    def _opened(self, held: FloatArray) -> FloatArray:
        """Whether the gate is open at each sample, 1.0 or 0.0."""
        decided = np.where(held >= self._open, 1, np.where(held < self._close, 0, -1))
        decided = np.concatenate([[int(self._is_open)], decided])
        latest = np.maximum.accumulate(np.where(decided >= 0, np.arange(len(decided)), 0))
        opened = decided[latest]
        self._is_open = bool(opened[-1])
        return np.asarray(opened[1:], np.float64)

    def _ramps(self, opened: FloatArray) -> FloatArray:
        """The gain in dB: a line up to 0 from where it opens, down to the range where it closes."""
        gains = np.empty(len(opened))
        edges = [0, *(np.flatnonzero(np.diff(opened)) + 1).tolist(), len(opened)]
        for start, end in pairwise(edges):
            steps = np.arange(1, end - start + 1)
            if start == end:
                continue
            if opened[start]:
                gains[start:end] = np.minimum(self._gain_db + self._rise * steps, 0.0)
            else:
                gains[start:end] = np.maximum(self._gain_db - self._fall * steps, -self._range_db)
            self._gain_db = float(gains[end - 1])
        return gains


class DeEsser(LevelFollower):
    """Lowers the band of the sibilants where it is louder than the voice."""

    MEMORY = ("_line", "_before", "_bands", "_detector")

    def __init__(
        self,
        rate: int,
        channels: int,
        *,
        frequency_hz: float,
        range_db: float,
        threshold_db: float,
        ratio: float,
        knee_db: float,
        attack: int,
        release: int,
    ) -> None:
        """Frequency between the bands, Hz; levels in dB, times in samples; ratio is 1 or more."""
        reach = round(REACH_S * rate)
        super().__init__(channels, reach)
        self._low = crossover(frequency_hz, rate)
        self._before = np.zeros((channels, reach))
        self._bands = (
            _Band(frequency_hz, _SIBILANT_TOP * frequency_hz, rate, channels),
            _Band(_VOICE_HZ, _VOICE_TOP * frequency_hz, rate, channels),
        )
        self._computer = GainComputer(threshold_db, ratio, knee_db)
        self._detector = PeakDetector(attack, release)
        self._range_db = range_db

    def gains(self, block: FloatArray) -> FloatArray:
        """See `LevelFollower`."""
        sibilance, voice = (band.level(block) for band in self._bands)
        excess = np.minimum(self._computer.reduction(sibilance - voice), self._range_db)
        return -self._detector.smooth(excess)

    def _changed(self, samples: FloatArray, gains: FloatArray) -> FloatArray:
        """The samples without (1 - gain) of their high band."""
        line = np.concatenate([self._before, samples, self._line], axis=1)
        count = samples.shape[1]
        self._before = line[:, count : count + self.look_ahead]
        if not gains.any():
            return samples
        low = oaconvolve(line, self._low[None, :], mode="valid", axes=1)
        return samples - (1.0 - np.exp(gains / DB_PER_NEPER)) * (samples - low)


def crossover(frequency_hz: float, rate: int) -> FloatArray:
    """The linear-phase lowpass of the de-esser, a Hamming-windowed sinc."""
    return np.asarray(firwin(2 * round(REACH_S * rate) + 1, frequency_hz, fs=rate))


class _Band:
    """The smoothed level of a band."""

    MEMORY = ("_state", "_power")

    def __init__(self, low_hz: float, high_hz: float, rate: int, channels: int) -> None:
        rows = [coefficients("highpass", low_hz, rate, np.sqrt(0.5))]
        if high_hz < 0.45 * rate:
            rows.append(coefficients("lowpass", high_hz, rate, np.sqrt(0.5)))
        self._sections = np.concatenate(rows)
        self._state = np.zeros((len(self._sections), channels, 2))
        self._decay = np.exp(-1.0 / (_BAND_S * rate))
        self._power = np.zeros(1)

    def level(self, block: FloatArray) -> FloatArray:
        """In dB, of the power of all channels, shape (n,)."""
        if not block.shape[1]:
            return np.zeros(0)
        band, self._state = sosfilt(self._sections, block, axis=1, zi=self._state)
        power = np.einsum("ij,ij->j", band, band)
        smooth, self._power = lfilter(
            [1.0 - self._decay], [1.0, -self._decay], power, zi=self._power
        )
        return np.asarray(0.5 * DB_PER_NEPER * np.log(smooth + _BAND_FLOOR))


class GainComputer:
    """The reduction that a level calls for: a threshold, a ratio, and a soft knee (equation 4)."""

    def __init__(self, threshold_db: float, ratio: float, knee_db: float) -> None:
        self._threshold, self._knee = threshold_db, knee_db
        self._slope = 1.0 - 1.0 / ratio

    def reduction(self, levels: FloatArray) -> FloatArray:
        """In dB, 0 or more, for levels in dB."""
        over = levels - self._threshold
        wanted = self._slope * np.maximum(over, 0.0)
        if self._knee:
            inside = np.abs(over) < self._knee / 2.0
            wanted[inside] = (
                self._slope * np.square(over[inside] + self._knee / 2.0) / (2.0 * self._knee)
            )
        return wanted


class PeakDetector:
    """The smooth decoupled peak detector (equations 17 and 18), with time constants in samples.

    Release: y1[n] = max(x[n], r*y1[n-1] + (1-r)*x[n]), with r = exp(-1/release). Attack: a lowpass
    of one pole, yL[n] = a*yL[n-1] + (1-a)*y1[n]. A time of 0 leaves its stage out.

    The first recursion is computed without a loop. Both of its branches are linear in y1[n-1] with
    factors that do not depend on the signal. So, with s the lowpass of x with the pole r, y1 - s is
    the largest of all (x - s) so far, each of them decayed by r since.
    """

    MEMORY = ("_mean", "_above", "_smooth")

    def __init__(self, attack: int, release: int) -> None:
        self._attack = float(np.exp(-1.0 / attack)) if attack else 0.0
        self._release = float(np.exp(-1.0 / release)) if release else 0.0
        self._chunk = max(int(_LARGEST_EXPONENT * release), 1)
        self._mean, self._above, self._smooth = np.zeros(1), np.zeros(1), np.zeros(1)

    def smooth(self, wanted: FloatArray) -> FloatArray:
        """The smoothed reduction, for one of 0 dB or more, shape (n,)."""
        if not len(wanted):
            return wanted
        if not (wanted.any() or self._above[0] or self._mean[0] or self._smooth[0]):
            return wanted
        held = self._released(wanted) if self._release else wanted
        if not self._attack:
            return held
        smooth, self._smooth = lfilter(
            [1.0 - self._attack], [1.0, -self._attack], held, zi=self._smooth
        )
        for state in (self._mean, self._above, self._smooth):
            state[state < _RELEASED_DB] = 0.0
        return np.asarray(smooth)

    def _released(self, wanted: FloatArray) -> FloatArray:
        mean, self._mean = lfilter(
            [1.0 - self._release], [1.0, -self._release], wanted, zi=self._mean
        )
        above = wanted - mean
        for start in range(0, len(above), self._chunk):
            part = above[start : start + self._chunk]
            decays = self._release ** np.arange(1, len(part) + 1)
            part[:] = np.maximum.accumulate(np.maximum(part / decays, self._above[0])) * decays
            self._above[0] = part[-1]
        return np.asarray(mean + above)


def _level(peaks: FloatArray) -> FloatArray:
    """In dBFS."""
    return np.asarray(DB_PER_NEPER * np.log(np.maximum(peaks, _FAINTEST)))
