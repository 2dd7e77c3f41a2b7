"""Pan laws, balance and downmix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio.pan import PAN_LAWS, downmix, gains, matrix, pan

CENTRE_DB = {"constant_power": -3.0103, "linear": -6.0206, "compromise": -4.5154, "unity": 0.0}

each_law = pytest.mark.parametrize("law", sorted(PAN_LAWS))


@each_law
def test_centre_level_and_symmetry(law):
    left, right = gains(0.0, law, 1)[:, 0]
    assert left == right
    assert 20 * np.log10(left) == pytest.approx(CENTRE_DB[law], abs=1e-4)


@each_law
def test_hard_left_and_right_leave_nothing_on_the_other_side(law):
    assert gains(-1.0, law, 1)[:, 0].tolist() == [1.0, 0.0]
    assert gains(1.0, law, 1)[:, 0].tolist() == [0.0, 1.0]


positions = st.floats(-1.0, 1.0)


@given(positions)
@settings(deadline=None)
def test_constant_power_is_the_cosine_law(p):
    theta = (p + 1) * np.pi / 4
    got = gains(p, "constant_power", 1)[:, 0]
    assert got == pytest.approx([np.cos(theta), np.sin(theta)], abs=1e-15)
    assert np.sum(got**2) == pytest.approx(1.0, abs=1e-15)


@given(positions)
@settings(deadline=None)
def test_linear_and_compromise(p):
    linear = gains(p, "linear", 1)
    assert np.sum(linear) == pytest.approx(1.0, abs=1e-15)
    mean = np.sqrt(linear * gains(p, "constant_power", 1))
    assert gains(p, "compromise", 1) == pytest.approx(mean, abs=1e-15)


@given(positions, st.sampled_from(sorted(PAN_LAWS)))
@settings(deadline=None)
def test_balance_turns_down_the_far_side_only(p, law):
    far = np.cos(abs(p) * np.pi / 2)
    expected = [far, 1.0] if p > 0 else [1.0, far]
    assert gains(p, law, 2)[:, 0] == pytest.approx(expected, abs=1e-15)
    assert np.array_equal(gains(p, "unity", 1), gains(p, law, 2))


@each_law
@pytest.mark.parametrize("channels", [1, 2])
def test_a_moving_position_is_the_fixed_ones_in_turn(law, channels):
    block = np.random.default_rng(7).uniform(-1, 1, (channels, 41))
    path = np.linspace(-1, 1, 41)
    moving = pan(block, path, law)
    assert moving.shape == (2, 41)
    for n, p in enumerate(path):
        still = pan(block[:, n : n + 1], p, law)
        assert np.array_equal(moving[:, n : n + 1], still)
        mixed = np.array(matrix(p, law, channels)) @ block[:, n : n + 1]
        assert np.allclose(mixed, still, atol=1e-15)


def test_matrix_shapes():
    assert matrix(0.3, "linear", 1) == ((0.35,), (0.65,))
    assert matrix(0.0, "linear", 2) == ((1, 0), (0, 1))


def test_downmix_is_the_mean():
    assert downmix(np.array([[1.0, 0.5], [0.0, -0.5]])).tolist() == [[0.5, 0.0]]


def test_refusals():
    with pytest.raises(ValueError, match="outside"):
        gains(1.01, "linear", 1)
    with pytest.raises(ValueError, match="outside"):
        gains(np.array([0.0, np.nan]), "linear", 1)
    with pytest.raises(ValueError, match="3 channels"):
        gains(0.0, "linear", 3)
    with pytest.raises(KeyError):
        gains(0.0, "stereo_width", 2)
