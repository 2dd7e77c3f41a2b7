"""Speed of the native engine compared with its reference and ffmpeg, and its memory.

    python benchmarks/engine.py speed [minutes] [clips]     default: 2 minutes, 24 clips
    python benchmarks/engine.py memory [minutes] [clips]    default: 180 minutes, 2000 clips

Speed renders the same premaster and stems (float64 WAV) with all three in one run, and prints
seconds of audio per second of CPU time of all threads and child processes, and per second of wall
time, which depends on the load of the machine. The reference holds whole arrays of every placed
clip, so use minutes, not hours. Memory renders the draft master, which uses every part of the
engine at once, and prints the peak resident set; the target is below 500 MB.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from mixdown.backends.native.run import run_step
from mixdown.compiler.driver import compile
from mixdown.compiler.timeline.model import Automation, Clip, EqBand, Keyframe, Timeline, Track
from mixdown.ir.curves import FilterKind
from mixdown.media.cache import OFF, VARIABLE
from mixdown.render.verify import Renderer, render_premaster

RATE = 48000
LIMIT_MB = 500

# Name, file, Hz, channels, seconds; the share of the clips that play it, and the kind of track.
SOURCES = (
    ("host", "host.wav", 48000, 1, 40, 0.4, "dialogue"),
    ("guest", "guest.wav", 44100, 1, 40, 0.3, "dialogue"),
    ("bed", "bed.wav", 48000, 2, 60, 0.1, "music"),
    ("hit", "hit.flac", 48000, 2, 10, 0.2, "fx"),
)
HIGHPASS = EqBand(kind=FilterKind.HIGHPASS, frequency_hz=Decimal(80))


def make_media(directory: Path) -> None:
    """Noise, which takes as long to render as speech and music."""
    for number, (_, file, rate, channels, seconds, *_) in enumerate(SOURCES):
        generator = np.random.Generator(np.random.Philox(number))
        samples = 0.1 * generator.standard_normal((rate * seconds, channels))
        soundfile.write(directory / file, samples, rate, "PCM_16")


def timeline(directory: Path, minutes: int, clips: int) -> Timeline:
    """One track per source, with clips over the whole length: fades, gains, automation, EQ."""
    length = minutes * 60000
    tracks = []
    for name, _, _, _, seconds, share, role in SOURCES:
        chance = Random(name)
        count = max(1, round(clips * share))
        step = length / count
        made = []
        for i in range(count):
            duration = int(min(seconds * 1000 * chance.uniform(0.3, 0.95), step * 0.9))
            moves = (Keyframe(at_ms=0, value=0), Keyframe(at_ms=duration // 2, value=-3))
            made.append(
                Clip(
                    source=name,
                    start_ms=int(i * step),
                    offset_ms=int(chance.uniform(0, 40 * seconds)),
                    duration_ms=duration,
                    gain_db=Decimal("-1.5"),
                    fade_in_ms=min(30, duration // 3),
                    fade_out_ms=min(60, duration // 3),
                    automation=Automation(gain=moves if i % 4 == 0 else ()),
                )
            )
        tracks.append(
            Track(
                id=name,
                role=role,
                gain_db=Decimal(-2),
                pan=Decimal("0.1"),
                eq=(HIGHPASS,) if role == "dialogue" else (),
                clips=tuple(made),
            )
        )
    return Timeline(
        id="benchmark",
        sample_rate=RATE,
        length_ms=length,
        sources={name: file for name, file, *_ in SOURCES},
        tracks=tuple(tracks),
        root=directory,
    )


def processor_seconds() -> float:
    """CPU time of this process and its finished children, all threads."""
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def timed(seconds: float, work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of audio per second of CPU time, and per second of wall time."""
    cpu, clock = processor_seconds(), time.perf_counter()
    work()
    return seconds / (processor_seconds() - cpu), seconds / (time.perf_counter() - clock)


def speed(minutes: int, clips: int) -> int:
    renderers = [Renderer(name, name) for name in ("native", "reference", "ffmpeg")]
    with TemporaryDirectory() as directory:
        root = Path(directory)
        make_media(root)
        mix = timeline(root, minutes, clips)
        render_premaster(timeline(root, 1, 4), renderers[0], root / "warm")  # load modules first
        print(
            f"{minutes} minutes, {clips} clips, {len(mix.tracks)} tracks, float64 premaster, stems"
        )
        for renderer in renderers:
            out = root / renderer.name
            cpu, clock = timed(minutes * 60, lambda p=renderer, o=out: render_premaster(mix, p, o))
            print(f"{renderer.name:>10}: {cpu:7.1f}x of processor, {clock:7.1f}x by the clock")
    return 0


def memory(minutes: int, clips: int) -> int:
    with TemporaryDirectory(dir=".") as directory:
        root = Path(directory)
        make_media(root)
        child = [sys.executable, __file__, "render", directory, str(minutes), str(clips)]
        peak = int(subprocess.run(child, check=True, capture_output=True, text=True).stdout)
    verdict = "kept" if peak < LIMIT_MB else "MISSED"
    print(f"{minutes} minutes, {clips} clips: {peak} MB at most; {LIMIT_MB} MB {verdict}")
    return 0 if peak < LIMIT_MB else 1


def render(directory: str, minutes: str, clips: str) -> int:
    """The child process of `memory`: renders, and prints its peak memory in MB."""
    root = Path(directory)
    plan = compile(timeline(root, int(minutes), int(clips)), preset="draft", backend="native").plan
    for step in plan.steps:
        for script in step.scripts:
            (root / script.file.path).write_text(script.text, encoding="utf-8")
        run_step(step, lambda file: str(root / file.path), {})
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    return 0


def main(words: list[str]) -> int:
    os.environ[VARIABLE] = OFF  # what an earlier run kept would flatter this one
    command, *rest = words or ["speed"]
    if command == "render":
        return render(*rest)
    run, minutes, clips = {"speed": (speed, 2, 24), "memory": (memory, 180, 2000)}[command]
    numbers = [int(word) for word in rest]
    return run(*(numbers + [minutes, clips][len(numbers) :]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
