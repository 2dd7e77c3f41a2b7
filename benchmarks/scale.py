"""Cost of a mix by size: the ffmpeg plan, a naive ffmpeg graph, the native engine, and pydub.

    python benchmarks/scale.py                        all sizes; prints the table
    python benchmarks/scale.py --sizes 50:2,200:4     clips:minutes of your choice
    python benchmarks/scale.py --write                also writes it into docs/scale.md
    python benchmarks/scale.py --results FILE         keeps finished runs, which are not repeated
                                                      (default: mixdown-scale.json, temporary)

Needs the extra `benchmarks`. Every engine gets the same clips, with gains, fades and positions on
four tracks, and writes a 16-bit WAV: mixdown a complete `draft` render with limiter, checks and
manifest, the others only the sum. The naive graph has one input per clip, `volume, afade, afade,
adelay`, then one `amix`. Each run is a separate process; memory is the peak of the process and its
children together, sampled every 50 ms. The naive graph and pydub are stopped after --limit seconds,
and then not run with more clips.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory, gettempdir

import attrs
import imageio_ffmpeg
import numpy as np
import psutil
import soundfile

RATE = 48000
PAGE = Path(__file__).parent.parent / "docs" / "scale.md"
SIZES = ((50, 10), (200, 20), (500, 30), (2000, 60))
KEPT = Path(gettempdir()) / "mixdown-scale.json"
LIMIT_SECONDS = 120.0
LOOK_SECONDS = 0.05

# Name, file, channels, seconds, role; clips are assigned to the tracks in turn.
SOURCES = (
    ("host", "host.wav", 1, 60, "dialogue"),
    ("guest", "guest.wav", 1, 60, "dialogue"),
    ("bed", "bed.wav", 2, 90, "music"),
    ("hit", "hit.flac", 2, 30, "fx"),
)


@attrs.frozen
class Played:
    """A clip: its source and its times, in ms."""

    track: int
    start: int
    offset: int
    duration: int
    gain_db: float
    fade_in: int
    fade_out: int


@attrs.frozen
class Run:
    """The cost of one engine for one size.

    `load` is the machine's when it began, of the last minute; `ending` is "" where it ended well.
    """

    wall: float
    cpu: float
    peak_mb: float
    load: float
    ending: str = ""


def make_media(directory: Path) -> None:
    """Noise, which takes as long to render as speech and music."""
    for number, (_, file, channels, seconds, _) in enumerate(SOURCES):
        generator = np.random.Generator(np.random.Philox(number))
        samples = 0.05 * generator.standard_normal((RATE * seconds, channels))
        soundfile.write(directory / file, samples, RATE, "PCM_16")


def played(clips: int, minutes: int) -> list[Played]:
    """The clips, spread over the whole length, without overlap on a track."""
    chance = Random(f"{clips} {minutes}")
    step = minutes * 60_000 * len(SOURCES) / clips
    made = []
    for number in range(clips):
        track = number % len(SOURCES)
        duration = int(min(chance.uniform(2000, 9000), step * 0.95))
        last = 1000 * SOURCES[track][3] - duration
        made.append(
            Played(
                track=track,
                start=int((number // len(SOURCES)) * step),
                offset=int(chance.uniform(0, last)),
                duration=duration,
                gain_db=round(chance.uniform(-9, 0), 1),
                fade_in=min(30, duration // 3),
                fade_out=min(200, duration // 3),
            )
        )
    return made


# --- the engines, each in one process -------------------------------------------------------------


def by_mixdown(backend: str) -> Callable[[Path, int, int], None]:
    def work(directory: Path, clips: int, minutes: int) -> None:
        from mixdown import render  # noqa: PLC0415 (a process imports what it measures alone)
        from mixdown.compiler.timeline.model import Clip, Timeline, Track  # noqa: PLC0415

        tracks = tuple(
            Track(
                id=name,
                role=role,
                clips=tuple(
                    Clip(
                        source=name,
                        start_ms=p.start,
                        offset_ms=p.offset,
                        duration_ms=p.duration,
                        gain_db=Decimal(str(p.gain_db)),
                        fade_in_ms=p.fade_in,
                        fade_out_ms=p.fade_out,
                    )
                    for p in played(clips, minutes)
                    if p.track == number
                ),
            )
            for number, (name, _, _, _, role) in enumerate(SOURCES)
        )
        timeline = Timeline(
            id="scale",
            sample_rate=RATE,
            length_ms=minutes * 60_000,
            sources={name: file for name, file, *_ in SOURCES},
            tracks=tracks,
            root=directory,
        )
        render(timeline, out=directory / "out", preset="draft", backend=backend, report=False)

    return work


def by_pydub(directory: Path, clips: int, minutes: int) -> None:
    from pydub import AudioSegment  # noqa: PLC0415

    media = [AudioSegment.from_file(directory / file) for _, file, *_ in SOURCES]
    mix = AudioSegment.silent(minutes * 60_000, frame_rate=RATE).set_channels(2)
    for p in played(clips, minutes):
        piece = media[p.track][p.offset : p.offset + p.duration] + p.gain_db
        mix = mix.overlay(piece.fade_in(p.fade_in).fade_out(p.fade_out), position=p.start)
    mix.export(directory / "pydub.wav", format="wav")


def naive(program: str) -> Callable[[Path, int, int], None]:
    """The naive graph."""

    def work(directory: Path, clips: int, minutes: int) -> None:
        inputs: list[str] = []
        chains: list[str] = []
        for number, p in enumerate(played(clips, minutes)):
            position = ["-ss", f"{p.offset / 1000}", "-t", f"{p.duration / 1000}"]
            inputs += [*position, "-i", str(directory / SOURCES[p.track][1])]
            out = (p.duration - p.fade_out) / 1000
            chains.append(
                f"[{number}:a]aformat=channel_layouts=stereo,volume={p.gain_db}dB,"
                f"afade=t=in:d={p.fade_in / 1000},afade=t=out:st={out}:d={p.fade_out / 1000},"
                f"adelay={p.start}:all=1[c{number}]"
            )
        links = "".join(f"[c{number}]" for number in range(clips))
        chains.append(f"{links}amix=inputs={clips}:normalize=0,apad=whole_dur={minutes * 60}[o]")
        script = directory / "naive.graph"
        script.write_text(";\n".join(chains))
        is_old = re.search(r"version [56]\.", subprocess.getoutput(f"{program} -version"))
        option = "-filter_complex_script" if is_old else "-/filter_complex"
        command = [program, "-v", "error", "-nostdin", "-y", *inputs, option, str(script)]
        output = ["-map", "[o]", "-c:a", "pcm_s16le", str(directory / "naive.wav")]
        subprocess.run([*command, *output], check=True)

    return work


SYSTEM, EMBEDDED = "ffmpeg", imageio_ffmpeg.get_ffmpeg_exe()


@attrs.frozen
class Engine:
    """An engine: the function its process runs, its ffmpeg, and whether it has a time limit."""

    work: Callable[[Path, int, int], None]
    ffmpeg: str = SYSTEM
    is_limited: bool = False


ENGINES: Mapping[str, Engine] = {
    "naive ffmpeg 5.1": Engine(naive(SYSTEM), is_limited=True),
    "naive ffmpeg 9.0": Engine(naive(EMBEDDED), is_limited=True),
    "pydub": Engine(by_pydub, is_limited=True),
    "mixdown, ffmpeg 5.1": Engine(by_mixdown("ffmpeg")),
    "mixdown, ffmpeg 9.0": Engine(by_mixdown("ffmpeg"), EMBEDDED),
    "mixdown, native": Engine(by_mixdown("native")),
}


# --- one monitored run ----------------------------------------------------------------------------


def watched(name: str, clips: int, minutes: int, limit: float) -> Run:
    """Run an engine in a separate process, in an empty directory."""
    engine = ENGINES[name]
    with TemporaryDirectory(prefix="scale-") as folder:
        make_media(Path(folder))
        ffmpeg = shutil.which(engine.ffmpeg) or engine.ffmpeg
        environment = {**os.environ, "MIXDOWN_FFMPEG": ffmpeg, "MIXDOWN_CACHE": "off"}
        before, start, load = processor_seconds(), time.perf_counter(), os.getloadavg()[0]
        with (Path(folder) / "errors").open("w+") as errors:
            child = psutil.Popen(
                [sys.executable, __file__, "--child", name, folder, str(clips), str(minutes)],
                env=environment,
                stderr=errors,
            )
            peak = 0
            while child.poll() is None:
                peak = max(peak, held(child))
                if engine.is_limited and time.perf_counter() - start > limit:
                    wall, cpu = time.perf_counter() - start, spent(child)
                    end(child)
                    return Run(wall, cpu, peak / 1e6, load, f"stopped after {limit:.0f} s")
                time.sleep(LOOK_SECONDS)
            errors.seek(0)
            said = (errors.read().strip().splitlines() or [""])[-1]
        wall, cpu = time.perf_counter() - start, processor_seconds() - before
        ending = "" if child.returncode == 0 else f"failed: {said[:80]}"
        return Run(wall, cpu, peak / 1e6, load, ending)


def held(process: psutil.Process) -> int:
    """The memory of a process and its children, in bytes."""
    total = 0
    for each in family(process):
        try:
            total += each.memory_info().rss
        except psutil.Error:
            continue  # it ended meanwhile
    return total


def spent(process: psutil.Process) -> float:
    """The CPU time of a process and its running children, in seconds."""
    total = 0.0
    for each in family(process):
        try:
            times = each.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def end(process: psutil.Process) -> None:
    for each in family(process):
        try:
            each.kill()
        except psutil.Error:
            continue
    process.wait()


def processor_seconds() -> float:
    """The CPU time of all finished children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# --- the table ------------------------------------------------------------------------------------

