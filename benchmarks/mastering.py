"""Checks masters with independent meters: within 0.1 LU of the target, never over the ceiling.

    python benchmarks/mastering.py                          the corpus, every backend, two presets
    python benchmarks/mastering.py podcast speech square    one preset, and some programmes
    python benchmarks/mastering.py podcast hour             the hour is rendered only if named

Renders the programmes of tests/support/programmes.py and measures each master with the filter
`ebur128=peak=true` of every ffmpeg found. Prints the worst reading, the number of finishing rounds,
and the code of a warning (MIX605: the peaks prevent the target; MIX606: silence). Peaks are also
measured at 16 times the rate with soxr. Exits with 1 if a target was missed without a warning, or a
ceiling was exceeded by any ffmpeg's meter.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import imageio_ffmpeg
import mixdown
import numpy as np
import soundfile
import soxr
from attrs import frozen
from mixdown.programs.ffmpeg import VARIABLE
from mixdown.render.loudness import RULES
from mixdown.render.progress import Progress

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
class Renderer:
    """A backend, and the ffmpeg that it runs, if any."""

    name: str
    backend: str
    ffmpeg: str | None = None


def renderers() -> Iterator[Renderer]:
    for name, program in ffmpegs().items():
        yield Renderer(name, "ffmpeg", program)
    yield Renderer("native", "native")
    if shutil.which("sox"):
        yield Renderer("sox", "sox")


def ffmpegs() -> dict[str, str]:
    found = {"ffmpeg of imageio": imageio_ffmpeg.get_ffmpeg_exe(), "ffmpeg on PATH": "ffmpeg"}
    return {name: path for name, path in found.items() if shutil.which(path)}


@frozen
class Result:
    """The result of a programme: levels by the worst of the independent meters, LUFS and dBTP."""

    target: float
    ceiling: float
    integrated: float
    true_peak: float
    fine_peak: float
    rounds: int
    codes: tuple[str, ...]

    @property
    def is_kept(self) -> bool:
        """Whether the promise was kept."""
        on_target = abs(self.integrated - self.target) <= RULES.tolerance_lu
        return self.true_peak <= self.ceiling and (on_target or bool(self.codes))


def master(
    timeline: mixdown.Timeline, preset: str, presets: Path, by: Renderer, out: Path
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
    target = meta.loudnorm_target
    return Result(
        target=target,
        ceiling=meta.limiter_thresh,
        integrated=max((lufs for lufs, _ in readings), key=lambda lufs: abs(lufs - target)),
        true_peak=max(peak for _, peak in readings),
        fine_peak=peak_16x(path),
        rounds=len({p.purpose for p in told if p.step == "finish"}),
        codes=tuple(d.code.value for d in result.diagnostics),
    )


def peak_16x(path: Path) -> float:
    """True peak at 16 points per sample, by soxr at best quality in overlapping blocks, dBTP."""
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
    everyone = list(renderers())
    heads = "".join(f"{by.name:>24}" for by in everyone)
    print(f"{'preset':8} {'programme':10}{heads}")
    print(f"{'':19}{'   LUFS  dBTP     rounds' * len(everyone)}")
    results: dict[str, Result] = {}
    for preset in presets:
        for name in names or short:
            if missing := missing_among(PROGRAMMES[name].needs):
                print(f"{preset:8} {name:10} left out: needs {', '.join(missing)}")
                continue
            made = dict(mastered(name, preset, everyone))
            cells = "".join(f"{cell(result):>24}" for result in made.values())
            print(f"{preset:8} {name:10}{cells}", flush=True)
            results |= {f"{preset}, {name}, {by}": result for by, result in made.items()}
    return verdict(results)


def mastered(name: str, preset: str, everyone: Iterable[Renderer]) -> Iterator[tuple[str, Result]]:
    with TemporaryDirectory(dir=".") as directory:
        here = Path(directory)
        (here / "export.toml").write_text(HOT)
        timeline = programme(name, here)
        for by in everyone:
            yield by.name, master(timeline, preset, here, by, here / "out")


def cell(result: Result) -> str:
    codes = " ".join(result.codes)
    broken = "" if result.is_kept else "BROKEN "
    return f"{broken}{result.integrated:.2f} {result.true_peak:.2f} {codes:>6} {result.rounds}"


def verdict(results: dict[str, Result]) -> int:
    finest = max(results, key=lambda key: results[key].fine_peak - results[key].ceiling)
    over = results[finest].fine_peak - results[finest].ceiling
    print(f"nearest to a ceiling at 16 times the rate: {over:+.2f} dB ({finest})")
    broken = [key for key, result in results.items() if not result.is_kept]
    print(f"broken: {'; '.join(broken)}" if broken else "every promise kept")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
