"""Noise-shaped dither: quantisation whose error is moved to where ears are deaf.

The quantiser rounds v[n] + d[n], d the TPDF noise of dither.py, and each error e = y - v is fed
back: v[n] = x[n] + c1*e[n-1] + c2*e[n-2] + ... What comes out is x plus e filtered by
1 + c1*z^-1 + c2*z^-2 + ...; with TPDF noise e is white, of variance 1/4 LSB^2, whatever x is.

Feedback through a rounding is one sample after the other, unless the c are whole numbers. Then y,
a whole number, leaves no trace modulo 1, and e modulo 1 is -x filtered by 1/(1 + c1*z^-1 + ...)
modulo 1: running sums of integers, which wrap around by themselves. Of all that are congruent to
it, e is the number nearest to d. All is done in integers of 2^-32 LSB, so no cut into blocks and no
machine changes a bit.

Whole coefficients mean zeros at roots of unity (L. Kronecker, 1857): products of cyclotomic
polynomials. `SHAPES` holds those that hearing's threshold in quiet (E. Terhardt, "Calculating
virtual pitch", Hearing Research 1, 1979) likes best of all up to degree 12 whose whole noise grows
by less than 16 dB. Under 40 kHz there is no room above what is heard: the noise stays white.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from attrs import frozen

from ..ir.nodes import LOWEST_SHAPED_RATE
from .arrays import FloatArray
from .dither import NOISE_BITS, Dither

IntArray = npt.NDArray[np.int64]

_MOST_BITS = 61  # of a sample in 2^-32 LSB: far beyond full scale, and room to add


@frozen
class Shape:
    """A filter of the error.

    Attributes:
        lowest_rate: Hz; from here on, up to the next shape's.
        coefficients: of 1, z^-1, z^-2, ...; whole numbers.
        combs: delays m such that the product of all 1 - z^-m is divisible by the filter.
    """

    lowest_rate: int
    coefficients: tuple[int, ...]
    combs: tuple[int, ...]

    def __attrs_post_init__(self) -> None:
        assert self.coefficients[0] == 1

    @property
    def numerator(self) -> tuple[int, ...]:
        """The product of the combs divided by the filter: 1/filter is this over the combs."""
        product = np.ones(1)
        for delay in self.combs:
            product = np.convolve(product, [1.0, *[0.0] * (delay - 1), -1.0])
        quotient, rest = np.polydiv(product, np.array(self.coefficients, float))
        assert not np.any(np.rint(rest))
        return tuple(int(c) for c in np.rint(quotient))


SHAPES = (
    Shape(0, (1,), ()),
    # (1 - z^-1)^2 (1 - z^-1 + z^-2): zeros at 0 Hz, twice, and at a sixth of the rate.
    Shape(LOWEST_SHAPED_RATE, (1, -3, 4, -3, 1), (1, 6)),
    # (1 - z^-1)^2 (1 - z^-2 + z^-4): zeros at 0 Hz, twice, and at 1/12 and 5/12 of the rate.
    Shape(64_000, (1, -2, 0, 2, 0, -2, 1), (1, 12)),
)
"""The filters, by rising rate."""


def shape_at(rate: int) -> Shape:
    """The shape for a sample rate, Hz."""
    return next(shape for shape in reversed(SHAPES) if rate >= shape.lowest_rate)


class NoiseShaper:
    """Quantises a stream to whole steps; blocks may have any length."""

    def __init__(self, dither: Dither, bits: int, rate: int, channels: int) -> None:
        """bits: 1 to 24, of the steps 2^(1-bits). rate: Hz."""
        shape = shape_at(rate)
        self._dither, self._bits = dither, bits
        self._position = 0
        self._unwound = _Fir(shape.numerator, channels)
        self._combs = [_Comb(delay, channels) for delay in shape.combs]
        self._shaping = _Fir(shape.coefficients, channels)

    def process(self, block: FloatArray) -> FloatArray:
        """The next samples, shape (channels, n), in whole steps, unclipped.

        Raises:
            ValueError: samples that are not numbers.
        """
        if np.isnan(block).any():
            raise ValueError("cannot quantise what is not a number")
        unit = NOISE_BITS + self._bits - 1
        most = 2.0 ** (_MOST_BITS - unit)
        samples = np.rint(np.ldexp(np.clip(block, -most, most), unit)).astype(np.int64)
        noise = self._dither.whole_noise(len(block), self._position, block.shape[1])
        self._position += block.shape[1]
        congruent = self._unwound.process(-samples)
        for comb in self._combs:
            congruent = comb.process(congruent)
        # The lower 32 bits, taken as a signed number, are the difference of least magnitude.
        error = noise + (congruent - noise).astype(np.int32)
        whole = (samples + self._shaping.process(error)) >> NOISE_BITS
        shaped: FloatArray = np.ldexp(whole, 1 - self._bits)
        return shaped


class _Fir:
    """A filter with whole coefficients, modulo 2^64."""

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
