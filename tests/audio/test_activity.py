"""Activity: speech with known pauses at 5 to 40 dB SNR, and material without contrast."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.audio.activity import Contrast, active_frames, find_activity
from mixdown.audio.meter.loudness import LoudnessMeter
from speech import RATE, noisy, talk


def powers_of(samples, rate=RATE):
    meter = LoudnessMeter(rate, 1)
    meter.feed(samples[None])
    return meter.result().powers


# What may be missed of the phrases, the latest of 99% of their onsets in ms, and the contrast.
# Between 5 and 10 dB, pink noise is still clear and white noise is not: K-weighted, there is more
# of it.
CASES = {
    ("pink", 40): (0.01, 10, Contrast.CLEAR),
    ("pink", 30): (0.01, 10, Contrast.CLEAR),
    ("pink", 20): (0.05, 10, Contrast.CLEAR),
    ("pink", 10): (0.09, 40, Contrast.CLEAR),
    ("pink", 5): (0.12, 90, Contrast.CLEAR),
    ("white", 40): (0.01, 10, Contrast.CLEAR),
    ("white", 20): (0.07, 10, Contrast.CLEAR),
    ("white", 5): (0.25, 200, Contrast.UNSURE),
}


@pytest.mark.requires("espeak")
@pytest.mark.parametrize("voice", ["en", "en-us+f3"])
@pytest.mark.parametrize(("kind", "snr"), CASES)
def test_speech_with_silence_between_the_phrases(kind, snr, voice):
    speech = talk(seconds=60, voice=voice, seed=snr)
    powers = powers_of(noisy(speech, snr, kind=kind))
    found = find_activity(powers)
    most_missed, latest_ms, contrast = CASES[kind, snr]
    active = active_frames(found.spans, len(powers))
    spoken = np.zeros(len(powers), dtype=bool)
    for start, end in speech.spans:
        spoken[round(start * 100) : int(end * 100)] = True
    assert found.contrast is contrast
    assert (spoken & ~active).sum() / spoken.sum() <= most_missed
    # Nothing that is 300 ms away from the phrases is active.
    assert not active[np.convolve(spoken, np.ones(61), "same") < 0.5].any()
    onsets = [int(start * 100) for start, _ in speech.spans]
    late = [10 * int(np.argmax(active[onset:])) for onset in onsets]
    assert np.percentile(late, 99) <= latest_ms


def test_spans_of_tones_over_quiet_noise():
    random = np.random.default_rng(0)
    samples = 1e-4 * random.standard_normal(30 * 8000)
    time = np.arange(2 * 8000) / 8000
    for second in (3, 10, 20):
        samples[second * 8000 : (second + 2) * 8000] += 0.2 * np.sin(2 * np.pi * 800 * time)
    found = find_activity(powers_of(samples, 8000))
    assert found.contrast is Contrast.CLEAR
    assert [(round(a, -1), round(b, -1)) for a, b in found.spans] == [
        (300, 500),
        (1000, 1200),
        (2000, 2200),
    ]
    assert found.snr_db > 50


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(np.zeros(0), id="nothing"),
        pytest.param(np.zeros(8000 * 5), id="digital silence"),
        pytest.param(np.random.default_rng(1).standard_normal(8000 * 20), id="steady noise"),
        pytest.param(np.sin(np.arange(8000 * 20) * 0.5), id="steady tone"),
        pytest.param(1e-5 * np.random.default_rng(2).standard_normal(8000 * 5), id="faint noise"),
    ],
)
def test_material_without_contrast(samples):
    found = find_activity(powers_of(samples, 8000))
    assert (found.contrast, found.spans) == (Contrast.NONE, ())


def test_a_short_gap_is_filled_and_a_short_run_is_dropped():
    powers = np.full(3000, 1e-9)
    powers[500:600] = powers[615:700] = 1e-3  # a gap of 150 ms
    powers[1500:1501] = 1e-3  # a click, which the smoothing widens to 30 ms
    assert find_activity(powers).spans == ((499, 701),)
