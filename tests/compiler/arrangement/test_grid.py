"""Bars, beats and ticks are exact times: nothing drifts, and every decimal names its sample."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mixdown.compiler.arrangement.grid import (
    Position,
    Signature,
    TempoMap,
    decimal_ms,
    position,
    sample,
    signature,
    tempo_map,
)
from mixdown.ir.units import samples

FOUR = Signature()
RATES = (8000, 22050, 44100, 48000, 96000, 192000, 384000)


def steady(tempo: str, meter: Signature = FOUR) -> TempoMap:
    return tempo_map([(1, Fraction(tempo), meter)])


def changing(seed: int, bars: int) -> TempoMap:
    """97.3 BPM with a change of tempo or time signature every few bars."""
    chance = Random(seed)
    changes, bar = [(1, Fraction("97.3"), FOUR)], 1
    while (bar := bar + chance.randint(3, 40)) < bars:
        _, tempo, meter = changes[-1]
        if chance.random() < 0.7:
            tempo = Fraction(chance.randint(60_000, 180_000), 1000)
        else:
            meter = Signature(chance.randint(2, 9), chance.choice((4, 8)))
        changes.append((bar, tempo, meter))
    return tempo_map(changes)


def walked(grid: TempoMap, bars: int) -> Fraction:
    """When a bar begins, added up bar by bar."""
    total = Fraction(0)
    for bar in range(1, bars):
        segment = grid.at_bar(bar)
        beats, unit = segment.signature.beats, segment.signature.unit
        total += beats * Fraction(4, unit) * 60_000 / segment.tempo
    return total


def test_an_hour_at_97_3_bpm_ends_on_its_sample():
    """1,459 bars of 4/4: 5,836 quarter notes of 60/97.3 s, in long decimal arithmetic."""
    with localcontext(prec=60):
        exact = Decimal(5836) * 60 / Decimal("97.3") * 48000
        assert round(exact, 6) == Decimal("172740801.644399")
    assert sample(steady("97.3").ms(Fraction(5836)), 48000) == 172_740_802


@pytest.mark.parametrize("seed", range(2))
def test_nothing_drifts_over_an_hour_of_changes(seed: int):
    grid = changing(seed, 1500)
    for bar in (2, 100, 777, 1500):
        assert grid.ms(grid.bar(bar)) == walked(grid, bar)


@pytest.mark.parametrize("seed", range(2))
def test_bars_follow_one_another_without_a_gap(seed: int):
    grid = changing(seed, 300)
    starts = [grid.ms(grid.bar(bar)) for bar in range(1, 301)]
    for bar, (start, after) in enumerate(pairwise(starts), 1):
        segment = grid.at_bar(bar)
        assert after - start == segment.signature.bar * 60_000 / segment.tempo > 0


@given(
    tempo=st.decimals("1", "1000", places=3),
    quarter=st.fractions(0, 20_000, max_denominator=960),
    rate=st.sampled_from(RATES),
)
def test_a_decimal_names_the_sample_that_the_exact_time_rounds_to(tempo, quarter, rate):
    ms = steady(str(tempo)).ms(quarter)
    exact = ms * rate / 1000
    named = samples(decimal_ms(ms, rate), rate)
    assert named == round(exact)
    assert abs(named - exact) <= Fraction(1, 2)


@given(
    times=st.lists(st.fractions(0, 4_000_000, max_denominator=973), min_size=2, max_size=2),
    rate=st.sampled_from(RATES),
)
def test_a_start_and_a_duration_name_the_end(times, rate):
    """So clips that follow one another abut, whatever their times are."""
    start, end = sorted(sample(ms, rate) for ms in times)
    begun = decimal_ms(Fraction(start * 1000, rate), rate)
    lasting = decimal_ms(Fraction((end - start) * 1000, rate), rate)
    assert samples(begun, rate) + samples(lasting, rate) == end


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1", Position(1)),
        ("33", Position(33)),
        ("33:2", Position(33, 2)),
        ("33:2:480", Position(33, 2, 480)),
    ],
)
def test_positions_are_read(text: str, place: Position):
    assert position(text) == place


@pytest.mark.parametrize("text", ["", "0", "1:0", "-1", "1:1:1:1", "1.5", " 1", "1:", "٣", "9" * 7])
def test_an_invalid_position_is_none(text: str):
    assert position(text) is None


@pytest.mark.parametrize("text", ["", "4", "4/3", "0/4", "65/4", "4/64", "4/0", "3/4 "])
def test_an_invalid_time_signature_is_none(text: str):
    assert signature(text) is None


def test_a_beat_is_the_lower_number_and_a_tick_a_960th_of_a_quarter_note():
    grid = steady("60", signature("6/8"))
    assert grid.quarter(Position(1, 3)) == 1
    assert grid.quarter(Position(2)) == 3
    assert grid.quarter(Position(2, 1, 240)) == Fraction(13, 4)
    assert grid.ms(grid.quarter(Position(2, 1, 240))) == 3250


def test_a_bar_has_the_beats_and_ticks_of_its_own_signature():
    grid = tempo_map([(1, Fraction(120), FOUR), (3, Fraction(120), Signature(7, 8))])
    assert grid.quarter(Position(2, 4, 959)) is not None
    assert grid.quarter(Position(2, 5)) is None
    assert grid.quarter(Position(2, 1, 960)) is None
    assert grid.quarter(Position(3, 7, 479)) is not None
    assert grid.quarter(Position(3, 1, 480)) is None


def test_bars_are_counted_over_changes():
    grid = tempo_map([(1, Fraction(120), FOUR), (3, Fraction(60), Signature(3, 4))])
    assert grid.after_bars(Fraction(4), Fraction(3)) == Fraction(14)
    assert grid.after_bars(Fraction(6), Fraction(1)) == Fraction(8) + Fraction(3, 2)
    assert grid.ms(Fraction(14)) == 8 * 500 + 6 * 1000


@given(ms=st.fractions(0, 600_000, max_denominator=1000), seed=st.integers(0, 20))
def test_quarters_and_times_are_inverse(ms: Fraction, seed: int):
    grid = changing(seed, 200)
    assert grid.ms(grid.quarter_at(ms)) == ms


def test_a_tempo_is_steady_until_it_changes():
    grid = tempo_map(
        [(1, Fraction(97), FOUR), (2, Fraction(97), Signature(3, 4)), (3, Fraction(1), FOUR)]
    )
    assert grid.steady(Fraction(0), Fraction(7)) == 97
    assert grid.steady(Fraction(0), Fraction(8)) is None
    assert grid.steady(Fraction(7), Fraction(9)) == 1


@pytest.mark.parametrize("bars", [(2,), (1, 1), (1, 5, 4)])
def test_changes_begin_at_bar_1_and_stand_in_order(bars: tuple[int, ...]):
    with pytest.raises(ValueError, match="bar"):
        tempo_map([(bar, Fraction(120), FOUR) for bar in bars])
