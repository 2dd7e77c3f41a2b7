"""Error rates of the checks for clicks and dropouts: `python benchmarks/joins.py`, about a minute.

Needs Debian's sonic-pi-samples, asterisk-core-sounds-en-wav and espeak-ng. Prints the table of
docs/report.md: uncut joins, cuts, pauses and gaps, each with the number that was reported.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
import soxr
from mixdown.audio.meter.dropouts import EmptyStretches, is_cut_off
from mixdown.media.outline import EMPTY_DB
from mixdown.render.report.joins import ClipJoin, clicks

RATE = 48_000
TRIES = 5
AROUND = RATE // 5
LOOPS = Path("/usr/share/sonic-pi/samples")
PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
DEMO = Path(__file__).parents[1] / "examples" / "podcast" / "media"
TEXT = (
    "Packet tapping, pick. Stop! But what, exactly, happens? It paused; then it popped, and quit."
)

Sounds = list[np.ndarray]
Trial = tuple[np.ndarray, int]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        synthetic = [spoken(scratch, voice) for voice in ("en-us", "en+f3", "de")]
        material = {
            "music": sorted(LOOPS.glob("*.flac")),
            "speech": sorted(PROMPTS.rglob("*.wav")),
            "synthetic speech": [*synthetic, DEMO / "host.flac", DEMO / "guest.flac"],
        }
        for kind, paths in material.items():
            sounds = [read(path) for path in paths]
            for what, make in CLICKS.items():
                found = [is_click(scratch, *trial) for trial in trials(sounds, make)]
                row(f"{kind}: {what}", found)
            pauses = [found for path in paths for found in stretches(path)]
            row(f"{kind}: empty stretches as they are", pauses)
            row(f"{kind}: 10 ms emptied", [is_hole(scratch, *t) for t in trials(sounds, emptied)])


def read(path: Path) -> np.ndarray:
    """A file as one channel at the session rate, with its peak at -6 dBFS."""
    samples, rate = soundfile.read(path, always_2d=True)
    mono = soxr.resample(samples.mean(axis=1), rate, RATE, "VHQ")
    return 0.5 * mono / max(np.abs(mono).max(), 1e-9)


def spoken(scratch: Path, voice: str) -> Path:
    path = scratch / f"{voice}.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-w", path, TEXT], check=True)
    return path


def trials(
    sounds: Sounds, make: Callable[[np.ndarray, np.random.Generator], Iterator[Trial]]
) -> Iterator[Trial]:
    generator = np.random.default_rng(1)
    for sound in sounds:
        yield from make(sound, generator)


def places(sound: np.ndarray, generator: np.random.Generator) -> Iterator[int]:
    """Positions inside a sound at which it exceeds -40 dBFS."""
    if len(sound) > 2 * AROUND:
        for at in generator.integers(AROUND // 2, len(sound) - AROUND // 2, TRIES).tolist():
            if np.sqrt(np.mean(sound[at - 480 : at + 480] ** 2)) > 0.01:
                yield at


def whole(sound: np.ndarray, _: np.random.Generator) -> Iterator[Trial]:
    yield sound[:AROUND], 0
    yield sound[-AROUND:], min(AROUND, len(sound))


def untouched(sound: np.ndarray, generator: np.random.Generator) -> Iterator[Trial]:
    for at in places(sound, generator):
        start = max(at - AROUND, 0)
        yield sound[start : at + AROUND], at - start


def cut(sound: np.ndarray, generator: np.random.Generator) -> Iterator[Trial]:
    for part, at in untouched(sound, generator):
        yield np.concatenate([part[:at], np.zeros(AROUND)]), at


def faded(sound: np.ndarray, generator: np.random.Generator) -> Iterator[Trial]:
    for part, at in cut(sound, generator):
        part[at - 240 : at] *= 1 - np.arange(240) / 240
        yield part, at


def spliced(sound: np.ndarray, generator: np.random.Generator) -> Iterator[Trial]:
    parts = list(untouched(sound, generator))
    for (one, at), (other, there) in pairwise(parts):
        yield np.concatenate([one[:at], other[there:]]), at


def emptied(sound: np.ndarray, generator: np.random.Generator) -> Iterator[Trial]:
    for part, at in untouched(sound, generator):
        holed = part.copy()
        holed[at : at + 480] = 0.0
        yield holed, at


CLICKS = {
    "beginnings and ends of whole files": whole,
    "places at which nothing was cut": untouched,
    "cut to silence after a fade of 5 ms": faded,
    "cut to silence in mid-sound": cut,
    "two places spliced": spliced,
}


def stored(scratch: Path, sound: np.ndarray) -> Path:
    path = scratch / "trial.wav"
    soundfile.write(path, sound, RATE, subtype="PCM_24")
    return path


def is_click(scratch: Path, sound: np.ndarray, at: int) -> bool:
    return bool(list(clicks(stored(scratch, sound), [ClipJoin(at, ())])))


def stretches(path: Path) -> list[bool]:
    """Whether each empty stretch of a file directly after sound counts as a dropout."""
    with soundfile.SoundFile(path) as audio:
        finder = EmptyStretches(audio.samplerate, EMPTY_DB)
        finder.feed(audio.read(always_2d=True).T)
        return [is_cut_off(audio, stretch) for stretch in finder.found]


def is_hole(scratch: Path, sound: np.ndarray, at: int) -> bool:
    with soundfile.SoundFile(stored(scratch, sound)) as audio:
        finder = EmptyStretches(RATE, EMPTY_DB)
        finder.feed(audio.read(always_2d=True).T)
        there = [s for s in finder.found if s.start <= at + 240 < s.stop]
        return any(is_cut_off(audio, stretch) for stretch in there)


def row(what: str, found: list[bool]) -> None:
    print(f"| {what} | {len(found):,} | {sum(found):,} |", flush=True)


if __name__ == "__main__":
    main()
