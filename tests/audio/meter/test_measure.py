"""One pass over blocks or a file: every figure together, whatever the block size."""

from __future__ import annotations

import functools

import attrs
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio.meter.loudness import LoudnessMeter
from mixdown.audio.meter.measure import LevelMeter, measure, measure_file
from mixdown.audio.meter.truepeak import TruePeakMeter
from mixdown.ir.finish import Reading

RATE = 8_000


@functools.cache
def programme(channels=2, seconds=8.0, rate=RATE):
    """Noise with a loud middle and silence at the end: every gate has something to decide."""
    audio = np.random.default_rng(9).standard_normal((channels, round(seconds * rate))) * 0.02
    audio[:, rate : round(4.5 * rate)] *= 10.0
    audio[:, -rate // 5 :] = 0.0
    return audio


def cut(audio, sizes):
    """Blocks of the sizes given, repeated for as long as there is audio."""
    start = 0
    while start < audio.shape[1]:
        for size in sizes:
            yield audio[:, start : start + size]
            start += size


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 50_000), min_size=1, max_size=6))
def test_results_do_not_depend_on_the_blocks(sizes):
    audio = programme()
    if sum(sizes) < 500:  # keeps the number of blocks bounded; single samples have their own test
        sizes = [*sizes, 4_001]
    assert measure(cut(audio, sizes), RATE, 2) == measure([audio], RATE, 2)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 3_000), st.integers(0, 2**32 - 1))
def test_single_samples_and_the_whole_agree(count, seed):
    audio = np.random.default_rng(seed).standard_normal((1, count))
    assert measure(cut(audio, [1]), 4_000, 1) == measure([audio], 4_000, 1)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100])
def test_blocks_do_not_matter_where_slices_do_not_divide_the_rate(rate):
    audio = programme(1, 5.0, rate)
    assert measure(cut(audio, [997, 12_345, 1]), rate, 1) == measure([audio], rate, 1)


def test_the_figures_are_those_of_the_two_meters():
    audio = programme()
    loudness_meter, peak_meter = LoudnessMeter(RATE, 2), TruePeakMeter(RATE, 2)
    loudness_meter.feed(audio)
    peak_meter.feed(audio)
    loudness, peaks = loudness_meter.result(), peak_meter.result()
    assert attrs.asdict(measure([audio], RATE, 2)) == {
        "integrated": loudness.integrated,
        "padded": loudness.padded,
        "range": loudness.range,
        "momentary_max": loudness.momentary_max,
        "short_term_max": loudness.short_term_max,
        "true_peak_dbtp": peaks.true_peak_dbtp,
        "sample_peak_dbfs": peaks.sample_peak_dbfs,
        "rms_dbfs": pytest.approx(10 * np.log10(np.mean(np.square(audio)))),
        "duration_samples": audio.shape[1],
    }
    assert -np.inf < loudness.integrated < loudness.short_term_max < loudness.momentary_max
    assert loudness.range > 0.0


def test_nothing_at_all():
    result = measure([], RATE, 2)
    assert result.duration_samples == 0
    assert result.integrated == result.true_peak_dbtp == -np.inf


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_file_reads_as_its_samples(tmp_path, channels):
    audio = programme(channels, 12.0)
    path = tmp_path / "programme.wav"
    soundfile.write(path, audio.T, RATE, subtype="DOUBLE")
    assert measure_file(path) == measure([audio], RATE, channels)


def test_a_measurement_cannot_be_changed():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        measure([], RATE, 1).integrated = -16.0


@pytest.mark.parametrize("seconds", [8.0, 0.3])
def test_one_level_is_that_of_all(seconds):
    audio = np.sin(np.arange(round(seconds * RATE)) * [[0.3], [0.4]]) * 0.2
    found = measure([audio], RATE, 2)
    levels = {}
    for reading in Reading:
        meter = LevelMeter(reading, RATE, 2)
        for block in cut(audio, [1000, 7]):
            meter.feed(block)
        levels[reading] = meter.result()
    assert levels == {
        Reading.INTEGRATED: found.integrated,
        Reading.MOMENTARY: found.padded,
        Reading.RMS: found.rms_dbfs,
    }
