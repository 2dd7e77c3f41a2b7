"""A plan plays the files that its mix was compiled for, or nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.compiler.graph_input import load_graph
from mixdown.ir.codes import Code
from mixdown.ir.text.printer import print_graph
from mixdown.media import ingest
from mixdown.media.cache import VARIABLE, Cache
from mixdown.media.identity import digest_of
from mixdown.render.shell import to_shell
from plan_json import run_json
from rendering import render_compilation

RATE = 48000


def tone(path: Path, seconds: float = 0.5, rate: int = RATE, hertz: float = 440) -> Path:
    samples = 0.2 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)
    soundfile.write(path, samples, rate, "PCM_16")
    return path


def document(folder: Path, source: str, **more: str) -> Path:
    path = folder / "t.yaml"
    path.write_text(
        json.dumps(
            {"schema_version": 1, "id": "t", **more}
            | {"tracks": [{"id": "a", "role": "music", "clips": [{"source": source}]}]}
        )
    )
    return path


def graph(folder: Path) -> Path:
    """The timeline's graph in a file."""
    compilation = mixdown.compile(mixdown.load(document(folder, "a.wav")))
    path = folder / "t.mir"
    path.write_text(print_graph(compilation.graph))
    return path


def refusal(mix: object, out: Path) -> mixdown.Diagnostic:
    with pytest.raises(mixdown.RenderError) as caught:
        mixdown.render(mix, out=out)
    assert not out.exists()
    (problem,) = caught.value.diagnostics
    assert problem.code is Code.MEDIA_CHANGED
    assert "'a.wav'" in problem.message
    return problem


def test_a_graph_does_not_play_other_media(tmp_path):
    tone(tmp_path / "a.wav")
    mir = graph(tmp_path)
    expected = digest_of(tmp_path / "a.wav")[:19]
    tone(tmp_path / "a.wav", hertz=450)
    problem = refusal(load_graph(mir), tmp_path / "out")
    assert f"expected {expected}, found {digest_of(tmp_path / 'a.wav')[:19]}" in problem.message


def claim(folder: Path, rate: int, channels: int, frames: int, codec: str = "wav/pcm_16") -> Path:
    """A graph that says this of a.wav, whatever it is."""
    path = folder / "t.mir"
    path.write_text(
        "mixdown.ir 1\n"
        f'source @a = "a.wav" {{digest = "{digest_of(folder / "a.wav")}", rate = {rate}, '
        f'channels = {channels}, frames = {frames}, codec = "{codec}"}}\n'
        f"%a = clip {{source = @a, offset = 0, length = 500, rate = {RATE}}}\n"
        '%out = output %a {role = master, target = "master", container = "wav", encoding = s24}\n'
    )
    return path


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((44100, 1, 24000), "24,000 samples at 44,100 Hz, 1 channel"),
        ((RATE, 2, 24000), "24,000 samples at 48,000 Hz, 2 channels"),
        ((RATE, 1, 24001), "24,001 samples at 48,000 Hz, 1 channel"),
    ],
)
def test_the_shape_that_a_graph_claims_is_not_believed(tmp_path, shape, expected):
    tone(tmp_path / "a.wav")
    problem = refusal(load_graph(claim(tmp_path, *shape)), tmp_path / "out")
    found = "24,000 samples at 48,000 Hz, 1 channel"
    assert f"expected {expected}, found {found}" in problem.message


def test_channels_of_a_decoded_source_are_not_believed(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros((RATE, 2)), RATE, "PCM_U8")
    mir = claim(tmp_path, RATE, 1, RATE, "wav/pcm_u8")
    problem = refusal(load_graph(mir), tmp_path / "out")
    assert "1 channel, found 48,000 samples at 48,000 Hz, 2 channels, decoded" in problem.message


def test_a_file_that_is_not_plain_is_not_read_in_place(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(RATE), RATE, "PCM_U8")
    problem = refusal(load_graph(claim(tmp_path, RATE, 1, RATE)), tmp_path / "out")
    assert "expected wav/pcm_16, found wav/pcm_u8" in problem.message


def test_a_source_that_changes_after_it_was_compiled_is_refused(tmp_path):
    tone(tmp_path / "a.wav")
    compilation = mixdown.compile(mixdown.load(document(tmp_path, "a.wav")))
    tone(tmp_path / "a.wav", hertz=450)
    with pytest.raises(mixdown.RenderError, match=r"MIX611.*has changed since"):
        render_compilation(compilation, out=tmp_path / "out")


