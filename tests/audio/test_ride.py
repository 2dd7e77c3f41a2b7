"""Rides: strength, limits of boost and range, pauses, and the fewest keyframes."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.audio.ride import ride_gains, turning_points
from mixdown.compiler.edits.leveling import boost_limit

STEPS = 600
"""A minute."""


def swing(low_db=-12.0):
    """Speech that is softer in the middle 20 s, with a pause of noise of 2 s in these."""
    levels = np.full(STEPS, -20.0)
    levels[200:400] += low_db
    shares = np.ones(STEPS)
    shares[290:310] = 0.0
    levels[290:310] = -55.0
    return 10 ** (levels / 10), shares


def ridden(low_db=-12.0, **options):
    powers, shares = swing(low_db)
    return ride_gains(powers, shares, **{"range_db": 30.0, "window_s": 3.0} | options)


@pytest.mark.parametrize("strength", [1.0, 0.8, 0.5, 0.0])
def test_strength_is_the_part_of_a_difference_that_is_evened_out(strength):
    gains = ridden(strength=strength)
    assert gains[250] - gains[100] == pytest.approx(12.0 * strength, abs=0.05)


def test_the_range_limits_both_directions_and_the_boost_only_one():
    assert ridden(range_db=3.0)[250] == pytest.approx(3.0)
    soft, loud = ridden(boost_db=2.0)[[250, 100]]
    assert soft == pytest.approx(2.0)
    assert loud == pytest.approx(ridden()[100])
    assert ridden(low_db=12.0, range_db=3.0)[250] == pytest.approx(-3.0)


@pytest.mark.parametrize(
    ("snr_db", "limit"), [(None, np.inf), (40, 16), (20, 6), (10, 1), (8, 0), (3, 0)]
)
def test_noise_limits_the_boost(snr_db, limit):
    """At 8 dB nothing is raised; the noise of 20 dB by at most 6 dB."""
    assert boost_limit(snr_db) == limit


def test_a_pause_has_the_gain_of_the_speech_around_it():
    """However quiet it is: its noise is not lifted against that speech."""
    gains = ridden()
    assert gains[290:310] == pytest.approx((gains[285] + gains[315]) / 2, abs=0.05)
    assert gains[270:330].max() - gains[270:330].min() < 0.1


def test_with_too_little_activity_nothing_is_ridden():
    powers, _ = swing()
    shares = np.zeros(STEPS)
    shares[100:103] = 1.0
    assert not ride_gains(powers, shares, range_db=8.0, window_s=3.0).any()


def test_the_gain_moves_by_at_most_3_db_a_second_and_few_points_say_so():
    gains = ridden()
    assert np.abs(np.diff(gains)).max() <= 0.3 + 1e-9
    kept = turning_points(gains)
    between = np.interp(np.arange(STEPS), kept, gains[kept])
    assert np.abs(between - gains).max() <= 0.5
    assert len(kept) < 16
