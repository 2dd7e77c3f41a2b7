"""Loudness beyond the conformance signals: calibration, gates, channels, edges and errors."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.audio.meter.loudness import LoudnessMeter, integrated_loudness, loudness_range, lufs
from mixdown.audio.resample import resample

RATE = 48_000


def sine(seconds, dbfs=0.0, frequency=997.0, rate=RATE):
    phase = 2.0 * np.pi * frequency / rate * np.arange(round(seconds * rate))
    return 10.0 ** (dbfs / 20.0) * np.sin(phase)


def measured(audio, rate=RATE):
    audio = np.atleast_2d(audio)
    meter = LoudnessMeter(rate, len(audio))
    meter.feed(audio)
    return meter.result()


def powers(*levels):
    """The weighted mean squares that read as these LUFS."""
    return 10.0 ** ((np.array(levels) + 0.691) / 10.0)


@pytest.mark.parametrize("rate", [2_500, 8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_full_scale_997_hz_in_one_channel_reads_minus_3_01(rate):
    # The tolerance is the filter's, see test_kweighting; rates under 16 kHz are resampled first.
    tolerance = 0.05 if rate == 16_000 else 0.03 if rate == 22_050 else 0.006
    assert measured(sine(5.0, rate=rate), rate).integrated == pytest.approx(-3.01, abs=tolerance)


def test_centred_mono_keeps_its_loudness():
    mono = sine(5.0, -20.0)
    panned = np.sqrt(0.5) * np.stack([mono, mono])
    assert measured(panned).integrated == pytest.approx(measured(mono).integrated, abs=1e-9)


def test_gain_moves_loudness_by_its_decibels_and_keeps_the_range():
    noise = np.random.default_rng(2).standard_normal((2, 12 * RATE)) * 0.05
    noise[:, 6 * RATE :] *= 0.3
    before, after = measured(noise), measured(noise * 10.0 ** (-7.0 / 20.0))
    assert after.integrated == pytest.approx(before.integrated - 7.0, abs=1e-9)
    assert after.momentary_max == pytest.approx(before.momentary_max - 7.0, abs=1e-9)
    assert after.short_term_max == pytest.approx(before.short_term_max - 7.0, abs=1e-9)
    assert after.range == pytest.approx(before.range, abs=1e-9)
    assert before.range > 5.0


@pytest.mark.parametrize(
    ("channel", "offset_db"),
    [(0, 0.0), (1, 0.0), (2, 0.0), (4, 10 * np.log10(1.41)), (5, 10 * np.log10(1.41))],
)
def test_surround_weights(channel, offset_db):
    audio = np.zeros((6, 5 * RATE))
    audio[channel] = sine(5.0)
    expected = measured(sine(5.0)).integrated + offset_db
    assert measured(audio).integrated == pytest.approx(expected, abs=1e-9)


def test_the_lfe_does_not_count():
    audio = np.zeros((6, 2 * RATE))
    audio[3] = sine(2.0, frequency=100.0)
    assert measured(audio).integrated == -np.inf


def test_the_absolute_gate_drops_blocks_at_or_under_minus_70():
    assert integrated_loudness(powers(-70.0, -70.1)) == -np.inf
    assert integrated_loudness(powers(-69.9, -75.0)) == pytest.approx(-69.9)


def test_the_relative_gate_is_10_lu_below_the_mean_of_ungated_blocks():
    # Mean of the three: -23 + 10 log10((1 + 1 + x) / 3) = -24.7, so the gate is near -34.7.
    assert integrated_loudness(powers(-23.0, -23.0, -34.9)) == pytest.approx(-23.0)
    above = lufs(powers(-23.0, -23.0, -34.5).mean(keepdims=True))[0]
    assert integrated_loudness(powers(-23.0, -23.0, -34.5)) == pytest.approx(above)


def test_the_range_gate_and_its_nearest_rank_percentiles():
    # 101 levels, 0.1 LU apart: ranks 10 and 95 of 0..100 are 8.5 LU apart.
    ladder = powers(*(-30.0 + 0.1 * np.arange(101)))
    assert loudness_range(ladder) == pytest.approx(8.5)
    # Far under the mean minus 20 LU, and silence: both leave the range as it was.
    assert loudness_range(np.concatenate([ladder, powers(-60.0, -80.0), [0.0]])) == pytest.approx(
        8.5
    )
    # 6 levels: 10 % is rank 0.5, rounded up to 1; 95 % is rank 4.75, rounded to 5.
    assert loudness_range(powers(-30.0, -28.0, -27.0, -26.0, -25.0, -21.0)) == pytest.approx(7.0)
    assert loudness_range(np.zeros(100)) == 0.0
    assert loudness_range(np.zeros(0)) == 0.0


@pytest.mark.parametrize("lead", [0.01, 0.05, 0.09])
def test_the_maxima_do_not_hang_on_the_100_ms_grid(lead):
    edge = np.zeros(round(lead * RATE))
    tone = measured(np.concatenate([edge, sine(3.0), np.zeros(RATE)]))
    assert tone.short_term_max == pytest.approx(measured(sine(3.0)).short_term_max, abs=1e-6)
    blip = measured(np.concatenate([edge, sine(0.4), np.zeros(RATE)]))
    assert blip.momentary_max == pytest.approx(measured(sine(0.4)).momentary_max, abs=1e-6)


@pytest.mark.parametrize("seconds", [0.0, 0.3999])
def test_shorter_than_a_block_has_no_loudness(seconds):
    result = measured(sine(seconds))
    assert result.integrated == result.momentary_max == result.short_term_max == -np.inf
    assert result.range == 0.0
    assert result.momentary.size == result.short_term.size == 0


@pytest.mark.parametrize("rate", [8_000, 44_100, RATE])
@pytest.mark.parametrize("seconds", [0.001, 0.1, 0.39, 0.4, 2.0])
def test_a_short_stream_is_padded_to_a_window_where_that_is_asked_for(seconds, rate):
    """Half a window of a tone is 3 dB below a whole one; a whole one needs no padding."""
    audio = sine(seconds, -20.0, rate=rate)
    found = measured(audio, rate)
    whole = measured(np.pad(audio, (0, max(0, round(0.4 * rate) - audio.size))), rate)
    assert found.padded == pytest.approx(whole.integrated, abs=1e-6 if rate > 8_000 else 0.05)
    if seconds >= 0.4:
        assert found.padded == found.integrated
    else:
        assert found.integrated == -np.inf
        lost = 10 * np.log10(seconds / 0.4)
        assert found.padded == pytest.approx(-23.01 + lost, abs=0.1 if seconds > 0.01 else 2.0)
    assert measured(np.zeros(0), rate).padded == -np.inf


def test_silence_has_no_loudness():
    result = measured(np.zeros((2, 5 * RATE)))
    assert result.integrated == result.momentary_max == result.short_term_max == -np.inf
    assert result.range == 0.0
    assert np.all(result.momentary == -np.inf) and result.momentary.size == 47


def test_the_series_step_by_100_ms_and_follow_the_level():
    audio = np.concatenate([sine(5.0, -40.0), sine(5.0, -20.0)])
    result = measured(audio)
    assert result.momentary.size == 97  # windows ending at 0.4, 0.5 .. 10.0 s
    assert result.short_term.size == 71  # windows ending at 3.0, 3.1 .. 10.0 s
    ends = 0.4 + 0.1 * np.arange(97)
    np.testing.assert_allclose(result.momentary[ends < 4.95], -43.01, atol=0.05)
    np.testing.assert_allclose(result.momentary[ends > 5.45], -23.01, atol=0.05)


def test_quiet_after_loud_is_measured_exactly():
    # A running sum would keep the rounding error of the loud part: 1e-16 of it is far above -110.
    quiet = sine(5.0, -110.0)
    audio = np.concatenate([1e3 * sine(5.0), np.zeros(RATE), quiet])
    alone = measured(np.concatenate([np.zeros(RATE), quiet])).momentary[-1]
    assert measured(audio).momentary[-1] == pytest.approx(alone, abs=1e-3)


def test_asking_for_the_result_does_not_disturb_the_stream():
    audio = np.random.default_rng(3).standard_normal((2, 5 * RATE))
    meter = LoudnessMeter(RATE, 2)
    meter.feed(audio[:, :123_457])
    assert meter.result() == measured(audio[:, :123_457])
    meter.feed(audio[:, 123_457:])
    assert meter.result() == measured(audio)


@pytest.mark.parametrize("rate", [1_000, 8_000, 11_025, 12_000, 15_999])
def test_a_low_rate_reads_as_its_resampling_to_48_khz(rate):
    random = np.random.default_rng(rate)
    for seconds in (0.4, 0.95, 7.3):
        envelope = 0.1 + 0.9 * np.linspace(0, 5, round(seconds * rate)) % 1
        audio = 0.1 * random.standard_normal((2, round(seconds * rate))) * envelope
        low, high = measured(audio, rate), measured(resample(audio, rate, RATE))
        assert low.integrated == pytest.approx(high.integrated, abs=1e-9)
        assert low.momentary_max == pytest.approx(high.momentary_max, abs=1e-9)
        assert low.momentary.shape == high.momentary.shape
        assert low.powers.shape == high.powers.shape
        assert low.momentary == pytest.approx(high.momentary, abs=1e-6)


def test_a_low_rate_reads_the_same_in_any_blocks_and_at_any_time():
    audio = np.random.default_rng(5).uniform(-0.5, 0.5, (2, 27_000))
    meter = LoudnessMeter(8_000, 2)
    for start in range(0, 27_000, 1_700):
        meter.feed(audio[:, start : start + 1_700])
        assert meter.result() == measured(audio[:, : start + 1_700], 8_000)


@pytest.mark.parametrize("channels", [0, 3, 4, 7])
def test_a_layout_without_weights_is_refused(channels):
    with pytest.raises(ValueError, match=f"no BS.1770 weights for {channels} channels"):
        LoudnessMeter(RATE, channels)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_without_a_level_are_refused(bad):
    audio = np.zeros((2, 100))
    audio[1, 50] = bad
    with pytest.raises(ValueError, match="NaN or infinite"):
        LoudnessMeter(RATE, 2).feed(audio)


@pytest.mark.parametrize("shape", [(100,), (1, 100), (3, 100), (100, 2), (1, 2, 100)])
def test_a_block_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"must have shape \(2, n\)"):
        LoudnessMeter(RATE, 2).feed(np.zeros(shape))


def test_the_powers_of_slices_and_channels():
    audio = np.stack([sine(2.55, -20.0), sine(2.55, -26.0)])
    found = measured(audio)
    assert found.powers.shape == (255,)
    assert found.channel_powers.shape == (2, 25)
    of_channels = found.channel_powers.sum(axis=0)
    assert of_channels == pytest.approx(found.powers[:250].reshape(25, 10).mean(axis=1))
    assert lufs(found.channel_powers[:, 10:]) == pytest.approx(
        np.array([[-23.01], [-29.01]]).repeat(15, axis=1), abs=0.01
    )
    meter = LoudnessMeter(RATE, 2)
    for start in range(0, audio.shape[1], 777):
        meter.feed(audio[:, start : start + 777])
    split = meter.result()
    assert np.array_equal(split.powers, found.powers)
    assert np.array_equal(split.channel_powers, found.channel_powers)
