"""Pictures: nothing overlaps, frames nest, wires lead to the right, hostile names stay text."""

from __future__ import annotations

import json
import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from attrs import evolve
from graph_strategies import graphs
from hypothesis import given, settings
from mixdown.compiler.timeline.model import Clip, Timeline, Track
from mixdown.documents.models import put
from mixdown.inspection.formats import GRAPH_FORMATS
from mixdown.inspection.layout import CHARACTER, PADDING, TITLE, Rect, layout
from mixdown.inspection.page.build import graph_text
from mixdown.inspection.trace import trace
from mixdown.inspection.view import view
from mixdown.ir.graph import Graph

SVG = "{http://www.w3.org/2000/svg}"


def overlap(a, b):
    return (
        a.x < b.x + b.width
        and b.x < a.x + a.width
        and a.y < b.y + b.height
        and b.y < a.y + a.height
    )


def inside(a, b):
    return (
        b.x <= a.x
        and b.y <= a.y
        and a.x + a.width <= b.x + b.width
        and a.y + a.height <= b.y + b.height
    )


@pytest.fixture(params=["lower", "verify-legal"])
def graph(demo, request):
    return demo.after(request.param).ir


def test_boxes_lie_apart_and_in_their_frames_alone(graph):
    seen = view(graph)
    placed = layout(graph, seen)
    assert set(placed.boxes) == {node.name for node in graph}
    assert not [p for p in combinations(placed.boxes.values(), 2) if overlap(*p)]
    for frame, rect in placed.frames:
        within = set(frame.all_boxes())
        for name, box in placed.boxes.items():
            assert inside(box, rect) if name in within else not overlap(box, rect), name
        assert rect.x >= 0 and rect.x + rect.width <= placed.width
        assert rect.y >= 0 and rect.y + rect.height <= placed.height
    assert [frame.title for frame, _ in placed.frames] == [
        "bus_dialogue", "host", "guest", "bus_music", "music", "bus_fx", "sting",
        "bus_ambience", "room", "master",
    ]  # fmt: skip


def hidden_titles(placed) -> list[str]:
    """The titles of frames that a box or a later frame covers."""
    found = []
    for number, (frame, rect) in enumerate(placed.frames):
        width = len(frame.label) * CHARACTER
        title = Rect(rect.x + PADDING, rect.y, width, TITLE)
        others = [*placed.boxes.values(), *(other for _, other in placed.frames[number + 1 :])]
        found += [frame.title for other in others if overlap(title, other)]
    return found


def test_no_frame_and_no_box_hides_a_title(graph):
    assert not hidden_titles(layout(graph, view(graph)))


@pytest.fixture
def large():
    """31 clips on each of two tracks, one of them with a fade, and a bed."""
    tracks = [
        Track(id=f"t{number}", role="dialogue", clips=[
            Clip(id=f"c{n}", source="a.wav", start_ms=200 * n, duration_ms=90, fade_in_ms=number)
            for n in range(31)
        ])
        for number in range(2)
    ]  # fmt: skip
    bed = Track(id="bed", role="music", clips=[Clip(id="x", source="a.wav", start_ms=0)])
    declared = {"path": "a.wav", "rate": 48_000, "channels": 1, "frames": 480_000}
    return Timeline(
        id="large",
        sources={"a.wav": declared},
        tracks=[*tracks, bed],
        mix_preset_id="podcast_mix",
    )


