"""`mixdown verify`, end to end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

TIMELINE = """\
schema_version: 1
id: small
sources: {hum: hum.wav}
tracks:
  - {id: one, role: dialogue, clips: [{source: hum, start_ms: 33.3333, fade_out_ms: 100}]}
  - {id: two, role: music, pan: 0.3, clips: [{source: hum, start_ms: 200, gain_db: -3}]}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A timeline of two tracks, in a directory of its own."""
    tone = 0.3 * np.sin(np.arange(24000) * 0.05)
    soundfile.write(tmp_path / "hum.wav", tone, 48000, "PCM_16")
    (tmp_path / "small.yaml").write_text(TIMELINE, encoding="utf-8")
    return tmp_path


def verify(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mixdown", "verify", "small.yaml", *words],
        cwd=directory,
        capture_output=True,
        text=True,
    )


def test_backends_agree_on_a_small_mix(small: Path):
    done = verify(small)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[2:]]
    assert [row[3] for row in rows] == ["premaster", "bus_dialogue", "bus_music"]
    assert all(row[:3] == ["native", "-", "ffmpeg"] and row[4] == "kept" for row in rows)


def test_the_reference_may_be_one_of_them(small: Path):
    done = verify(small, "--backend", "reference", "--backend", "native", "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["ok"]
    assert {tuple(r["pair"]) for r in data["residuals"]} == {("reference", "native")}
    assert all(r["dbfs"] is None or r["dbfs"] <= r["budget_dbfs"] < -230 for r in data["residuals"])
    assert sorted(p.name for p in small.iterdir()) == ["hum.wav", "small.yaml"]


def test_one_backend_has_nothing_to_be_compared_with(small: Path):
    done = verify(small, "--backend", "native", "--backend", "native")
    assert done.returncode == 2
    assert "at least twice" in done.stderr


def test_an_unknown_backend_is_named(small: Path):
    done = verify(small, "--backend", "native", "--backend", "nativ")
    assert done.returncode == 2
    assert "MIX501" in done.stderr
