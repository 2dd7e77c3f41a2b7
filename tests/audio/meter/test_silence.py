"""Silence at head and tail, to the sample, in any channel."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.audio.meter.silence import SilenceMeter, SilentEnds


@pytest.mark.parametrize("size", [1, 7, 500])
@pytest.mark.parametrize(
    ("heard", "silence"),
    [
        ([(0, 100, 0.5)], SilentEnds(100, 399)),
        ([(0, 0, 0.5)], SilentEnds(0, 499)),
        ([(1, 499, -0.5)], SilentEnds(499, 0)),
        ([(0, 120, 0.0011), (1, 300, -0.0011)], SilentEnds(120, 199)),
        ([(0, 120, 0.00099)], SilentEnds(500, 500)),
        ([], SilentEnds(500, 500)),
    ],
)
def test_head_and_tail(heard, silence, size):
    audio = np.zeros((2, 500))
    for channel, position, value in heard:
        audio[channel, position] = value
    meter = SilenceMeter()
    for start in range(0, 500, size):
        meter.feed(audio[:, start : start + size])
    assert meter.result() == silence


def test_nothing_is_neither_head_nor_tail():
    assert SilenceMeter().result() == SilentEnds(0, 0)


def test_another_threshold():
    meter = SilenceMeter(-20.0)
    meter.feed(np.array([[0.05, 0.2, 0.05]]))
    assert meter.result() == SilentEnds(1, 1)
