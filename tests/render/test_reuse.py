"""Rendering into a directory that already has the files: nothing is rendered, and all is repeated.

The mix has warnings with places, clicks, a note of a rule, a spec to fail, and chapters.
"""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.inspection.report import DeliveryReport
from mixdown.render.finished import master
from mixdown.render.progress import Progress

RATE = 16000
TIMELINE = """\
schema_version: 1
id: a
sample_rate: 16000
markers: [{at_ms: 0, label: Start, url: "https://example.org"}]
tracks:
  - {id: one, role: dialogue, clips: [{source: a.wav, duration_ms: 900, level: {to: -20}}]}
  - id: two
    role: music
    clips:
      - {id: c, source: a.wav, offset_ms: 300, duration_ms: 700}
      - {id: d, source: a.wav, start_ms: 600, crossfade_in_ms: 300, duration_ms: 700}
"""
CHOICES = {"preset": "podcast", "stems": True, "backend": "native"}
DRAFT = {"backend": "ffmpeg", "preset": "draft"}


@pytest.fixture
def document(tmp_path: Path) -> Path:
    time = np.arange(2 * RATE)
    noise = np.random.default_rng(5).normal(0, 0.01, len(time))
    soundfile.write(tmp_path / "a.wav", 0.4 * np.cos(time * 0.03) + noise, RATE)
    (tmp_path / "mix.yaml").write_text(TIMELINE)
    return tmp_path / "mix.yaml"


@pytest.fixture
def render(document: Path, tmp_path: Path):
    """Renders the document; the result, and whether anything ran."""

    def run(**choices) -> tuple[mixdown.RenderResult, bool]:
        told: list[Progress] = []
        result = mixdown.render(
            document, out=tmp_path / "out", progress=told.append, **CHOICES | choices
        )
        assert result.unchanged is not bool(told)
        return result, bool(told)

    return run


def states(out: Path) -> dict[str, tuple[int, int]]:
    """The inode and the time of every file."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in out.iterdir()}


def recorded(result: mixdown.RenderResult) -> dict[str, object]:
    """Everything that a result says."""
    found = attrs.asdict(result, recurse=False)
    del found["unchanged"], found["cache"], found["deliveries"]
    found["diagnostics"] = [
        d.to_dict(result.compilation.timeline.documents) for d in result.diagnostics
    ]
    found["mixes"] = [
        (mix.name, mix.files, mix.programs, mix.finish, mix.checks) for mix in result.deliveries
    ]
    return found


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"report": False},
        {"preset": ["audiobook", "podcast"], "report": False},
        DRAFT | {"format": "mp3"},
    ],
)
def test_the_second_render_repeats_what_the_first_recorded(render, tmp_path, choices):
    first, _ = render(**choices)
    before = states(tmp_path / "out")
    second, ran = render(**choices)
    assert not ran
    assert recorded(second) == recorded(first)
    assert states(tmp_path / "out") == before
    third, ran = render(**choices, force=True)
    assert ran
    assert recorded(third) == recorded(first)


def test_a_report_is_read_as_it_was_written(render):
    report = render()[0].report
    assert report is not None
    assert report.faults
    assert report.decisions
    assert DeliveryReport.from_dict(json.loads(report.to_json())) == report


@pytest.mark.parametrize(
    "change",
    [
        lambda out: (out / "master.wav").unlink(),
        lambda out: (out / "bus_music.wav").write_bytes(b"other"),
        lambda out: (out / "report.html").write_text("other"),
        lambda out: (out / "chapters.json").write_text("{}"),
        lambda out: (out / "manifest.json").write_text(
            (out / "manifest.json")
            .read_text()
            .replace('"integrated_lufs": -', '"integrated_lufs": ')
        ),
        lambda out: (out.parent / "mix.yaml").write_text("# a comment\n" + TIMELINE),
        lambda out: (out.parent / "mix.yaml").write_text(TIMELINE.replace("example.org", "a.org")),
        lambda out: soundfile.write(out.parent / "a.wav", np.full(2 * RATE, 0.1), RATE),
    ],
    ids=["gone", "stem", "page", "chapters", "figure", "line", "chapter", "source"],
)
def test_whatever_differs_is_rendered(render, tmp_path, change):
    render()
    change(tmp_path / "out")
    assert render()[1]
    assert not render()[1]


@pytest.mark.parametrize(
    "choices",
    [
        *({"preset": "draft"}, {"stems": False}, {"bit_depth": 24}, {"broadcast": True}),
        *({"report": False}, {"profile": "night"}, {"backend": "ffmpeg"}, {"lufs": -21.0}),
    ],
    ids=lambda choices: next(iter(choices)),
)
def test_another_request_is_another_render(render, choices):
    render()
    assert render(**choices)[1]


def test_another_version_of_a_program_is_another_render(
    render, monkeypatch, ffmpegs, embedded_ffmpeg
):
    monkeypatch.setenv("MIXDOWN_FFMPEG", embedded_ffmpeg)
    render(**DRAFT)
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    assert render(**DRAFT)[1] is (ffmpegs != embedded_ffmpeg)


def test_a_service_registers_what_is_unchanged(document, tmp_path):
    service = mixdown.AudioRenderService.open(tmp_path / "store")
    made = [
        service.render(document, out=tmp_path / "out", preset="draft", backend="native")
        for _ in range(2)
    ]
    assert [each.result.unchanged for each in made] == [False, True]
    assert made[0].artifacts == made[1].artifacts


def test_finished_recordings_are_not_mastered_again(document, tmp_path):
    choices = {"out": tmp_path / "mastered", "preset": "draft", "backend": "native"}
    results = [master([tmp_path / "a.wav"], **choices)[0] for _ in range(2)]
    assert [result.unchanged for result in results] == [False, True]
