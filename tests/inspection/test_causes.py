"""A difference is reported by its cause: a solo, a rule of ducking, a speed, another name."""

from __future__ import annotations

import shutil

import pytest
from house import ROOT
from mixdown.compiler.graph_input import open_mix
from mixdown.inspection.diff import diff
from mixdown.inspection.trace import trace

MIX = """
id: causes
sources: {voice: media/host.flac, bed: media/bed.ogg}
buses: [{id: bus_music, duck: {by: [dialogue], gain_db: -9}}]
tracks:
  - id: host
    role: dialogue
    clips: [{id: a, source: voice, start_ms: 2000, duration_ms: 2000}, {id: b, source: voice,
             start_ms: 8000, duration_ms: 1000}]
  - id: music
    role: music
    clips: [{id: m, source: bed, duration_ms: 12000}]
"""
CASES = {
    "solo": (
        [("role: music\n", "role: music\n    solo: true\n")],
        ["track music: is solo, which silences host"],
    ),
    "another rule": (
        [("gain_db: -9}", "gain_db: -18, attack_ms: 30, release_ms: 60}")],
        [
            "bus bus_music: ducks 18 dB under dialogue, was 9 dB under dialogue; "
            "attack 30 ms, was 200 ms; release 60 ms, was 600 ms"
        ],
    ),
    "another time": (
        [("start_ms: 8000", "start_ms: 7500")],
        [
            "clip host/b: starts at 0:07.500, was 0:08.000: 500 ms earlier",
            "bus bus_music: ducks 9 dB under dialogue: at other times for host/b",
        ],
    ),
    "a speed": (
        [
            ("bed: media/bed.ogg", "slow: {path: media/bed.ogg, speed: 441/480}"),
            (": bed", ": slow"),
        ],
        [
            "source bed: removed (media/bed.ogg)",
            "source slow: added (media/bed.ogg)",
            "clip music/m: plays @slow at speed 147/160, 1.47 semitones lower, was @bed at its own "
            "speed, the same content",
        ],
    ),
    "another name": (
        [("bed: media/bed.ogg", "pad: media/bed.ogg"), ("source: bed", "source: pad")],
        [
            "source bed: removed (media/bed.ogg)",
            "source pad: added (media/bed.ogg)",
            "clip music/m: plays @pad, was @bed, the same content",
        ],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("causes")
    shutil.copytree(ROOT / "examples" / "podcast" / "media", folder / "media")
    return folder


def traced(folder, text):
    path = folder / "mix.yaml"
    path.write_text(text, encoding="utf-8")
    return trace(open_mix(path))


@pytest.mark.parametrize("name", CASES)
def test_a_difference_is_its_cause(folder, name):
    edits, expected = CASES[name]
    text = MIX
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    found = diff(traced(folder, MIX), traced(folder, text), ("a", "b"))
    assert [str(change) for change in found.changes] == expected


def test_a_track_that_is_no_longer_solo(folder):
    solo = MIX.replace("role: music\n", "role: music\n    solo: true\n")
    found = diff(traced(folder, solo), traced(folder, MIX), ("a", "b"))
    assert [str(change) for change in found.changes] == [
        "track music: is no longer solo, which silenced host"
    ]
