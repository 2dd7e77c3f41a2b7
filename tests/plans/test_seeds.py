"""The plan and the IR of one timeline that has the seeds of every feature, guarded as files.

Look at the diff before you accept one: `pytest tests/plans --snapshot-update`, then say in the
commit why it changed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.compiler.load import loads
from mixdown.ir.text.printer import print_graph
from mixdown.presets.load import library

SEEDS = Path(__file__).with_name("seeds.yaml")


@pytest.fixture
def seeds(tmp_path):
    """The timeline, over sources whose content never changes: integer ramps."""
    ramp = (np.arange(48000 * 2) * 37 % 20011 - 10005).astype(np.int16)
    soundfile.write(tmp_path / "voice.wav", ramp, 48000, "PCM_16")
    soundfile.write(tmp_path / "bed.wav", np.stack([ramp, -ramp], axis=1), 44100, "PCM_16")
    shutil.copy(SEEDS, tmp_path)
    return mixdown.load(tmp_path / "seeds.yaml")


@pytest.mark.parametrize("stems", [False, True], ids=["master", "stems"])
def test_plan_with_and_without_stems(seeds, stems, plan_snapshot):
    plan = mixdown.compile(seeds, preset="podcast", stems=stems).plan
    assert plan.to_text() == plan_snapshot


@pytest.mark.parametrize("preset", library().export)
def test_plan_of_every_export_preset(seeds, preset, plan_snapshot):
    assert mixdown.compile(seeds, preset=preset).plan.to_text() == plan_snapshot


def test_plan_of_mastered_stems(seeds, plan_snapshot):
    plan = mixdown.compile(seeds, preset="podcast", stems=True, stem_mode="mastered").plan
    assert plan.to_text() == plan_snapshot


DYNAMICS = """
buses: [{id: bus_dialogue, compress: {threshold_db: -20, ratio: 2}}]
tracks:
  - id: host
    role: dialogue
    eq: [{kind: hum, frequency_hz: 50, harmonics: 2}]
    deess: {}
    clips: [{source: voice, gate: {threshold_db: -40}, compress: {threshold_db: -18}}]
  - {id: music, role: music, clips: [{source: bed}]}
"""


@pytest.mark.parametrize("backend", ["ffmpeg", "native", "sox"])
def test_plan_of_dynamics(seeds, backend, plan_snapshot):
    """ffmpeg and SoX read what mixdown computes; nodes in succession share a step."""
    head = SEEDS.read_text("utf-8").partition("markers:")[0]
    mix = loads(head + DYNAMICS, "dynamics.yaml", seeds.root)
    assert mixdown.compile(mix, preset="draft", backend=backend).plan.to_text() == plan_snapshot


def test_graph(seeds, mir_snapshot):
    graph = mixdown.compile(seeds, preset="podcast", stems=True).graph
    assert print_graph(graph, origins=False) == mir_snapshot


def test_graph_with_nothing_optimised(seeds, mir_snapshot):
    optional = [
        "fold-gain",
        "drop-identity",
        "join-clips",
        "dead-code",
        "common-subexpressions",
        "pack-lanes",
    ]
    graph = mixdown.compile(seeds, preset="podcast", stems=True, disable=optional).graph
    assert print_graph(graph, origins=False) == mir_snapshot
