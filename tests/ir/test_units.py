"""Times become samples exactly, whatever the caller's decimal context is."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mixdown.ir.units import (
    DB_PER_NEPER,
    NEPERS_PER_DB,
    decibels,
    gain_factor,
    milliseconds,
    power_decibels,
    power_factor,
    resampled_length,
    samples,
)

RATES = st.sampled_from([1, 8000, 11025, 22050, 44100, 48000, 88200, 96000, 192000, 384000])
TIMES = st.decimals(-(10**12), 10**12, allow_nan=False, places=9)


@pytest.mark.parametrize(
    ("ms", "rate", "expected"),
    [
        ("0", 48000, 0),
        ("1", 48000, 48),
        ("33.3333", 48000, 1600),
        ("0.5", 1000, 0),
        ("1.5", 1000, 2),
        ("2.5", 1000, 2),
        ("-0.5", 1000, 0),
        ("-1.5", 1000, -2),
        ("-2.5", 1000, -2),
        ("0.5000000000000000000001", 1000, 1),
        ("10", 11025, 110),  # 110.25
        ("20", 22050, 441),
        ("30", 11025, 331),  # 330.75
        ("100000000000", 384000, 38_400_000_000_000),
    ],
)
def test_samples(ms: str, rate: int, expected: int):
    assert samples(Decimal(ms), rate) == expected


@given(TIMES, RATES)
def test_samples_round_half_even_of_the_exact_product(ms: Decimal, rate: int):
    assert samples(ms, rate) == round(Fraction(ms) * rate / 1000)


@given(st.integers(-(10**15), 10**15), RATES)
def test_a_sample_survives_its_time(count: int, rate: int):
    # Nanoseconds tell samples apart up to a rate of 500 MHz.
    assert samples(milliseconds(count, rate), rate) == count


@pytest.mark.parametrize(
    ("count", "rate", "expected"),
    [(48, 48000, "1"), (48000, 48000, "1000"), (1, 48000, "0.020833"), (0, 48000, "0")],
)
def test_milliseconds_are_short(count: int, rate: int, expected: str):
    assert str(milliseconds(count, rate)) == expected


@given(st.integers(0, 10**12), RATES, RATES)
def test_resampled_length_rounds_half_even_of_the_exact_ratio(frames: int, source: int, rate: int):
    assert resampled_length(frames, source, rate) == round(Fraction(frames) * rate / source)


@given(TIMES, RATES)
def test_the_callers_decimal_context_changes_nothing(ms: Decimal, rate: int):
    def results() -> tuple[object, ...]:
        count = samples(ms, rate)
        return count, milliseconds(count, rate), resampled_length(abs(count), rate, 44100)

    expected = results()
    with decimal.localcontext(decimal.Context(prec=3, rounding=decimal.ROUND_UP)):
        assert results() == expected


@pytest.mark.parametrize(("db", "factor"), [(0, 1.0), (20, 10.0), (-20, 0.1), (-6, 10**-0.3)])
def test_gain_factor(db: float, factor: float):
    assert math.isclose(gain_factor(db), factor, rel_tol=1e-15)


@pytest.mark.parametrize(
    ("factor", "db"),
    [(1.0, 0.0), (10.0, 20.0), (-0.1, -20.0), (0.0, -math.inf), (math.inf, math.inf)],
)
def test_decibels_of_a_factor(factor: float, db: float):
    assert math.isclose(decibels(factor), db, rel_tol=1e-15)


@given(st.floats(-300, 300))
def test_decibels_and_factors_are_inverse(db: float):
    assert math.isclose(decibels(gain_factor(db)), db, abs_tol=1e-12)
    assert math.isclose(power_decibels(power_factor(db)), db, abs_tol=1e-12)
    assert math.isclose(math.exp(db * NEPERS_PER_DB), gain_factor(db), rel_tol=1e-13)
    assert math.isclose(DB_PER_NEPER * math.log(gain_factor(db)), db, abs_tol=1e-12)


@given(st.floats(-300, 300))
def test_power_is_the_square_of_an_amplitude(db: float):
    assert math.isclose(power_factor(db), gain_factor(db) ** 2, rel_tol=1e-13)


def test_silence_has_no_power():
    assert power_decibels(0.0) == -math.inf
