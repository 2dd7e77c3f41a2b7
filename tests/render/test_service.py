"""mixdown.render: the same render as the command line's, from Python."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from attrs import evolve
from meters import ebur128
from mixdown.compiler.facts import FinishFacts, read_facts
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import Severity
from mixdown.render.progress import Progress
from mixdown.render.service import render_mixes

RATE = 48000


@pytest.fixture
def show(tmp_path: Path) -> mixdown.Timeline:
    """Two tracks, two seconds: bursts with high peaks, and a tone."""
    folder = tmp_path / "show"
    folder.mkdir()
    noise = np.random.default_rng(3).standard_normal(2 * RATE)
    bursts = 0.02 * noise + 0.5 * noise.clip(-1, 1) * (np.arange(2 * RATE) % 12_000 < 300)
    soundfile.write(folder / "bursts.wav", bursts, RATE, subtype="PCM_24")
    tone = 0.05 * np.sin(np.arange(2 * RATE)[:, None] * (0.04, 0.05))
    soundfile.write(folder / "tone.wav", tone, RATE, subtype="PCM_24")
    (folder / "show.yaml").write_text(
        "schema_version: 1\n"
        "id: show\n"
        "tracks:\n"
        "  - {id: a, role: dialogue, clips: [{source: bursts.wav}]}\n"
        "  - {id: b, role: music, clips: [{source: tone.wav}]}\n"
    )
    return mixdown.load(folder / "show.yaml")


def test_a_result_says_what_was_delivered(show, tmp_path, ffmpegs, monkeypatch):
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    told: list[Progress] = []
    result = mixdown.render(
        show, out=tmp_path / "out", preset="podcast", stems=True, progress=told.append
    )
    assert result.diagnostics == ()
    assert result.files == (result.master, *result.stems)
    assert [file.target for file in result.files] == ["master", "bus_dialogue", "bus_music"]
    for file in result.files:
        assert file.digest == f"sha256:{hashlib.sha256(file.path.read_bytes()).hexdigest()}"
        assert file.kind == file.meta.kind
        assert file.parent == (None if file is result.master else result.master.digest)
    loudness, peak = ebur128(ffmpegs, result.master.path)
    assert loudness == pytest.approx(-16.0, abs=0.1)
    assert peak <= -1.0
    assert result.master.meta.integrated_lufs == pytest.approx(loudness, abs=0.03)
    assert result.finish is not None
    assert result.master.meta.loudness_gain_db == result.finish.gain_db
    done = [progress.done for progress in told]
    assert (min(done), max(done), done[-1]) == (0.0, 1.0, 1.0)
    assert list(dict.fromkeys(p.step for p in told)) == [
        "mix",
        "measure",
        "finish",
        "check",
        "report",
    ]


def test_the_manifest_says_the_same(show, tmp_path):
    result = mixdown.render(show, out=tmp_path / "out", stems=True)
    text = result.manifest.read_text()
    assert str(tmp_path) not in text
    data = json.loads(text)
    assert data["plan_digest"] == f"sha256:{result.compilation.plan.digest}"
    assert [a["digest"] for a in data["artifacts"]] == [file.digest for file in result.files]
    assert [a["meta"] for a in data["artifacts"]] == [file.meta.to_dict() for file in result.files]
    assert data["artifacts"][0]["file"] == "master.wav"
    assert set(data["programs"]) == {"ffmpeg", "mixdown"}


def test_stems_sum_to_the_premaster(show, tmp_path):
    result = mixdown.render(show, out=tmp_path / "out", preset="draft", stems=True, bit_depth="32f")
    master, *stems = (soundfile.read(file.path)[0] for file in result.files)
    headroom = 10 ** (-3 / 20)
    assert np.abs(headroom * sum(stems) - master).max() < 1e-6


def test_files_of_an_earlier_render_that_remain_are_named(show, tmp_path):
    out = tmp_path / "out"
    first = mixdown.render(show, out=out, preset="draft", stems=True)
    again = mixdown.render(show, out=out, preset="draft", stems=True)
    assert (first.diagnostics, again.diagnostics) == ((), ())
    (out / "notes.txt").write_text("mine")
    other = mixdown.render(show, out=out, preset="draft", format="flac", report=False)
    (warning,) = other.diagnostics
    assert (warning.code, warning.severity) == (Code.FILES_LEFT, Severity.WARNING)
    left = sorted(path.name for path in (*(f.path for f in first.files), first.report_page))
    left = sorted([*left, "report.json"])
    assert warning.message == (f"{len(left)} files of an earlier render remain: {', '.join(left)}")
    assert all((out / name).is_file() for name in (*left, "notes.txt"))
    assert "MIX612" not in other.manifest.read_text()
    last = mixdown.render(show, out=out, preset="draft", format="wav", report=False)
    assert "1 file of an earlier render remains: master.flac" in last.diagnostics[0].message


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"artifacts": [{"file": "../../etc/passwd"}], "report": null, "chapters": 3}',
        "[" * 100_000,
    ],
)
def test_a_manifest_that_is_none_of_ours_is_replaced(show, tmp_path, text):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/manifest.json").write_text(text)
    assert mixdown.render(show, out=tmp_path / "out", preset="draft").diagnostics == ()


@pytest.mark.parametrize("preset", ["default", "music"])
@pytest.mark.parametrize(
    ("backend", "dither"),
    [
        ("ffmpeg", "tpdf"),
        ("native", "tpdf"),
        ("native", "shaped"),
        pytest.param("sox", "shaped", marks=pytest.mark.requires("sox")),
    ],
)
def test_facts_spare_the_measuring_and_give_the_same_files(show, tmp_path, backend, preset, dither):
    choices = {"backend": backend, "preset": preset, "dither": dither, "stems": True}
    first = mixdown.render(show, out=tmp_path / "one", **choices)
    assert first.compilation.plan.loudness is not None
    told: list[Progress] = []
    again = mixdown.render(
        show, out=tmp_path / "two", facts=first.facts, progress=told.append, **choices
    )
    assert read_facts(first.manifest) == first.facts
    assert again.compilation.plan.loudness is None
    assert not any(step.facts() for step in again.compilation.plan.steps)
    assert "measure" not in {progress.step for progress in told}
    assert again.finish == first.finish
    assert again.facts == first.facts
    assert again.diagnostics == first.diagnostics
    assert [file.digest for file in again.files] == [file.digest for file in first.files]


def test_facts_that_pass_the_ceiling_are_dropped(show, tmp_path):
    """They came from a limiter that needed less margin, say."""
    first = mixdown.render(show, out=tmp_path / "one")
    careless = FinishFacts(integrated_lufs=-20.0, gain_db=20.0, margin_db=-0.9)
    wrong = first.facts.with_finish(mixdown.compile(show).keys.finish, careless)
    result = mixdown.render(show, out=tmp_path / "two", facts=wrong)
    assert result.finish == first.finish
    assert result.master.digest == first.master.digest


def test_facts_that_miss_the_target_are_a_warning(show, tmp_path):
    first = mixdown.render(show, out=tmp_path / "one")
    assert first.finish is not None
    quieter = evolve(first.finish, gain_db=first.finish.gain_db - 2.0)
    facts = first.facts.with_finish(first.compilation.keys.finish, quieter)
    result = mixdown.render(show, out=tmp_path / "two", facts=facts)
    assert [d.code for d in result.diagnostics] == [Code.TARGET_MISSED]


def test_a_compilation_can_be_rendered_later(show, tmp_path):
    compilation = mixdown.compile(show, preset="draft")
    result = render_mixes([(compilation.request.files[0], compilation)], out=tmp_path / "out")
    assert result.compilation is compilation
    assert (result.finish, result.facts) == (None, compilation.request.facts)
    assert result.master.meta.loudness_gain_db is None


@pytest.mark.parametrize("backend", ["ffmpeg", "native"])
def test_every_backend_keeps_the_promise(show, tmp_path, embedded_ffmpeg, backend):
    result = mixdown.render(show, out=tmp_path / backend, preset="music", backend=backend)
    loudness, peak = ebur128(embedded_ffmpeg, result.master.path)
    missed = [d.code for d in result.diagnostics] == [Code.TARGET_MISSED]
    assert missed or loudness == pytest.approx(-14.0, abs=0.1)
    assert peak <= -1.0


@pytest.mark.parametrize(
    "before", ["", "import mixdown.programs.ffmpeg", "from mixdown.render import service"]
)
def test_render_can_be_called_whatever_was_imported_before(before):
    code = f"import mixdown; {before or 'pass'}; mixdown.render('x', out='y')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "MIX101" in done.stderr  # there is no file x
