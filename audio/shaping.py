"""Noise-shaped dither: quantisation with its error moved to where hearing is insensitive.

The quantiser rounds v[n] + d[n], where d is the TPDF noise of dither.py, and feeds each error
e = y - v back: v[n] = x[n] + c1*e[n-1] + c2*e[n-2] + ... The output is x plus e filtered by
1 + c1*z^-1 + c2*z^-2 + ...; with TPDF noise e is white, of variance 1/4 LSB^2, for any x.

Feedback through rounding is serial in general, but not with integer coefficients. The integer y
vanishes modulo 1, and e modulo 1 is -x filtered by 1/(1 + c1*z^-1 + ...) modulo 1, which is a set
of running integer sums that wrap around. Of all numbers congruent to it, e is the nearest to d.
Everything is computed in integers, in units of 2^-32 LSB, so the result is bit-identical for any
division into blocks and on any machine.

Integer coefficients imply zeros at roots of unity (L. Kronecker, 1857): products of cyclotomic
polynomials. Among those up to degree 12 whose total noise power grows by less than 16 dB,
`SHAPING_FILTERS` holds the ones with the least noise weighted by the threshold of hearing in quiet
(E. Terhardt, "Calculating virtual pitch", Hearing Research 1, 1979). Below a rate of 40 kHz there
is no band above the audible one to move noise into, and it stays white.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from attrs import frozen

from ..ir.finish import LOWEST_SHAPED_RATE
from . import FloatArray
from .dither import NOISE_BITS, TpdfNoise

IntArray = npt.NDArray[np.int64]

_MOST_BITS = 61  # of a sample in units of 2^-32 LSB: far beyond full scale, with headroom for sums


@frozen
class ShapingFilter:
    """A filter of the quantisation error.

    Attributes:
        lowest_rate: Hz; it applies from this rate to that of the next filter.
        coefficients: of 1, z^-1, z^-2, ...; integers.
        combs: delays m such that the product of all 1 - z^-m is divisible by the filter.
    """

    lowest_rate: int
    coefficients: tuple[int, ...]
    combs: tuple[int, ...]

    def __attrs_post_init__(self) -> None:
        assert self.coefficients[0] == 1

    @property
    def numerator(self) -> tuple[int, ...]:
        """The product of the combs divided by the filter: 1/filter is this divided by the combs."""
        product = np.ones(1)
        for delay in self.combs:
            product = np.convolve(product, [1.0, *[0.0] * (delay - 1), -1.0])
        quotient, rest = np.polydiv(product, np.array(self.coefficients, float))
        assert not np.any(np.rint(rest))
        return tuple(int(c) for c in np.rint(quotient))


SHAPING_FILTERS = (
    ShapingFilter(0, (1,), ()),
    # (1 - z^-1)^2 (1 - z^-1 + z^-2): zeros at 0 Hz, twice, and at a sixth of the rate.
    ShapingFilter(LOWEST_SHAPED_RATE, (1, -3, 4, -3, 1), (1, 6)),
    # (1 - z^-1)^2 (1 - z^-2 + z^-4): zeros at 0 Hz, twice, and at 1/12 and 5/12 of the rate.
    ShapingFilter(64_000, (1, -2, 0, 2, 0, -2, 1), (1, 12)),
)
"""The filters, in order of rate."""


def shaping_filter(rate: int) -> ShapingFilter:
    """The filter for a sample rate, Hz."""
    return next(one for one in reversed(SHAPING_FILTERS) if rate >= one.lowest_rate)


class NoiseShaper:
    """Quantises a stream; blocks may have any length.

    A block that does not continue the last one starts without errors to feed back.
    """

    MEMORY = ("_position", "_unwound", "_combs", "_shaping")

    def __init__(self, dither: TpdfNoise, bits: int, rate: int, channels: int) -> None:
        """bits: 1 to 24; a quantisation step is 2^(1-bits). rate: Hz."""
        self._filter, self._channels = shaping_filter(rate), channels
        self._dither, self._bits = dither, bits
        self._start(0)

    def _start(self, offset: int) -> None:
        self._position = offset
        self._unwound = _Fir(self._filter.numerator, self._channels)
        self._combs = [_Comb(delay, self._channels) for delay in self._filter.combs]
        self._shaping = _Fir(self._filter.coefficients, self._channels)

    def __call__(self, block: FloatArray, offset: int) -> FloatArray:
        """Quantise samples from `offset` on, shape (channels, n), without clipping.

        Raises:
            ValueError: a sample is NaN.
        """
        if np.isnan(block).any():
            raise ValueError("cannot quantise NaN")
        if offset != self._position:
            self._start(offset)
        unit = NOISE_BITS + self._bits - 1
        most = 2.0 ** (_MOST_BITS - unit)
        samples = np.rint(np.ldexp(np.clip(block, -most, most), unit)).astype(np.int64)
        noise = self._dither.whole_noise(len(block), self._position, block.shape[1])
        self._position += block.shape[1]
        congruent = self._unwound.process(-samples)
        for comb in self._combs:
            congruent = comb.process(congruent)
        # The lower 32 bits, as a signed number, are the difference of least magnitude.
        error = noise + (congruent - noise).astype(np.int32)
        whole = (samples + self._shaping.process(error)) >> NOISE_BITS
        shaped: FloatArray = np.ldexp(whole, 1 - self._bits)
        return shaped


class _Fir:
    """An FIR filter with integer coefficients, modulo 2^64."""

    MEMORY = ("_past",)

    def __init__(self, coefficients: tuple[int, ...], channels: int) -> None:
        self._coefficients = coefficients
        self._past = np.zeros((channels, len(coefficients) - 1), np.int64)

    def process(self, block: IntArray) -> IntArray:
        line = np.concatenate([self._past, block], axis=1)
        reach, count = len(self._coefficients) - 1, block.shape[1]
        self._past = line[:, count:]
        return sum(self._terms(line, reach, count), np.zeros_like(block))

    def _terms(self, line: IntArray, reach: int, count: int) -> Iterator[IntArray]:
        for delay, coefficient in enumerate(self._coefficients):
            if coefficient:
                yield coefficient * line[:, reach - delay : reach - delay + count]


class _Comb:
    """y[n] = x[n] + y[n - delay], modulo 2^64."""

    MEMORY = ("_past",)

    def __init__(self, delay: int, channels: int) -> None:
        self._past = np.zeros((channels, delay), np.int64)

    def process(self, block: IntArray) -> IntArray:
        channels, delay = self._past.shape
        count = block.shape[1]
        padding = np.zeros((channels, -count % delay), np.int64)
        rows = np.concatenate([self._past, block, padding], axis=1).reshape(channels, -1, delay)
        line = np.cumsum(rows, axis=1).reshape(channels, -1)
        self._past = line[:, count : count + delay]
        return line[:, delay : delay + count]
