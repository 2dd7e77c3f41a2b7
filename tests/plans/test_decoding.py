"""Sources that only ffmpeg reads: the same samples from every backend, decoded once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from mixdown import compile, load
from mixdown.media.cache import VARIABLE
from mixdown.render.verify import Renderer, verify_mix

TIMELINE = """
schema_version: 1
id: foreign
sources: {talk: talk.m4a, film: film.mkv}
tracks:
  - {id: t1, role: dialogue, clips: [{source: talk, start_ms: 50, pan: 0.2}]}
  - {id: t2, role: music, clips: [{source: film, start_ms: 200, offset_ms: 33.3, gain_db: -3}]}
"""


@pytest.fixture
def mix(tmp_path: Path, embedded_ffmpeg: str) -> Path:
    for name, options in (("talk.m4a", ("-c:a", "aac")), ("film.mkv", ("-c:a", "libvorbis"))):
        source = "sine=f=440:r=44100:d=1,aformat=channel_layouts=stereo"
        argv = [embedded_ffmpeg, "-v", "error", "-f", "lavfi", "-i", source, *options]
        subprocess.run([*argv, str(tmp_path / name)], check=True)
    path = tmp_path / "mix.yaml"
    path.write_text(TIMELINE)
    return path


@pytest.mark.requires("sox")
def test_every_backend_plays_them(mix):
    names = ("reference", "native", "ffmpeg", "sox")
    found = verify_mix(load(mix), [Renderer(name, name) for name in names])
    assert all(residual.is_within for residual in found), found
    # Decoded by one program, they are not lossy to each other.
    assert max(residual.budget for residual in found) == -140


@pytest.mark.parametrize("backend", ["native", "sox"])
def test_they_are_decoded_by_steps_that_come_first(mix, backend):
    plan = compile(load(mix), backend=backend).plan
    decoding = [step for step in plan.steps if step.program == "ffmpeg"]
    assert plan.steps[: len(decoding)] == tuple(decoding)
    assert len(decoding) == 2
    made = {file: step.id for step in decoding for file in step.outputs}
    for step in plan.steps[len(decoding) :]:
        assert {made[file] for file in step.inputs if file in made} <= set(step.after)
    assert any(set(step.after) & set(made.values()) for step in plan.steps)


# Two shapes, two decoded files; and the premaster, where it is not mixdown that makes it.
@pytest.mark.parametrize(("backend", "files"), [("native", 4), ("ffmpeg", 5)])
def test_a_second_render_takes_what_the_first_kept(mix, tmp_path, monkeypatch, backend, files):
    from mixdown import render

    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    first = render(load(mix), out=tmp_path / "one", backend=backend)
    kept = {path.name: path.stat().st_ino for path in (tmp_path / "cache").iterdir()}
    assert len(kept) == files
    second = render(load(mix), out=tmp_path / "two", backend=backend)
    assert {p.name: p.stat().st_ino for p in (tmp_path / "cache").iterdir()} == kept
    assert second.master.digest == first.master.digest
    monkeypatch.setenv(VARIABLE, "off")
    third = render(load(mix), out=tmp_path / "three", backend=backend)
    assert third.master.digest == first.master.digest


def test_another_content_is_decoded_anew(mix, tmp_path, monkeypatch, embedded_ffmpeg):
    from mixdown import render

    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    first = render(load(mix), out=tmp_path / "one", backend="native")
    argv = [embedded_ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", "sine=f=900:r=44100:d=1"]
    subprocess.run([*argv, "-ac", "2", str(mix.parent / "talk.m4a")], check=True)
    second = render(load(mix), out=tmp_path / "two", backend="native")
    assert second.master.digest != first.master.digest
    manifest = json.loads(second.manifest.read_text())
    assert manifest["artifacts"][0]["meta"]["sources"]["talk.m4a"].startswith("sha256:")
