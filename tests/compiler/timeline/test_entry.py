"""An entry of `sources`: what it may say, and what it means for the source that a graph plays."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from mixdown import Timeline, TimelineError, compile, load, loads
from mixdown.compiler.fmt import format_text
from mixdown.compiler.media import probe_sources
from mixdown.compiler.timeline.entry import SourceEntry, selection_of
from mixdown.compiler.timeline.validate import validate
from mixdown.documents.writer import dump
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import Severity
from mixdown.ir.node import Repair
from mixdown.ir.text.parser import parse_text
from mixdown.ir.text.printer import print_graph
from mixdown.media.selection import Gap, Pick, Selection
from odd_media import nonfinite, write_tone

HALF = np.sqrt(0.5)


@pytest.fixture
def film(tmp_path: Path, embedded_ffmpeg: str) -> Path:
    """A German stereo stream, then an English 5.1 stream."""
    first = write_tone(tmp_path / "first.wav", 0.5, channels=2)
    second = write_tone(tmp_path / "second.wav", 0.5, channels=6)
    path = tmp_path / "film.mka"
    argv = [embedded_ffmpeg, "-v", "error", "-i", str(first), "-i", str(second), "-map", "0"]
    argv += ["-map", "1", "-c:a", "pcm_s16le", "-metadata:s:a:0", "language=ger"]
    subprocess.run([*argv, "-metadata:s:a:1", "language=eng", str(path)], check=True)
    return path


def played(folder: Path, **entry: object) -> Timeline:
    """A timeline that plays one entry."""
    timeline = Timeline(id="x", root=folder, sources={"a": entry})
    return timeline.track("t", role="fx").clip("a")


def problem_of(timeline: Timeline) -> tuple[Code, str, str]:
    with pytest.raises(TimelineError) as raised:
        compile(timeline, preset="draft")
    (found,) = raised.value.diagnostics
    return found.code, found.origin.pointer, f"{found.message}; {found.help}"


ENTRIES = [
    SourceEntry("a.wav"),
    SourceEntry("a.wav", stream=2),
    SourceEntry("a.wav", stream="eng"),
    SourceEntry("a.wav", channels="left", speed="100/97"),
    SourceEntry("a.wav", channels=[1, 0], speed=1.5),
    SourceEntry("a.wav", downmix="itu", gap="close", repair="zero"),
]


@pytest.mark.parametrize("format", ["yaml", "json"])
def test_entries_survive_documents(format):
    timeline = Timeline(id="x", sources=dict(enumerate_names(ENTRIES)), length_ms=1000)
    text = dump(timeline, format)
    assert loads(text) == timeline
    assert loads(format_text(text, format=format)) == timeline
    assert format != "yaml" or "  s0: a.wav\n" in text


def enumerate_names(entries: list[SourceEntry]) -> list[tuple[str, SourceEntry]]:
    return [(f"s{number}", entry) for number, entry in enumerate(entries)]


@pytest.mark.parametrize(
    ("entry", "selection"),
    [
        (SourceEntry("a.wav"), Selection()),
        (SourceEntry("a.wav", stream="eng"), Selection(stream="eng")),
        (SourceEntry("a.wav", channels="mid"), Selection(channels=Pick.MID)),
        (SourceEntry("a.wav", channels=[0]), Selection(channels=(0,))),
        (SourceEntry("a.wav", downmix="itu"), Selection(downmix=2)),
        (SourceEntry("a.wav", gap="close"), Selection(gap=Gap.CLOSE)),
        (SourceEntry("a.wav", repair="zero"), Selection(repair=True)),
    ],
)
def test_an_entry_is_a_selection(entry, selection):
    assert selection_of(entry, 2) == selection


BAD = [
    ("stream: 0", "stream"),
    ('stream: ""', "stream"),
    ("channels: centre", "channels"),
    ("channels: []", "channels"),
    ("channels: [0, 1, 2]", "channels"),
    ("channels: [-1]", "channels"),
    ("speed: 0", "speed"),
    ("speed: 17", "speed"),
    ("speed: fast", "speed"),
    ("channels: left, downmix: itu", "downmix"),
]


@pytest.mark.parametrize(("text", "key"), BAD)
def test_values_out_of_range_have_a_place(text, key, tmp_path):
    (tmp_path / "a.yaml").write_text(
        f"id: x\nsources: {{a: {{path: a.wav, {text}}}}}\n"
        "tracks: [{id: t, role: fx, clips: [{source: a}]}]\n"
    )
    timeline = load(tmp_path / "a.yaml")
    assert probe_sources(timeline)[0] == {}
    (found,) = validate(timeline)
    assert (found.code, found.origin.pointer) == (Code.OUT_OF_RANGE, f"/sources/a/{key}")


@pytest.mark.parametrize(
    "text", ["stream: [1]", "channels: {}", "downmix: dolby", "gap: 1", "repair: true", "level: 1"]
)
def test_wrong_types_and_keys_are_refused(text):
    with pytest.raises(TimelineError) as raised:
        loads(f"id: x\nlength_ms: 1\nsources: {{a: {{path: a.wav, {text}}}}}")
    (found,) = raised.value.diagnostics
    assert found.code in (Code.WRONG_TYPE, Code.UNKNOWN_KEY)
    assert found.origin.pointer.startswith("/sources/a/")


@pytest.mark.parametrize("entry", ["12", "[a.wav]", "{stream: 2}"])
def test_an_entry_without_a_path_is_one_error(entry, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(
        f"id: x\nsources: {{a: {entry}}}\ntracks: [{{id: t, role: fx, clips: [{{source: a}}]}}]\n"
    )
    with pytest.raises(TimelineError) as raised:
        compile(path)
    (found,) = raised.value.diagnostics
    assert found.origin.pointer == "/sources/a"
    assert "needs the key 'path'" in found.message or "must be text or a mapping" in found.message


def test_a_path_in_an_entry_is_checked_as_any_other():
    for text in ("../a.wav", "{path: ../a.wav}", "{path: ../a.wav, stream: 2}"):
        timeline = loads(f"id: x\nlength_ms: 1\nsources: {{a: {text}}}")
        (found,) = validate(timeline)
        assert found.code is Code.SOURCE_OUTSIDE


def test_two_entries_of_a_file_are_two_sources(film: Path):
    timeline = Timeline(
        id="x",
        root=film.parent,
        sources={
            "german": {"path": film.name, "stream": "ger"},
            "english": {"path": film.name, "stream": "eng", "downmix": "itu"},
        },
    )
    timeline = timeline.track("t", role="fx").clip("german").clip("english", start_ms=500)
    compilation = compile(timeline, preset="draft")
    english, german = compilation.graph.sources
    assert (english.stream, german.stream, german.matrix) == (2, 1, ())
    assert english.digest == german.digest
    assert english.matrix == (1, 0, HALF, 0, HALF, 0, 0, 1, HALF, 0, 0, HALF)
    assert compilation.diagnostics == ()
    text = print_graph(compilation.graph)
    assert parse_text(text, "graph.mir").graph == compilation.graph
    decoded = [step for step in compilation.plan.steps if step.id.startswith("decode")]
    assert len({step.outputs for step in decoded}) == 2


def test_several_streams_and_no_choice_are_a_note(film: Path):
    compilation = compile(played(film.parent, path=film.name), preset="draft", strict=True)
    (found,) = compilation.diagnostics
    assert (found.code, found.severity) == (Code.SEVERAL_STREAMS, Severity.NOTE)
    assert found.message.endswith("the first is played: pcm_s16le, 48000 Hz, stereo, ger")
    assert "{path: film.mka, stream: 2}" in found.help
    assert found.help.endswith("there is 2: pcm_s16le, 48000 Hz, 5.1, eng")
    assert compile(played(film.parent, path=film.name, stream=1), preset="draft").diagnostics == ()


def test_what_a_file_does_not_have_is_said_at_the_key(film: Path):
    code, pointer, said = problem_of(played(film.parent, path=film.name, stream="fra"))
    assert (code, pointer) == (Code.UNKNOWN_STREAM, "/sources/a/stream")
    assert "its audio streams are 1: pcm_s16le, 48000 Hz, stereo, ger; 2:" in said
    code, pointer, said = problem_of(played(film.parent, path=film.name, channels=[2]))
    assert (code, pointer) == (Code.UNSUPPORTED_CHANNELS, "/sources/a/channels")
    assert "it has no channel 2" in said
    code, pointer, said = problem_of(played(film.parent, path=film.name, stream=2))
    assert code is Code.UNSUPPORTED_CHANNELS
    assert "{path: film.mka, downmix: itu}" in said


def test_a_mended_file_is_a_note_with_the_count(tmp_path: Path):
    nonfinite(tmp_path / "a.wav")
    code, _, said = problem_of(played(tmp_path, path="a.wav"))
    assert code is Code.NOT_FINITE_SAMPLES
    assert "{path: a.wav, repair: zero}" in said
    compilation = compile(played(tmp_path, path="a.wav", repair="zero"), preset="draft")
    (found,) = compilation.diagnostics
    assert (found.code, found.severity) == (Code.NOT_FINITE_SAMPLES, Severity.NOTE)
    assert found.message.endswith(
        "3 samples that are not finite, the first, NaN, at 0.010 s; they are played as 0"
    )
    assert compilation.graph.sources[0].repair is Repair.ZERO


@pytest.mark.parametrize(
    "entry",
    [
        {"stream": 1},
        {"channels": [0, 1]},
        {"downmix": "itu"},
        {"repair": "zero"},
        {"gap": "close"},
    ],
    ids=str,
)
def test_an_entry_that_changes_nothing_keeps_a_plain_file_plain(entry, tmp_path: Path):
    write_tone(tmp_path / "a.wav", 0.1, channels=2)
    plain = compile(played(tmp_path, path="a.wav"), preset="draft")
    same = compile(played(tmp_path, path="a.wav", **entry), preset="draft")
    assert same.graph == plain.graph
    assert same.plan.digest == plain.plan.digest


def test_a_speed_multiplies_with_that_of_a_stretched_loop(tmp_path: Path):
    write_tone(tmp_path / "bar.wav", 4.0)
    text = """
        arrangement_version: 1
        id: x
        sources: {bar: {path: bar.wav, speed: 2}}
        tempo_map: [{bar: 1, tempo: 150}]
        sections: [{name: a, bars: 2}]
        materials: [{id: bar, source: bar, bars: 1, tempo: 120, stretch: resample}]
        parts: [{id: p, role: drums, material: bar, play: [a]}]
    """
    timeline = loads(text, root=tmp_path)
    (entry,) = timeline.sources.values()
    assert entry == SourceEntry("bar.wav", speed="5/2")
    assert [clip.start_ms for clip in timeline.tracks[0].clips] == [0, 1600]
    assert timeline.length_ms == 3200


def test_shows_and_arrangements_play_entries(film: Path):
    text = """
        show_version: 1
        id: x
        sources: {film: {path: film.mka, stream: eng, downmix: itu}}
        segments: [film, {source: film.mka, duration_ms: 200}]
    """
    timeline = loads(text, root=film.parent)
    assert timeline.sources == {"film": SourceEntry("film.mka", stream="eng", downmix="itu")}
    compilation = compile(timeline, preset="draft")
    assert [d.code for d in compilation.diagnostics].count(Code.SEVERAL_STREAMS) == 1
    assert sorted(s.stream for s in compilation.graph.sources) == [1, 2]
