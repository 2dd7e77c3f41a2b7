"""The limiter, judged by its properties."""

from __future__ import annotations

import re
import subprocess

import imageio_ffmpeg
import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio.limiter import HOLD, LOOKAHEAD, TruePeakLimiter
from mixdown.audio.meter.loudness import LoudnessMeter
from mixdown.audio.peaks import REACH
from mixdown.backends.ffmpeg.finish import LIMITING, OVERSAMPLING, TRUE_PEAK_ALLOWANCE_DB
from scipy.signal import firwin, lfilter

RATE = 48000
CEILING = -1.0
SECOND = np.arange(RATE) / RATE


def limit(block, ceiling=CEILING, rate=RATE, **options):
    limiter = TruePeakLimiter(rate, block.shape[0], ceiling, **options)
    return np.concatenate([limiter.process(block), limiter.flush()], axis=1), limiter


def faded(block):
    """Meters differ on a waveform that begins at full level; no programme does."""
    ramp = np.minimum(1.0, np.arange(block.shape[1]) / 480)
    return block * ramp * ramp[::-1]


def noise(channels=2, seconds=1, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, (channels, seconds * RATE))


def band_limited(block, hertz):
    return lfilter(firwin(255, hertz, fs=RATE), [1.0], block)


def clicks():
    block = np.zeros((2, 2 * RATE))
    at = np.random.default_rng(6).integers(1000, 2 * RATE - 1000, 40)
    block[:, at] = np.random.default_rng(7).uniform(-4, 4, (2, 40))
    return block


def tone(hertz, level, phase=0.0):
    return np.tile(level * np.sin(2 * np.pi * hertz * SECOND + phase), (2, 1))


PROGRAMMES = {
    "noise to 16 kHz, 13 dB over": band_limited(4 * noise(), 16000),
    "noise to 20 kHz": band_limited(2 * noise(), 20000),
    "square": 1.2 * np.sign(tone(997, 1.0, 0.1)),
    "bass": tone(50, 2.0),
    "quarter rate between the samples": tone(12000, 1.2, np.pi / 4),
    "19 kHz": tone(19001, 1.5),
    "clicks": clicks(),
    "bursts": 3 * band_limited(noise(), 8000) * (np.sin(2 * np.pi * 3 * SECOND) > 0.7),
    "channels that differ": noise() * [[3.0], [0.2]],
    "clipped noise": 1.8 * np.clip(2 * np.random.default_rng(7).standard_normal((2, RATE)), -1, 1),
}

each_programme = pytest.mark.parametrize("name", sorted(PROGRAMMES))


def true_peak(block):
    """dBTP at 32 times the rate by soxr, an interpolator of a design other than the limiter's."""
    padded = np.pad(block, ((0, 0), (1000, 1000)))
    dense = soxr.resample(padded.T, RATE, 32 * RATE, quality="VHQ")
    return 20 * np.log10(np.max(np.abs(dense)))


def ffmpeg_true_peak(block):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostats", "-f", "f64le"]
    command += ["-ar", str(RATE), "-ac", str(block.shape[0]), "-i", "pipe:0", "-f", "null"]
    meter = "ebur128=peak=true:metadata=1,ametadata=print:file=-"
    done = subprocess.run(
        [*command, "-af", meter, "-"], input=block.T.tobytes(), capture_output=True
    )
    peaks = re.findall(r"true_peaks_ch\d=([\d.]+)", done.stdout.decode())
    return 20 * np.log10(max(map(float, peaks)))


@each_programme
def test_ceiling_holds_on_independent_meters(name):
    block = faded(PROGRAMMES[name])
    assert true_peak(block) > CEILING + 1.0, "the programme must need limiting"
    limited, _ = limit(block)
    assert CEILING - 0.5 <= true_peak(limited) <= CEILING + 0.05
    assert ffmpeg_true_peak(limited) <= CEILING


@each_programme
def test_reduces_and_nothing_else(name):
    block = PROGRAMMES[name]
    limited, _ = limit(block)
    assert limited.shape == block.shape
    assert np.all(np.abs(limited) <= np.abs(block))
    assert np.all(limited * block >= 0)


@each_programme
def test_all_channels_take_the_same_gain(name):
    block = PROGRAMMES[name]
    limited, limiter = limit(block)
    with np.errstate(divide="ignore", invalid="ignore"):
        gains = limited / block
    both = np.all(np.abs(block) > 1e-3, axis=0)
    assert np.allclose(gains[0, both], gains[1, both], rtol=1e-12)
    assert -20 * np.log10(np.nanmin(gains)) == pytest.approx(limiter.trace().max(), abs=1e-6)


@pytest.mark.parametrize("level_db", [CEILING - 0.01, -20.0])
def test_identity_under_the_ceiling(level_db):
    block = faded(tone(997, 10 ** (level_db / 20)))
    limited, limiter = limit(block)
    assert np.array_equal(limited, block)
    assert not limiter.trace().any()


def test_reduction_stays_near_the_peak():
    block = 0.1 * noise(1, 8)
    peak = RATE
    block[0, peak] = 2.0
    limited, _ = limit(block)
    gain_db = 20 * np.log10(limited[0] / block[0])
    reach = round(LOOKAHEAD * RATE) + REACH + 2  # and what the interpolator sees ahead
    assert np.array_equal(limited[:, : peak - reach], block[:, : peak - reach])
    assert gain_db[peak] == pytest.approx(CEILING - 20 * np.log10(2), abs=0.1)
    # Release: half within 15 ms, nine tenths within 40 ms, all of it within 150 ms.
    after = peak + round(HOLD * RATE)
    assert gain_db[after + round(0.015 * RATE)] > 0.5 * gain_db[peak]
    assert gain_db[after + round(0.04 * RATE)] > 0.1 * gain_db[peak]
    end = after + round(0.15 * RATE)
    assert np.array_equal(limited[:, end:], block[:, end:])


