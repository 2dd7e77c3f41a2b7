"""Noise-shaped dither: its definition, its statistics, its reproducibility."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hearing import heard_db
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio.dither import TpdfNoise, quantise
from mixdown.audio.shaping import SHAPING_FILTERS, NoiseShaper, shaping_filter
from scipy.signal import freqz, welch

DITHER = TpdfNoise(b"digest of a mix")
STEP = 2.0**-15
SECONDS = 8

# The level of the noise, unweighted and weighted by hearing, relative to white TPDF dither, dB.
EXPECTED = {
    22050: (0.0, 0.0),
    32000: (0.0, 0.0),
    44100: (15.6, -11.4),
    48000: (15.6, -13.7),
    88200: (11.5, -22.5),
    96000: (11.5, -25.2),
    192_000: (11.5, -32.9),
}
each_rate = pytest.mark.parametrize("rate", EXPECTED)


def rate_range(shape):
    return f"from {shape.lowest_rate} Hz"


def shaped(block, rate=48000, bits=16):
    return NoiseShaper(DITHER, bits, rate, len(block))(block, 0)


def sine(rate, level_db, hertz=997):
    at = np.arange(SECONDS * rate) / rate
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * hertz * at))[None]


@pytest.mark.parametrize("bits", [1, 8, 16, 24])
@pytest.mark.parametrize("shape", SHAPING_FILTERS, ids=rate_range)
def test_is_a_quantiser_with_its_error_fed_back(shape, bits):
    """The definition, computed sample by sample."""
    rate = max(8000, shape.lowest_rate)
    signal = 0.1 * np.random.default_rng(1).standard_normal(3000)
    steps = np.rint(signal * 2.0 ** (bits + 31)) * 2.0**-32
    noise = DITHER.noise(1, 0, 3000)[0]
    past = [0.0] * (len(shape.coefficients) - 1)
    wanted = []
    for step, d in zip(steps, noise, strict=True):
        fed = step + sum(c * e for c, e in zip(shape.coefficients[1:], past, strict=True))
        wanted.append(np.floor(fed + d + 0.5))
        past = [wanted[-1] - fed, *past[:-1]] if past else past
    assert shape is shaping_filter(rate)
    assert np.array_equal(shaped(signal[None], rate, bits)[0] * 2.0 ** (bits - 1), wanted)


@pytest.mark.parametrize("shape", SHAPING_FILTERS[1:], ids=rate_range)
def test_the_filters_have_zeros_at_the_documented_frequencies(shape):
    roots = np.roots(shape.coefficients)
    assert np.abs(roots) == pytest.approx(1.0, abs=1e-6)
    turns = sorted(round(abs(float(np.angle(root))) / (2 * np.pi), 3) for root in roots)
    assert (
        turns
        == {
            40_000: [0.0, 0.0, 0.167, 0.167],
            64_000: [0.0, 0.0, 0.083, 0.083, 0.417, 0.417],
        }[shape.lowest_rate]
    )


@each_rate
@pytest.mark.parametrize("level_db", [-200.0, -90.0, -20.0], ids=["silence", "faint", "loud"])
def test_the_error_has_no_mean_and_the_power_of_the_filter_at_any_level(rate, level_db):
    block = sine(rate, level_db)
    error = (shaped(block, rate) - block)[0] / STEP
    gain_db, heard = EXPECTED[rate]
    assert abs(error.mean()) < 0.005
    assert 10 * np.log10(error.var() / 0.25) == pytest.approx(gain_db, abs=0.1)
    assert heard_db(error, rate, 0.25) == pytest.approx(heard, abs=0.4)


@pytest.mark.parametrize("rate", [48000, 96000])
def test_the_error_has_the_filters_spectrum(rate):
    block = sine(rate, -20.0)
    hertz, density = welch((shaped(block, rate) - block)[0] / STEP, rate, nperseg=512)
    _, response = freqz(shaping_filter(rate).coefficients, worN=hertz, fs=rate)
    wanted = 0.25 * 2 / rate * np.abs(response) ** 2
    between = wanted > 0.05 * 0.25 * 2 / rate  # windows leak into nulls
    assert density[between][1:-1] == pytest.approx(wanted[between][1:-1], rel=0.25)


@pytest.mark.parametrize("rate", [44100, 96000])
def test_the_error_does_not_go_with_the_signal(rate):
    block = np.random.default_rng(2).uniform(-0.5, 0.5, (1, SECONDS * rate))
    error = (shaped(block, rate) - block)[0]
    assert abs(np.corrcoef(error, block[0])[0, 1]) < 0.005
    assert abs(np.corrcoef(error**2, block[0] ** 2)[0, 1]) < 0.005
    assert abs(np.corrcoef(error, np.sign(block[0]))[0, 1]) < 0.005


def harmonics(samples, rate, hertz):
    """The sine's level, and the second to fifth harmonic's over the noise around them, dB."""
    spectrum = np.abs(np.fft.rfft(samples * np.blackman(len(samples)))) ** 2
    first, *more = [round(n * hertz * len(samples) / rate) for n in range(1, 6)]
    level = 20 * np.log10(np.sqrt(spectrum[first]) / (0.42 * len(samples) / 2))
    peaks = [spectrum[line - 2 : line + 3].max() for line in more]
    around = [spectrum[line - 400 : line + 401].mean() for line in more]
    return level, 10 * np.log10(np.divide(peaks, around))


@pytest.mark.parametrize("way", ["tpdf", "shaped"])
def test_a_faint_sine_stays_a_sine(way):
    block = sine(48000, -90.0)
    steps = {
        "tpdf": lambda: quantise(DITHER.added(16)(block, 0), 16).samples * STEP,
        "shaped": lambda: shaped(block),
    }
    level, over = harmonics(steps[way]()[0], 48000, 997)
    assert level == pytest.approx(-90.0, abs=0.1)
    assert max(over) < 13.0  # as noise does: the highest of five lines of chance
    _, crude = harmonics(quantise(block, 16).samples[0] * STEP, 48000, 997)
    assert max(crude) > 25.0


@given(cuts=st.lists(st.integers(0, 2999), max_size=6), rate=st.sampled_from([8000, 44100, 96000]))
@settings(max_examples=40)
def test_any_cut_into_blocks_gives_the_same_bits(cuts, rate):
    block = np.random.default_rng(3).uniform(-1.5, 1.5, (2, 3000))
    shaper, edges = NoiseShaper(DITHER, 16, rate, 2), [0, *sorted(cuts), 3000]
    parts = [shaper(block[:, a:b], a) for a, b in itertools.pairwise(edges)]
    assert np.array_equal(np.concatenate(parts, axis=1), shaped(block, rate))


def test_a_block_that_continues_nothing_starts_without_errors():
    block = np.random.default_rng(4).uniform(-0.5, 0.5, (2, 3000))
    shaper = NoiseShaper(DITHER, 16, 48000, 2)
    shaper(block[:, :500], 0)
    later = shaper(block[:, 1000:], 1000)
    assert np.array_equal(later, NoiseShaper(DITHER, 16, 48000, 2)(block[:, 1000:], 1000))


def test_whole_steps_whatever_comes():
    block = np.array([[0.3, 1e300, -np.inf, 0.0, 5.0, -0.2] * 50])
    steps = shaped(block) / STEP
    assert np.array_equal(steps, np.rint(steps))
    assert abs(steps[0, 4] * STEP - 5.0) < 0.01
    with pytest.raises(ValueError, match="NaN"):
        shaped(np.array([[0.0, np.nan]]))
