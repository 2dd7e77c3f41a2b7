"""`mixdown verify`, end to end."""

from __future__ import annotations

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
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a timeline of two tracks, which is the current one."""
    tone = 0.3 * np.sin(np.arange(24000) * 0.05)
    soundfile.write(tmp_path / "hum.wav", tone, 48000, "PCM_16")
    (tmp_path / "small.yaml").write_text(TIMELINE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def verify(mixdown, small: Path):
    """Runs the command with some of its options."""
    return lambda *words: mixdown("verify", "small.yaml", *words)


def test_backends_agree_on_a_small_mix(verify):
    done = verify()
    assert done.code == 0, done.err
    rows = [line.split() for line in done.out.splitlines()[2:]]
    assert [row[3] for row in rows] == ["premaster", "bus_dialogue", "bus_music"]
    assert all(row[:3] == ["native", "-", "ffmpeg"] and row[4] == "kept" for row in rows)


def test_the_reference_may_be_one_of_them(verify, small: Path):
    done = verify("--backend", "reference", "--backend", "native", "--json")
    assert done.code == 0, done.err
    data = done.data
    assert data["ok"]
    assert {tuple(r["pair"]) for r in data["residuals"]} == {("reference", "native")}
    assert all(r["dbfs"] is None or r["dbfs"] <= r["budget_dbfs"] < -230 for r in data["residuals"])
    assert sorted(p.name for p in small.iterdir()) == ["hum.wav", "small.yaml"]


def test_one_backend_has_nothing_to_be_compared_with(verify):
    done = verify("--backend", "native", "--backend", "native")
    assert done.code == 2
    assert "at least twice" in done.err


def test_an_unknown_backend_is_named(verify):
    done = verify("--backend", "native", "--backend", "nativ")
    assert done.code == 2
    assert "MIX501" in done.err
