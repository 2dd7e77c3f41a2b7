"""The backend of docs/adding-a-backend.md, installed from its package: it renders, watched."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from attrs import evolve
from house import ROOT
from mixdown.ir.diagnostics import BackendError, MixdownError, RenderError
from mixdown.plans.plan import File
from mixdown.render.doctor import examine
from mixdown.render.verify import Renderer, verify_mix
from rendering import render_compilation

TIMELINE = """\
id: show
mix_preset_id: flat
channels: 1
metadata: {title: A toy}
tracks:
  - id: host
    role: dialogue
    clips:
      - {source: host.wav, start_ms: 250, gain_db: -2}
      - {source: host.wav, start_ms: 1900, offset_ms: 100, duration_ms: 300}
  - id: music
    role: music
    gain_db: -12
    clips: [{source: bed.flac}]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the package, without a network."""
    folder = tmp_path_factory.mktemp("site")
    copy = tmp_path_factory.mktemp("source") / "mixdown-toy"
    subprocess.run(["cp", "-r", ROOT / "tests" / "toy_backend", copy], check=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--no-index", "--target", folder, copy], check=True)
    return folder


@pytest.fixture
def show(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A timeline, where the backend and its program can be found."""
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PATH", f"{site / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(site))
    importlib.invalidate_caches()
    noise = np.random.default_rng(3)
    soundfile.write(tmp_path / "host.wav", noise.uniform(-0.4, 0.4, 72_000), 48000, "PCM_16")
    soundfile.write(tmp_path / "bed.flac", 0.3 * np.sin(np.arange(120_000) / 9), 48000, "PCM_24")
    (tmp_path / "show.yaml").write_text(TIMELINE)
    return tmp_path / "show.yaml"


def compiled(show: Path, **choices: object) -> mixdown.Compilation:
    return mixdown.compile(mixdown.load(show), backend="toy", **choices)


def test_it_renders_to_its_loudness_with_stems(show, tmp_path):
    told = []
    result = render_compilation(
        compiled(show, stems=True, format="flac"), out=tmp_path / "out", progress=told.append
    )
    assert result.master.meta.integrated_lufs == pytest.approx(-16.0, abs=0.1)
    assert result.master.meta.programs.keys() == {"ffmpeg", "mixdown", "toymix"}
    assert [file.path.name for file in result.files] == [
        "master.flac",
        "bus_dialogue.flac",
        "bus_music.flac",
    ]
    assert any(0.0 < p.done < 1.0 for p in told if p.step == "sum0")


def test_it_mixes_as_the_engine_does(show):
    renderers = [Renderer(name, name) for name in ("native", "toy")]
    found = verify_mix(mixdown.load(show), renderers)
    assert max(residual.dbfs for residual in found) < -290


def test_the_command_line_finds_it(show):
    command = [sys.executable, "-m", "mixdown", "render", show.name, "--backend", "toy"]
    done = subprocess.run(
        [*command, "--preset", "draft", "--no-report"],
        cwd=show.parent,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (show.parent / "show-mixdown" / "master.wav").exists()


def test_its_script_makes_the_render_s_file(show, tmp_path):
    command = [sys.executable, "-m", "mixdown", "compile", show.name, "--to", "toy"]
    folder = show.parent
    subprocess.run([*command, "--format", "sh", "-o", "mix.sh"], cwd=folder, check=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "OUT": str(tmp_path / "script")}
    subprocess.run(["sh", "mix.sh"], cwd=folder, env=env, check=True)
    result = render_compilation(compiled(show), out=tmp_path / "render")
    made, _ = soundfile.read(tmp_path / "script" / "master.wav")
    assert np.array_equal(made, soundfile.read(result.master.path)[0])


def test_what_fails_leads_to_its_clip(show, tmp_path):
    compilation = compiled(show)
    adding = compilation.plan["sum0"]
    gone = (File(arg.space, "gone.wav") if arg in adding.inputs else arg for arg in adding.argv)
    failing = evolve(adding, argv=tuple(gone))
    steps = (failing if step is adding else step for step in compilation.plan.steps)
    plan = evolve(compilation.plan, steps=tuple(steps))
    with pytest.raises(RenderError) as caught:
        render_compilation(evolve(compilation, plan=plan), out=tmp_path / "out")
    text = str(caught.value)
    assert text.startswith(
        "error[MIX603]: step 'sum0' failed in %host/c1.clip: toymix ended with status 1\n"
    )
    assert "show.yaml:9:9" in text
    assert "= help: the last lines of toymix:\n      toymix: %host/c1.clip: Error opening" in text


def test_what_hangs_is_ended(show, tmp_path, monkeypatch):
    hanging = tmp_path / "bin" / "toymix"
    hanging.parent.mkdir()
    hanging.write_text('#!/bin/sh\n[ "$1" = --version ] && echo toymix 1.1 && exit\nsleep 600\n')
    hanging.chmod(0o755)
    monkeypatch.setenv("PATH", f"{hanging.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MIXDOWN_STALL_SECONDS", "0.5")
    with pytest.raises(RenderError, match=r"MIX610.*'sum0' failed: toymix made no progress"):
        render_compilation(compiled(show), out=tmp_path / "out")


def test_without_its_program_the_error_says_how_to_get_it(show, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(RenderError, match=r"MIX603.*no toymix that runs") as caught:
        render_compilation(compiled(show), out=tmp_path / "out")
    assert "run `pip install mixdown-toy`" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("channels: 2", "the toy backend cannot express pan"),
        ("channels: 1\nsample_rate: 44100", "toymix does not resample 'host.wav'"),
    ],
)
def test_what_it_cannot_do_is_refused_at_its_line(show, change, said):
    show.write_text(TIMELINE.replace("channels: 1", change))
    with pytest.raises(MixdownError, match=rf"MIX502\]: {said}") as caught:
        compiled(show)
    assert "{source: host.wav, start_ms: 250, gain_db: -2}\n" in str(caught.value)


def test_it_makes_no_plan_of_one_command(show):
    with pytest.raises(BackendError, match=r"MIX502.*the toy backend cannot mix this in one"):
        compiled(show, preset="draft", single=True)


def test_the_doctor_looks_for_its_program(show):
    toymix = next(program for program in examine().programs if program.name == "toymix")
    assert (toymix.tool.version, toymix.tool.found_by) == ((1, 0), "PATH")
