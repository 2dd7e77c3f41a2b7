"""Dither statistics, reproducibility and quantisation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio.dither import SILENT, SilenceGate, TpdfNoise, quantise

DITHER = TpdfNoise(b"digest of a mix")
MANY = 400_000
PINNED = [[914668847, -254587205, 2712005761], [-154600954, 2355837859, -845541649]]


def test_noise_is_triangular_and_white():
    noise = DITHER.noise(1, 0, MANY)[0]
    assert np.all(np.abs(noise) < 1.0)
    assert np.mean(noise) == pytest.approx(0.0, abs=0.003)
    assert np.var(noise) == pytest.approx(1 / 6, rel=0.01)
    # A triangle on (-1, 1): P(|x| < t) = 1 - (1 - t)^2.
    for t in (0.1, 0.25, 0.5, 0.75):
        assert np.mean(np.abs(noise) < t) == pytest.approx(1 - (1 - t) ** 2, abs=0.004)
    for lag in (1, 2, 3, 4, 64):
        assert abs(np.corrcoef(noise[:-lag], noise[lag:])[0, 1]) < 0.008


def test_channels_and_seeds_are_independent():
    left, right = DITHER.noise(2, 0, MANY)
    other = TpdfNoise(b"digest of another mix").noise(1, 0, MANY)[0]
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.008
    assert abs(np.corrcoef(left, other)[0, 1]) < 0.008


def test_noise_never_changes_between_versions():
    assert (DITHER.noise(2, 5, 3) * 2**32).astype(int).tolist() == PINNED


@given(offset=st.integers(0, 2000), count=st.integers(0, 500), channels=st.integers(1, 3))
@settings(deadline=None)
def test_noise_depends_on_the_position_alone(offset, count, channels):
    whole = DITHER.noise(3, 0, 2500)
    assert np.array_equal(
        DITHER.noise(channels, offset, count), whole[:channels, offset : offset + count]
    )


@pytest.mark.parametrize("level", [0.0, 0.25, 0.5, 0.9])
def test_dithered_error_has_the_same_mean_and_variance_at_any_level(level):
    block = np.full((1, MANY), level / 2**15)
    error = quantise(DITHER.added(16)(block, 0), 16).samples[0] - level
    assert np.mean(error) == pytest.approx(0.0, abs=0.004)
    assert np.var(error) == pytest.approx(0.25, rel=0.01)


@pytest.mark.parametrize(("bits", "dtype"), [(16, np.int16), (24, np.int32)])
def test_rounds_half_to_even(bits, dtype):
    steps = np.array([[0.5, 1.5, 2.5, -0.5, -1.5, 0.4, 0.6]])
    got = quantise(steps / 2 ** (bits - 1), bits)
    assert got.samples.dtype == dtype
    assert got.samples.tolist() == [[0, 2, 2, 0, -2, 0, 1]]
    assert got.clipped == 0


def test_clips_and_counts():
    block = np.array([[1.0, -1.0, 2.0, -2.0, np.inf], [0.0, 32767 / 32768, -1.1, 0.1, 0.2]])
    got = quantise(block, 16)
    assert got.samples[0].tolist() == [32767, -32768, 32767, -32768, 32767]
    assert got.samples[1, :3].tolist() == [0, 32767, -32768]
    assert got.clipped == 5


@given(cuts=st.lists(st.integers(0, 999), max_size=5))
@settings(deadline=None)
def test_blocks_quantise_as_the_whole(cuts):
    block = np.random.default_rng(2).uniform(-1, 1, (2, 1000))
    edges = [0, *sorted(cuts), 1000]
    add = DITHER.added(16)
    parts = [quantise(add(block[:, a:b], a), 16).samples for a, b in itertools.pairwise(edges)]
    assert np.array_equal(np.concatenate(parts, axis=1), quantise(add(block, 0), 16).samples)


def gated(block, cuts=(), rate=1000, *, skips=False):
    """The block with 1.0 added to each sample that is dithered, in blocks that end at the cuts.

    skips: silent blocks are skipped where that is allowed.
    """
    gate = SilenceGate(lambda samples, _: samples + 1.0, rate)
    edges = [0, *sorted(cuts), block.shape[1]]
    parts = []
    for start, end in ((a, b) for a, b in itertools.pairwise(edges) if a < b):
        line, count = block[:, start : end + gate.reach], end - start
        is_silent = skips and np.all(np.abs(line) < SILENT)
        skipped = is_silent and gate.skip(count, line.shape[1] - count)
        parts.append(np.zeros((len(block), count)) if skipped else gate.process(line, count))
    return np.concatenate(parts, axis=1)


RUNS = st.lists(st.tuples(st.sampled_from([1, 2, 50, 99, 100, 101, 102, 250]), st.booleans()))


@given(runs=RUNS.filter(bool), cuts=st.lists(st.integers(0, 3000), max_size=6), skips=st.booleans())
@settings(deadline=None)
def test_digital_silence_longer_than_100_ms_gets_no_dither(runs, cuts, skips):
    """At 1 kHz: the definition, run by run. Almost silent samples in one channel are silence."""
    groups = itertools.groupby(runs, key=lambda run: run[1])
    merged = [(sum(length for length, _ in group), sounds) for sounds, group in groups]
    quiet, sound = 0.999 * SILENT * np.ones((2, 1)), np.array([[0.5], [0.0]])
    block = np.hstack([np.repeat(sound if sounds else quiet, n, axis=1) for n, sounds in merged])
    dithered = np.concatenate([np.full(n, sounds or n <= 100) for n, sounds in merged])
    found = gated(block, [cut for cut in cuts if cut < block.shape[1]], skips=skips)
    assert np.array_equal(found, np.where(dithered, block + 1.0, 0.0))


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 192_000])
def test_100_ms_are_counted_in_samples_of_the_rate(rate):
    reach = round(rate / 10)
    for length in (reach, reach + 1):
        block = np.ones((1, length + 20))
        block[:, 10:-10] = 0.0
        dithered = gated(block, rate=rate)[:, 10:-10]
        assert np.all(dithered == (1.0 if length == reach else 0.0))


def test_refusals():
    with pytest.raises(KeyError):
        quantise(np.zeros((1, 1)), 20)
    with pytest.raises(ValueError, match="NaN"):
        quantise(np.array([[0.0, np.nan]]), 16)


def test_undithered_16_bits_are_those_of_ffmpeg(ffmpeg):
    block = np.random.default_rng(4).uniform(-1.1, 1.1, (2, 50_000))
    block[0, :8] = np.array([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 32767.5, -32768.5]) / 32768
    theirs = ffmpeg(block, 48000, "aformat=sample_fmts=s16") * 32768
    assert np.array_equal(quantise(block, 16).samples, theirs)
