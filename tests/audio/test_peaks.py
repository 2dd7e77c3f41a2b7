"""Peaks between samples, against exact interpolation of periodic signals by the FFT."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.audio.peaks import REACH, InterSamplePeaks

PERIOD = 4096


def periodic_noise(limit):
    """Two channels of noise with nothing above `limit` of the Nyquist frequency."""
    spectrum = np.fft.rfft(np.random.default_rng(8).uniform(-1, 1, (2, PERIOD)))
    spectrum[:, int(limit * PERIOD / 2) :] = 0.0
    return spectrum, np.fft.irfft(spectrum, PERIOD)


def exact(spectrum, factor=64):
    """The largest magnitude between each sample and the next, over both channels."""
    padded = np.zeros((2, PERIOD * factor // 2 + 1), complex)
    padded[:, : spectrum.shape[1]] = spectrum
    fine = np.abs(np.fft.irfft(padded, PERIOD * factor) * factor).max(axis=0)
    cells = fine.reshape(PERIOD, factor)
    return np.maximum(cells.max(axis=1), np.roll(cells[:, 0], -1))


def around(signal):
    """A period with the neighbours that entry 0 to PERIOD - 1 of the answer need."""
    return np.concatenate([signal[:, 1 - REACH :], signal, signal[:, : REACH + 1]], axis=1)


def with_neighbours(peaks):
    """The largest of each interval and the two beside it."""
    return np.max([np.roll(peaks, -1), peaks, np.roll(peaks, 1)], axis=0)


@pytest.mark.parametrize("limit", [0.5, 0.85, 0.9])
def test_finds_the_peak_of_every_interval_of_band_limited_noise(limit):
    spectrum, signal = periodic_noise(limit)
    expected = exact(spectrum)
    got = InterSamplePeaks(1e-6).between(around(signal))
    # Low by no more than the limiter's margin of 0.03 dB. A crest within an eighth of a sample of
    # an interval's end may be reported in the next interval.
    assert np.max(expected - with_neighbours(got)) < 0.004 * expected.max()
    assert np.max(got - with_neighbours(expected)) < 0.01 * expected.max()


def test_an_early_end_changes_nothing_above_the_threshold():
    _, signal = periodic_noise(0.9)
    everything = InterSamplePeaks(1e-6).between(around(signal))
    threshold = np.quantile(everything, 0.9)
    some = InterSamplePeaks(threshold).between(around(signal))
    over = everything > threshold
    assert np.allclose(some[over], everything[over], rtol=1e-12)
    assert np.all(some[~over] <= threshold)


def test_a_tone_between_its_samples():
    n = np.arange(PERIOD)
    tone = np.sin(np.pi / 2 * n + np.pi / 4)[None]  # every sample is 3 dB under the crest
    assert InterSamplePeaks(0.9).between(around(tone)).max() == pytest.approx(1.0, abs=0.002)


def test_silence_has_no_peaks():
    assert InterSamplePeaks(0.5).between(np.zeros((2, 160 + 2 * REACH))) is None
