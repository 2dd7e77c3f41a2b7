"""What masters are made of, from easy to impossible: the corpus of the loudness loop.

Promises: every programme is written from Debian's sound packages, espeak-ng or a fixed seed, and is
the same on every machine that has the same packages. `PROGRAMMES` says what each needs; benchmarks
read it too.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import soundfile
from attrs import frozen
from mixdown.compiler.timeline.model import Clip, Timeline, Track
from requirements import PROMPTS, SAMPLES

RATE = 48000
GAP_MS = 250
SPOKEN = ("vm-intro", "demo-moreinfo", "basic-pbx-ivr-main")
LOOPS = ("amen_full", "garzul", "industrial", "compus", "mika", "electric")
TEXT = "Welcome back. Today we talk about levels, peaks, and the room that is left between them."
HOUR_S = 3600


@frozen
class Programme:
    """Something to master.

    Attributes:
        what: one phrase for tables.
        build: writes the media into a directory and gives the timeline over them.
        needs: names of `requirements.REQUIREMENTS`.
        is_long: whether only a soak run masters it.
    """

    what: str
    build: Callable[[Path], Timeline]
    needs: tuple[str, ...] = ()
    is_long: bool = False


def programme(name: str, directory: Path) -> Timeline:
    """The timeline of a programme, its media written into the directory."""
    return PROGRAMMES[name].build(directory)


def _timeline(directory: Path, *tracks: Track, rate: int = RATE, **fields: object) -> Timeline:
    return Timeline(id="corpus", sample_rate=rate, tracks=tracks, root=directory, **fields)


def _one_file(samples: np.ndarray, **fields: object) -> Callable[[Path], Timeline]:
    """A programme of one float32 file; samples: shape (n,) or (n, channels)."""

    def build(directory: Path) -> Timeline:
        soundfile.write(directory / "programme.wav", samples, RATE, "FLOAT")
        clip = Clip(source="programme.wav", start_ms=0)
        return _timeline(directory, Track(id="all", role="music", clips=(clip,)), **fields)

    return build


def _copied(directory: Path, files: Iterator[Path]) -> Iterator[tuple[str, int]]:
    """Name and whole milliseconds of each file, after copying it."""
    for file in files:
        shutil.copy(file, directory / file.name)
        info = soundfile.info(file)
        yield file.name, 1000 * info.frames // info.samplerate


def _spoken(directory: Path, prompts: tuple[str, ...] = SPOKEN) -> Track:
    clips, at = [], 0
    for name, length in _copied(directory, (PROMPTS / f"{name}.wav" for name in prompts)):
        clips.append(Clip(source=name, start_ms=at, duration_ms=length))
        at += length + GAP_MS
    return Track(id="voice", role="dialogue", clips=tuple(clips))


def _speech(directory: Path) -> Timeline:
    return _timeline(directory, _spoken(directory))


def _mono(directory: Path) -> Timeline:
    return _timeline(directory, _spoken(directory, SPOKEN[:2]), channels=1)


def _three_seconds(directory: Path) -> Timeline:
    return _timeline(directory, _spoken(directory, ("demo-congrats",)), length_ms=3000)


def _robot(directory: Path) -> Timeline:
    command = ["espeak-ng", "-v", "en", "-w", str(directory / "robot.wav"), TEXT]
    subprocess.run(command, check=True, capture_output=True)
    clips = (Clip(source="robot.wav", start_ms=500),)
    return _timeline(directory, Track(id="voice", role="dialogue", clips=clips))


def _layers(
    directory: Path, seconds: int, gain_db: float, loops: tuple[str, ...] = LOOPS
) -> tuple[Track, ...]:
    """Every loop on a track of its own, again and again."""
    files = (SAMPLES / f"loop_{name}.flac" for name in loops)
    return tuple(
        Track(
            id=name.removesuffix(".flac"),
            role="music",
            gain_db=gain_db,
            clips=tuple(
                Clip(source=name, start_ms=at, duration_ms=length)
                for at in range(0, 1000 * seconds - length, length)
            ),
        )
        for name, length in _copied(directory, files)
    )


def _music(directory: Path) -> Timeline:
    return _timeline(directory, *_layers(directory, 20, 6), rate=44100)


def _hour(directory: Path) -> Timeline:
    """Speech over quiet music, a block of it again and again."""
    block = _spoken(directory)
    length = int(max(clip.start_ms + clip.duration_ms for clip in block.clips)) + GAP_MS
    clips = tuple(
        Clip(source=clip.source, start_ms=at + clip.start_ms, duration_ms=clip.duration_ms)
        for at in range(0, 1000 * HOUR_S - length, length)
        for clip in block.clips
    )
    voice = Track(id="voice", role="dialogue", clips=clips)
    return _timeline(directory, voice, *_layers(directory, HOUR_S, -18, ("garzul",)))


def _noise(seed: int, seconds: float, channels: int = 2) -> np.ndarray:
    generator = np.random.Generator(np.random.Philox(seed))
    return generator.standard_normal((round(seconds * RATE), channels))


def _impulses() -> np.ndarray:
    """Forty single samples of any height in twenty seconds, far under them a hiss."""
    generator = np.random.Generator(np.random.Philox(1))
    samples = 1e-4 * _noise(2, 20)
    samples[generator.integers(0, len(samples), 40)] += generator.uniform(-1, 1, (40, 1))
    return samples


def _click() -> np.ndarray:
    samples = np.zeros((3 * RATE, 2))
    samples[RATE] = 0.9
    return samples


def _square() -> np.ndarray:
    return np.where(np.arange(4 * RATE) * 220 // RATE % 2, -1.0, 1.0)


def _hidden() -> np.ndarray:
    """Twenty bursts of a quarter of the rate: their peaks, 3 dB over the samples, lie between."""
    at = np.arange(10 * RATE)
    burst = np.clip(np.sin(2 * np.pi * at * 2 / RATE) - 0.9, 0, 1) * 8
    return (0.02 + burst) * 0.5 * np.sin(np.pi / 2 * at + np.pi / 4)


_MEDIA = ("debian_media",)

PROGRAMMES: Mapping[str, Programme] = {
    "speech": Programme("three prompts, 8 kHz", _speech, _MEDIA),
    "robot": Programme("a sentence by espeak-ng", _robot, ("espeak",)),
    "mono": Programme("two prompts, a mono session", _mono, _MEDIA),
    "3 seconds": Programme("three seconds of a prompt", _three_seconds, _MEDIA),
    "music": Programme("six loops at +6 dB, 44.1 kHz", _music, _MEDIA),
    "loud": Programme(
        "clipped noise, far over any target", _one_file(np.clip(_noise(3, 6), -1, 1))
    ),
    "square": Programme("a full-scale square wave of 220 Hz", _one_file(_square())),
    "hidden": Programme("bursts whose peaks are between samples", _one_file(_hidden())),
    "impulses": Programme("forty single samples in 20 s", _one_file(_impulses())),
    "click": Programme("one sample in 3 s", _one_file(_click())),
    "silence": Programme("4 s of it", _one_file(np.zeros((4 * RATE, 2)))),
    "hour": Programme("the prompts over a loop, an hour", _hour, _MEDIA, is_long=True),
}
