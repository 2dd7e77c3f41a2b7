"""The typed plan holds all that a program needs to run it, whatever its texts look like."""

from __future__ import annotations

import json
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.render.service import render
from mixdown.render.shell import PLAN_FORMATS
from plan_json import run_json

RATE = 48000
TITLE = "${SRC}/${WORK} and ${master.loudnorm.gain_db}"


@pytest.fixture
def timeline(tmp_path: Path) -> mixdown.Timeline:
    """Tones of a title that looks like a file and a fact, in more clips than one run reads."""
    tones = 0.2 * np.sin(np.arange(4 * RATE)[:, None] * (0.05, 0.07))
    soundfile.write(tmp_path / "a.wav", tones, RATE, "PCM_16")
    clips = [
        {"source": "a.wav", "start_ms": 40 * n, "offset_ms": 7 * n, "duration_ms": 60}
        for n in range(100)
    ]
    document = {
        "schema_version": 1,
        "id": "t",
        "metadata": {"title": TITLE.replace("$", "$$")},
        "tracks": [{"id": "a", "role": "music", "clips": clips}],
    }
    (tmp_path / "t.json").write_text(json.dumps(document))
    return mixdown.load(tmp_path / "t.json")


@pytest.mark.parametrize("choices", [{"preset": "podcast", "stems": True}, {"preset": "draft"}])
def test_a_plan_run_from_its_json_gives_the_files_of_a_render(
    timeline, tmp_path, ffmpegs, monkeypatch, choices
):
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    rendered = render(timeline, out=tmp_path / "rendered", **choices)
    plan = json.loads(PLAN_FORMATS["json"](mixdown.compile(timeline, **choices).plan))
    spaces = {"SRC": tmp_path, "WORK": tmp_path / "work", "OUT": tmp_path / "hand"}
    for folder in ("WORK", "OUT"):
        spaces[folder].mkdir()
    run_json(plan, spaces, ffmpegs)
    assert sorted(p.name for p in spaces["OUT"].iterdir()) == sorted(
        f.path.name for f in rendered.files
    )
    for file in rendered.files:
        assert (spaces["OUT"] / file.path.name).read_bytes() == file.path.read_bytes()
    assert TITLE in rendered.master.path.read_bytes().decode("latin-1")


def test_every_filter_of_the_json_leads_to_a_value(timeline):
    compilation = mixdown.compile(timeline, preset="podcast", stems=True)
    data = json.loads(PLAN_FORMATS["json"](compilation.plan))
    assert len(data["steps"]) > 3
    assert set(data["labels"].values()) <= {node.name for node in compilation.graph}