HEAD = (
    "| clips | minutes | sounding | engine | wall s | × real time | CPU s | CPU ms a sounding s | "
    "peak MB |\n|--:|--:|--:|---|--:|--:|--:|--:|--:|\n"
)


def table(results: Mapping[str, Run], sizes: tuple[tuple[int, int], ...]) -> str:
    """The runs of these sizes as Markdown, with a description of the machine."""
    loads = [results[key(engine, *size)].load for size in sizes for engine in ENGINES]
    return (
        f"{HEAD}{''.join(rows(results, sizes))}\n{os.cpu_count()} processors, and a load of up to "
        f"{max(loads):.1f} when a run began; above {os.cpu_count()}, only CPU and memory count.\n"
    )


def rows(results: Mapping[str, Run], sizes: tuple[tuple[int, int], ...]) -> Iterator[str]:
    for clips, minutes in sizes:
        sounding = sum(p.duration for p in played(clips, minutes)) / 1000
        for engine in ENGINES:
            run = results[key(engine, clips, minutes)]
            speed = f"{minutes * 60 / run.wall:.0f}" if run.wall else ""
            per_second = f"{1000 * run.cpu / sounding:.1f}"
            figures = [f"{run.wall:.1f}", speed, f"{run.cpu:.1f}", per_second, f"{run.peak_mb:.0f}"]
            if run.ending:
                figures = [run.ending, "", "", "", f"{run.peak_mb:.0f}" if run.wall else ""]
            cells = [f"{clips:,}", str(minutes), f"{sounding:,.0f} s", engine, *figures]
            yield f"| {' | '.join(cells)} |\n"


