"""True peak beyond the conformance signals: accuracy against exact interpolation, place, edges."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import scipy.signal
from mixdown.audio.meter.truepeak import FRAME, TruePeakMeter, interpolation_phases, oversampling

RATE = 48_000

# BS.1770-5 Annex 2, the example filter: phases 0 and 1; 3 and 2 are their mirror images.
ANNEX_0 = (
    *(0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000),
    *(-0.0594482421875, 0.1373291015625, 0.9721679687500, -0.1022949218750),
    *(0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500),
)
ANNEX_1 = (
    *(-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250),
    *(-0.1665039062500, 0.4650878906250, 0.7797851562500, -0.2003173828125),
    *(0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375),
)
ANNEX = (ANNEX_0, ANNEX_1, ANNEX_1[::-1], ANNEX_0[::-1])


def measured(audio, rate=RATE):
    audio = np.atleast_2d(audio)
    meter = TruePeakMeter(rate, len(audio))
    meter.feed(audio)
    return meter.result()


def annex_dbtp(mono):
    return 20.0 * np.log10(max(np.abs(np.convolve(mono, phase)).max() for phase in ANNEX))


def exact_dbtp(mono, factor=32):
    """The peak of the band-limited signal through the samples, by zero-padding its spectrum."""
    padded = np.pad(mono, 2_048)
    return 20.0 * np.log10(np.abs(scipy.signal.resample(padded, padded.size * factor)).max())


def tone_burst(frequency, phase=0.0, count=4_000):
    """A sine of `frequency` cycles a sample under a Hann window: no hard edges."""
    angle = 2.0 * np.pi * frequency * np.arange(count) + phase
    return np.sin(angle) * np.hanning(count)


def band_limited_signs(rng, cutoff, count=600):
    """Random signs lowpassed at `cutoff` cycles a sample: the widest band at the highest crests."""
    lowpass = scipy.signal.firwin(511, cutoff, fs=1.0, window=("kaiser", 8.0))
    return np.convolve(rng.choice([-1.0, 1.0], count), lowpass)


@functools.cache
def tone_bursts(frequency):
    """Bursts of one frequency at seven phases, each with its exact peak."""
    bursts = [tone_burst(frequency, phase) for phase in np.linspace(0.0, np.pi, 7)]
    return [(burst, exact_dbtp(burst)) for burst in bursts]


@pytest.mark.parametrize(
    "frequency", [0.02, 0.05, 0.125, 0.2, 0.25, 0.3, 1 / 3, 0.35, 0.4, 0.43, 0.45, 0.46, 0.47]
)
@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 192_000])
def test_tones_up_to_near_the_nyquist_frequency(frequency, rate):
    for tone, exact in tone_bursts(frequency):
        assert abs(measured(tone, rate).true_peak_dbtp - exact) < 0.04


@pytest.mark.parametrize("cutoff", [0.25, 0.35, 0.4, 0.45, 0.47])
def test_wideband_material_is_read_exactly_where_the_annex_filter_falls_short(cutoff):
    rng = np.random.default_rng(4)
    signals = [band_limited_signs(rng, cutoff) for _ in range(10)]
    exact = np.array([exact_dbtp(signal) for signal in signals])
    ours = np.array([measured(signal).true_peak_dbtp for signal in signals]) - exact
    annex = np.array([annex_dbtp(signal) for signal in signals]) - exact
    assert np.abs(ours).max() < 0.05
    assert np.abs(annex).max() > 3.0 * np.abs(ours).max()


def test_full_band_noise_is_read_closer_than_by_the_annex_filter():
    rng = np.random.default_rng(5)
    signals = [rng.choice([-1.0, 1.0], 600) for _ in range(20)]
    exact = np.array([exact_dbtp(signal) for signal in signals])
    ours = np.array([measured(signal).true_peak_dbtp for signal in signals]) - exact
    annex = np.array([annex_dbtp(signal) for signal in signals]) - exact
    assert ours.min() > -1.0 and ours.max() < 0.3
    assert annex.max() < -0.9


@pytest.mark.parametrize("factor", [4, 5, 8])
def test_the_phases_hold_the_samples_and_constants(factor):
    phases = interpolation_phases(factor)
    identity = np.zeros(64)
    identity[31] = 1.0
    np.testing.assert_array_equal(phases[0], identity)
    np.testing.assert_allclose(phases.sum(axis=1), 1.0, rtol=1e-14)


@pytest.mark.parametrize(
    ("rate", "factor"),
    [(8_000, 8), (24_000, 8), (32_000, 6), (44_100, 5), (48_000, 4), (96_000, 4), (192_000, 4)],
)
def test_the_grid_reaches_192_khz_and_at_least_four_points_a_sample(rate, factor):
    assert oversampling(rate) == factor


def dense_dbtp(mono):
    """The peak of the whole interpolated curve with a parabola at its highest point."""
    around = np.pad(mono, 100)
    parts = [np.correlate(around, phase, "valid") for phase in interpolation_phases(4)]
    curve = np.abs(np.stack(parts, axis=1).reshape(-1))
    at = 1 + np.flatnonzero((curve[1:-1] >= curve[:-2]) & (curve[1:-1] >= curve[2:]))
    before, middle, after = (curve[at + n] for n in (-1, 0, 1))
    bend = np.maximum(2.0 * middle - before - after, 1e-300)
    return 20.0 * np.log10((middle + (before - after) ** 2 / (8.0 * bend)).max())


@pytest.mark.parametrize("smooth", [1, 4, 40])
def test_skipping_what_cannot_reach_the_peak_changes_nothing(smooth):
    rng = np.random.default_rng(smooth)
    noise = np.convolve(rng.standard_normal(60_000), np.hanning(smooth + 2))
    audio = noise * np.interp(np.arange(len(noise)), [0, 2e4, 4e4, 6e4], [0.2, 1.0, 0.3, 0.9])
    assert measured(audio).true_peak_dbtp == pytest.approx(dense_dbtp(audio), abs=1e-9)


def test_never_below_the_sample_peak():
    rng = np.random.default_rng(6)
    for count in (1, 2, 63, 64, 1_000):
        result = measured(rng.standard_normal((2, count)))
        assert result.true_peak_dbtp >= result.sample_peak_dbfs > -np.inf


def test_a_gain_moves_the_peaks_by_its_decibels():
    audio = np.random.default_rng(7).standard_normal((2, 20_000))
    loud, soft = measured(audio), measured(audio * 10.0 ** (-11.0 / 20.0))
    assert soft.true_peak_dbtp == pytest.approx(loud.true_peak_dbtp - 11.0, abs=1e-9)
    assert soft.sample_peak_dbfs == pytest.approx(loud.sample_peak_dbfs - 11.0, abs=1e-9)
    assert (soft.channel, soft.position) == (loud.channel, pytest.approx(loud.position, abs=1e-6))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(
    "centre",
    [100.0, 777.25, 5_000.5, FRAME - 0.5, FRAME - 32.4, FRAME + 0.125, 2 * FRAME - 47.5, 39_900.7],
)
def test_the_place_of_the_peak(centre, sign):
    # A band-limited pulse whose crest lies between samples, also across the seams of scans.
    distance = np.arange(2 * FRAME + 1000) - centre
    pulse = 0.8 * sign * np.sinc(0.5 * distance) * np.exp(-((distance / 20.0) ** 2))
    result = measured(np.stack([0.1 * pulse, pulse]))
    assert result.channel == 1
    assert result.position == pytest.approx(centre, abs=0.01)
    assert result.true_peak_dbtp == pytest.approx(20.0 * np.log10(0.8), abs=0.01)
    assert result.channel_dbtp[0] == pytest.approx(result.channel_dbtp[1] - 20.0, abs=1e-9)


def test_a_crest_outside_the_samples_counts():
    # Alternating signs that stop: half a sample outside them the terms of the sinc sum all agree.
    alternating = np.array([1.0, -1.0] * 8)
    result = measured(alternating)
    assert -0.9 < result.position < -0.1 or 15.1 < result.position < 15.9
    assert -0.5 < result.true_peak_dbtp - exact_dbtp(alternating) < 0.0
    assert result.true_peak_dbtp > 3.0 and result.sample_peak_dbfs == 0.0


def test_a_constant_reads_as_itself_away_from_its_edges():
    window = np.concatenate([np.hanning(4_000)[:2_000], np.ones(4_000), np.hanning(4_000)[2_000:]])
    assert measured(0.5 * window).true_peak_dbtp == pytest.approx(20 * np.log10(0.5), abs=1e-3)


@pytest.mark.parametrize("audio", [np.zeros((2, 0)), np.zeros((2, 50_000))])
def test_silence_has_no_peak(audio):
    result = measured(audio)
    assert result.true_peak_dbtp == result.sample_peak_dbfs == -np.inf
    assert result.channel_dbtp == (-np.inf, -np.inf)
    assert (result.channel, result.position) == (0, 0.0)


def test_asking_for_the_result_does_not_disturb_the_stream():
    audio = np.random.default_rng(8).standard_normal((2, 40_000))
    meter = TruePeakMeter(RATE, 2)
    meter.feed(audio[:, :20_001])
    assert meter.result() == measured(audio[:, :20_001])
    meter.feed(audio[:, 20_001:])
    assert meter.result() == measured(audio)


@pytest.mark.parametrize(("rate", "channels"), [(0, 2), (48_000, 0), (-1, 1)])
def test_impossible_streams_are_refused(rate, channels):
    with pytest.raises(ValueError, match="must be positive"):
        TruePeakMeter(rate, channels)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_without_a_level_are_refused(bad):
    audio = np.zeros((1, 100))
    audio[0, 3] = bad
    with pytest.raises(ValueError, match="NaN or infinite"):
        TruePeakMeter(RATE, 1).feed(audio)