@pytest.mark.parametrize("hertz", [30, 40, 60, 100, 997])
def test_a_steady_tone_stays_pure(hertz):
    block = np.tile(tone(hertz, 1.5), (1, 3))
    limited, _ = limit(block)
    spectrum = np.abs(np.fft.rfft(limited[0, RATE : 2 * RATE] * np.hanning(RATE))) ** 2
    fundamental = spectrum[hertz - 3 : hertz + 4].sum()
    assert 10 * np.log10((spectrum.sum() - fundamental) / fundamental) < -100


def beside(limited, *tones):
    """dB of everything but these tones (Hz), under them, in the last two seconds."""
    spectrum = np.abs(np.fft.rfft(limited[0, -2 * RATE :] * np.blackman(2 * RATE))) ** 2
    mine = np.zeros(len(spectrum), dtype=bool)
    for hertz in tones:
        mine[2 * hertz - 4 : 2 * hertz + 5] = True
    return 10 * np.log10(spectrum[~mine].sum() / spectrum[mine].sum())


def test_two_tones_hardly_modulate_each_other():
    over = 10 ** ((CEILING + 6.0) / 20)
    block = np.tile(tone(60, 0.8 * over) + tone(7000, 0.2 * over), (1, 4))
    assert beside(limit(block)[0], 60, 7000) < -89.0
    assert beside(limit(np.tile(tone(997, over), (1, 4)))[0], 997) < -130.0


def alimiter(block):
    """ffmpeg's, as the ffmpeg backend runs it."""
    over = f"aresample={OVERSAMPLING * RATE}:resampler=soxr:precision=28"
    options = ":".join(f"{key}={value}" for key, value in LIMITING.items())
    limit = 10 ** ((CEILING - TRUE_PEAK_ALLOWANCE_DB) / 20)
    back = f"aresample={RATE}:resampler=soxr:precision=28"
    form = ["-f", "f64le", "-ar", str(RATE), "-ac", str(len(block))]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *form, "-i", "pipe:0", "-af"]
    command += [f"{over},alimiter=limit={limit}:{options},{back}", *form, "pipe:1"]
    done = subprocess.run(command, input=block.T.tobytes(), capture_output=True, check=True)
    return np.frombuffer(done.stdout).reshape(-1, len(block)).T[:, : block.shape[1]]


def loudness(block):
    meter = LoudnessMeter(RATE, len(block))
    meter.feed(block)
    return meter.result().integrated


def syllables():
    """Something like speech: a buzz of 120 Hz in bursts of many levels, with noise in it."""
    at = np.arange(8 * RATE) / RATE
    drawn = np.random.default_rng(9)
    levels = np.repeat(drawn.lognormal(0.0, 0.7, 40), 8 * RATE // 40)
    shape = levels * np.abs(np.sin(np.pi * 5 * at)) ** 0.7
    voice = lfilter([1.0], [1.0, -1.6, 0.8], (120 * at % 1 < 0.1) + drawn.normal(0, 0.02, len(at)))
    return np.tile(voice * shape, (2, 1))


def test_takes_no_more_loudness_than_alimiter_and_not_for_longer():
    block = syllables()
    block *= 10 ** ((CEILING + 6.0 - true_peak(block)) / 20)
    limited, limiter = limit(block)
    before = loudness(block)
    assert before - loudness(limited) < before - loudness(alimiter(block))
    assert np.mean(limiter.trace() > 0.1) < 0.25


@given(
    lengths=st.lists(st.integers(0, 50_000), min_size=1, max_size=5).filter(any),
    detector=st.sampled_from(["true_peak", "sample_peak"]),
)
@settings(deadline=None, max_examples=12)
def test_any_cut_into_blocks_gives_the_same_bits(lengths, detector):
    block = PROGRAMMES["bursts"]
    whole, reference = limit(block, detector=detector)
    limiter = TruePeakLimiter(RATE, 2, CEILING, detector=detector)
    at, turn, parts = 0, 0, []
    while at < block.shape[1]:
        length = lengths[turn % len(lengths)]
        parts.append(limiter.process(block[:, at : at + length]))
        at, turn = at + length, turn + 1
    assert np.array_equal(np.concatenate([*parts, limiter.flush()], axis=1), whole)
    assert np.array_equal(limiter.trace(), reference.trace())


@pytest.mark.parametrize("length", [0, 1, 100, 32767, 32768, 32769, 33100])
@pytest.mark.parametrize("rate", [8000, 44100, 192_000])
def test_length_in_is_length_out(length, rate):
    block = np.full((1, length), 2.0)
    limited, limiter = limit(block, rate=rate)
    assert limited.shape == block.shape
    assert np.max(limited, initial=0.0) <= 10 ** (CEILING / 20)
    assert len(limiter.trace()) == -(-length // round(rate / 100))


@each_programme
def test_sample_peak_detector_holds_the_samples(name):
    block, ceiling = PROGRAMMES[name], 10 ** (CEILING / 20)
    limited, _ = limit(block, detector="sample_peak")
    due = min(ceiling, np.max(np.abs(block)))
    assert 0.97 * due <= np.max(np.abs(limited)) <= due


def test_trace_is_the_largest_reduction_of_each_10_ms():
    block = PROGRAMMES["bass"][:, :-100]
    limited, limiter = limit(block)
    with np.errstate(divide="ignore", invalid="ignore"):
        reduction = np.nan_to_num(-20 * np.log10(limited[0] / block[0]))
    padded = np.pad(reduction, (0, 100)).reshape(-1, 480).max(axis=1)
    assert np.allclose(limiter.trace(), padded, atol=1e-3)
