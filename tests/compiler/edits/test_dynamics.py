"""Thresholds from the loudness and gates from activity: who gets which, why, and how it sounds."""

from __future__ import annotations

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.compiler.driver import begin
from mixdown.compiler.edits.dynamics import gate_points
from mixdown.compiler.pipeline import FRONT, final
from mixdown.compiler.request import RenderRequest
from mixdown.ir.nodes import Compress, GainAutomation
from mixdown.ir.places import cause_of
from mixdown.presets.model import Gating
from speech import RATE

HEAD = "id: d\nmix_preset_id: flat\n"


@pytest.fixture
def mix(episode):
    """Compiles a document in the folder of the episode."""

    def compiled(text):
        path = episode.folder / "dynamics.yaml"
        path.write_text(HEAD + text)
        return mixdown.compile(path, disable=["fold-gain"])

    return compiled


def compressors(compiled):
    return {
        node.name: (node.threshold_db, cause_of(node.origin))
        for node in compiled.graph.nodes
        if isinstance(node, Compress)
    }


@pytest.mark.requires("espeak")
def test_thresholds_are_over_the_loudness_of_what_is_compressed(mix):
    """Of a clip its own, of a track all clips, of a bus all tracks; with the gains before it."""
    found = compressors(
        mix("""\
buses: [{id: voices, roles: [dialogue], compress: {over_db: 10}}]
tracks:
  - id: host
    role: dialogue
    level: {to: -20}
    compress: {}
    clips: [{source: host.wav, compress: {over_db: 3}}]
  - id: guest
    role: dialogue
    gain_db: -6
    level: {to: -20}
    compress: {threshold_db: -31}
    clips: [{source: guest.wav, start_ms: 30000}]
""")
    )
    assert {name: threshold for name, (threshold, _) in found.items()} == {
        "host/c1.compress": -17.0,
        "host.compress": -14.0,
        "guest.compress": -31.0,
        # Both voices play for as long, one 6 dB below the other: the mean power is 2.0 dB down.
        "voices.compress": pytest.approx(-12.0, abs=0.6),
    }
    assert (
        found["host.compress"][1] == "threshold -14.0 dBFS, 6 dB over the loudness, measured -20.0"
    )
    assert found["guest.compress"][1] == ""
    assert "10 dB over the loudness, measured -2" in found["voices.compress"][1]


@pytest.mark.requires("espeak")
def test_a_threshold_moves_with_the_level_so_that_compression_does_not(mix, episode):
    """A voice 12 dB lower is compressed alike."""
    loud, soft = (
        mix(f"tracks: [{{id: a, role: fx, gain_db: 0, compress: {{}}, clips: [{clip}]}}]\n")
        for clip in ("{source: host.wav}", "{source: host.wav, gain_db: -12}")
    )
    first, second = (compressors(each)["a.compress"][0] for each in (loud, soft))
    assert first - second == pytest.approx(12, abs=0.05)


@pytest.mark.requires("espeak")
def test_what_has_no_loudness_or_contrast_is_left_out_with_a_warning(mix, episode):
    soundfile.write(episode.folder / "silence.wav", np.zeros(5 * RATE), RATE)
    steady = np.random.default_rng(1).uniform(-0.1, 0.1, 5 * RATE)
    soundfile.write(episode.folder / "steady.wav", steady, RATE)
    compiled = mix("""\
tracks:
  - {id: a, role: fx, compress: {}, clips: [{source: silence.wav}]}
  - {id: b, role: fx, gate: {}, clips: [{source: steady.wav}]}
  - {id: c, role: fx, gate: {}, clips: [{source: host.wav, mute: true}, {source: host.wav}]}
""")
    assert [(d.code, d.message) for d in compiled.diagnostics] == [
        ("MIX237", "track a is not compressed: it has no loudness"),
        ("MIX237", "clip b/c1 is not gated: its speech cannot be told from its noise"),
    ]
    assert all("threshold_db" in d.help for d in compiled.diagnostics)
    assert compressors(compiled) == {}
    assert list(compiled.gates) == [(2, 1)]


