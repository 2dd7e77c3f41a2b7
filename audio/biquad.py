"""Second-order filters: coefficients, static filtering, and filtering with a moving frequency.

Coefficients are those of R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter
coefficients" (W3C Audio EQ Cookbook), with Q: w0 = 2*pi*f/rate, alpha = sin(w0)/(2*Q), A =
10^(gain_db/40). The structure is transposed direct form II in float64:

    y[n] = b0*x[n] + s1[n-1],  s1[n] = b1*x[n] - a1*y[n] + s2[n-1],  s2[n] = b2*x[n] - a2*y[n]

Where all channels are equal, and were until the filter forgot them, it may receive only one.

A filter whose frequency moves gets new coefficients at every 64th sample counted from its origin,
computed from the frequency there rounded to 6 significant digits; it keeps its state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import numpy as np

from . import FloatArray, IndexArray
from .kernels import KERNELS

CONTROL_INTERVAL = 64
"""Samples between two coefficient updates of a moving filter."""

_STILL = 1e-20
"""A state below this (-400 dBFS) has decayed."""

Polynomial = tuple[FloatArray, FloatArray, FloatArray]
Cookbook = Callable[[FloatArray, FloatArray, float], tuple[Polynomial, Polynomial]]


def _lowpass(cos: FloatArray, alpha: FloatArray, _: float) -> tuple[Polynomial, Polynomial]:
    b1 = 1.0 - cos
    return (b1 / 2.0, b1, b1 / 2.0), (1.0 + alpha, -2.0 * cos, 1.0 - alpha)


def _highpass(cos: FloatArray, alpha: FloatArray, _: float) -> tuple[Polynomial, Polynomial]:
    b1 = 1.0 + cos
    return (b1 / 2.0, -b1, b1 / 2.0), (1.0 + alpha, -2.0 * cos, 1.0 - alpha)


def _peaking(cos: FloatArray, alpha: FloatArray, amp: float) -> tuple[Polynomial, Polynomial]:
    boost, cut = alpha * amp, alpha / amp
    return (1.0 + boost, -2.0 * cos, 1.0 - boost), (1.0 + cut, -2.0 * cos, 1.0 - cut)


def _shelf(
    cos: FloatArray, alpha: FloatArray, amp: float, side: float
) -> tuple[Polynomial, Polynomial]:
    """Either shelf: `side` is +1 for the low one, -1 for the high one, its mirror image."""
    up, down, slope = amp + 1.0, amp - 1.0, 2.0 * np.sqrt(amp) * alpha
    tilt = side * down * cos
    b = (
        amp * (up - tilt + slope),
        side * 2.0 * amp * (down - side * up * cos),
        amp * (up - tilt - slope),
    )
    a = (up + tilt + slope, -side * 2.0 * (down + side * up * cos), up + tilt - slope)
    return b, a


_COOKBOOK: Mapping[str, Cookbook] = MappingProxyType(
    {
        "lowpass": _lowpass,
        "highpass": _highpass,
        "peaking": _peaking,
        "lowshelf": lambda cos, alpha, amp: _shelf(cos, alpha, amp, 1.0),
        "highshelf": lambda cos, alpha, amp: _shelf(cos, alpha, amp, -1.0),
    }
)

KINDS = tuple(_COOKBOOK)


def coefficients(
    kind: str, frequency: float | FloatArray, rate: int, q: float, gain_db: float = 0.0
) -> FloatArray:
    """Normalised coefficients b0 b1 b2 1 a1 a2, shape (n, 6), one row per frequency.

    kind: one of `KINDS`. frequency: Hz, a number or shape (n,). rate: Hz. q > 0. gain_db: dB, for
    the peaking and shelving kinds. Raises KeyError on an unknown kind, ValueError unless 0 <
    frequency < rate/2 and q > 0.
    """
    hertz = np.atleast_1d(np.asarray(frequency, np.float64))
    if not np.all((hertz > 0.0) & (hertz < rate / 2.0)):
        raise ValueError(f"filter frequency outside (0, {rate / 2:g}) Hz")
    if not q > 0.0:
        raise ValueError(f"filter Q must be positive, not {q:g}")
    w0 = 2.0 * np.pi * hertz / rate
    # Computed as a power of 2 because ffmpeg does: at low frequencies one rounding error in A
    # leaves a difference of -226 dBFS in a null test.
    amp = float(np.exp2(np.log2(10.0) * (gain_db / 40.0)))
    b, a = _COOKBOOK[kind](np.cos(w0), np.sin(w0) / (2.0 * q), amp)
    return np.stack([*b, *a], axis=-1) / a[0][:, None]


class StaticBiquad:
    """A streaming filter with a fixed frequency; it keeps its state from block to block."""

    MEMORY = ("_state",)

    def __init__(self, section: FloatArray, channels: int) -> None:
        """section: b0 b1 b2 1 a1 a2, as a row of `coefficients`."""
        self._section = section
        self._state = np.zeros((channels, 2))

    @property
    def is_still(self) -> bool:
        """Whether it has decayed: silent input gives silent output."""
        return bool(np.all(np.abs(self._state) < _STILL))

    @property
    def is_alike(self) -> bool:
        """Whether it would filter all channels alike, so that it may receive only one."""
        return bool((self._state == self._state[0]).all())

    def skip(self, count: int) -> None:
        """Advance over `count` samples of silence; allowed only while `is_still`."""
        self._state = np.zeros_like(self._state)

    def process(self, block: FloatArray) -> FloatArray:
        """Filter the next samples, shape (channels, n); returns the same shape."""
        out, self._state = _run(self._section, block, self._state)
        return out


class MovingBiquad:
    """A streaming filter whose frequency moves; bit-identical for any division into blocks."""

    MEMORY = ("_position", "_state")

    def __init__(
        self,
        kind: str,
        rate: int,
        channels: int,
        *,
        frequency: Callable[[IndexArray], FloatArray],
        q: float,
        gain_db: float = 0.0,
    ) -> None:
        """frequency: maps positions, counted from the origin, to Hz; others as `coefficients`."""
        self._sections: Callable[[FloatArray], FloatArray] = lambda hertz: coefficients(
            kind, hertz, rate, q, gain_db
        )
        self._frequency = frequency
        self._position = 0
        self._state = np.zeros((channels, 2))

    @property
    def is_still(self) -> bool:
        """Whether it has decayed: silent input gives silent output."""
        return bool(np.all(np.abs(self._state) < _STILL))

    @property
    def is_alike(self) -> bool:
        """Whether it would filter all channels alike, so that it may receive only one."""
        return bool((self._state == self._state[0]).all())

    def skip(self, count: int) -> None:
        """Advance over `count` samples of silence; allowed only while `is_still`."""
        self._position += count
        self._state = np.zeros_like(self._state)

    def process(self, block: FloatArray) -> FloatArray:
        """Filter the next samples, shape (channels, n); returns the same shape.

        Raises ValueError if the frequency leaves (0, rate/2).
        """
        out = np.empty_like(block)
        for start, stop, section in self._stretches(block.shape[1]):
            out[:, start:stop], self._state = _run(section, block[:, start:stop], self._state)
        self._position += block.shape[1]
        return out

    def _stretches(self, count: int) -> Iterable[tuple[int, int, FloatArray]]:
        """Stretches of the next `count` samples with constant coefficients: start, stop, section.

        Adjacent intervals with the same frequency are joined, because a call of the filter costs as
        much as 600 samples.
        """
        if not count:
            return ()
        first = self._position - self._position % CONTROL_INTERVAL
        points = np.arange(first, self._position + count, CONTROL_INTERVAL)
        hertz = round_to_6_digits(self._frequency(points))
        changes = np.flatnonzero(np.diff(hertz, prepend=np.nan) != 0.0)
        bounds = np.maximum(points[changes] - self._position, 0).tolist()
        return zip(bounds, [*bounds[1:], count], self._sections(hertz[changes]), strict=True)


def round_to_6_digits(values: FloatArray) -> FloatArray:
    """Each value as "%g" prints it: the precision at which ffmpeg receives a frequency."""
    return np.array([float(f"{value:g}") for value in values.tolist()])


def _run(
    section: FloatArray, block: FloatArray, state: FloatArray
) -> tuple[FloatArray, FloatArray]:
    if not block.shape[1]:
        return block, state
    if len(state) != len(block):
        state = np.repeat(state[:1], len(block), axis=0)
    return KERNELS.filtered(section, block, state)
