"""The K-weighting filter of ITU-R BS.1770-5, Annex 1, at any sample rate.

The standard gives two biquads, the head-effect shelf (table 1) and the RLB high-pass (table 2), for
48 kHz only, and requires the same frequency response at other rates. Those tables are the only
numbers used here: the inverse bilinear transform of each biquad is its analogue prototype (pole
frequency, damping, numerator), and the bilinear transform of that at the required rate, matched at
the pole frequency, is the filter. At 48 kHz this reproduces the standard's coefficients exactly.
(Method: S. Mansbridge, S. Finn, J. Reiss, "Implementation and evaluation of autonomous multi-track
fader control", AES 132, 2012, and B. De Man, "Evaluation of implementations of the EBU R128
loudness measurement", AES 145, 2018.)

The high-pass table has the numerator 1, -2, 1, which is 0.04 dB above unity at high frequencies.
That gain belongs to the prototype and is kept at every rate; meters that keep the numerator instead
(libebur128, ffmpeg) read 0.2 LU too high at 8 kHz. The response differs from that at 48 kHz by at
most 0.01 dB from 32 kHz up, by 0.07 dB at 16 kHz, and by 0.3 dB at 8 kHz, where the shelf is close
to the Nyquist frequency. Audio under 16 kHz is therefore resampled to 48 kHz before the filter.
"""

from __future__ import annotations

import copy
import math

import attrs
import numpy as np
import numpy.typing as npt

from .. import REFERENCE_RATE, FloatArray, IndexArray, distinct
from ..kernels import KERNELS

# BS.1770-5 Annex 1, tables 1 and 2: b0, b1, b2, a0, a1, a2.
SHELF_48K = (
    *(1.53512485958697, -2.69169618940638, 1.19839281085285),
    *(1.0, -1.69065929318241, 0.73248077421585),
)
HIGHPASS_48K = (1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621)


_STILL = 1e-20  # -400 dBFS: a state below it has decayed


@attrs.frozen
class Prototype:
    """An analogue second-order section (n2 s^2 + n1 s + n0) / (s^2 + damping s + 1).

    s is normalised to the pole frequency (Hz); damping is 1/Q.
    """

    frequency: float
    damping: float
    n2: float
    n1: float
    n0: float


def prototype(section: tuple[float, ...], rate: float) -> Prototype:
    """Invert the bilinear transform s = (1/K)(1-z^-1)/(1+z^-1), K = tan(pi f0/rate).

    `section` is b0, b1, b2, a0=1, a1, a2 at `rate` (Hz). With D = 1 + K damping + K^2 the transform
    gives a1 = 2(K^2-1)/D and a2 = (1 - K damping + K^2)/D, which is solved for D, K and damping.
    """
    b0, b1, b2, _, a1, a2 = section
    d = 4.0 / (1.0 - a1 + a2)
    k = math.sqrt(d * (1.0 + a1 + a2)) / 2.0
    return Prototype(
        frequency=rate * math.atan(k) / math.pi,
        damping=d * (1.0 - a2) / (2.0 * k),
        n2=d * (b0 - b1 + b2) / 4.0,
        n1=d * (b0 - b2) / (2.0 * k),
        n0=d * (b0 + b1 + b2) / (4.0 * k * k),
    )


def discretise(analogue: Prototype, rate: float) -> tuple[float, ...]:
    """Bilinear transform at `rate` (Hz), exact at the pole frequency: b0, b1, b2, 1, a1, a2."""
    k = math.tan(math.pi * analogue.frequency / rate)
    d = 1.0 + k * analogue.damping + k * k
    n2, n1, n0 = analogue.n2, analogue.n1 * k, analogue.n0 * k * k
    return (
        (n2 + n1 + n0) / d,
        2.0 * (n0 - n2) / d,
        (n2 - n1 + n0) / d,
        1.0,
        2.0 * (k * k - 1.0) / d,
        (1.0 - k * analogue.damping + k * k) / d,
    )


def k_weighting_sos(rate: int) -> FloatArray:
    """K-weighting at `rate` (Hz) as scipy second-order sections, shape (2, 6).

    The rate must leave room for the shelf at 1.7 kHz under its Nyquist frequency.
    """
    tables = (SHELF_48K, HIGHPASS_48K)
    return np.array([discretise(prototype(table, REFERENCE_RATE), rate) for table in tables])


class KWeighting:
    """The filter with its state: consecutive blocks are filtered as one continuous signal."""

    MEMORY = ("_state",)

    def __init__(self, rate: int, channels: int) -> None:
        self._sos = k_weighting_sos(rate)
        self._state: npt.NDArray[np.float64] = np.zeros((len(self._sos), channels, 2))

    def energies(self, block: FloatArray, edges: IndexArray) -> FloatArray:
        """Filter the next block, shape (channels, n), and sum squares from edge to edge.

        edges: rising, from 0 to n. Returns shape (channels, edges - 1). Silence after the decay of
        the filter costs nothing, and nothing before it is remembered.
        """
        one = distinct(block)
        if not one.any() and np.all(np.abs(self._state) < _STILL):
            self._state = np.zeros_like(self._state)
            return np.zeros((len(block), len(edges) - 1))
        if len(one) == len(block) or np.any(self._state != self._state[:, :1]):
            sums, self._state = KERNELS.energies(self._sos, block, self._state, edges)
            return sums
        sums, state = KERNELS.energies(self._sos, one, self._state[:, :1], edges)
        self._state = np.repeat(state, len(block), axis=1)
        return np.repeat(sums, len(block), axis=0)

    def branch(self) -> KWeighting:
        """A copy that continues from the current state and leaves this filter unchanged."""
        return copy.copy(self)
