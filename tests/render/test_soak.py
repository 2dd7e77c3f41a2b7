"""Renders that are killed or interrupted at random times leave no trace in the next one's files."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROUNDS = int(os.environ.get("MIXDOWN_SOAK_ROUNDS", "200"))
"""Half of them kills, half interrupts."""

TIMELINE = """\
schema_version: 1
id: soak
sources: {a: a.wav}
tracks:
  - {id: one, role: dialogue, clips: [{id: c, source: a, start_ms: 0}]}
  - {id: two, role: music, gain_db: -12, clips: [{id: d, source: a, start_ms: 700}]}
"""


def start(folder: Path, out: Path, name: str = "soak.yaml") -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "mixdown", "render", name, "--stems", "--quiet"]
    return subprocess.Popen([*argv, "-o", str(out)], cwd=folder, stderr=subprocess.PIPE)


def content(out: Path) -> dict[str, bytes]:
    """Every file of a directory that is not of a render under way."""
    files = (p for p in out.rglob("*") if p.is_file() and ".mixdown-work" not in str(p))
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in files}


@pytest.mark.soak
def test_what_is_killed_or_interrupted_is_as_if_it_had_not_been(tmp_path):
    noise = np.random.default_rng(3).standard_normal(96_000)
    soundfile.write(tmp_path / "a.wav", 0.1 * noise, 48_000, subtype="PCM_16")
    (tmp_path / "soak.yaml").write_text(TIMELINE)
    out, earlier = tmp_path / "out", tmp_path / "earlier"
    (tmp_path / "earlier.yaml").write_text(TIMELINE.replace("-12", "-6"))
    assert start(tmp_path, earlier, "earlier.yaml").wait() == 0
    before = content(earlier)
    began = time.monotonic()
    assert start(tmp_path, out).wait() == 0
    lasts, wanted = time.monotonic() - began, content(out)
    chance, ended = random.Random(7), 0
    for number in range(ROUNDS):
        how = (signal.SIGKILL, signal.SIGINT)[number % 2]
        shutil.rmtree(out)
        shutil.copytree(earlier, out)
        running = start(tmp_path, out)
        time.sleep(chance.uniform(0.2, 1.1) * lasts)
        running.send_signal(how)
        _, said = running.communicate()
        ended += running.returncode != 0
        assert b"a bug in mixdown" not in said
        left = content(out)
        if how is signal.SIGKILL:  # the manifest, if there is one, describes the other files
            assert left in (before, wanted) or "manifest.json" not in left
        else:
            assert left in (before, wanted)
            assert not list(out.glob(".mixdown-work*"))
        if number % 10 in (0, 1):
            assert start(tmp_path, out).wait() == 0
            assert content(out) == wanted
            assert not list(out.glob(".mixdown-work*"))
    assert start(tmp_path, out).wait() == 0
    assert content(out) == wanted
    assert ended > ROUNDS // 2
