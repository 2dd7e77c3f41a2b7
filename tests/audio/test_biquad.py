"""Biquads: responses, exactness against ffmpeg and scipy, moving frequencies, blocks."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio.biquad import (
    CONTROL_INTERVAL,
    KINDS,
    MovingBiquad,
    StaticBiquad,
    coefficients,
    round_to_6_digits,
)
from mixdown.audio.envelope import keyframes, log_frequency_envelope
from scipy.signal import freqz, lfilter

RATE = 48000
FFMPEG_NAMES = {"peaking": "equalizer"}

each_kind = pytest.mark.parametrize("kind", KINDS)


def noise(channels, n, seed=3):
    return np.random.default_rng(seed).uniform(-0.7, 0.7, (channels, n))


def level_db(kind, at, frequency=1000.0, q=2**-0.5, gain_db=6.0):
    row = coefficients(kind, frequency, RATE, q, gain_db)[0]
    _, response = freqz(row[:3], row[3:], worN=[at], fs=RATE)
    return 20 * np.log10(abs(response[0]))


@pytest.mark.parametrize(
    ("kind", "low", "corner", "high"),
    [
        ("lowpass", 0, -3.0103, -np.inf),
        ("highpass", -np.inf, -3.0103, 0),
        ("peaking", 0, 6, 0),
        ("lowshelf", 6, 3, 0),
        ("highshelf", 0, 3, 6),
    ],
)
def test_responses(kind, low, corner, high):
    assert level_db(kind, 1000.0) == pytest.approx(corner, abs=1e-3)
    for at, expected in ((0.5, low), (23990.0, high)):
        if np.isfinite(expected):
            assert level_db(kind, at) == pytest.approx(expected, abs=1e-3)
        else:
            assert level_db(kind, at) < -100


def test_q_is_the_resonance():
    assert level_db("lowpass", 1000.0, q=4.0) == pytest.approx(20 * np.log10(4.0), abs=1e-9)


@each_kind
@pytest.mark.parametrize(("hertz", "q", "gain_db"), [(20, 0.5, 6), (1234.5, 3.3, -7.5)])
def test_equals_ffmpeg_bit_for_bit(kind, hertz, q, gain_db, ffmpeg):
    block = noise(2, 20_011)
    gain = "" if kind.endswith("pass") else f":g={gain_db}"
    theirs = ffmpeg(
        block, RATE, f"{FFMPEG_NAMES.get(kind, kind)}=f={hertz}:t=q:w={q}{gain}:r=f64:a=tdii"
    )
    ours = StaticBiquad(coefficients(kind, hertz, RATE, q, gain_db)[0], 2).process(block)
    assert np.array_equal(ours, theirs)


def sweep():
    frames = keyframes(
        [
            (0, 40.0, "hold"),
            (700, 60.0, "linear"),
            (3000, 9000.0, "smooth"),
            (5000, 200.0, "linear"),
        ]
    )
    return partial(log_frequency_envelope, frames)


@each_kind
def test_moving_equals_a_filter_call_every_64_samples(kind):
    block = noise(2, 6007)
    ours = MovingBiquad(kind, RATE, 2, frequency=sweep(), q=2.0, gain_db=6.0).process(block)
    state = np.zeros((2, 2))
    for at in range(0, block.shape[1], CONTROL_INTERVAL):
        hertz = float(f"{sweep()(np.array([at]))[0]:g}")
        row = coefficients(kind, hertz, RATE, 2.0, 6.0)[0]
        piece = slice(at, at + CONTROL_INTERVAL)
        expected, state = lfilter(row[:3], row[3:], block[:, piece], zi=state)
        assert np.array_equal(ours[:, piece], expected)


def test_moving_with_a_constant_frequency_is_the_static_filter():
    block = noise(1, 5000)
    still = MovingBiquad("lowpass", RATE, 1, frequency=lambda at: np.full(len(at), 440.0), q=1.0)
    static = StaticBiquad(coefficients("lowpass", 440.0, RATE, 1.0)[0], 1)
    assert np.array_equal(still.process(block), static.process(block))


@given(st.lists(st.integers(0, 700), min_size=1, max_size=6).filter(any))
@settings(deadline=None, max_examples=30)
def test_any_cut_into_blocks_gives_the_same_bits(lengths):
    block = noise(2, 5003)
    makers = (
        lambda: StaticBiquad(coefficients("peaking", 90.0, RATE, 2.0, 9.0)[0], 2),
        lambda: MovingBiquad("lowpass", RATE, 2, frequency=sweep(), q=2.0),
    )
    for make in makers:
        streaming, at, turn, parts = make(), 0, 0, []
        while at < block.shape[1]:
            length = lengths[turn % len(lengths)]
            parts.append(streaming.process(block[:, at : at + length]))
            at, turn = at + length, turn + 1
        assert np.array_equal(np.concatenate(parts, axis=1), make().process(block))


def test_rounding_to_6_digits():
    assert round_to_6_digits(np.array([1234.5678, 0.00123456789, 20000.0])).tolist() == [
        1234.57,
        0.00123457,
        20000.0,
    ]


@pytest.mark.parametrize("hertz", [0.0, -5.0, 24000.0, 1e6, float("nan")])
def test_refuses_frequencies_outside_the_band(hertz):
    with pytest.raises(ValueError, match="frequency"):
        coefficients("lowpass", hertz, RATE, 1.0)


def test_other_refusals():
    with pytest.raises(ValueError, match="Q"):
        coefficients("lowpass", 100.0, RATE, 0.0)
    with pytest.raises(KeyError):
        coefficients("bandpass", 100.0, RATE, 1.0)


@pytest.mark.parametrize("moving", [False, True], ids=["static", "moving"])
def test_equal_channels_may_be_filtered_as_one_until_they_differ(moving):
    def made():
        if moving:
            return MovingBiquad("lowpass", 48_000, 2, frequency=lambda at: 400.0 + at, q=0.8)
        return StaticBiquad(coefficients("highpass", 80.0, 48_000, 0.7)[0], 2)

    block = np.random.default_rng(2).standard_normal((2, 3000))
    block[1, :2000] = block[0, :2000]
    whole, parts = made(), made()
    expected = whole.process(block)
    assert np.array_equal(parts.process(block[:1, :2000]), expected[:1, :2000])
    assert np.array_equal(parts.process(block[:, 2000:]), expected[:, 2000:])
