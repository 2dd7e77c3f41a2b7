"""Sources as their entries declare them: compiled without files, and checked against them."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from attrs import evolve
from mixdown import RenderError, Timeline, TimelineError, compile, load, loads, render
from mixdown.compiler.declared import DECLARED
from mixdown.ir.codes import Code
from odd_media import RATE, tone, write_tone
from rendering import render_compilation

SHAPE = {"rate": RATE, "channels": 2, "frames": 24_000}


def played(folder: Path, **entry: object) -> Timeline:
    timeline = Timeline(id="x", root=folder, sources={"a": {"path": "a.flac", **entry}})
    return timeline.track("t", role="fx").clip("a", fade_in_ms=10)


def problems(timeline: Timeline, **choices: object) -> list[tuple[Code, str, str]]:
    with pytest.raises(TimelineError) as raised:
        compile(timeline, preset="draft", **choices)
    return [(d.code, d.origin.pointer, d.message) for d in raised.value.diagnostics]


@pytest.mark.parametrize(
    "entry",
    [{}, {"channels": "left"}, {"channels": [1, 0]}, {"speed": 2}, {"repair": "zero"}],
    ids=str,
)
def test_a_declaration_that_is_right_gives_the_same_graph(entry, tmp_path):
    timeline = played(tmp_path, **{**SHAPE, **entry})
    declared = compile(timeline, preset="draft", media="declared").graph
    soundfile.write(tmp_path / "a.flac", tone(0.5, channels=2), RATE, "PCM_24")
    real = compile(timeline, preset="draft").graph
    (source,), (file,) = declared.sources, real.sources
    assert source.digest.startswith(DECLARED)
    assert evolve(source, digest=file.digest, codec=file.codec) == file
    assert declared.nodes == real.nodes


def test_the_plan_is_that_of_a_plain_file(tmp_path: Path):
    timeline = played(tmp_path, **SHAPE)
    declared = compile(timeline, preset="draft", media="declared").plan
    soundfile.write(tmp_path / "a.flac", tone(0.5, channels=2), RATE, "PCM_24")
    real = compile(timeline, preset="draft").plan
    assert [step.argv for step in real.steps] == [step.argv for step in declared.steps]


def test_a_plan_of_declarations_does_not_run(tmp_path: Path):
    declared = compile(played(tmp_path, **SHAPE), preset="draft", media="declared")
    with pytest.raises(RenderError, match=r"'a\.flac' was declared, not read, for this plan"):
        render_compilation(declared, out=tmp_path / "out")


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"rate": 44_100}, "rate", "has a rate of 48,000 Hz, not 44,100"),
        ({"channels": 1}, "channels", "has 2 channels, not 1"),
        ({"frames": 23_999}, "frames", "has 24,000 samples, not 23,999"),
    ],
)
def test_a_declaration_that_is_wrong_is_an_error_at_its_key(change, key, says, tmp_path):
    soundfile.write(tmp_path / "a.flac", tone(0.5, channels=2), RATE, "PCM_24")
    timeline = played(tmp_path, **{**SHAPE, **change})
    wanted = [(Code.SHAPE_DIFFERS, f"/sources/a/{key}", f"media file 'a.flac' {says}")]
    assert problems(timeline) == wanted
    compile(timeline, preset="draft", media="declared")
    with pytest.raises(TimelineError, match=says):
        render(timeline, out=tmp_path / "out", preset="draft", media="declared")
    assert not (tmp_path / "out").exists()


def test_declarations_count_in_the_file_not_in_what_is_played_of_it(tmp_path: Path):
    soundfile.write(tmp_path / "a.flac", tone(0.5, channels=6), RATE, "PCM_24")
    timeline = played(tmp_path, **{**SHAPE, "channels": 6}, downmix="itu", speed=2)
    declared = compile(timeline, preset="draft", media="declared")
    real = compile(timeline, preset="draft")
    assert declared.length == real.length == 12_000
    assert declared.graph.sources[0].matrix == real.graph.sources[0].matrix


@pytest.mark.parametrize("missing", ["rate", "channels", "frames"])
def test_without_files_the_shape_is_needed(missing, tmp_path: Path):
    shape = {key: value for key, value in SHAPE.items() if key != missing}
    ((code, pointer, message),) = problems(played(tmp_path, **shape), media="declared")
    assert (code, pointer) == (Code.NO_SHAPE, "/sources/a/path")
    assert message == f"'a' declares no {missing}"
    bare = Timeline(id="x", root=tmp_path).track("t", role="fx").clip("b.wav")
    ((code, pointer, _),) = problems(bare, media="declared")
    assert (code, pointer) == (Code.NO_SHAPE, "/tracks/0/clips/0/source")


def test_lengths_and_channels_are_checked_as_with_files(tmp_path: Path):
    timeline = played(tmp_path, **{**SHAPE, "channels": 6})
    assert [code for code, *_ in problems(timeline, media="declared")] == [
        Code.UNSUPPORTED_CHANNELS
    ]
    timeline = played(tmp_path, **SHAPE).clip("a", offset_ms=400, duration_ms=200)
    assert [code for code, *_ in problems(timeline, media="declared")] == [Code.CLIP_PAST_SOURCE]


ARRANGEMENT = """
arrangement_version: 1
id: x
sources: {bar: {path: bar.wav, rate: 48000, channels: 1, frames: 96000}}
tempo_map: [{bar: 1, tempo: 120}]
sections: [{name: a, bars: 2}]
materials: [{id: bar, source: bar, bars: 1, tempo: 120}]
parts: [{id: p, role: drums, material: bar, play: [a]}]
"""


def test_arrangements_are_lowered_without_files(tmp_path: Path):
    path = tmp_path / "song.yaml"
    path.write_text(ARRANGEMENT)
    timeline = load(path, media="declared")
    assert timeline.length_ms == 4000
    declared = compile(path, preset="draft", media="declared")
    with pytest.raises(TimelineError, match="does not exist"):
        compile(path, preset="draft")
    write_tone(tmp_path / "bar.wav", 2.0)
    assert compile(path, preset="draft").length == declared.length


def test_there_are_two_modes(tmp_path: Path):
    for work in (lambda: loads("id: x", media="none"), lambda: compile("x.yaml", media="none")):
        with pytest.raises(TimelineError, match=r"media'? cannot be 'none'"):
            work()
