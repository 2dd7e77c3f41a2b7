"""What goes into files beside the samples: the cover that a document names, markers as chapters."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import mixdown
import pytest
import soundfile
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from mixdown.compiler.emit import chapters
from mixdown.documents.writer import dump
from mixdown.ir.diagnostics import TimelineError
from mixdown.plans.ffmetadata import Chapter
from strategies import TEXTS

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes([0, 0, 0, 9, 0, 0, 0, 5, 8, 2, 0, 0, 0])
DOCUMENT = "id: a\ncover: {}\ntracks:\n  - {{id: a, role: music, clips: [{{source: a.wav}}]}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "a.wav", [0.1, -0.1] * 4000, 8000)
    (tmp_path / "cover.png").write_bytes(PNG)
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def load(folder: Path, cover: str) -> mixdown.Timeline:
    (folder / "a.yaml").write_text(DOCUMENT.format(cover))
    return mixdown.load(folder / "a.yaml")


def test_a_cover_survives_load_and_dump(folder):
    timeline = load(folder, "cover.png")
    assert timeline.cover == "cover.png"
    (folder / "b.yaml").write_text(dump(timeline))
    assert mixdown.load(folder / "b.yaml") == timeline
    meta = mixdown.compile(timeline, format="mp3", stems=True).meta
    assert str(meta["master"].cover).startswith("sha256:")
    assert meta["bus_music"].cover is None
    assert mixdown.compile(timeline).meta["master"].cover is None  # a WAV holds none


@pytest.mark.parametrize(
    ("cover", "code"),
    [
        ("nowhere.jpg", "MIX214"),
        ("notes.txt", "MIX215"),
        ("a.wav", "MIX215"),
        ("../cover.png", "MIX212"),
        ("https://example.org/cover.png", "MIX213"),
    ],
)
def test_a_cover_that_cannot_be(folder, cover, code):
    with pytest.raises(TimelineError) as caught:
        mixdown.compile(load(folder, cover), format="mp3")
    (found,) = caught.value.diagnostics
    assert found.code.value == code
    assert found.to_dict(caught.value.documents)["line"] == 2


def chapters_of(*markers: tuple[float, str], length: int = 48000) -> list[tuple[int, int, str]]:
    timeline = mixdown.Timeline(id="a")
    for at_ms, label in markers:
        timeline = timeline.marker(at_ms, label)
    return [(c.start, c.end, c.title) for c in chapters(timeline, length)]


def test_a_chapter_ends_where_the_next_begins():
    assert chapters_of() == []
    assert chapters_of((400, "b"), (0, "a")) == [(0, 400, "a"), (400, 1000, "b")]
    assert chapters_of((0.4, "a"), (0.1, "b"), (7, "c")) == [(0, 7, "b / a"), (7, 1000, "c")]
    assert chapters_of((999, "a"), (1000, "b"), (2000, "c")) == [(999, 1000, "a")]


@given(
    st.lists(st.tuples(st.decimals(0, 3000, places=3), TEXTS)),
    st.integers(1, 200_000),
    st.sampled_from([8000, 44100, 48000]),
)
def test_chapters_lie_in_the_mix_and_follow_each_other(markers, length, rate):
    timeline = mixdown.Timeline(id="a", sample_rate=rate)
    for at_ms, label in markers:
        timeline = timeline.marker(Decimal(at_ms), label)
    made = chapters(timeline, length)
    starts = [chapter.start for chapter in made]
    assert starts == sorted(set(starts))
    assert all(isinstance(chapter, Chapter) and chapter.start < chapter.end for chapter in made)
    assert [chapter.end for chapter in made[:-1]] == starts[1:]
    assert not made or abs(made[-1].end - 1000 * length / rate) <= 0.5


def test_chapters_go_into_the_master_alone(folder):
    timeline = evolve(load(folder, "cover.png").marker(0, "One"), cover=None)
    plan = mixdown.compile(timeline, format="m4a", stems=True, preset="draft").plan
    texts = {step.id: [script.text for script in step.scripts] for step in plan.steps}
    assert ["title=One" in text for text in texts["encode"]] == [True]
    assert texts["encode1"] == []


@pytest.mark.parametrize(
    ("form", "count", "said"),
    [("m4a", 255, []), ("m4a", 256, ["MIX507"]), ("flac", 256, []), ("wav", 256, [])],
)
def test_more_chapters_than_a_list_holds_are_a_warning(folder, form, count, said):
    markers = [{"at_ms": number, "label": f"{number}"} for number in range(count)]
    timeline = mixdown.replace(load(folder, "cover.png"), markers=markers, cover=None)
    found = mixdown.compile(timeline, format=form).diagnostics
    assert [d.code.value for d in found] == said
    assert all("the markers make 256" in d.message for d in found)
    assert all(d.origin.pointer == "/markers/255" for d in found)
