"""Signal types and the units of time and level.

Promises: times become whole samples exactly (decimal arithmetic, half to even, never through a
float), and every conversion between decibels and factors in the project is made here.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal

from attrs import frozen

# Wide enough that ms * rate / 1000 is exact for any time a document may hold (see `samples`). Named
# in every operation: the caller's own decimal context must not change a sample.
_EXACT = Context(prec=80)


@frozen
class Signal:
    """The type of a value: what a wire of the graph carries.

    Attributes:
        rate: samples per second, Hz, positive.
        channels: 1 or more; 1 is mono, 2 is left and right.
        length: in samples, or None where the signal has no end of its own.
    """

    rate: int
    channels: int
    length: int | None

    def __str__(self) -> str:
        length = "?" if self.length is None else str(self.length)
        return f"signal<{self.rate}, {self.channels}, {length}>"


def samples(ms: Decimal | int, rate: int) -> int:
    """S(ms) = ms * rate / 1000 in exact decimal arithmetic, rounded half to even.

    Args:
        ms: a finite time in milliseconds, of either sign.
        rate: Hz.
    """
    exact = _EXACT.divide(_EXACT.multiply(Decimal(ms), Decimal(rate)), Decimal(1000))
    return int(exact.to_integral_value(rounding=ROUND_HALF_EVEN, context=_EXACT))


def milliseconds(count: int, rate: int) -> Decimal:
    """The time of sample `count`, in milliseconds, rounded to a nanosecond and normalised."""
    exact = _EXACT.divide(_EXACT.multiply(Decimal(count), Decimal(1000)), Decimal(rate))
    rounded = exact.quantize(Decimal("0.000001"), rounding=ROUND_HALF_EVEN, context=_EXACT)
    return Decimal(format(rounded.normalize(_EXACT), "f")) if rounded else Decimal(0)


def gain_factor(db: float) -> float:
    """10^(dB/20): the factor that a gain in decibels multiplies by."""
    return float(10.0 ** (db / 20.0))


def decibels(factor: float) -> float:
    """20 * log10(factor): the inverse of `gain_factor`; -inf for 0."""
    return 20.0 * math.log10(factor) if factor > 0.0 else -math.inf


def resampled_length(frames: int, source_rate: int, rate: int) -> int:
    """How many samples `frames` become at another rate: frames * rate / source_rate, half to even.

    Every engine pads with zeros or cuts to this, so that lengths agree whatever resampler runs.
    """
    exact = _EXACT.divide(_EXACT.multiply(Decimal(frames), Decimal(rate)), Decimal(source_rate))
    return int(exact.to_integral_value(rounding=ROUND_HALF_EVEN, context=_EXACT))
