"""Streaming detector of mains hum: harmonics of 50 or 60 Hz in the quiet parts of a programme.

The spectrum of each second is kept up to 500 Hz, 4 bytes for each Hz, so three hours are 22 MB. The
10th percentile of each bin over time leaves what is always there, without the voice above it. The
hum is the level of a harmonic over its neighbours in that spectrum, and the third largest of the
first eight decides, so that neither a tone nor a bass note counts.

Samples are averaged to some 3 kHz first, which is exact enough for levels below 500 Hz. Results are
the same for any division of the stream into blocks.
"""

from __future__ import annotations

import attrs
import numpy as np

from ...ir.units import power_decibels
from .. import FloatArray
from .framing import Framer, checked

MAINS_HZ = (50, 60)
HARMONICS = 8
_DECIDING = 3
"""The rank of the harmonic whose level counts."""
_PERCENTILE = 10
_LOW_RATE, _TOP_HZ = 3000, 500
_OFF_HZ = 1
"""How far a harmonic may be from where it should be."""
_NEAREST_HZ, _FARTHEST_HZ = 4, 14
"""The distance of the neighbours."""
_FAINTEST = 1e-16
"""Powers below this are digital silence or rounding, which has no hum."""


@attrs.frozen
class Hum:
    """Mains hum: its frequency, and the level of its third harmonic in rank over the rest, dB."""

    mains_hz: int
    over_db: float


class HumMeter:
    """Feed blocks of any size and read the result at any time; rate is in Hz."""

    def __init__(self, rate: int, channels: int) -> None:
        self._factor = max(rate // _LOW_RATE, 1)
        self._count = rate // self._factor
        self._starts = np.arange(self._count) * self._factor
        self._averaged = self._factor * channels
        self._hertz = rate / self._factor / self._count
        self._window = np.hanning(self._count)
        self._framer = Framer(channels, self._count * self._factor)
        self._spectra: list[np.ndarray] = []

    def feed(self, block: FloatArray) -> None:
        """Process the next block, float64 of shape (channels, n), any n."""
        for frame in self._framer.push(checked(block, self._framer.channels)):
            low = np.add.reduceat(frame.sum(axis=0), self._starts) / self._averaged
            bins = np.fft.rfft(low * self._window)[: _TOP_HZ + 1] / self._count
            self._spectra.append(np.square(np.abs(bins)).astype(np.float32))

    def result(self) -> Hum | None:
        """The hum of everything fed so far; None if that is shorter than a second."""
        if not self._spectra:
            return None
        floor = np.percentile(self._spectra, _PERCENTILE, axis=0).astype(np.float64)
        return max((Hum(mains, self._over(floor, mains)) for mains in MAINS_HZ), key=_size)

    def _over(self, floor: FloatArray, mains: int) -> float:
        found = []
        for number in range(1, HARMONICS + 1):
            at = round(mains * number / self._hertz)
            if at + _FARTHEST_HZ >= len(floor):
                break
            below = floor[max(at - _FARTHEST_HZ, 0) : at - _NEAREST_HZ + 1]
            above = floor[at + _NEAREST_HZ : at + _FARTHEST_HZ + 1]
            beside = np.median(np.concatenate([below, above]))
            peak = floor[at - _OFF_HZ : at + _OFF_HZ + 1].max(initial=0.0)
            found.append(power_decibels(max(peak, _FAINTEST) / max(float(beside), _FAINTEST)))
        return sorted(found)[-_DECIDING] if len(found) >= _DECIDING else 0.0


def _size(hum: Hum) -> float:
    return hum.over_db
