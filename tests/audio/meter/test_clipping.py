"""Runs at full scale are counted once each, in every channel, however the stream is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mixdown.audio.meter.clipping import Clipping, ClippingMeter


def found(audio, size=1_000, full_scale=1.0):
    audio = np.atleast_2d(np.asarray(audio, dtype=np.float64))
    meter = ClippingMeter(audio.shape[0], full_scale)
    for start in range(0, audio.shape[1], size):
        meter.feed(audio[:, start : start + size])
    return meter.result()


@pytest.mark.parametrize(
    ("audio", "runs"),
    [
        ([0.5, 0.999, 0.0], Clipping()),
        ([0.0, 1.0, 1.0, 0.0], Clipping()),
        ([0.0, 1.0, 1.0, 1.0, 0.0], Clipping(1, 3, 1)),
        ([1.0, -1.0, 1.5, 0.0], Clipping(1, 3, 0)),
        ([0.0, 0.0, 1.0, 1.0, 1.0], Clipping(1, 3, 2)),
        ([-1.0] * 4 + [0.0] + [1.0] * 5, Clipping(2, 5, 0)),
        ([1.0] * 7, Clipping(1, 7, 0)),
        ([[0.0] * 6 + [1.0] * 4, [0.0, 0.0] + [-1.0] * 3 + [0.0] * 5], Clipping(2, 4, 2)),
    ],
)
def test_runs(audio, runs):
    assert found(audio) == runs
    assert all(found(audio, size) == runs for size in (1, 2, 3))


def test_a_clipped_sine_has_two_runs_a_period():
    wave = np.clip(1.5 * np.sin(2 * np.pi * np.arange(48_000) / 480), -1, 1)
    clipping = found(wave)
    assert clipping.runs == 200
    assert clipping.longest == 2 * int(480 * np.arccos(1 / 1.5) / (2 * np.pi)) + 1
    assert found(0.99 * wave).runs == 0


def test_full_scale_of_integers_is_the_highest_positive_sample():
    crest = np.full(4, 32_767 / 32_768)
    assert found(crest).runs == 0
    assert found(crest, full_scale=1 - 2.0**-15).runs == 1


@given(
    st.lists(st.text("0+-h", min_size=60, max_size=60), min_size=1, max_size=2), st.integers(1, 61)
)
def test_the_count_is_that_of_a_loop_and_the_blocks_do_not_matter(channels, size):
    levels = {"0": 0.0, "h": 0.5, "+": 1.0, "-": -1.0}
    audio = np.array([[levels[sample] for sample in channel] for channel in channels])
    runs = []
    for channel in channels:
        at = 0
        for word in channel.replace("h", "0").split("0"):
            runs += [(len(word), at)] if len(word) >= 3 else []
            at += len(word) + 1
    wanted = Clipping(
        len(runs), max((n for n, _ in runs), default=0), min((at for _, at in runs), default=None)
    )
    assert found(audio, size) == wanted
