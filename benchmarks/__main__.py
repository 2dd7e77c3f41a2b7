"""Runs every comparison and writes docs/performance.md: `python -m benchmarks`.

    python -m benchmarks                   all of it, for some 25 minutes, on a quiet machine
    python -m benchmarks --short           small sizes, for minutes
    python -m benchmarks --only compile    some comparisons; the others keep their results
    python -m benchmarks --resume          go on where it was interrupted

Every run is a process of its own (`python -m benchmarks.peers`), is stopped after --limit seconds,
and is then not tried with larger sizes. CPU time counts all children. Peers that are not installed
are left out; the extra `benchmarks` brings them. Results are in benchmarks/results.json, the page
and its plots are made from them. What limiters and rules do to the sound is measured by mastering,
limiters and joins (`python benchmarks/mastering.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs

from .cases import CASES, Case
from .episode import Size
from .peers import FINISHED, PEERS, written
from .plots import draw
from .sources import SOURCES, make_finished, make_sources
from .watch import Run, watched

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
LIMIT_SECONDS = 240.0
BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}
"""Modules are not compiled anew in each run."""
PACKAGES = ("numpy", "scipy", "soundfile", "soxr", "pydub", "typed-ffmpeg", "ffmpeg-normalize")
PACKAGES += ("pedalboard", "ruamel.yaml", "PyYAML", "numba")


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    told = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in told if "model name" in line), "")
    versions = {"Python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    first = subprocess.getoutput("ffmpeg -version").splitlines()[0].split()
    versions["ffmpeg"] = first[2] if len(first) > 2 else "none"
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "versions": versions}


def _compile() -> None:
    """Compile what is compiled once after an installation: modules, and kernels of numba."""
    environment = {**os.environ, **BYTECODE}
    for command in (
        ["-m", "compileall", "-q", "-x", r"/\.|/tests/", str(HERE.parent)],
        ["-c", "import mixdown.audio.kernels"],
    ):
        subprocess.run([sys.executable, *command], check=True, env=environment)


class Session:
    """The results so far, and the directory in which peers run."""

    def __init__(self, directory: Path, chosen: argparse.Namespace) -> None:
        self.directory, self.chosen = directory, chosen
        kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        self.form = "short" if chosen.short else "full"
        self.cases = kept.get("cases", {}) if kept.get("form") == self.form else {}
        self.where = kept.get("where", {}) if kept.get("form") == self.form else {}
        make_sources(directory)
        _compile()

    def run(self, case: Case) -> None:
        """Run a case, size by size; results are written after each run."""
        made = self.cases.get(case.name, {}) if self.chosen.resume else {}
        rows = made.get("rows", [])
        done = {(row["peer"], json.dumps(row["size"])) for row in rows}
        about = {"title": case.title, "text": case.text, "axis": case.axis}
        self.cases[case.name] = {**about, "rows": rows}
        for size in case.short if self.chosen.short else case.sizes:
            for name in case.peers:
                if (PEERS[name].title, json.dumps(attrs.asdict(size))) in done:
                    continue
                stopped = any(r["peer"] == PEERS[name].title and r["ending"] for r in rows)
                best = Run(0, 0, 0, 0, "not tried") if stopped else self._best(case, size, name)
                if best is not None:
                    row = {"peer": PEERS[name].title, "size": attrs.asdict(size)}
                    rows.append({**row, **attrs.asdict(best)})
                    print(
                        f"{case.name}, {size.minutes:g} min, {size.clips} clips, {name}: "
                        f"{best.cpu:.2f} s of CPU {best.ending}",
                        flush=True,
                    )
                self.write()

    def _best(self, case: Case, size: Size, name: str) -> Run | None:
        """The run with the least CPU time; None if the peer is not installed."""
        if PEERS[name].missing:
            print(f"{case.name}: {name} is left out: no {', '.join(PEERS[name].missing)}")
            return None
        with TemporaryDirectory(dir=self.directory) as folder:
            here = Path(folder)
            for source in SOURCES:
                os.link(self.directory / source, here / source)
            for form in case.forms:
                written(here, size, form)
            if case.finished:
                make_finished(here / FINISHED, size.minutes)
            cache = str(self.directory / "cache") if case.cached else "off"
            variables = {"MIXDOWN_CACHE": cache, **BYTECODE}
            arguments = PEERS[name].command(name, here, size)
            runs = [
                watched(arguments, variables, self.chosen.limit)
                for _ in range(case.repeats + case.cached)  # the first fills the cache
            ]
        return min(runs[case.cached :], key=lambda run: run.cpu)

    def profile(self) -> None:
        """Where the CPU time of a native render goes."""
        size = next(case for case in CASES if case.name == "episode")
        chosen = (size.short if self.chosen.short else size.sizes)[0]
        with TemporaryDirectory(dir=self.directory) as folder:
            for source in SOURCES:
                os.link(self.directory / source, Path(folder) / source)
            out = Path(folder) / "where.json"
            arguments = [folder, json.dumps(attrs.asdict(chosen)), str(out)]
            command = [sys.executable, "-m", "benchmarks.where", *arguments]
            subprocess.run(command, check=True, cwd=HERE.parent, timeout=self.chosen.limit)
            self.where = json.loads(out.read_text())
        self.write()

    def write(self) -> None:
        ordered = {case.name: self.cases[case.name] for case in CASES if case.name in self.cases}
        found = {"form": self.form, "machine": machine(), "cases": ordered, "where": self.where}
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")


def main() -> None:
    names = [case.name for case in CASES] + ["where"]
    options = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--short", action="store_true")
    options.add_argument("--resume", action="store_true")
    options.add_argument("--only", nargs="+", choices=names, default=names)
    options.add_argument("--limit", type=float, default=LIMIT_SECONDS, metavar="SECONDS")
    chosen = options.parse_args()
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        session = Session(Path(folder), chosen)
        for case in CASES:
            if case.name in chosen.only:
                session.run(case)
        if "where" in chosen.only:
            session.profile()
    draw(json.loads(RESULTS.read_text())["cases"])
    writer = HERE.parent / "docs" / "generate" / "write_pages.py"
    subprocess.run([sys.executable, str(writer), "performance"], check=True)


if __name__ == "__main__":
    main()
