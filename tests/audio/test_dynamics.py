"""The compressor, the gate and the de-esser against their formulas, sample by sample."""

from __future__ import annotations

import math

import numpy as np
import pytest
from mixdown.audio.dynamics import Compressor, DeEsser, NoiseGate, PeakDetector, crossover

RATE = 16000


def bursts(seed: int, channels: int = 2, count: int = 6000) -> np.ndarray:
    """Noise that swings by 40 dB, and is digital silence for a while."""
    random = np.random.default_rng(seed)
    swing = 10.0 ** (random.uniform(-40.0, 0.0, 12) / 20.0)
    signal = random.uniform(-1.0, 1.0, (channels, count)) * np.repeat(swing, count // 12)
    signal[:, 2000:2600] = 0.0
    return signal


def run(processor, signal, sizes=(10**6,)):
    """The output for blocks of these sizes, in turn."""
    parts, at, turn = [], 0, 0
    while at < signal.shape[1]:
        size = sizes[turn % len(sizes)]
        parts.append(processor.process(signal[:, at : at + size]))
        at, turn = at + size, turn + 1
    return np.concatenate([*parts, processor.flush()], axis=1)


def compressor(**options):
    chosen = {"threshold_db": -20.0, "ratio": 3.0, "knee_db": 6.0, "attack": 80, "release": 1600}
    chosen |= {"look_ahead": 80, "makeup_db": 2.0}
    return Compressor(2, **{**chosen, **options})


def gate(**options):
    chosen = {"threshold_db": -25.0, "range_db": 12.0, "attack": 100, "hold": 300, "release": 400}
    return NoiseGate(2, **{**chosen, "look_ahead": 150, **options})


def deesser(**options):
    chosen = {"frequency_hz": 5000.0, "range_db": 8.0, "threshold_db": 0.0, "ratio": 4.0}
    chosen |= {"knee_db": 6.0, "attack": 16, "release": 640}
    return DeEsser(RATE, 2, **{**chosen, **options})


def compressed(signal, threshold, ratio, knee, attack, release, look_ahead, makeup):
    """The formulas of docs/semantics.md, one sample after the other."""
    decay, smoothing = math.exp(-1 / release), math.exp(-1 / attack)
    reductions, held, smooth = [], 0.0, 0.0
    for sample in np.pad(signal, ((0, 0), (0, look_ahead))).T:
        level = 20.0 * math.log10(max(abs(sample).max(), 1e-10))
        if 2.0 * (level - threshold) < -knee:
            out = level
        elif 2.0 * abs(level - threshold) <= knee:
            bend = (level - threshold + knee / 2.0) ** 2 / (2.0 * knee)
            out = level + (1.0 / ratio - 1.0) * bend
        else:
            out = threshold + (level - threshold) / ratio
        over = level - out
        held = max(over, decay * held + (1.0 - decay) * over)
        smooth = smoothing * smooth + (1.0 - smoothing) * held
        reductions.append(smooth)
    gains = makeup - np.array(reductions[look_ahead:])
    return signal * 10.0 ** (gains / 20.0)


def test_the_compressor_is_its_formula():
    signal = bursts(1)
    expected = compressed(signal, -20.0, 3.0, 6.0, 80, 1600, 80, 2.0)
    assert np.abs(run(compressor(), signal) - expected).max() < 1e-13


@pytest.mark.parametrize("release", [1, 7, 100_000])
def test_the_detector_is_its_formula_at_any_release(release):
    wanted = np.abs(bursts(2)[0]) * 30.0
    decay, held, expected = math.exp(-1.0 / release), 0.0, []
    for value in wanted:
        held = max(value, decay * held + (1.0 - decay) * value)
        expected.append(held)
    assert np.abs(PeakDetector(0, release).smooth(wanted) - expected).max() < 1e-10


def gated(signal, threshold, range_db, attack, hold, release, look_ahead):
    """The formulas of docs/semantics.md, one sample after the other."""
    peaks = np.pad(np.abs(signal).max(axis=0), (0, look_ahead))
    opens, gain, gains = False, -range_db, []
    for n in range(len(peaks)):
        level = 20.0 * math.log10(max(peaks[max(0, n - hold) : n + 1].max(), 1e-10))
        opens = level >= threshold or (opens and level >= threshold - 3.0)
        step = range_db / attack if opens else -range_db / release
        gain = min(max(gain + step, -range_db), 0.0)
        gains.append(gain)
    return signal * 10.0 ** (np.array(gains[look_ahead:]) / 20.0)


def test_the_gate_is_its_formula():
    signal = bursts(3)
    expected = gated(signal, -25.0, 12.0, 100, 300, 400, 150)
    assert np.abs(expected - signal).max() > 0.01
    assert np.abs(run(gate(), signal) - expected).max() < 1e-13


@pytest.mark.parametrize("make", [compressor, gate, deesser])
@pytest.mark.parametrize("sizes", [(1,), (7, 800, 3), (4096,)])
def test_blocks_change_nothing(make, sizes):
    signal = bursts(4)
    whole, cut = run(make(), signal), run(make(), signal, sizes)
    assert whole.shape == signal.shape
    assert np.abs(whole - cut).max() < 1e-14


@pytest.mark.parametrize("make", [compressor, gate, deesser])
def test_a_signal_shorter_than_the_look_ahead_keeps_its_length(make):
    assert run(make(), bursts(5)[:, :30]).shape == (2, 30)


@pytest.mark.parametrize("make", [compressor, gate])
def test_the_channels_share_one_gain(make):
    signal = bursts(6)
    gains = run(make(), signal) / np.where(signal, signal, 1.0)
    sounding = signal.all(axis=0)
    assert np.abs(gains[0] - gains[1])[sounding].max() < 1e-12


def test_the_de_esser_lowers_the_sibilants_and_leaves_the_voice():
    t = np.arange(RATE) / RATE
    voice = 0.3 * np.sin(2 * np.pi * 800 * t)
    hiss = np.zeros(RATE)
    hiss[4000:8000] = 0.5 * np.sin(2 * np.pi * 6500 * t[4000:8000])
    signal = np.stack([voice + hiss, voice + hiss])
    out = run(deesser(), signal)[0]
    inside, outside = slice(4500, 7500), slice(12000, 16000)
    band = np.fft.rfft(out[inside] * np.hanning(3000))
    before = np.fft.rfft(signal[0][inside] * np.hanning(3000))
    fall = 20.0 * np.log10(np.abs(band) / np.abs(before))
    high, low = round(6500 * 3000 / RATE), round(800 * 3000 / RATE)
    assert -8.01 < fall[high] < -2.0
    assert abs(fall[low]) < 0.05
    assert np.abs(out[outside] - voice[outside]).max() < 1e-4


def test_the_crossover_bounds_the_growth_of_the_de_esser():
    """|x - (1-g)(x - low)| is at most the larger of 1 and the sum of the crossover's taps."""
    for rate in (8000, 48000, 192_000):
        for part in (0.05, 0.2, 0.45):
            assert np.abs(crossover(part * rate, rate)).sum() < 4.0
