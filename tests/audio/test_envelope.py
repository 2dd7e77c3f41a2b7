"""Automation envelopes: shapes, ends, units, and independence of the block size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio.envelope import gain_envelope, interpolate, keyframes, log_frequency_envelope

SHAPES = ("linear", "hold", "smooth")


def values(points, start, stop):
    return interpolate(keyframes(points), np.arange(start, stop)).tolist()


def test_linear_and_held_outside():
    points = [(10, 0.0, "linear"), (14, 4.0, "linear")]
    assert values(points, 8, 17) == [0, 0, 0, 1, 2, 3, 4, 4, 4]


def test_hold_steps_at_the_next_keyframe():
    assert values([(0, 1.0, "hold"), (3, 5.0, "hold")], 0, 5) == [1, 1, 1, 5, 5]


def test_smooth_is_half_a_cosine():
    got = values([(0, 2.0, "smooth"), (8, 4.0, "linear")], 0, 9)
    assert got == pytest.approx([3 - np.cos(np.pi * n / 8) for n in range(9)], abs=1e-15)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_way_that_is_cut_off_keeps_its_shape(shape):
    whole = keyframes([(0, 300.0, shape), (8, 4000.0, "linear")])
    cut = keyframes([(0, 300.0, shape), (5, 70.0, "linear"), (9, 80.0, "hold")], {0: (8, 4000.0)})
    positions = np.arange(-2, 12)
    for evaluate in (interpolate, log_frequency_envelope):
        assert np.array_equal(evaluate(cut, positions)[:7], evaluate(whole, positions)[:7])
    assert interpolate(cut, positions)[7:].tolist() == [70, 72.5, 75, 77.5, 80, 80, 80]


def test_each_keyframe_shapes_the_way_to_the_next():
    points = [(0, 0.0, "hold"), (2, 8.0, "linear"), (4, 0.0, "smooth"), (8, 2.0, "hold")]
    expected = [0, 0, 8, 4, 0, 1 - np.sqrt(0.5), 1, 1 + np.sqrt(0.5), 2, 2]
    assert values(points, 0, 10) == pytest.approx(expected, abs=1e-15)


def test_gain_is_interpolated_in_decibels():
    frames = keyframes([(0, 0.0, "linear"), (10, -60.0, "linear")])
    expected = 10 ** (-6.0 * np.arange(11) / 20)
    assert np.allclose(gain_envelope(frames, 0, 11), expected, rtol=1e-14, atol=0)


def test_frequency_is_interpolated_in_log_frequency():
    frames = keyframes([(0, 100.0, "linear"), (4, 1600.0, "hold"), (8, 50.0, "linear")])
    got = log_frequency_envelope(frames, np.arange(-1, 9))
    assert np.allclose(got, [100, 100, 200, 400, 800, 1600, 1600, 1600, 1600, 50], rtol=1e-14)
    assert got[[0, 1, 5, 8, 9]].tolist() == [100, 100, 1600, 1600, 50]


@st.composite
def envelopes(draw):
    samples = sorted(draw(st.sets(st.integers(0, 2000), min_size=1, max_size=12)))
    level = st.floats(1.0, 90.0)
    return keyframes([(n, draw(level), draw(st.sampled_from(SHAPES))) for n in samples])


@given(envelopes(), st.integers(-100, 2100), st.integers(0, 200))
@settings(deadline=None)
def test_a_window_is_a_part_of_the_whole(frames, offset, count):
    part = slice(150 + offset, 150 + offset + count)
    assert np.array_equal(
        gain_envelope(frames, offset, count), gain_envelope(frames, -150, 2600)[part]
    )
    positions = np.arange(-150, 2450)
    for evaluate in (interpolate, log_frequency_envelope):
        assert np.array_equal(evaluate(frames, positions[part]), evaluate(frames, positions)[part])


@given(envelopes())
@settings(deadline=None)
def test_passes_through_the_keyframes_and_stays_between_them(frames):
    assert np.array_equal(interpolate(frames, frames.samples), frames.values)
    got = interpolate(frames, np.arange(-10, 2010))
    slack = 1e-12
    assert np.all(got >= frames.values.min() - slack)
    assert np.all(got <= frames.values.max() + slack)


@pytest.mark.parametrize(
    ("points", "complaint"),
    [
        ([], "at least one"),
        ([(5, 0.0, "linear"), (5, 1.0, "linear")], "strictly increase"),
        ([(5, 0.0, "linear"), (4, 1.0, "linear")], "strictly increase"),
        ([(0, float("nan"), "linear")], "finite"),
    ],
)
def test_refusals(points, complaint):
    with pytest.raises(ValueError, match=complaint):
        keyframes(points)


def test_an_aim_is_not_before_the_next_keyframe():
    with pytest.raises(ValueError, match="aim"):
        keyframes([(0, 0.0, "linear"), (5, 1.0, "linear")], {0: (4, 1.0)})
