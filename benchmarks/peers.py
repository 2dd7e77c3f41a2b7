"""What is timed: mixdown, and programs and libraries that people use instead.

    python -m benchmarks.peers NAME DIRECTORY SIZE      one run, in a directory with its sources

A run is a process, which imports what it needs and nothing else. SIZE is a `Size` as JSON.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

from attrs import asdict, frozen

from .episode import RATE, Size, document

FINISHED = "finished.wav"
"""A mix that is there already, for programs that only measure or normalise one."""

MIXDOWN = (sys.executable, "-m", "mixdown")
TARGET = "I=-16:TP=-1.5:LRA=11"


def by_hand(directory: Path, size: Size) -> None:
    from .by_hand import render

    render(document(size), directory)


def render_with(
    backend: str, preset: str, *, report: bool = True, kernels: str = "numpy"
) -> Callable[[Path, Size], None]:
    """A render by the command line; `kernels`: "" uses compiled ones if they are there."""

    def work(directory: Path, size: Size) -> None:
        path, out = written(directory, size), directory / "out"
        command = [*MIXDOWN, "render", str(path), "--backend", backend, "--preset", preset]
        command += ["-o", str(out), "--quiet", "--force"]
        command += ["--stems"] if report else ["--no-report"]
        os.execve(sys.executable, command, {**os.environ, "MIXDOWN_KERNELS": kernels})

    return work


def render_again(
    *, gain_db: float = 0.0, target_lufs: float | None = None
) -> Callable[[Path, Size], None]:
    """A render beside a cache; the first run in a directory is that of the mix as it is."""

    def work(directory: Path, size: Size) -> None:
        os.environ["MIXDOWN_KERNELS"] = "numpy"
        from mixdown import loads, render

        mix, out = document(size), directory / "out"
        is_first = not out.exists()
        if not is_first:
            clips = mix["tracks"][0]["clips"]
            clips[len(clips) // 2]["gain_db"] += gain_db
        timeline = loads(json.dumps(mix), root=directory)
        target = None if is_first else target_lufs
        render(
            timeline,
            out=out,
            preset="podcast",
            backend="native",
            stems=True,
            lufs=target,
        )

    return work


def render_into(cache: str) -> Callable[[Path, Size], None]:
    """A first render, whose cache is `off`, or a new folder of this name."""

    def work(directory: Path, size: Size) -> None:
        folder = directory / f"{cache}{len(list(directory.iterdir()))}"
        os.environ["MIXDOWN_CACHE"] = cache if cache == "off" else str(folder)
        render_again()(directory, size)
        shutil.rmtree(directory / "out")

    return work


def written(directory: Path, size: Size, form: str = "json") -> Path:
    """The document as a file; made before the run that is timed."""
    path = directory / f"episode.{form}"
    if not path.exists():
        text = json.dumps(document(size))
        if form == "yaml":
            import yaml

            text = yaml.dump(document(size), Dumper=yaml.CSafeDumper, sort_keys=False)
        path.write_text(text, encoding="utf-8")
    return path


def clips_of(size: Size) -> list[dict[str, Any]]:
    return [clip for track in document(size)["tracks"] for clip in track["clips"]]


def files_alone(directory: Path, size: Size) -> None:
    """Read every clip and write three files of the length of the mix, without any processing."""
    import numpy as np
    import soundfile

    for clip in clips_of(size):
        with soundfile.SoundFile(directory / clip["source"]) as source:
            source.seek(clip.get("offset_ms", 0) * RATE // 1000)
            source.read(clip["duration_ms"] * RATE // 1000, dtype="int16")
    second = np.zeros((RATE, 2), np.int16)
    for name in ("master", "dialogue", "music"):
        with soundfile.SoundFile(directory / f"{name}.wav", "w", RATE, 2, "PCM_16") as file:
            for _ in range(int(size.minutes * 60)):
                file.write(second)


def naive(directory: Path, size: Size) -> None:
    """One input, one chain and one `adelay` for each clip, and one `amix`."""
    inputs: list[str] = []
    chains: list[str] = []
    clips = clips_of(size)
    for number, clip in enumerate(clips):
        seconds = clip["duration_ms"] / 1000
        inputs += ["-ss", f"{clip.get('offset_ms', 0) / 1000}", "-t", f"{seconds}"]
        inputs += ["-i", str(directory / clip["source"])]
        fade = clip["fade_out_ms"] / 1000
        chains.append(
            f"[{number}:a]aformat=channel_layouts=stereo,volume={clip['gain_db']}dB,"
            f"afade=t=in:d={clip['fade_in_ms'] / 1000},afade=t=out:st={seconds - fade}:d={fade},"
            f"adelay={clip['start_ms']}:all=1[c{number}]"
        )
    links = "".join(f"[c{number}]" for number in range(len(clips)))
    chains.append(f"{links}amix=inputs={len(clips)}:normalize=0[o]")
    script = directory / "naive.graph"
    script.write_text(";\n".join(chains))
    is_old = re.search(r"version [56]\.", subprocess.getoutput("ffmpeg -version"))
    option = "-filter_complex_script" if is_old else "-/filter_complex"
    output = ["-map", "[o]", "-c:a", "pcm_s16le", str(directory / "naive.wav")]
    ffmpeg("-y", *inputs, option, str(script), *output)


def ffmpeg(*arguments: str) -> str:
    """Run the ffmpeg on PATH; what it said."""
    command = ["ffmpeg", "-hide_banner", "-nostdin", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


def pydub(directory: Path, size: Size) -> None:
    """The bare sum."""
    from pydub import AudioSegment

    media: dict[str, Any] = {}
    mix = AudioSegment.silent(int(size.minutes * 60_000), frame_rate=RATE).set_channels(2)
    for clip in clips_of(size):
        name = clip["source"]
        source = media.setdefault(name, AudioSegment.from_file(directory / name))
        first = clip.get("offset_ms", 0)
        piece = source[first : first + clip["duration_ms"]] + clip["gain_db"]
        piece = piece.fade_in(clip["fade_in_ms"]).fade_out(clip["fade_out_ms"])
        mix = mix.overlay(piece, position=clip["start_ms"])
    mix.export(directory / "pydub.wav", format="wav")


def ffmpeg_normalize(directory: Path, size: Size) -> None:
    finished, out = str(directory / FINISHED), str(directory / "normalised.wav")
    program = [sys.executable, "-m", "ffmpeg_normalize", finished, "-o", out, "-f"]
    subprocess.run([*program, "-t", "-16", "-tp", "-1.5", "-ar", str(RATE)], check=True)


def loudnorm(directory: Path, size: Size) -> None:
    """ffmpeg's two passes: measure, then normalise by the measured values."""
    finished, out = str(directory / FINISHED), str(directory / "loudnorm.wav")
    said = ffmpeg("-i", finished, "-af", f"loudnorm={TARGET}:print_format=json", "-f", "null", "-")
    found = json.loads(said[said.rindex("{") : said.rindex("}") + 1])
    measured = ":".join(
        f"measured_{ours}={found[f'input_{theirs}']}"
        for ours, theirs in (("I", "i"), ("TP", "tp"), ("LRA", "lra"), ("thresh", "thresh"))
    )
    chain = f"loudnorm={TARGET}:{measured}:offset={found['target_offset']}:linear=true"
    ffmpeg("-y", "-i", finished, "-af", chain, "-ar", str(RATE), "-c:a", "pcm_s16le", out)


