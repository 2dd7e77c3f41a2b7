"""Empty stretches after loud samples, against a search sample by sample, and real recordings."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from hypothesis import example, given
from hypothesis import strategies as st
from mixdown.audio.meter.dropouts import EmptyStretches, SampleRange, is_cut_off
from requirements import PROMPTS, SAMPLES

LEVELS = (0, 1, -1, 2, -40, 3000, -(1 << 15))
"""Integers of 16 bits; up to 1 is under -90 dB, from 104 is over -50 dB."""


def naive(samples: np.ndarray, rate: int) -> list[SampleRange]:
    """Sample by sample, of integers."""
    peaks = np.abs(samples.astype(np.float64)).max(axis=0) / 2**15
    found, start = [], 0
    near, least = round(0.001 * rate) + 1, 0.001 * rate
    for n in range(len(peaks) + 1):
        if n == len(peaks) or peaks[n] > 10 ** (-90 / 20):
            loud = peaks[max(start - near, 0) : start].max(initial=0.0) > 10 ** (-50 / 20)
            if n < len(peaks) and n - start > least and loud:
                found.append(SampleRange(start, n))
            start = n + 1
    return found


@given(
    rate=st.sampled_from([1000, 8000, 11_025, 22_050]),
    runs=st.lists(st.tuples(st.sampled_from(LEVELS), st.integers(1, 60)), min_size=1, max_size=30),
    cuts=st.lists(st.integers(0, 900), max_size=8),
    lag=st.integers(0, 30),
)
@example(rate=8000, runs=[(3000, 5), (2, 6), (0, 9), (2, 1)], cuts=[5, 10], lag=0)
@example(rate=8000, runs=[(3000, 9), (0, 5000), (3000, 9), (1, 12), (-40, 9)], cuts=[40], lag=0)
def test_stretches_are_those_of_every_sample_in_any_blocks_and_type(rate, runs, cuts, lag):
    one = np.concatenate([np.full(length, level, np.int16) for level, length in runs])
    samples = np.stack([one, np.roll(one, lag)])
    expected = naive(samples, rate)
    for stored, scale in ((samples, 2.0**15), (samples / 2**15, 1.0)):
        finder = EmptyStretches(rate, -90.0, scale)
        for block in np.split(stored, sorted(min(cut, len(one)) for cut in cuts), axis=1):
            finder.feed(block)
        assert list(finder.found) == expected


@pytest.mark.requires("debian_media")
def test_pauses_of_recordings_and_rests_of_loops_are_none():
    paths = [*sorted(PROMPTS.glob("vm-*.wav"))[:40], *sorted(SAMPLES.glob("loop_*.flac"))]
    found = {}
    for path in paths:
        with soundfile.SoundFile(path) as audio:
            finder = EmptyStretches(audio.samplerate, -90.0)
            finder.feed(audio.read(always_2d=True).T)
            found[path.name] = [hole for hole in finder.found if is_cut_off(audio, hole)]
    assert {name: holes for name, holes in found.items() if holes} == {}
