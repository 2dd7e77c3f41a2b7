"""Renders that are killed or interrupted leave no trace in the next one's files.

A render is a fork of this process that runs the command line, so that hundreds take minutes. It is
disturbed at a random time, or just before one of the changes to the file system by which it
publishes its files.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import attrs
import numpy as np
import pytest
import soak
import soundfile
from mixdown.cli import main
from mixdown.cli.app import run

TIMELINE = """\
schema_version: 1
id: soak
sources: {a: a.wav}
tracks:
  - {id: one, role: dialogue, clips: [{id: c, source: a, start_ms: 0}]}
  - {id: two, role: music, gain_db: -12, clips: [{id: d, source: a, start_ms: 100}]}
"""
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CHANGES = {"os.rename", "os.link", "os.mkdir", "os.remove"}
"""The audit events of a change to a directory."""


@attrs.frozen
class Disturbance:
    """A signal, sent after so many seconds or before so many changes of `publish`."""

    signal: signal.Signals
    seconds: float = 0.0
    changes: int = 0

    def place(self) -> None:
        """Have this process send itself the signal inside `publish`."""
        seen = -1

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal seen
            if event in CHANGES:
                begins = event == "os.mkdir" and str(arguments[0]).endswith("replaced")
                seen += seen >= 0 or begins
                if seen == self.changes:
                    os.kill(os.getpid(), self.signal)

        sys.addaudithook(watch)


@attrs.frozen
class Bench:
    """A directory with a timeline, and the options of its renders."""

    folder: Path
    options: tuple[str, ...]

    def render(
        self, out: Path, name: str = "soak.yaml", disturbed: Disturbance | None = None
    ) -> tuple[int, str]:
        """Render; return the exit code and what was printed."""
        said = self.folder / "said.txt"
        sys.stdout.flush()
        child = os.fork()
        if not child:
            self._run(said, ["render", name, "-o", str(out), *self.options], disturbed)
        if disturbed is not None and not disturbed.changes:
            time.sleep(disturbed.seconds)
            os.kill(child, disturbed.signal)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status), said.read_text()

    def _run(self, said: Path, words: list[str], disturbed: Disturbance | None) -> None:
        """Become a mixdown with this command line; never returns."""
        code = 70
        try:
            os.environ["TMPDIR"] = str(self.folder / "tmp")
            os.chdir(self.folder)
            for number in (1, 2):
                os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            sys.argv = ["mixdown", *words]
            if disturbed is not None and disturbed.changes:
                disturbed.place()
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:
            sys.stderr.flush()
            os._exit(code)

    def has_processes(self) -> bool:
        """Whether a program that works in the directory is running."""
        own = {os.getpid(), os.getppid()}
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if (
                    str(self.folder).encode() in path.read_bytes()
                    and int(path.parent.name) not in own
                ):
                    return True
            except OSError:  # it has ended
                continue
        return False


def content(out: Path) -> dict[str, bytes]:
    """Every file of a directory that is not of a render under way."""
    files = (p for p in out.rglob("*") if p.is_file() and ".mixdown-work" not in str(p))
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in files}


def disturb(folder: Path, backend: str, rounds: int, seed: int) -> Counter[str]:
    """Disturbs so many renders; returns how many ended how.

    Kills and interrupts take turns. One in ten of them is placed inside `publish`.
    """
    noise = np.random.default_rng(3).standard_normal(24_000)
    soundfile.write(folder / "a.wav", 0.1 * noise, 48_000, subtype="PCM_16")
    (folder / "soak.yaml").write_text(TIMELINE)
    (folder / "earlier.yaml").write_text(TIMELINE.replace("-12", "-6"))
    (folder / "tmp").mkdir()
    bench = Bench(folder, ("--stems", "--quiet", "--backend", backend, "--jobs", "2"))
    out, earlier = folder / "out", folder / "earlier"
    # In this process, so that no fork has to import anything.
    words = ["render", str(folder / "earlier.yaml"), "-o", str(earlier), *bench.options]
    assert run(words) == 0
    before = content(earlier)
    assert bench.render(out)[0] == 0
    began = time.monotonic()
    assert bench.render(out)[0] == 0
    lasts, wanted = time.monotonic() - began, content(out)
    chance, counts = random.Random(seed), Counter()
    for number in range(rounds):
        how = signal.SIGKILL if number % 2 else INTERRUPTS[number // 2 % 3]
        if number % 20 in (0, 1):
            disturbed = Disturbance(how, changes=chance.randint(1, 3 * len(wanted)))
        else:
            disturbed = Disturbance(how, seconds=chance.uniform(0.0, 1.1 * lasts))
        shutil.rmtree(out)
        shutil.copytree(earlier, out)
        code, said = bench.render(out, disturbed=disturbed)
        left = content(out)
        what = f"seed {seed}, round {number}, {disturbed}: code {code}\n{said}"
        assert "a bug in mixdown" not in said and "Traceback" not in said, what
        if how is signal.SIGKILL:
            # The manifest, if there is one, describes the other files.
            assert left in (before, wanted) or "manifest.json" not in left, what
            deadline = time.monotonic() + 10
            while bench.has_processes() and time.monotonic() < deadline:
                time.sleep(0.05)
        else:
            assert left == wanted or (code and left == before), what
            assert not list(out.glob(".mixdown-work*")), what
            assert not list((folder / "tmp").iterdir()), what
        assert not bench.has_processes(), what
        place = "publish" if disturbed.changes else "anywhere"
        ended = "in time" if code == 0 else "ended"
        counts[f"{how.name} {place} {ended}"] += 1
        assert bench.render(out)[0] == 0, what
        assert content(out) == wanted, what
        assert not list(out.glob(".mixdown-work*")), what
    return counts


def test_a_disturbed_render_is_as_if_it_had_not_been(tmp_path: Path):
    assert sum(disturb(tmp_path, "native", rounds=6, seed=1).values()) == 6


@pytest.mark.soak
@pytest.mark.parametrize("backend", ["native", "ffmpeg"])
def test_hundreds_of_disturbed_renders_are_as_if_they_had_not_been(tmp_path: Path, backend: str):
    rounds = soak.rounds(200)
    counts = disturb(tmp_path, backend, rounds, soak.seed())
    print(backend, dict(sorted(counts.items())))
    ended = sum(number for name, number in counts.items() if name.endswith("ended"))
    assert ended > rounds // 2
