"""Sources that are not plain are decoded once, the same way for every backend."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from mixdown import compile, load, render
from mixdown.compiler import media as compiler_media
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import MixdownError, RenderError
from mixdown.media import facts, job
from mixdown.media.cache import VARIABLE
from mixdown.media.headers import read_header
from mixdown.render.shell import to_shell
from mixdown.render.verify import Renderer, verify_mix
from odd_media import RATE, encode, tone, write_tone

TIMELINE = """
schema_version: 1
id: mixed
sources: {talk: talk.m4a, film: film.mkv, song: song.mp3}
tracks:
  - {id: t1, role: dialogue, clips: [{source: talk, start_ms: 50, pan: 0.2}]}
  - {id: t2, role: music, clips: [{source: film, start_ms: 200, offset_ms: 33.3, gain_db: -3}]}
  - id: t3
    role: music
    clips: [{source: song, start_ms: 1200}, {source: song, start_ms: 100, offset_ms: 700}]
"""
FILES = {"talk.m4a": "aac", "film.mkv": "libvorbis", "song.mp3": "libmp3lame"}


@pytest.fixture
def mix(tmp_path: Path, embedded_ffmpeg: str) -> Path:
    for name, coding in FILES.items():
        source = write_tone(tmp_path / "tone.wav", 1.0, 44100, 2)
        encode(embedded_ffmpeg, source, tmp_path / name, "-c:a", coding)
    path = tmp_path / "mix.yaml"
    path.write_text(TIMELINE)
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(facts, "_known", {})
    return tmp_path / "cache"


@pytest.mark.requires("sox")
def test_every_backend_plays_the_same_samples(mix):
    names = ("reference", "native", "ffmpeg", "sox")
    found = verify_mix(load(mix), [Renderer(name, name) for name in names])
    assert all(residual.is_within for residual in found), found
    assert max(residual.budget for residual in found) == -140
    exact = [r for r in found if "sox" not in r.pair]
    assert max(residual.budget for residual in exact) == -200


@pytest.mark.parametrize("backend", ["native", "ffmpeg", "sox"])
def test_they_are_decoded_by_steps_that_come_first(mix, backend):
    plan = compile(load(mix), backend=backend).plan
    decoding = [step for step in plan.steps if step.is_exact]
    assert plan.steps[:3] == tuple(decoding)
    assert [step.id for step in decoding] == ["decode1", "decode2", "decode3"]
    assert {step.program for step in decoding} == {"ffmpeg"}
    made = {file: step.id for step in decoding for file in step.outputs}
    for step in plan.steps[3:]:
        assert {made[file] for file in step.inputs if file in made} <= set(step.after)
        assert not any(file.path in FILES for file in step.inputs)


@pytest.mark.parametrize("backend", ["ffmpeg", "native"])
def test_one_command_plays_what_commands_before_it_decoded(mix, tmp_path, backend):
    timeline = load(mix)
    made = {}
    for single in (False, True):
        out = tmp_path / str(single)
        out.mkdir()
        plan = compile(timeline, backend=backend, preset="draft", single=single).plan
        (out / "run").write_text(to_shell(plan))
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "SRC": str(mix.parent)}
        subprocess.run(["sh", out / "run"], env=env, cwd=out, check=True)
        made[single] = (out / plan.deliveries[0].file.path).read_bytes()
    assert made[True] == made[False]
    assert [step.id for step in plan.steps] == ["decode1", "decode2", "decode3", "mix"]


@pytest.mark.parametrize("backend", ["native", "ffmpeg"])
def test_a_render_takes_what_the_compilation_decoded(mix, tmp_path, cache, monkeypatch, backend):
    compile(load(mix), backend=backend)
    sounds = [path for path in cache.iterdir() if read_header(path) is not None]
    assert len(sounds) == len(FILES)
    inodes = {path.stat().st_ino for path in sounds}
    first = render(load(mix), out=tmp_path / "one", backend=backend)
    kept = {path.name: path.stat().st_ino for path in cache.iterdir()}
    assert inodes <= set(kept.values())
    facts._known.clear()
    monkeypatch.setattr(job, "run_process", None)
    second = render(load(mix), out=tmp_path / "two", backend=backend)
    after = {path.name: path.stat().st_ino for path in cache.iterdir()}
    added = {name.split(".")[1] for name in after.keys() - kept.keys()}
    assert kept.items() <= after.items()
    assert added == {"digest"}  # of the values in the other directory
    assert second.master.digest == first.master.digest
    monkeypatch.undo()
    monkeypatch.setenv(VARIABLE, "off")
    third = render(load(mix), out=tmp_path / "three", backend=backend)
    assert third.master.digest == first.master.digest


def test_another_content_is_decoded_anew(mix, tmp_path, cache, embedded_ffmpeg):
    first = render(load(mix), out=tmp_path / "one", backend="native")
    argv = [embedded_ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", "sine=f=900:r=44100:d=1"]
    subprocess.run([*argv, "-ac", "2", str(mix.parent / "talk.m4a")], check=True)
    second = render(load(mix), out=tmp_path / "two", backend="native")
    assert second.master.digest != first.master.digest
    manifest = json.loads(second.manifest.read_text())
    assert manifest["artifacts"][0]["meta"]["sources"]["talk.m4a"].startswith("sha256:")


@pytest.mark.parametrize("backend", ["native", "ffmpeg"])
@pytest.mark.parametrize("name", ["talk.m4a", "plain.wav"])
def test_a_source_that_changes_after_the_compilation_stops_the_render(
    mix, tmp_path, cache, monkeypatch, backend, name
):
    """Whether it is decoded or read in place; and nothing is kept of it under the old content."""
    soundfile.write(tmp_path / "plain.wav", tone(1.0), RATE, subtype="PCM_16")
    mix.write_text(mix.read_text().replace("source: song,", "source: plain.wav,"))
    from mixdown.render import service

    compiled = service.compile

    def compile_then_change(*given: object, **named: object) -> object:
        compilation = compiled(*given, **named)
        soundfile.write(tmp_path / name, tone(1.0)[::-1], RATE, format="WAV", subtype="PCM_16")
        return compilation

    monkeypatch.setattr(service, "compile", compile_then_change)
    before = set(cache.iterdir()) if cache.exists() else set()
    with pytest.raises(RenderError) as raised:
        render(load(mix), out=tmp_path / "out", backend=backend)
    (problem,) = raised.value.diagnostics
    assert problem.code is Code.MEDIA_CHANGED
    assert problem.message.startswith(f"media file {name!r} has changed since")
    assert not (tmp_path / "out").exists()
    monkeypatch.undo()
    monkeypatch.setenv(VARIABLE, str(cache))
    assert before <= set(cache.iterdir())
    again = render(load(mix), out=tmp_path / "out", backend=backend)
    monkeypatch.setenv(VARIABLE, "off")
    assert (
        render(load(mix), out=tmp_path / "b", backend=backend).master.digest == again.master.digest
    )


@pytest.mark.parametrize("frames", [-100, 100])
def test_a_length_that_decoding_does_not_give_stops_the_render(
    mix, tmp_path, monkeypatch, frames: int
):
    """A file is neither cut nor padded to what it was said to be."""
    from attrs import evolve

    established = compiler_media.establish
    monkeypatch.setattr(
        compiler_media,
        "establish",
        lambda *given: evolve(f := established(*given), frames=f.frames + frames),
    )
    with pytest.raises(RenderError) as raised:
        render(load(mix), out=tmp_path / "out", backend="ffmpeg")
    assert raised.value.diagnostics[0].code is Code.MEDIA_CHANGED
    assert ", decoded" in raised.value.diagnostics[0].message


def test_a_damaged_source_is_played_with_a_warning_or_refused(mix, tmp_path):
    data = (tmp_path / "film.mkv").read_bytes()
    (tmp_path / "film.mkv").write_bytes(data[: len(data) * 3 // 4])
    compilation = compile(load(mix), backend="native")
    (warning,) = (d for d in compilation.diagnostics if d.code is Code.MEDIA_DAMAGED)
    assert "film.mkv" in warning.message
    assert warning.origin is not None
    with pytest.raises(MixdownError, match="MIX241"):
        compile(load(mix), backend="native", strict=True)