def key(engine: str, clips: int, minutes: int) -> str:
    return f"{engine}: {clips} clips, {minutes} minutes"


BEGIN, END = "<!-- table: made by `python benchmarks/scale.py --write` -->\n", "<!-- end -->\n"


def written(page: str, text: str) -> str:
    """The page with the table inserted."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def parse(text: str) -> tuple[tuple[int, int], ...]:
    pairs = (size.split(":") for size in text.split(","))
    return tuple((int(clips), int(minutes)) for clips, minutes in pairs)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--sizes", type=parse, default=SIZES, metavar="CLIPS:MINUTES,...")
    options.add_argument("--limit", type=float, default=LIMIT_SECONDS, metavar="SECONDS")
    options.add_argument("--results", type=Path, default=KEPT)
    options.add_argument("--write", action="store_true")
    options.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.child:
        name, folder, clips, minutes = chosen.child
        ENGINES[name].work(Path(folder), int(clips), int(minutes))
        return
    kept = json.loads(chosen.results.read_text()) if chosen.results.exists() else {}
    results = {name: Run(**run) for name, run in kept.items()}
    for clips, minutes in chosen.sizes:
        for engine in ENGINES:
            name = key(engine, clips, minutes)
            if name not in results:
                stopped = [key(engine, *size) for size in chosen.sizes if size < (clips, minutes)]
                given_up = any(results[smaller].ending for smaller in stopped)
                results[name] = (
                    Run(0.0, 0.0, 0.0, 0.0, "not tried")
                    if given_up
                    else watched(engine, clips, minutes, chosen.limit)
                )
                everything = {n: attrs.asdict(r) for n, r in results.items()}
                chosen.results.write_text(json.dumps(everything, indent=1) + "\n")
            run = results[name]
            print(f"{name}: {run.wall:.1f} s, {run.peak_mb:.0f} MB {run.ending}", file=sys.stderr)
    text = table(results, chosen.sizes)
    print(text)
    if chosen.write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")


if __name__ == "__main__":
    main()