def test_the_clips_of_a_large_mix_are_a_box_for_each_track(large):
    graph = trace(large, media="declared").lowered.ir
    seen = view(graph)
    shown = [(box.does, box.called) for box in seen.boxes.values() if box.owner.level == "clip"]
    assert shown == [("31 clips", "c0 to c30"), ("31 clips", "c0 to c30"), ("1 clip", "x")]
    first = next(iter(seen.boxes.values()))
    assert first.line.startswith("t0/c0, t0/c1, ") and first.line.endswith("t0/c30")
    assert [wire.end for wire in seen.wires if wire.start == first.name] == ["t0.mix"]
    placed = layout(graph, seen)
    assert set(placed.boxes) == set(seen.boxes) and not hidden_titles(placed)
    assert not [p for p in combinations(placed.boxes.values(), 2) if overlap(*p)]
    assert placed.height < 500
    for form in ("svg", "dot", "mermaid"):
        assert GRAPH_FORMATS[form](graph).count("31 clips") == 2

    few = put(large, tracks=(large.tracks[0],))
    graph = trace(few, media="declared").lowered.ir
    assert set(view(graph).boxes) == {node.name for node in graph}


def test_sound_runs_from_left_to_right(graph):
    seen = view(graph)
    boxes = layout(graph, seen).boxes
    for wire in seen.wires:
        if not wire.measured:
            assert boxes[wire.start].x + boxes[wire.start].width < boxes[wire.end].x
    assert [w.start for w in seen.wires if w.measured] == ["master.headroom"] * 4


def test_a_label_fits_its_box(graph):
    seen = view(graph)
    boxes = layout(graph, seen).boxes
    for name, box in seen.boxes.items():
        assert max(len(box.does), len(box.called)) * 6 < boxes[name].width


@settings(max_examples=60)
@given(graph=graphs())
def test_every_graph_has_every_picture(graph):
    seen = view(graph)
    boxes = layout(graph, seen).boxes
    assert not [p for p in combinations(boxes.values(), 2) if overlap(*p)]
    for text in (show(graph) for show in GRAPH_FORMATS.values()):
        assert text.endswith("\n")
    root = ElementTree.fromstring(GRAPH_FORMATS["svg"](graph))
    assert len(root.findall(f"{SVG}g")) == len(graph)


def renamed(graph, name):
    """The first value under another name."""
    old = graph.nodes[0].name
    nodes = (
        evolve(
            node,
            name=name if node.name == old else node.name,
            operands=tuple(name if o == old else o for o in node.operands),
        )
        for node in graph
    )
    return Graph(graph.sources, tuple(nodes))


@pytest.mark.parametrize(
    "name", ['a"b.clip', "a<b>&c.clip", "back\\slash.clip", "`#;%%{init}.clip", "line\nbreak.clip"]
)
def test_a_hostile_name_stays_a_name(demo, name):
    graph = renamed(demo.final.ir, name)
    titles = [
        e.text for e in ElementTree.fromstring(GRAPH_FORMATS["svg"](graph)).iter(f"{SVG}title")
    ]
    assert len(titles) == len(graph)
    dot = GRAPH_FORMATS["dot"](graph)
    for line in dot.splitlines()[3:-1]:
        assert len(re.findall(r'(?<!\\)(?:\\\\)*"', line)) % 2 == 0, line
    mermaid = GRAPH_FORMATS["mermaid"](graph)
    labels = [line for line in mermaid.splitlines() if re.match(r" *n\d+\[", line)]
    assert len(labels) == len(graph)
    assert all(re.fullmatch(r' *n\d+\["[^"`]*"\]', line) for line in labels)


def test_json_holds_the_whole_graph(graph):
    data = json.loads(graph_text(graph, {}))
    assert [n["name"] for n in data["nodes"]] == [n.name for n in graph]
    assert [n["operands"] for n in data["nodes"]] == [list(n.operands) for n in graph]
    assert [set(n["attributes"]) for n in data["nodes"]] == [set(n.attributes()) for n in graph]
    moving = next(n for n in data["nodes"] if n["kind"] == "automation.gain")
    first = {"at": 129600, "value": 0.0, "shape": "smooth"}
    assert moving["attributes"]["points"][0] == first
    assert (moving["owner"]["level"], moving["owner"]["id"]) == ("track", "music")
    assert moving["place"]["pointer"] == "/tracks/2/automation/gain"
    assert [s["path"] for s in data["sources"]] == [s.path for s in graph.sources]