def typed_ffmpeg(directory: Path, size: Size) -> None:
    """Build the naive graph of all clips and compile it to a command line; nothing is rendered."""
    import ffmpeg as typed
    from ffmpeg import filters

    streams = []
    for clip in clips_of(size):
        seconds, fade = clip["duration_ms"] / 1000, clip["fade_out_ms"] / 1000
        source = typed.input(clip["source"], ss=clip.get("offset_ms", 0) / 1000, t=seconds)
        stream = source.audio.volume(volume=f"{clip['gain_db']}dB")
        stream = stream.afade(type="in", duration=clip["fade_in_ms"] / 1000)
        stream = stream.afade(type="out", start_time=seconds - fade, duration=fade)
        streams.append(stream.adelay(delays=str(clip["start_ms"]), all=True))
    filters.amix(*streams, normalize=False).output(filename="mix.wav").compile()


def compile_from(form: str) -> Callable[[Path, Size], None]:
    """Load, check and compile the document to an ffmpeg plan; nothing is rendered."""

    def work(directory: Path, size: Size) -> None:
        from mixdown import compile, load

        compile(load(written(directory, size, form))).plan.to_text()

    return work


def load_document(directory: Path, size: Size) -> None:
    from mixdown import load

    load(written(directory, size))


def json_alone(directory: Path, size: Size) -> None:
    json.loads(written(directory, size).read_text(encoding="utf-8"))


def load_yaml(directory: Path, size: Size) -> None:
    from mixdown import load

    load(written(directory, size, "yaml"))


def ruamel(directory: Path, size: Size) -> None:
    """Read the YAML with ruamel.yaml in Python, as plain values."""
    from ruamel.yaml import YAML

    YAML(typ="safe", pure=True).load(written(directory, size, "yaml"))


def ebur128(directory: Path, size: Size) -> None:
    chain = "ebur128=peak=true:framelog=verbose"
    ffmpeg("-i", str(directory / FINISHED), "-filter_complex", chain, "-f", "null", "-")


def measure_with(kernels: str) -> Callable[[Path, Size], None]:
    """`kernels`: as of `render_with`."""

    def work(directory: Path, size: Size) -> None:
        environment = {**os.environ, "MIXDOWN_KERNELS": kernels}
        command = [*MIXDOWN, "measure", str(directory / FINISHED)]
        subprocess.run(command, check=True, env=environment)

    return work


def pushed(directory: Path) -> Any:
    """The finished mix, 6 dB over the ceiling, float64 of shape (2, n)."""
    import numpy as np
    import soundfile

    samples = soundfile.read(directory / FINISHED, always_2d=True)[0].T
    return np.ascontiguousarray(samples * (10 ** (5 / 20) / abs(samples).max()))


