"""Does a master keep its promise: the target by 0.1 LU, the ceiling always, by meters not ours?

    python benchmarks/mastering.py                          the corpus, every backend, two presets
    python benchmarks/mastering.py podcast speech square    a preset, and some programmes of it
    python benchmarks/mastering.py podcast hour             the hour is mastered where it is named

Renders the programmes of tests/support/programmes.py and measures each master with ffmpeg's
`ebur128=peak=true`, of every ffmpeg there is, and its peaks at 16 times the rate, by soxr. A line
shows what the worst of the meters read. Ends with 1 where a target was missed without a warning, or
a ceiling by any of the meters of ffmpeg.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import imageio_ffmpeg
import mixdown
import numpy as np
import soundfile
import soxr
from attrs import frozen
from mixdown.backends.tools import VARIABLE
from mixdown.render.executor import Progress
from mixdown.render.loudness import TOLERANCE_LU

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

from meters import ebur128
from programmes import PROGRAMMES, programme
from requirements import missing_among

PRESETS = ("podcast", "music", "hot")
HOT = """
[hot]
title = "Hot"
use = "What a limiter has to do with at all."
lufs = -9.0
ceiling_db = -1.0
headroom_db = 0.0
dither = "tpdf"
container = "wav"
encoding = "s16"
"""
BLOCK_S = 60
OVERLAP = 4096


@frozen
class Performer:
    """A backend, with the ffmpeg that it runs, if any."""

    name: str
    backend: str
    ffmpeg: str | None = None


def performers() -> Iterator[Performer]:
    for name, program in ffmpegs().items():
        yield Performer(name, "ffmpeg", program)
    yield Performer("native", "native")
    if shutil.which("sox"):
        yield Performer("sox", "sox")


def ffmpegs() -> dict[str, str]:
    found = {"ffmpeg of imageio": imageio_ffmpeg.get_ffmpeg_exe(), "ffmpeg on PATH": "ffmpeg"}
    return {name: path for name, path in found.items() if shutil.which(path)}


@frozen
class Result:
    """What came of a programme: levels by the worst of the independent meters, LUFS and dBTP."""

    target: float
    ceiling: float
    integrated: float
    true_peak: float
    fine_peak: float
    rounds: int
    codes: tuple[str, ...]
    said: str

    @property
    def is_kept(self) -> bool:
        """Whether the promise was kept."""
        on_target = abs(self.integrated - self.target) <= TOLERANCE_LU
        return self.true_peak <= self.ceiling and (on_target or bool(self.codes))


def master(
    timeline: mixdown.Timeline, preset: str, presets: Path, by: Performer, out: Path
) -> Result:
    if by.ffmpeg is not None:
        os.environ[VARIABLE] = by.ffmpeg
    else:
        os.environ.pop(VARIABLE, None)
    told: list[Progress] = []
    result = mixdown.render(
        timeline,
        out=out,
        preset=preset,
        presets=[presets],
        backend=by.backend,
        progress=told.append,
    )
    path = result.master.path
    readings = [ebur128(program, path) for program in ffmpegs().values()]
    meta = result.master.meta
    target = meta["loudnorm_target"]
    return Result(
        target=target,
        ceiling=meta["limiter_thresh"],
        integrated=max((lufs for lufs, _ in readings), key=lambda lufs: abs(lufs - target)),
        true_peak=max(peak for _, peak in readings),
        fine_peak=peak_16x(path),
        rounds=len({p.purpose for p in told if p.step == "finish"}),
        codes=tuple(d.code.value for d in result.diagnostics),
        said="; ".join(d.message for d in result.diagnostics),
    )


def peak_16x(path: Path) -> float:
    """dBTP at 16 points a sample, by soxr at its best, in blocks that overlap."""
    highest = 0.0
    with soundfile.SoundFile(path) as file:
        size = BLOCK_S * file.samplerate
        for block in file.blocks(size, overlap=OVERLAP, always_2d=True):
            fine = soxr.resample(block, 1, 16, "VHQ")
            highest = max(highest, float(np.max(np.abs(fine))))
    return 20 * np.log10(highest) if highest else -np.inf


def main(words: list[str]) -> int:
    presets, names = (words[:1], words[1:]) if words else (PRESETS, [])
    short = [name for name, made in PROGRAMMES.items() if not made.is_long]
    kept = True
    print(f"{'preset':8} {'programme':10} {'backend':18} {'LUFS':>7} {'dBTP':>7} {'16x':>7} rounds")
    for preset in presets:
        for name in names or short:
            if missing := missing_among(PROGRAMMES[name].needs):
                print(f"{preset:8} {name:10} left out: needs {', '.join(missing)}")
                continue
            with TemporaryDirectory(dir=".") as directory:
                here = Path(directory)
                (here / "export.toml").write_text(HOT)
                timeline = programme(name, here)
                for by in performers():
                    got = master(timeline, preset, here, by, here / "out")
                    kept = kept and got.is_kept
                    print(
                        f"{preset:8} {name:10} {by.name:18} {got.integrated:7.2f} "
                        f"{got.true_peak:7.2f} {got.fine_peak:7.2f} {got.rounds:4}   "
                        f"{'' if got.is_kept else 'BROKEN '}{' '.join(got.codes)}",
                        flush=True,
                    )
    print("kept" if kept else "BROKEN")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
