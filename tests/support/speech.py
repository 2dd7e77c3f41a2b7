"""Speech by espeak-ng with known silence between its phrases, and noise at a known distance."""

from __future__ import annotations

import io
import subprocess
from functools import cache

import numpy as np
import soundfile
from attrs import frozen

RATE = 22_050
"""The rate of espeak-ng, Hz."""

PHRASES = (
    "good morning",
    "and welcome back",
    "to another walk along the river",
    "the bridge was built in eighteen ninety",
    "by people from both of its banks",
    "who met in the middle",
    "on a Sunday",
    "listen",
    "that is the sound of the weir",
    "it has not changed",
    "since my mother was a child",
    "so let us cross",
    "and see what is left of the mill",
    "thank you",
)


@frozen
class Talk:
    """Speech with pauses.

    Attributes:
        samples: mono, float64.
        spans: the phrases, in seconds: first sample and end.
    """

    samples: np.ndarray
    spans: tuple[tuple[float, float], ...]


@cache
def spoken(text: str, voice: str = "en", speed: int = 165) -> np.ndarray:
    """A phrase without the silence around it: what is within 50 dB of its loudest 5 ms."""
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "--stdout", text]
    done = subprocess.run(command, capture_output=True, check=True)
    samples, rate = soundfile.read(io.BytesIO(done.stdout))
    assert rate == RATE
    frame = RATE // 200
    power = np.square(samples[: len(samples) // frame * frame]).reshape(-1, frame).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 1e-5)
    return samples[loud[0] * frame : (loud[-1] + 1) * frame]


def talk(
    *, seconds: float, voice: str = "en", seed: int = 0, pauses: tuple[float, float] = (0.3, 1.8)
) -> Talk:
    """Phrases in a fixed random order with pauses of random lengths, at least `seconds` long."""
    random = np.random.default_rng(seed)
    parts: list[np.ndarray] = [np.zeros(RATE)]
    spans: list[tuple[float, float]] = []
    length = RATE
    while length < seconds * RATE:
        phrase = spoken(PHRASES[random.integers(len(PHRASES))], voice)
        pause = np.zeros(int(random.uniform(*pauses) * RATE))
        spans.append((length / RATE, (length + len(phrase)) / RATE))
        parts += [phrase, pause]
        length += len(phrase) + len(pause)
    return Talk(np.concatenate(parts), tuple(spans))


def noisy(speech: Talk, snr_db: float, *, kind: str = "pink", seed: int = 1) -> np.ndarray:
    """Speech with noise, whose RMS is `snr_db` below that of the phrases."""
    random = np.random.default_rng(seed)
    noise = random.standard_normal(len(speech.samples))
    if kind == "pink":
        spectrum = np.fft.rfft(noise)
        spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0))
        noise = np.fft.irfft(spectrum, len(noise))
    spans = [slice(int(a * RATE), int(b * RATE)) for a, b in speech.spans]
    power = np.concatenate([speech.samples[span] for span in spans]).var()
    return speech.samples + noise / noise.std() * np.sqrt(power) * 10 ** (-snr_db / 20)
