"""The loudness behind the limiter is predicted from a premaster's meters alone."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.audio.limiter import TruePeakLimiter
from mixdown.audio.meter.loudness import LoudnessMeter
from mixdown.audio.meter.premaster import PremasterMeter
from mixdown.ir.units import gain_factor

CEILING = -1.0


def speech(rate: int, channels: int, seconds: float = 12.0) -> np.ndarray:
    """Bursts of pulsed noise, which falls towards high frequencies as voices and music do."""
    drawn, count = np.random.default_rng(5), round(rate * seconds)
    at = np.arange(count) / rate
    carrier = drawn.standard_normal((channels, count)) + 8.0 * (110 * at % 1 < 0.03)
    falling = np.hanning(round(rate / 4000) + 3)
    carrier = np.array([np.convolve(row, falling, "same") for row in carrier])
    return 0.03 * carrier * np.abs(np.sin(2.1 * at) * np.sin(0.7 * at + 1.0))


def measured(samples: np.ndarray, rate: int) -> float:
    meter = LoudnessMeter(rate, len(samples))
    meter.feed(samples)
    return meter.result().integrated


def levels_of(samples: np.ndarray, rate: int, blocks: int = 1):
    meter = PremasterMeter(rate, len(samples))
    for block in np.array_split(samples, blocks, axis=1):
        meter.feed(block)
    return meter.result()


@pytest.mark.parametrize("target", [-23.0, -16.0, -13.0])
@pytest.mark.parametrize(
    ("rate", "channels"), [(48_000, 2), (44_100, 1), (11_025, 2), (8_000, 1), (96_000, 1)]
)
def test_it_is_what_the_limiter_leaves(rate, channels, target):
    samples = speech(rate, channels)
    levels = levels_of(samples, rate)
    assert levels.lufs == measured(samples, rate)
    gain_db = target - levels.lufs
    limiter = TruePeakLimiter(rate, channels, CEILING)
    limited = [limiter.process(gain_factor(gain_db) * samples), limiter.flush()]
    found = measured(np.concatenate(limited, axis=1), rate)
    lost = target - found
    assert levels.limited(gain_db, CEILING) == pytest.approx(found, abs=0.01 + 0.15 * lost)


def test_blocks_do_not_matter():
    samples = speech(44_100, 2, 3.37)
    one, other = levels_of(samples, 44_100), levels_of(samples, 44_100, 17)
    assert one.lufs == other.lufs
    assert np.array_equal(one.peaks, other.peaks)
    assert len(one.peaks) == 3370
    assert one.limited(12.0, CEILING) == other.limited(12.0, CEILING)


@pytest.mark.parametrize("count", [0, 1, 300, 30_000])
def test_silence_and_short_sounds_have_no_loudness(count):
    levels = levels_of(np.zeros((1, count)), 48_000)
    assert levels.limited(6.0, CEILING) == levels.lufs == -np.inf
