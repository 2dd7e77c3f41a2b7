"""Resampling: length, alignment, streaming, quality, and ffmpeg as the witness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio.resample import Resampler, output_length, resample

RATES = [8000, 22050, 44100, 48000, 96000]


def noise(channels, n):
    return np.random.default_rng(5).uniform(-0.5, 0.5, (channels, n))


def streamed(block, source_rate, rate, lengths):
    resampler, at, turn, parts = Resampler(source_rate, rate, block.shape[0]), 0, 0, []
    while at < block.shape[1]:
        length = lengths[turn % len(lengths)]
        parts.append(resampler.process(block[:, at : at + length]))
        at, turn = at + length, turn + 1
    return np.concatenate([*parts, resampler.flush()], axis=1)


@pytest.mark.parametrize(
    ("samples", "source_rate", "rate", "expected"),
    [
        (44100, 44100, 48000, 48000),
        (1, 96000, 48000, 0),  # 0.5
        (3, 96000, 48000, 2),  # 1.5
        (5, 96000, 48000, 2),  # 2.5
        (0, 8000, 48000, 0),
        (10**12 + 1, 96000, 48000, 5 * 10**11),  # beyond what a float's fraction could hold
    ],
)
def test_length_is_rounded_half_to_even(samples, source_rate, rate, expected):
    assert output_length(samples, source_rate, rate) == expected


@given(
    n=st.integers(0, 3000),
    source_rate=st.sampled_from(RATES),
    rate=st.sampled_from(RATES),
    lengths=st.lists(st.integers(1, 900), min_size=1, max_size=4),
)
@settings(deadline=None, max_examples=40)
def test_streaming_equals_one_call_and_length_is_as_defined(n, source_rate, rate, lengths):
    block = noise(2, n)
    whole = resample(block, source_rate, rate)
    assert whole.shape == (2, output_length(n, source_rate, rate))
    assert np.array_equal(streamed(block, source_rate, rate, lengths), whole)


@pytest.mark.parametrize(("source_rate", "rate"), [(44100, 48000), (48000, 44100), (8000, 48000)])
def test_a_tone_stays_where_and_what_it_was(source_rate, rate):
    def tone(at_rate):
        return np.sin(2 * np.pi * 997 * np.arange(at_rate) / at_rate)[None]

    # Away from the ends, where the tone begins and stops and so is not a tone.
    middle = slice(rate // 4, -rate // 4)
    difference = resample(tone(source_rate), source_rate, rate) - tone(rate)
    assert np.max(np.abs(difference[:, middle])) < 10 ** (-160 / 20)


def test_the_same_rate_changes_nothing():
    block = noise(1, 1000)
    assert np.array_equal(resample(block, 48000, 48000), block)


@pytest.mark.parametrize(("source_rate", "rate"), [(44100, 48000), (48000, 44100), (8000, 48000)])
@pytest.mark.parametrize("channels", [1, 2])
def test_equals_ffmpeg_bit_for_bit(source_rate, rate, channels, ffmpeg):
    block = noise(channels, 20_011)
    theirs = ffmpeg(block, source_rate, f"aresample={rate}:resampler=soxr:precision=28:osf=dblp")
    assert np.array_equal(resample(block, source_rate, rate), theirs)
