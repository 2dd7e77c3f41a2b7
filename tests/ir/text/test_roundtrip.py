"""What is printed is read back as it was, origins and digests included."""

from __future__ import annotations

import time
from pathlib import Path

import mixdown
import pytest
from graph_strategies import UNARY, graphs, texts
from house import ROOT, name_of
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from mixdown.ir import nodes as ir
from mixdown.ir.digest import digests
from mixdown.ir.graph import Graph
from mixdown.ir.origin import Origin
from mixdown.ir.text.parser import parse_graph
from mixdown.ir.text.printer import print_graph
from mixdown.ir.verify import verify

EXAMPLES = [p for p in sorted((ROOT / "examples").rglob("*.yaml")) if "\ntracks:" in p.read_text()]


def assert_round_trip(graph: Graph) -> None:
    text = print_graph(graph)
    again = parse_graph(text)
    assert again == graph
    assert [node.origin for node in again] == [node.origin for node in graph]
    assert digests(again) == digests(graph)
    assert print_graph(again) == text
    assert len(text.splitlines()) == 1 + len(graph.sources) + len(graph)


@given(graphs())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_round_trip(graph: Graph):
    assert verify(graph) == ()
    assert_round_trip(graph)


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
@pytest.mark.parametrize("pass_limit", [0, None])
def test_round_trip_of_every_example(path: Path, pass_limit: int | None):
    timeline = mixdown.load(path)
    compiled = mixdown.compile(
        timeline, preset="podcast", stems=True, stem_mode="mastered", pass_limit=pass_limit
    )
    assert len(compiled.graph) > 5
    assert_round_trip(compiled.graph)


@pytest.mark.soak
@given(graphs())
@settings(max_examples=10_000, suppress_health_check=[HealthCheck.too_slow])
def test_round_trip_of_ten_thousand_graphs(graph: Graph):
    assert verify(graph) == ()
    assert_round_trip(graph)


def test_the_random_graphs_hold_every_kind():
    seen: set[str] = set()

    def all_seen(graph: Graph) -> bool:
        seen.update(node.kind for node in graph)
        return seen == set(ir.KINDS)

    few = settings(max_examples=200, phases=[Phase.generate], database=None, derandomize=True)
    assert find(graphs(), all_seen, settings=few)


def test_without_origins_the_rest_is_the_same():
    graph = long_graph(clips=2)
    again = parse_graph(print_graph(graph, origins=False))
    assert again == graph
    assert any(node.origin for node in graph)
    assert not any(node.origin for node in again)


def test_every_kind_of_one_operand_has_a_strategy():
    shaped = {"place", "slice", "mix", "lane", "bus", "downmix", "output"}  # drawn elsewhere
    assert {cls.kind for cls in UNARY} | shaped == {
        kind for kind, cls in ir.KINDS.items() if cls.arity != (0, 0)
    }


@given(texts | st.text())
def test_any_name_is_read_back(name: str):
    source = ir.Source(name, name, name, 48000, 1, 10, name)
    clip = ir.Clip(name, name, 0, 10, 48000, origin=Origin(name, name))
    text = print_graph(Graph((source,), (clip,)))
    assert len(text.splitlines()) == 3
    again = parse_graph(text)
    assert again == Graph((source,), (clip,))
    assert again[name].origin == clip.origin


@given(st.floats())
def test_any_float_is_read_back_to_the_bit(value: float):
    dry, wet = ir.Silence("dry", 48000, 1, 10), ir.Gain("wet", value, operands=("dry",))
    read = parse_graph(print_graph(Graph((), (dry, wet))))["wet"]
    assert repr(read.gain_db) == repr(float(value))


@pytest.mark.soak
def test_twenty_thousand_nodes_take_seconds():
    graph = long_graph(clips=6666)
    assert len(graph) > 20_000
    start = time.process_time()
    text = print_graph(graph)
    printed = time.process_time()
    assert parse_graph(text) == graph
    parsed = time.process_time()
    assert printed - start < 5
    assert parsed - printed < 20


def long_graph(clips: int) -> Graph:
    """A track of so many clips, each with a gain and its place."""
    source = ir.Source("host", "host.flac", "sha256:" + "0" * 64, 48000, 1, 10**9, "flac/pcm_16")
    nodes = []
    for number in range(clips):
        name, origin = f"host/c{number}", Origin("show.yaml", f"/tracks/0/clips/{number}")
        nodes += [
            ir.Clip(f"{name}.clip", "host", 10 * number, 4000, 48000, origin=origin),
            ir.Gain(
                f"{name}.gain", -1.5, operands=(f"{name}.clip",), origin=origin.child("gain_db")
            ),
            ir.Place(f"{name}.place", 5000 * number, operands=(f"{name}.gain",), origin=origin),
        ]
    placed = tuple(node.name for node in nodes if isinstance(node, ir.Place))
    nodes.append(ir.Mix("host.mix", 5000 * clips, operands=placed))
    nodes.append(ir.Loudnorm("master.loudnorm", -16.0, None, operands=("host.mix",)))
    target = ("master", "wav", ir.Encoding.S24)
    nodes.append(ir.Output("out", ir.OutputRole.MASTER, *target, operands=("master.loudnorm",)))
    return Graph((source,), tuple(nodes))