def test_a_source_that_changes_while_it_is_read_leaves_nothing_in_the_cache(tmp_path, monkeypatch):
    """Between its digest and its decoding: what is kept under a digest is of that content."""
    cache = Cache(tmp_path / "cache")
    monkeypatch.setenv(VARIABLE, str(cache.root))
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(RATE, 0.25), RATE, "PCM_U8")
    read_header = ingest.read_header

    def read_after_a_change(read: Path) -> object:
        if read == path:
            soundfile.write(path, np.full(RATE, 0.5), RATE, "PCM_U8")
        return read_header(read)

    monkeypatch.setattr(ingest, "read_header", read_after_a_change)
    found = ingest.establish(path, "a.wav")
    assert isinstance(found, mixdown.Diagnostic)
    assert found.help == "it changed while it was read"
    assert cache.size() == 0


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_so_does_a_plain_one(tmp_path, monkeypatch, subtype):
    cache = Cache(tmp_path / "cache")
    monkeypatch.setenv(VARIABLE, str(cache.root))
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(RATE, 0.25), RATE, subtype)
    read_header = ingest.read_header

    def read_before_a_change(read: Path) -> object:
        header = read_header(read)
        soundfile.write(path, np.full(RATE // 2, 0.5), RATE, subtype)
        return header

    monkeypatch.setattr(ingest, "read_header", read_before_a_change)
    found = ingest.establish(path, "a.wav")
    assert isinstance(found, mixdown.Diagnostic)
    assert cache.size() == 0


def hand_made(plan: mixdown.Plan, folder: Path, form: str, sources: Path) -> Path:
    """The master that the script or the JSON of a plan makes, run from another directory."""
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    work, out = folder / "work", folder / "hand"
    for each in (work, out):
        each.mkdir()
    if form == "json":
        spaces = {"SRC": sources, "ROOT": Path("/"), "WORK": work, "OUT": out}
        run_json(json.loads(json.dumps(plan.to_dict())), spaces, ffmpeg)
    else:
        (work / "mix.sh").write_text(to_shell(plan))
        (work / "ffmpeg").symlink_to(ffmpeg)
        (work / "mixdown").symlink_to(Path(sys.executable).parent / "mixdown")
        env = {"PATH": f"{work}:/usr/bin:/bin", "SRC": str(sources), "OUT": str(out)}
        subprocess.run(["sh", "mix.sh"], cwd=work, env=env, check=True)
    return out / "master.wav"


@pytest.mark.parametrize("form", ["sh", "json"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_U8"])
@pytest.mark.parametrize("place", ["inside", "outside", "above"])
def test_absolute_paths_work_in_scripts_and_plans(tmp_path, place, subtype, form, monkeypatch):
    monkeypatch.setenv("MIXDOWN_FFMPEG", imageio_ffmpeg.get_ffmpeg_exe())
    show = tmp_path / "show"
    show.mkdir()
    path = (show if place == "inside" else tmp_path) / "a b.wav"
    soundfile.write(path, 0.2 * np.sin(np.arange(RATE) / 9), RATE, subtype)
    named = f"../{path.name}" if place == "above" else str(path)
    mix = mixdown.load(document(show, named), allow_outside=place != "inside")
    compilation = mixdown.compile(mix, preset="draft")
    (source,) = compilation.plan.sources
    relative = {
        "inside": "${SRC}/a b.wav",
        "outside": f"${{ROOT}}{path}",
        "above": "${SRC}/../a b.wav",
    }
    assert str(source.file) == relative[place]
    rendered = render_compilation(compilation, out=tmp_path / "out")
    made = hand_made(compilation.plan, tmp_path, form, show)
    assert made.read_bytes() == rendered.master.path.read_bytes()


@pytest.mark.parametrize("backend", ["native", "ffmpeg"])
def test_a_script_refuses_other_media(tmp_path, backend):
    tone(tmp_path / "a.wav")
    plan = mixdown.compile(mixdown.load(document(tmp_path, "a.wav")), backend=backend).plan
    tone(tmp_path / "a.wav", hertz=450)
    env = {**os.environ, "SRC": str(tmp_path), "OUT": str(tmp_path / "out")}
    done = subprocess.run(
        ["sh", "-c", to_shell(plan)], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    expected, found = plan.sources[0].digest, digest_of(tmp_path / "a.wav")
    assert f"a.wav has changed: expected {expected}, found {found}" in done.stderr
    assert not list((tmp_path / "out").iterdir())


def test_a_plan_in_json_states_what_it_reads(tmp_path):
    """So that a program can check it, as run_json does."""
    tone(tmp_path / "a.wav")
    plan = mixdown.compile(mixdown.load(document(tmp_path, "a.wav")), preset="draft").plan
    (source,) = json.loads(json.dumps(plan.to_dict()))["sources"]
    assert source == {
        "file": "${SRC}/a.wav",
        "digest": digest_of(tmp_path / "a.wav"),
        "codec": "wav/pcm_16",
        "rate": RATE,
        "channels": 1,
        "frames": RATE // 2,
        "is_plain": True,
    }
    tone(tmp_path / "a.wav", hertz=450)
    with pytest.raises(AssertionError, match=r"a\.wav"):
        hand_made(plan, tmp_path, "json", tmp_path)


def test_plans_without_media_need_none():
    assert "\ncheck" not in to_shell(mixdown.Plan("hand", (), ()))


@pytest.mark.parametrize("rate", [16, 999, 768_001, 2_000_000, 10**12])
@pytest.mark.parametrize("whole", [False, True])
def test_a_graph_with_an_absurd_rate_is_refused_before_anything_runs(
    tmp_path: Path, rate: int, whole: bool
):
    """Of its source alone, or everywhere; the limits are those of a file."""
    tone(tmp_path / "a.wav")
    mix = graph(tmp_path)
    text = mix.read_text()
    source = next(line for line in text.splitlines() if line.startswith("source"))
    changed = source.replace("rate = 48000", f"rate = {rate}")
    text = text.replace(source, changed)
    if whole:
        text = text.replace("rate = 48000", f"rate = {rate}").replace("<48000,", f"<{rate},")
    mix.write_text(text)
    with pytest.raises(mixdown.MixdownError) as caught:
        mixdown.render(mix, out=tmp_path / "out")
    codes = {problem.code for problem in caught.value.diagnostics}
    assert codes in ({Code.MEDIA_CHANGED}, {Code.IR_ATTRIBUTE}), codes
    assert not (tmp_path / "out").exists()
