"""Meters of a stream in spans find what they find without a cut, whoever was fed a span."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio.memory import decode, digest, encode, memory_of, restored
from mixdown.audio.meter.premaster import PremasterMeter
from mixdown.ir.finish import Reading
from mixdown.render.recording import FileMeter

RATE = 16_000


def file_meter(channels: int = 1) -> FileMeter:
    return FileMeter(RATE, channels, 5 * RATE)


def premaster_meter(channels: int = 1) -> PremasterMeter:
    return PremasterMeter(RATE, channels, Reading.RMS)


MAKERS = pytest.mark.parametrize("make", [file_meter, premaster_meter])


def signal(pieces, seed: int) -> np.ndarray:
    """Pieces of noise and silence, some with a click."""
    drawn = np.random.default_rng(seed)
    parts = []
    for count, level, click in pieces:
        part = level * drawn.uniform(-1.0, 1.0, (1, count))
        part[0, count // 3] += click
        parts.append(part)
    return np.concatenate(parts, axis=1)


def fed(meter, samples: np.ndarray, size: int) -> None:
    for start in range(0, samples.shape[1], size):
        meter.feed(samples[:, start : start + size])


def found_by(meter) -> bytes:
    return encode(attrs.asdict(meter.result()))


@MAKERS
@settings(max_examples=12, deadline=None)
@given(
    pieces=st.lists(
        st.tuples(
            st.integers(1, 2 * RATE),
            st.sampled_from([0.0, 1e-4, 0.01, 0.5, 1.0]),
            st.sampled_from([0.0, 0.0, 0.9, -0.3]),
        ),
        min_size=1,
        max_size=6,
    ),
    seed=st.integers(0, 99),
    cuts=st.lists(st.integers(0, 8 * RATE), max_size=5),
    size=st.sampled_from([777, 4096, 65_536]),
)
def test_a_stream_in_spans_is_measured_as_one(make, pieces, seed, cuts, size):
    samples = signal(pieces, seed)
    whole, in_spans, every_other = make(), make(), make()
    whole.feed(samples)
    for number, span in enumerate(np.split(samples, sorted(cuts), axis=1)):
        fed(in_spans, span, size)
        found = in_spans.cut()
        if number % 2:
            every_other.append(decode(encode(found)))
            restored(every_other, decode(encode(memory_of(in_spans))))
        else:
            fed(every_other, span, size + 1)
            assert encode(every_other.cut()) == encode(found)
        assert digest(memory_of(every_other)) == digest(memory_of(in_spans))
    assert found_by(in_spans) == found_by(whole)
    assert found_by(every_other) == found_by(whole)


@MAKERS
@pytest.mark.parametrize("level", [0.0, 1e-3, 0.3], ids=["silence", "quiet", "loud"])
def test_an_edit_is_forgotten_within_8_s(make, level):
    after = [(2000, 0.3, 0.0), (8 * RATE, level, 0.0)]
    memories = []
    for loud in (0.2, 0.25):
        meter = make()
        meter.feed(signal([(RATE, 0.1, 0.9), (RATE + 77, loud, 0.0), *after], 1))
        meter.cut()
        memories.append(digest(memory_of(meter)))
    assert memories[0] == memories[1]


@pytest.mark.parametrize(("rate", "has_memory"), [(16_000, True), (11_025, False)])
def test_a_stream_that_is_resampled_has_no_spans(rate, has_memory):
    assert FileMeter(rate, 2, rate).has_memory is has_memory
    assert PremasterMeter(rate, 2).has_memory is has_memory
