"""Clips that follow others, and loops: where they are, what they sound like, what is refused."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.compiler.arrangement.review import review
from mixdown.compiler.driver import begin
from mixdown.compiler.geometry import rounds
from mixdown.compiler.pipeline import FRONT, final
from mixdown.compiler.request import RenderRequest
from mixdown.compiler.timeline.model import Timeline
from mixdown.documents.writer import dump
from mixdown.ir.diagnostics import TimelineError
from mixdown.ir.text.printer import print_graph

RATE = 48_000
HEAD = "id: x\nmarkers: [{at_ms: 3000, label: Turn}]\ntracks:\n"


@pytest.fixture(autouse=True)
def media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """a.wav is a second of a tone of 100 whole periods, b.wav half a second."""
    monkeypatch.chdir(tmp_path)
    tone = 0.5 * np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE)
    soundfile.write("a.wav", tone, RATE, subtype="FLOAT")
    soundfile.write("b.wav", tone[: RATE // 2], RATE, subtype="FLOAT")


def track(*clips: str, id: str = "t") -> str:
    listed = "".join(f"      - {{{clip}}}\n" for clip in clips)
    return f"  - id: {id}\n    role: music\n    clips:\n{listed}"


def placed(text: str) -> Timeline:
    Path("x.yaml").write_text(HEAD + text)
    return review("x.yaml")[0]


def starts(timeline: Timeline, track: int = 0) -> list[int]:
    return [int(clip.start_ms) for clip in timeline.tracks[track].clips]


def problems(text: str) -> list[tuple[str, str, int | None]]:
    with pytest.raises(TimelineError) as caught:
        placed(text)
    found = [d.to_dict(caught.value.documents) for d in caught.value.diagnostics]
    return [(str(d["code"]), str(d["message"]), d["line"]) for d in found]


def test_clips_follow_others_across_tracks_and_in_any_order():
    timeline = placed(
        track(
            "source: a.wav, start_ms: 500",
            "source: b.wav, after: previous, gap_ms: 250",
            "source: b.wav, after: u/later",
            "id: own, source: b.wav, after: c2, gap_ms: -100",
        )
        + track("id: later, source: b.wav, after: t/own", "source: a.wav, start_ms: 0", id="u")
    )
    assert starts(timeline) == [500, 1750, 3150, 2150]
    assert starts(timeline, 1) == [2650, 0]
    assert dump(timeline).count("after") == 0


def test_the_document_of_placed_clips_means_the_same():
    text = track(
        "source: a.wav, loop: true", "source: b.wav, start_ms: 2500", "source: b.wav,after: c1"
    )
    timeline = placed(text.replace("loop: true", "loop: true, until: Turn"))
    mixdown.load("x.yaml")
    graph = mixdown.compile("x.yaml", preset="draft").graph
    timeline.dump("y.yaml")
    again = mixdown.compile("y.yaml", preset="draft").graph
    assert print_graph(again, origins=False) == print_graph(graph, origins=False)


def test_a_start_names_its_cause_and_its_line():
    placed(
        track("source: a.wav", "source: b.wav, after: c1, gap_ms: 20", "source: a.wav, loop: true")
    )
    unit = final(begin("x.yaml", RenderRequest()), FRONT[:1])
    origin = unit.timeline.origin("tracks", 0, "clips", 1, "start_ms")
    assert (origin.pointer, origin.via and origin.via.cause) == (
        "/tracks/0/clips/1/start_ms",
        "20 ms after t/c1",
    )
    second = unit.timeline.origin("tracks", 0, "clips", 3, "fade_in_ms")
    assert second.pointer == "/tracks/0/clips/2/fade_in_ms"


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("", 4000),
        ("until: end", 4000),
        ("until: Turn", 3000),
        ("until: u/b", 3500),
        ("through: u/b", 4000),
        ("through: u/a", 1700),
    ],
)
def test_loops_end_where_they_should(until, end):
    text = track(f"source: a.wav, start_ms: 100, loop: true, {until}".rstrip(", "))
    timeline = placed(
        text
        + track(
            "id: a, source: a.wav, start_ms: 700", "id: b, source: b.wav, start_ms: 3500", id="u"
        )
    )
    clips = timeline.tracks[0].clips
    assert starts(timeline) == list(range(100, end, 1000))
    assert clips[-1].start_ms + (clips[-1].duration_ms or 0) == end


def test_a_loop_of_whole_periods_is_one_tone(tmp_path):
    placed(track("source: a.wav, loop: true, fade_in_ms: 10") + "length_ms: 3250\n")
    mixdown.render("x.yaml", out=tmp_path / "out", backend="native", preset="draft", report=False)
    heard, _ = soundfile.read(tmp_path / "out" / "master.wav")
    n = np.arange(len(heard))
    tone = 0.5 * np.sin(2 * np.pi * 100 * n / RATE) * np.cos(np.pi / 4)
    tone *= np.minimum(1, n / (0.01 * RATE))
    ratio = np.linalg.norm(heard[:, 0]) / np.linalg.norm(tone)
    assert np.abs(heard[:, 0] - tone * ratio).max() < 1e-4


def test_repeats_with_a_crossfade_are_few_and_equal():
    clips = (
        placed(
            track(
                "id: l, source: a.wav, loop: true, loop_crossfade_ms: 200, fade_in_ms: 50, "
                "fade_out_ms: 90"
            )
            + "length_ms: 2800\n"
        )
        .tracks[0]
        .clips
    )
    assert [clip.id for clip in clips] == ["l-1", "l-2", "l-3", "l-4"]
    assert {clip.duration_ms for clip in clips} == {Decimal(850)}
    assert [clip.crossfade_in_ms for clip in clips] == [None, 200, 200, 200]
    assert [(clip.fade_in_ms, clip.fade_out_ms) for clip in clips] == [
        (50, 0),
        (0, 0),
        (0, 0),
        (0, 90),
    ]


@pytest.mark.parametrize(("piece", "overlap"), [(10, 0), (10, 3), (7, 2)])
def test_rounds_fill_every_length(piece, overlap):
    for length in range(1, 60):
        made = rounds(length, piece, overlap)
        assert made[0][0] == 0
        assert sum(made[-1]) == length
        assert all(lasts <= piece for _, lasts in made)
        assert all(a + n == b + overlap for (a, n), (b, _) in pairwise(made))


def test_a_long_chain_in_any_order():
    clips = [f"id: k{n}, source: b.wav, after: k{n + 1}" for n in range(3000)]
    timeline = placed(track(*clips, "id: k3000, source: b.wav"))
    assert timeline.tracks[0].clips[0].start_ms == 3000 * 500


def test_from_python():
    timeline = Timeline(id="x").track("t", role="music").clip("a.wav", fade_out_ms=20)
    timeline = timeline.clip("b.wav", after="previous", gap_ms="0:01")
    assert mixdown.compile(timeline).length == 2.5 * RATE


@pytest.mark.parametrize(
    ("clips", "expected"),
    [
        (["source: a.wav, after: previous"], ("MIX260", "no clip is before the first of a track")),
        (["source: a.wav", "source: a.wav, after: c3"], ("MIX260", "no clip is named 'c3'")),
        (
            ["source: a.wav, loop: true, until: Trun"],
            ("MIX260", "no clip or marker is named 'Trun'"),
        ),
        (
            ["source: a.wav", "source: a.wav, start_ms: 5, after: c1"],
            ("MIX223", "this clip has a start and a clip that it follows"),
        ),
        (["source: a.wav, gap_ms: 5"], ("MIX223", "gap_ms has no effect here")),
        (["source: a.wav, until: end"], ("MIX223", "until has no effect here")),
        (
            ["source: a.wav, loop: true, until: end, through: c2", "source: b.wav"],
            ("MIX223", "this loop has two ends"),
        ),
        (
            ["source: a.wav, after: c1"],
            ("MIX261", "the place of this clip follows from itself: t/c1 → t/c1"),
        ),
        (
            ["source: a.wav, after: c2", "source: a.wav, after: c1"],
            ("MIX261", "the place of this clip follows from itself: t/c1 → t/c2 → t/c1"),
        ),
        (
            ["source: a.wav, loop: true, through: c2", "source: a.wav, after: c1"],
            ("MIX261", "the place of this clip follows from itself: t/c1 → t/c2 → t/c1"),
        ),
        (
            ["source: b.wav", "source: a.wav, after: c1, gap_ms: -700"],
            ("MIX206", "this clip would start 200 ms before the mix"),
        ),
        (
            ["source: a.wav, loop: true, start_ms: 4000, until: Turn"],
            ("MIX262", "this loop ends at 3000 ms, and starts at 4000 ms"),
        ),
        (
            ["source: a.wav, loop: true, loop_crossfade_ms: 400, until: Turn"],
            ("MIX262", "it repeats 1000 ms, less than three of its crossfades"),
        ),
        (
            ["source: a.wav, loop: true, duration_ms: 0.1, until: Turn"],
            ("MIX262", "it repeats 0.104167 ms more than 20,000 times"),
        ),
        (
            ["source: a.wav, loop: true, level: {to: -20}, until: Turn"],
            ("MIX262", "a loop has no level of its own"),
        ),
        (["source: a.wav, loop: true"], ("MIX262", "this loop ends at 0 ms, and starts at 0 ms")),
    ],
)
def test_what_has_no_place_is_refused(clips, expected):
    found = problems(track(*clips))
    assert [problem[:2] for problem in found] == [expected]
    assert found[0][2]


def test_other_problems_are_reported_too_and_missing_files_only_once():
    found = problems(track("source: no.wav", "source: a.wav, after: c1", "source: a.wav, pan: 2"))
    assert [code for code, _, _ in found] == ["MIX214", "MIX206"]
