"""Units of time and level: milliseconds and samples, decibels and factors.

Times are converted to samples exactly (decimal arithmetic, half to even, without floats). Every
conversion of a number between decibels and factors uses these functions, so the last bit is the
same everywhere; `audio` converts arrays.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

MAX_DB = 1000.0
"""The largest gain, of either sign, dB: beyond all use, and finite as a factor."""

MAX_RATE = 768_000
"""The highest sample rate of a source or a signal, Hz."""

MAX_CHANNELS = 64
"""The most channels of a source or a signal."""

MAX_COUNT = 2**53
"""The largest number of samples, or position: exact as a float."""

# Enough digits for ms * rate / 1000 to be exact for any time in a document (see `samples`). Every
# operation names it, so the caller's decimal context cannot change a sample.
_EXACT = Context(prec=80)


@lru_cache(maxsize=1 << 16)  # a pass asks for the same times as the one before it
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


CLOCK = r"(?:([0-9]{1,4}):([0-5][0-9])|([0-9]{1,5})):([0-5][0-9](?:\.[0-9]{1,9})?)"
"""The pattern of a time as people write it: minutes and seconds, or hours before them."""
_CLOCK = re.compile(CLOCK)


def clock_milliseconds(text: str) -> Decimal | None:
    """The milliseconds of a clock time: 1:30.5 or 1:02:03.25; None if the text is not one."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hours, after_hours, minutes, seconds = (Decimal(part or 0) for part in found.groups())
    return ((hours * 60 + after_hours + minutes) * 60 + seconds) * 1000


def clock(seconds: float, digits: int = 1) -> str:
    """A duration or a position as people read it: 0:48.0, 12:03.5, 1:02:03.0."""
    whole, fraction = divmod(round(seconds * 10**digits), 10**digits)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest:02d}.{fraction:0{digits}d}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


@lru_cache(maxsize=1 << 12)
def resampled_length(frames: int, source_rate: int, rate: int) -> int:
    """The number of samples at another rate: frames * rate / source_rate, rounded half to even.

    Every engine pads with zeros or truncates to this length, so lengths agree for any resampler.
    """
    exact = _EXACT.divide(_EXACT.multiply(Decimal(frames), Decimal(rate)), Decimal(source_rate))
    return int(exact.to_integral_value(rounding=ROUND_HALF_EVEN, context=_EXACT))


NEPERS_PER_DB = math.log(10.0) / 20.0
DB_PER_NEPER = 20.0 / math.log(10.0)
"""A gain in nepers is the natural logarithm of its factor."""


def gain_factor(db: float) -> float:
    """10^(dB/20): the factor by which a gain multiplies, or the amplitude at a level."""
    return float(10.0 ** (db / 20.0))


def decibels(factor: float) -> float:
    """20 log10 |factor|: the gain of a factor, or the level of an amplitude; -inf for 0."""
    size = abs(factor)
    return 20.0 * math.log10(size) if size > 0.0 else -math.inf


def power_factor(db: float) -> float:
    """10^(dB/10): the factor by which a gain multiplies power, or the power at a level."""
    return float(10.0 ** (db / 10.0))


def power_decibels(power: float) -> float:
    """10 log10 power: the level of a power, or the gain of a ratio of powers; -inf for 0."""
    return 10.0 * math.log10(power) if power > 0.0 else -math.inf
