"""The sources of the mix that is timed, generated: speech-like noise, and music of tones.

They have the envelopes of syllables, pauses and strokes, so that meters and limiters have work to
do, and silence to skip, as with real ones.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from .episode import MINUTES_OF_SPEECH, RATE

SOURCES = ("host.wav", "guest.wav", "bed.wav")


def make_sources(directory: Path, seconds: int = MINUTES_OF_SPEECH * 60) -> None:
    """Write host.wav, guest.wav and bed.wav; the speakers' with this length."""
    for number, (name, level) in enumerate((("host", 0.6), ("guest", 0.35))):
        _write(directory / f"{name}.wav", level * _speech(number, seconds))
    _write(directory / "bed.wav", _music(120))


def make_finished(path: Path, minutes: float) -> None:
    """Write a stereo mix of this length, for programs that only measure or normalise one."""
    second = np.stack([_speech(2, 60)] * 2, axis=1) + 0.3 * _music(60)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for _ in range(max(int(minutes), 1)):
            file.write(0.5 * second)


def _speech(seed: int, seconds: int) -> np.ndarray:
    generator = np.random.Generator(np.random.Philox(seed))
    time = np.arange(seconds * RATE) / RATE
    noise = generator.standard_normal(len(time))
    coloured = np.convolve(noise, np.hanning(24) / 12, "same")
    syllables = np.clip(np.sin(2 * np.pi * 3.7 * time), 0, 1) ** 0.7
    speaks = np.repeat(generator.random(seconds * 2) < 0.8, RATE // 2)
    return 0.3 * coloured * syllables * speaks


def _music(seconds: int) -> np.ndarray:
    time = np.arange(seconds * RATE) / RATE
    strokes = np.exp(-4 * (time % 0.5))
    sides = [
        sum(np.sin(2 * np.pi * hertz * time + side) for hertz in (110, 220, 331, 1760))
        for side in (0, 1)
    ]
    return 0.2 * np.stack(sides, axis=1) * strokes[:, None]


def _write(path: Path, samples: np.ndarray) -> None:
    soundfile.write(path, np.clip(samples, -1, 1), RATE, "PCM_16")
