"""A range of the mix: the samples of the whole mix, on a time of its own, on every engine."""

from __future__ import annotations

import json
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.cli.app import run

RATE = 8000
DOCUMENT = """\
id: all
sample_rate: 8000
mix_preset_id: flat
metadata: {title: All}
markers:
  - {at_ms: 0, label: A}
  - {at_ms: 400, label: B, length_ms: 700}
  - {at_ms: 1500, label: C}
  - {at_ms: 1900, label: D}
buses: [{id: bus_music, roles: [bed], duck: {by: [dialogue], gain_db: -12, release_ms: 800}}]
tracks:
  - id: voice
    role: dialogue
    eq: [{kind: highpass, frequency_hz: 300}]
    compress: {threshold_db: -30, ratio: 4, release_ms: 400}
    clips:
      - {source: voice.wav, duration_ms: 900, fade_out_ms: 300}
      - {source: voice.wav, start_ms: 1200, offset_ms: 100, duration_ms: 700}
  - id: bed
    role: bed
    automation: {gain: [{at_ms: 0, value: -20}, {at_ms: 2000, value: 0, curve: smooth}]}
    filter: {kind: lowpass, frequency_hz: 2000}
    clips: [{source: bed.wav}]
"""


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("select")
    noise = np.random.default_rng(3).uniform(-0.3, 0.3, (2 * RATE, 3))
    soundfile.write(folder / "voice.wav", noise[:, 0], RATE, subtype="PCM_24")
    soundfile.write(folder / "bed.wav", noise[:, 1:], RATE, subtype="PCM_24")
    path = folder / "all.yaml"
    path.write_text(DOCUMENT, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "backend", ["native", "ffmpeg", pytest.param("sox", marks=pytest.mark.requires("sox"))]
)
@pytest.mark.parametrize("cuts", ["", "cuts: [{from_ms: 250, to_ms: 310.5}]\n"])
def test_a_range_has_the_samples_of_the_whole_mix(document, tmp_path, backend, cuts):
    """Filters, a compressor, ducking and automation are in the state of the whole mix."""
    document = document.with_name(f"cut-{bool(cuts)}.yaml")
    document.write_text(DOCUMENT + cuts, encoding="utf-8")
    choices = {"preset": "draft", "bit_depth": "64f", "stems": True, "backend": backend}
    whole = mixdown.render(document, out=tmp_path / "all", report=False, **choices)
    part = mixdown.render(
        document, out=tmp_path / "part", from_ms=1000.125, to_ms="0:01.7", **choices
    )
    names = [file.path.name for file in whole.files]
    assert [file.path.name for file in part.files] == names
    first, last = 8001, 13600
    for file in names:
        expected = soundfile.read(tmp_path / "all" / file)[0][first:last]
        found = soundfile.read(tmp_path / "part" / file)[0]
        assert found.shape == expected.shape
        assert np.max(np.abs(found - expected)) <= 10 ** (-140 / 20)
    assert part.master.meta.range_ms == (1000.125, 1700.0)


def test_markers_and_the_report_are_on_the_time_of_the_range(document, tmp_path):
    result = mixdown.render(document, out=tmp_path, preset="draft", from_ms=1000, to_ms=1900)
    meta = result.master.meta
    assert [(marker.at_ms, marker.label) for marker in meta.markers] == [(0, "B"), (500, "C")]
    chapters = json.loads(result.chapters.read_text())["chapters"]
    assert chapters == [
        {"startTime": 0.0, "title": "B", "endTime": 0.1},
        {"startTime": 0.5, "title": "C"},
    ]
    assert result.report.joins.places == 1  # neither the beginning nor the end
    assert result.report.passed
    assert result.compilation.length == 0.9 * RATE


def test_the_loudness_is_that_of_what_is_delivered(document, tmp_path):
    """Each delivery can be of a range of its own; the others are of all the mix."""
    deliver = {"teaser": {"from_ms": "0:01", "to_ms": 2000}, "all": {}}
    result = mixdown.render(document, out=tmp_path, preset="podcast", deliver=deliver)
    assert [mix.master.meta.range_ms for mix in result.deliveries] == [(1000.0, 2000.0), None]
    for mix in result.deliveries:
        assert mix.master.meta.integrated_lufs == pytest.approx(-16.0, abs=0.1)
    gains = [mix.finish.gain_db for mix in result.deliveries]
    assert abs(gains[0] - gains[1]) > 0.1


def test_all_of_the_mix_is_no_range(document):
    whole, same = (
        mixdown.compile(document, **range_) for range_ in ({}, {"from_ms": 0, "to_ms": 2000})
    )
    assert whole.graph == same.graph
    assert whole.keys.finish == same.keys.finish


@pytest.mark.parametrize("from_ms, to_ms", [(900, 900), (1200, 1000), (0, 2001), (2000, None)])
def test_a_range_that_is_not_in_the_mix_is_an_error(document, from_ms, to_ms):
    with pytest.raises(mixdown.TimelineError, match=r"MIX307.*is not in the mix, which lasts 2000"):
        mixdown.compile(document, from_ms=from_ms, to_ms=to_ms)


def test_the_command_takes_times(document, tmp_path, capsys):
    out = str(tmp_path / "out")
    words = ["render", str(document), "-o", out, "--preset", "draft", "--quiet", "--no-report"]
    assert run([*words, "--from", "0:00.5", "--to", "1.25"]) == 0
    assert soundfile.info(f"{out}/master.wav").frames == 0.75 * RATE
    assert run([*words, "--from", "soon"]) == 2
    assert "'soon' is not a time" in capsys.readouterr().err


def test_a_graph_has_no_range(document, tmp_path):
    path = tmp_path / "a.mir"
    assert run(["inspect", str(document), "-o", str(path)]) == 0
    with pytest.raises(mixdown.TimelineError, match="no range of it"):
        mixdown.compile(mixdown.load_graph(path), from_ms=100)
