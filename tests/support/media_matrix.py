"""Files of many codecs, containers, rates and channel counts, some of them damaged.

A `Recipe` writes one file, with the ffmpeg that has its encoder or with libsndfile, and `decode`
decodes it with a plain command that shares nothing with mixdown's ingest.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import odd_media
import soundfile
from attrs import evolve, frozen

PLAYED, DAMAGED, REFUSED = "played", "played with a warning", "refused"


def embedded() -> str:
    """The path of the ffmpeg of imageio-ffmpeg."""
    return imageio_ffmpeg.get_ffmpeg_exe()


def debian() -> str:
    """The path of the ffmpeg on PATH."""
    return str(shutil.which("ffmpeg"))


@frozen
class Recipe:
    """A file to make.

    Attributes:
        name: of the file.
        write: writes it to a path.
        verdict: `PLAYED`, `DAMAGED` or `REFUSED`.
        decoder: of the reference, "ffmpeg" or "libsndfile".
        shape: rate and channels of the `programme` from which the file is made; None: `write`
            needs none.
        seconds: of this programme.
    """

    name: str
    write: Callable[..., object]
    verdict: str = PLAYED
    decoder: str = "ffmpeg"
    shape: tuple[int, int] | None = None
    seconds: float = 0.5

    def make(self, directory: Path) -> Path:
        """Write the file."""
        path = directory / self.name
        if self.shape is None:
            self.write(path)
        else:
            self.write(path, programme(directory, *self.shape, self.seconds))
        return path


def programme(directory: Path, rate: int, channels: int, seconds: float) -> Path:
    """A WAV of a swept tone with noise, different in each channel, peak -3 dBFS."""
    path = directory / f"{rate}-{channels}-{seconds}-programme.wav"
    if not path.exists():
        chance = np.random.Generator(np.random.Philox(rate + channels))
        time = np.arange(round(seconds * rate))[:, None] / rate
        tone = np.sin(2 * np.pi * (200 + 0.2 * rate * time / seconds) * time + np.arange(channels))
        samples = 0.4 * tone + 0.1 * chance.standard_normal((len(time), channels))
        soundfile.write(path, np.clip(samples, -0.7, 0.7), rate, subtype="PCM_24")
    return path


def coded(
    name: str,
    rate: int,
    channels: int,
    *options: str,
    program: Callable[[], str] = embedded,
    verdict: str = PLAYED,
    decoder: str = "ffmpeg",
    seconds: float = 0.5,
) -> Recipe:
    """A file that ffmpeg encodes."""

    def write(path: Path, source: Path) -> None:
        odd_media.encode(program(), source, path, *options)

    return Recipe(name, write, verdict, decoder, (rate, channels), seconds)


def sndfile(name: str, rate: int, channels: int, format: str, subtype: str) -> Recipe:
    """A file that libsndfile writes, and decodes."""

    def write(path: Path, source: Path) -> None:
        soundfile.write(path, soundfile.read(source)[0], rate, subtype, format=format)

    return Recipe(name, write, decoder="libsndfile", shape=(rate, channels))


def film(name: str, video: str, audio: str) -> Recipe:
    """A film whose sound starts 0.5 s after its pictures."""

    def write(path: Path, source: Path) -> None:
        argv = [embedded(), "-v", "error", "-f", "lavfi", "-i", "color=s=32x32:r=25:d=1.5"]
        argv += ["-itsoffset", "0.5", "-i", str(source), "-map", "0:v", "-map", "1:a"]
        argv += ["-c:v", video, "-c:a", audio, "-fflags", "+bitexact", str(path)]
        subprocess.run(argv, check=True)

    return Recipe(name, write, shape=(48_000, 2))


def altered(
    name: str, base: Recipe, change: Callable[[bytes], bytes], verdict: str, decoder: str
) -> Recipe:
    """A file whose bytes are made from those of another."""

    def write(path: Path, *source: Path) -> None:
        base.write(path, *source)
        path.write_bytes(change(path.read_bytes()))

    return evolve(base, name=name, write=write, verdict=verdict, decoder=decoder)


def cut(seed: int) -> Callable[[bytes], bytes]:
    """Cuts a file at a random byte between 30% and 80% of it."""
    return lambda data: data[: int(len(data) * random.Random(seed).uniform(0.3, 0.8))]


def twice(data: bytes) -> bytes:
    """A file after itself."""
    return data + data


def decode(recipe: Recipe, path: Path, ffmpeg: str, channels: int) -> np.ndarray:
    """The samples of the file's first stream of so many channels, shape (n, channels)."""
    if recipe.decoder == "libsndfile":
        assert channels <= 2, "libsndfile keeps the order of channels of each format"
        return soundfile.read(path, always_2d=True)[0]
    argv = [ffmpeg, "-v", "quiet", "-i", f"file:{path}", "-map", "0:a:0"]
    raw = subprocess.run([*argv, "-f", "f64le", "-"], stdout=subprocess.PIPE).stdout
    return np.frombuffer(raw, "<f8").reshape(-1, channels)
