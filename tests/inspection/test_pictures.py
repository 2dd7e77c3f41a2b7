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
from mixdown.inspection.formats import GRAPH_FORMATS
from mixdown.inspection.graph_json import graph_data
from mixdown.inspection.layout import layout
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
    data = json.loads(GRAPH_FORMATS["json"](graph))
    assert data == json.loads(json.dumps(graph_data(graph)))
    assert [n["name"] for n in data["nodes"]] == [n.name for n in graph]
    assert [n["operands"] for n in data["nodes"]] == [list(n.operands) for n in graph]
    assert [set(n["attributes"]) for n in data["nodes"]] == [set(n.attributes()) for n in graph]
    moving = next(n for n in data["nodes"] if n["kind"] == "automation.gain")
    first = {"at": 129600, "value": 0.0, "shape": "smooth"}
    assert moving["attributes"]["points"][0] == first
    assert moving["owner"] == {"level": "track", "id": "music"}
    assert moving["origin"]["pointer"] == "/tracks/2/automation/gain"
    assert [s["path"] for s in data["sources"]] == [s.path for s in graph.sources]
