"""Prints what lossy formats do to a master: the table of docs/formats.md.

    python benchmarks/lossy.py          # needs the Debian packages of tests/support/requirements.py

Renders programmes of tests/support/programmes.py in each format and bit rate with two backends.
Levels are those of the decoded file, as the manifest has them; the margin is how far under the
ceiling the limiter aimed, in dB.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import mixdown

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

from programmes import programme

MUSIC = (("wav", None), ("mp3", 320), ("mp3", 96), ("m4a", 256), ("m4a", 96))
MUSIC += (("opus", 192), ("opus", 64), ("ogg", 256), ("ogg", 96))
SPEECH = (("wav", None), ("mp3", 64), ("m4a", 48), ("opus", 48), ("ogg", 48))
CASES = (("music", "music", MUSIC), ("speech", "podcast", SPEECH))
BACKENDS = ("native", "ffmpeg")


def row(timeline: mixdown.Timeline, preset: str, format: str, bit_rate: int | None) -> str:
    cells = [format, "" if bit_rate is None else str(bit_rate)]
    for backend in BACKENDS:
        with TemporaryDirectory(dir=".") as out:
            result = mixdown.render(
                timeline, out=out, preset=preset, format=format, bit_rate=bit_rate, backend=backend
            )
            meta = result.master.meta
            codes = "".join(f" {diagnostic.code}" for diagnostic in result.diagnostics)
            levels = (meta.integrated_lufs, meta.true_peak_dbtp, meta.limiter_margin_db)
            cells += [f"{level:.2f}" for level in levels]
            cells[-1] += codes
    return f"| {' | '.join(cells)} |"


def main() -> None:
    heads = "".join(f" {backend}: LUFS | dBTP | margin |" for backend in BACKENDS)
    print(f"| programme | kbit/s |{heads}\n|---|{'---:|' * (1 + 3 * len(BACKENDS))}")
    for name, preset, cases in CASES:
        with TemporaryDirectory(dir=".") as directory:
            timeline = programme(name, Path(directory))
            for format, bit_rate in cases:
                named = f"{name}, {format}" if bit_rate is None else format
                line = row(timeline, preset, format, bit_rate)
                print(line.replace(f"| {format} |", f"| {named} |", 1), flush=True)


if __name__ == "__main__":
    main()
