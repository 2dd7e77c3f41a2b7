"""RMS, noise floor, DC and correlation against closed forms, however the stream is cut."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio.meter.framing import part_edges
from mixdown.audio.meter.statistics import StatisticsMeter

RATE = 8_000


def statistics(audio, rate=RATE, sizes=(4_001,)):
    audio = np.atleast_2d(np.asarray(audio, dtype=np.float64))
    meter = StatisticsMeter(rate, audio.shape[0])
    start, turn = 0, 0
    while start < audio.shape[1]:
        meter.feed(audio[:, start : start + sizes[turn % len(sizes)]])
        start, turn = start + sizes[turn % len(sizes)], turn + 1
    return meter.result()


def sine(amplitude, frequency=100.0, seconds=3.0, rate=RATE, phase=0.0):
    time = np.arange(round(seconds * rate)) / rate
    return amplitude * np.sin(2 * np.pi * frequency * time + phase)


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize(("amplitude", "dbfs"), [(1.0, -3.0103), (0.1, -23.0103)])
def test_the_rms_of_a_sine_whatever_its_channels(channels, amplitude, dbfs):
    found = statistics([sine(amplitude)] * channels)
    assert found.rms_dbfs == pytest.approx(dbfs, abs=1e-4)
    assert found.noise_floor_dbfs == pytest.approx(dbfs, abs=1e-4)


def test_a_silent_channel_halves_the_power():
    found = statistics([sine(1.0), np.zeros(3 * RATE)])
    assert found.rms_dbfs == pytest.approx(-6.0206, abs=1e-4)


def test_a_square_wave_at_full_scale_is_0_dbfs():
    assert statistics(np.sign(sine(1.0, phase=0.01))).rms_dbfs == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100])
@pytest.mark.parametrize("start_s", [0.0, 0.73, 2.5])
def test_the_noise_floor_is_the_quietest_half_second(rate, start_s):
    """Half a second 40 dB down, wherever it lies on the grid of 10 ms, after something loud."""
    audio = np.ones(3 * rate)
    start = round(start_s * 100) // 100 * rate + part_edges(rate, 100)[round(start_s * 100) % 100]
    audio[start : start + rate // 2 + 1] = 0.01
    assert statistics(audio, rate).noise_floor_dbfs == pytest.approx(-40.0, abs=0.05)


def test_a_quiet_passage_after_an_hour_of_noise_keeps_its_digits():
    """A running sum would have lost it: -140 dBFS beside 0 dBFS."""
    audio = np.ones(20 * RATE)
    audio[-RATE:] = 1e-7
    assert statistics(audio).noise_floor_dbfs == pytest.approx(-140.0, abs=1e-6)


def test_a_short_stream_is_its_own_quietest_window():
    found = statistics(np.full(RATE // 4, 0.1))
    assert found.noise_floor_dbfs == found.rms_dbfs == pytest.approx(-20.0)


def test_silence_has_no_level():
    found = statistics(np.zeros((2, RATE)))
    assert found.rms_dbfs == found.noise_floor_dbfs == -math.inf
    assert (found.dc_offset, found.correlation) == ((0.0, 0.0), None)
    empty = StatisticsMeter(RATE, 2).result()
    assert (empty.rms_dbfs, empty.correlation) == (-math.inf, None)


def test_the_offset_of_each_channel():
    found = statistics([sine(0.5) + 0.02, sine(0.5) - 0.25])
    assert found.dc_offset == pytest.approx((0.02, -0.25), abs=1e-12)
    assert found.rms_dbfs == pytest.approx(
        10 * math.log10((0.125 + 0.02**2 + 0.125 + 0.25**2) / 2), abs=1e-9
    )


@pytest.mark.parametrize(
    ("other", "correlation"),
    [
        (sine(0.1), 1.0),
        (sine(-0.3), -1.0),
        (sine(0.5, phase=math.pi / 2), 0.0),
        (sine(0.5, phase=math.pi / 3), 0.5),
        (sine(0.5) + 0.3, 1.0),
        (sine(0.5, frequency=200.0), 0.0),
    ],
)
def test_the_correlation_of_two_channels(other, correlation):
    assert statistics([sine(0.5), other]).correlation == pytest.approx(correlation, abs=1e-12)


def test_what_does_not_move_or_is_not_two_has_no_correlation():
    assert statistics([sine(0.5), np.full(3 * RATE, 0.5)]).correlation is None
    assert statistics(sine(0.5)).correlation is None
    assert statistics([sine(0.5)] * 6).correlation is None


@settings(max_examples=30)
@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=5))
def test_results_do_not_depend_on_the_blocks(sizes):
    if sum(sizes) < 200:
        sizes = [*sizes, 4_001]
    audio = np.random.default_rng(3).standard_normal((2, 30_011)) * 0.1 + 0.01
    assert statistics(audio, sizes=sizes) == statistics(audio, sizes=(30_011,))
    assert statistics(audio[:, :501], 100, [7]) == statistics(audio[:, :501], 100, [501])