def limiter(directory: Path, size: Size) -> None:
    os.environ["MIXDOWN_KERNELS"] = "numpy"
    from mixdown.audio.limiter import TruePeakLimiter

    samples = pushed(directory)
    limits = TruePeakLimiter(RATE, 2, -1.0)
    for at in range(0, samples.shape[1], 4096):
        limits.process(samples[:, at : at + 4096])
    limits.flush()


def pedalboard(directory: Path, size: Size) -> None:
    import numpy as np
    from pedalboard import Limiter

    Limiter(threshold_db=-1.0, release_ms=50.0)(pushed(directory).astype(np.float32), RATE)


def pushing(directory: Path, size: Size) -> None:
    pushed(directory)


@frozen
class Peer:
    """Something that is timed.

    Attributes:
        title: as tables have it.
        work: the run, as a function or as a command; `{}` is the document.
        needs: the Python modules and programs without which it is left out.
    """

    title: str
    work: Callable[[Path, Size], None] | tuple[str, ...]
    needs: tuple[str, ...] = ()

    def command(self, name: str, directory: Path, size: Size) -> list[str]:
        """The arguments of its process."""
        if isinstance(self.work, tuple):
            return [word.replace("{}", str(written(directory, size))) for word in self.work]
        about = [name, str(directory), json.dumps(asdict(size))]
        return [sys.executable, "-m", "benchmarks.peers", *about]

    @property
    def missing(self) -> list[str]:
        """What it needs and is not there."""
        return [name for name in self.needs if find_spec(name) is None and which(name) is None]


PEERS: Mapping[str, Peer] = {
    "by-hand": Peer("a bare numpy script", by_hand),
    "files": Peer("reading the clips and writing three files", files_alone),
    "native": Peer("mixdown, native", render_with("native", "podcast")),
    "native-fast": Peer(
        "mixdown, native, with the extra fast",
        render_with("native", "podcast", kernels=""),
        ("numba",),
    ),
    "ffmpeg": Peer("mixdown, ffmpeg", render_with("ffmpeg", "podcast")),
    "sox": Peer("mixdown, SoX", render_with("sox", "podcast"), ("sox",)),
    "native-draft": Peer("mixdown, native, draft", render_with("native", "draft", report=False)),
    "ffmpeg-draft": Peer("mixdown, ffmpeg, draft", render_with("ffmpeg", "draft", report=False)),
    "uncached": Peer("first render, cache off", render_into("off")),
    "first": Peer("first render", render_into("new-cache")),
    "unchanged": Peer("nothing changed", render_again()),
    "edited": Peer("one clip changed", render_again(gain_db=1.0)),
    "finished": Peer("another target loudness", render_again(target_lufs=-18.0)),
    "naive": Peer("ffmpeg, adelay and amix: the sum alone", naive, ("ffmpeg",)),
    "pydub": Peer("pydub: the sum alone", pydub, ("pydub", "ffmpeg")),
    "ffmpeg-normalize": Peer(
        "ffmpeg-normalize of the finished mix", ffmpeg_normalize, ("ffmpeg_normalize", "ffmpeg")
    ),
    "loudnorm": Peer("ffmpeg's loudnorm, two passes, of the finished mix", loudnorm, ("ffmpeg",)),
    "typed-ffmpeg": Peer("typed-ffmpeg: build and compile", typed_ffmpeg, ("ffmpeg_core",)),
    "compile": Peer("mixdown: load JSON, check, compile", compile_from("json")),
    "compile-yaml": Peer("mixdown: load YAML, check, compile", compile_from("yaml")),
    "json": Peer("json.loads: plain values, no checks", json_alone),
    "load": Peer("mixdown: load JSON", load_document),
    "load-yaml": Peer("mixdown: load YAML", load_yaml),
    "ruamel": Peer("ruamel.yaml: plain values, no checks", ruamel),
    "python": Peer("Python itself", (sys.executable, "-c", "pass")),
    "numpy": Peer("import numpy", (sys.executable, "-c", "import numpy")),
    "help": Peer("mixdown --help", (*MIXDOWN, "--help")),
    "check": Peer("mixdown check", (*MIXDOWN, "check", "{}")),
    "ebur128": Peer("ffmpeg's ebur128 with true peak", ebur128, ("ffmpeg",)),
    "measure": Peer("mixdown measure", measure_with("numpy")),
    "measure-fast": Peer("mixdown measure, with the extra fast", measure_with(""), ("numba",)),
    "pushing": Peer("reading the file", pushing),
    "limiter": Peer("mixdown's limiter", limiter),
    "pedalboard": Peer("pedalboard's limiter (no true peak)", pedalboard, ("pedalboard",)),
}


def main() -> None:
    name, directory, size = sys.argv[1:]
    work = PEERS[name].work
    assert not isinstance(work, tuple)
    work(Path(directory), Size(**json.loads(size)))


if __name__ == "__main__":
    main()