@pytest.mark.requires("espeak")
def test_a_gate_is_open_while_something_is_said_and_lowers_pauses(mix, episode):
    compiled = mix("""\
tracks:
  - id: a
    role: fx
    gate: {range_db: 20}
    clips:
      - {source: host.wav, offset_ms: 3000, start_ms: 2000}
      - {source: guest.wav, start_ms: 30000, gate: {range_db: 6}}
""")
    nodes = [n for n in compiled.graph.nodes if isinstance(n, GainAutomation)]
    assert [(n.name, cause_of(n.origin)) for n in nodes] == [
        ("a/c1.gate", "gates by 20 dB what is not said"),
        ("a/c2.gate", "gates by 6 dB what is not said"),
    ]
    at = np.array([point.at for point in nodes[0].points]) / 48000
    values = np.array([point.value for point in nodes[0].points])
    assert (np.diff(at) > 0).all()
    for start, end in episode.host.spans:
        inside = np.linspace(start - 3.0, end - 3.0, 50)
        assert np.interp(inside[inside > 0], at, values) == pytest.approx(0.0, abs=1e-9)
    pauses = [
        (b + c) / 2 - 3.0
        for (_, b), (c, _) in zip(episode.host.spans, episode.host.spans[1:], strict=False)
        if c - b > 1.0 and b > 3.0
    ]
    assert len(pauses) > 3
    assert np.interp(pauses, at, values) == pytest.approx(-20.0)


@pytest.mark.requires("espeak")
def test_the_report_lists_gates_and_thresholds(episode, tmp_path):
    path = episode.folder / "listed.yaml"
    path.write_text(
        HEAD + "buses: [{id: x, roles: [fx], compress: {}}]\n"
        "tracks:\n"
        "  - {id: a, role: fx, level: {to: -20}, gate: {}, compress: {}, clips: [\n"
        "      {source: host.wav, duration_ms: 9000, compress: {}},\n"
        "      {source: host.wav, start_ms: 9000, duration_ms: 9000, gate: {range_db: 6}}]}\n"
    )
    done = mixdown.render(path, out=tmp_path, preset="draft", backend="native")
    found = [(d.about, d.what.partition(",")[0], d.place.line) for d in done.report.decisions]
    level, threshold = ("levelled to -20 LUFS", 5), "threshold -14.0 dBFS"
    assert found[:3] == [("a/c1", *level), ("a/c1", found[1][1], 6), ("a", GATE.format(12), 5)]
    assert found[1][1].startswith("threshold -1")
    assert found[3:] == [
        ("a/c2", *level),
        ("a/c2", GATE.format(6), 7),
        ("a", threshold, 5),
        ("x", threshold, 3),
    ]


GATE = "gates by {} dB what is not said"
GATES = {
    "one span": ([(1000, 2000)], [(800, -12), (1000, 0), (2300, 0), (2700, -12)]),
    "a short pause": (
        [(1000, 2000), (2800, 3000)],
        [(800, -12), (1000, 0), (3300, 0), (3700, -12)],
    ),
    "a pause that is just long enough": (
        [(1000, 2000), (2901, 3000)],
        [(800, -12), (1000, 0), (2300, 0), (2700, -12), (2701, -12), (2901, 0), (3300, 0)],
    ),
    "a span at the start": ([(0, 500)], [(-200, -12), (0, 0), (800, 0), (1200, -12)]),
    "nothing": ([], [(0, -12)]),
}


@pytest.mark.parametrize(("said", "expected"), GATES.values(), ids=GATES)
def test_the_points_of_a_gate(said, expected):
    gate = Gating(range_db=12, look_ahead_ms=200, attack_ms=200, hold_ms=300, release_ms=400)
    found = [(point.at, point.value) for point in gate_points(said, gate, 1000)]
    assert found[: len(expected)] == expected


def test_gates_and_thresholds_need_no_survey_with_a_threshold(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(2).uniform(-1, 1, 8000), 8000)
    (tmp_path / "mix.yaml").write_text(
        HEAD + "tracks: [{id: a, role: fx, gate: {threshold_db: -40}, "
        "compress: {threshold_db: -20}, clips: [{source: a.wav}]}]\n"
    )
    unit = final(begin(tmp_path / "mix.yaml", RenderRequest()), FRONT)
    assert (unit.surveys, unit.gates, unit.diagnostics) == ({}, {}, ())
