"""A graph is always in order, whatever order its nodes came in, and rewriting keeps it a graph."""

from __future__ import annotations

import random

import attrs
import pytest
from graph_strategies import graphs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mixdown.ir import nodes as ir
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import IRError
from mixdown.ir.graph import UNTYPED, Graph
from mixdown.ir.node import Signal

few = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])


def silence(name: str) -> ir.Silence:
    return ir.Silence(name, 48000, 2, 100)


def gain(name: str, operand: str, db: float = 1.0) -> ir.Gain:
    return ir.Gain(name, db, operands=(operand,))


def mix(name: str, *operands: str) -> ir.Mix:
    return ir.Mix(name, 100, operands=operands)


def output(
    name: str, operand: str, target: str, role: ir.OutputRole = ir.OutputRole.STEM
) -> ir.Output:
    return ir.Output(name, role, target, "wav", ir.Encoding.S24, operands=(operand,))


def codes(error: pytest.ExceptionInfo[IRError]) -> list[Code]:
    return [d.code for d in error.value.diagnostics]


def names(graph: Graph) -> list[str]:
    return [node.name for node in graph]


@given(graphs(), st.randoms(use_true_random=False))
@few
def test_the_order_of_making_does_not_matter(graph: Graph, chance: random.Random):
    sources, nodes = list(graph.sources), list(graph.nodes)
    chance.shuffle(sources)
    chance.shuffle(nodes)
    assert Graph.ordered(sources, nodes) == Graph.ordered(graph.sources, graph.nodes)


@given(graphs())
@few
def test_names_do_not_decide_the_order(graph: Graph):
    """Reversed names, as in Dask's tests of its order: ties must not be broken by them."""
    ordered = Graph.ordered(graph.sources, graph.nodes)
    new = {name: f"{number:04}" for number, name in enumerate(sorted(graph.by_name, reverse=True))}
    renamed = Graph.ordered(graph.sources, (rename(node, new) for node in graph))
    assert names(renamed) == [new[name] for name in names(ordered)]


def rename(node: ir.Node, new: dict[str, str]) -> ir.Node:
    return attrs.evolve(node, name=new[node.name], operands=tuple(new[o] for o in node.operands))


@given(graphs())
@few
def test_ordering_is_idempotent_and_keeps_chains_together(graph: Graph):
    ordered = Graph.ordered(graph.sources, graph.nodes)
    assert Graph.ordered(ordered.sources, ordered.nodes) == ordered
    used: set[str] = set()
    before = None
    for node in ordered:  # right after one of its operands, unless others used all of them before
        assert not node.operands or before in node.operands or used.issuperset(node.operands)
        used.update(node.operands)
        before = node.name


def test_the_canonical_order_is_the_depth_first_postorder_from_the_master():
    nodes = [
        output("stem_b", "b", "b"),
        output("stem_a", "a", "a"),
        output("out", "all", "master", ir.OutputRole.MASTER),
        mix("all", "b", "a"),
        gain("a", "a0"),
        gain("b", "b0"),
        silence("dead2"),
        silence("a0"),
        silence("b0"),
        silence("dead1"),
    ]
    graph = Graph.ordered((), nodes)
    assert names(graph) == [
        *("b0", "b", "a0", "a", "all", "out"),
        *("stem_a", "stem_b", "dead1", "dead2"),
    ]
    assert [node.name for node in graph.outputs] == ["out", "stem_a", "stem_b"]


def test_outputs_of_one_target_are_ordered_by_name():
    nodes = [silence("s"), output("y", "s", "same"), output("x", "s", "same")]
    assert names(Graph.ordered((), nodes)) == ["s", "x", "y"]
    assert names(Graph.ordered((), reversed(nodes))) == ["s", "x", "y"]


def test_any_name_can_be_ordered():
    assert names(Graph.ordered((), [gain("", " "), silence(" ")])) == [" ", ""]


def test_a_deep_chain_is_ordered():
    nodes = [silence("0"), *(gain(str(n), str(n - 1)) for n in range(1, 5000))]
    graph = Graph.ordered((), reversed(nodes))
    assert graph.nodes == tuple(nodes)
    assert graph.signals["4999"] == Signal(48000, 2, 100)


def test_a_cycle_is_named_however_the_graph_is_built():
    nodes = (gain("a", "c"), gain("b", "a"), gain("c", "b"))
    for build in (Graph, Graph.ordered):
        with pytest.raises(IRError) as error:
            build((), nodes)
        assert codes(error) == [Code.IR_CYCLE]
        assert "%a <- %c <- %b <- %a" in str(error.value)


def test_a_value_before_its_operand_is_out_of_order():
    with pytest.raises(IRError) as error:
        Graph((), (gain("a", "b"), silence("b")))
    assert codes(error) == [Code.IR_ORDER]


def test_names_are_unique():
    with pytest.raises(IRError) as error:
        Graph.ordered((), [silence("a"), gain("a", "a"), silence("a")])
    assert codes(error) == [Code.IR_DUPLICATE_VALUE, Code.IR_DUPLICATE_VALUE]
    source = ir.Source("s", "s.wav", "sha256:0", 48000, 1, 10, "wav")
    with pytest.raises(IRError) as error:
        Graph((source, source), ())
    assert codes(error) == [Code.IR_DUPLICATE_VALUE]


def test_unknown_operands_are_all_reported_with_the_nearest_name():
    with pytest.raises(IRError) as error:
        Graph((), (silence("host"), mix("m", "hosts", "x")))
    assert codes(error) == [Code.IR_UNKNOWN_OPERAND, Code.IR_UNKNOWN_OPERAND]
    assert "did you mean 'host'?" in str(error.value)


def test_users_are_listed_once_a_use_in_graph_order():
    graph = Graph((), (silence("a"), mix("m", "a", "a"), gain("g", "a")))
    assert [node.name for node in graph.users["a"]] == ["m", "m", "g"]
    assert graph.users["g"] == ()


def test_types_are_inferred_along_the_operands():
    graph = Graph((), (silence("a"), ir.Mix("m", 70, operands=("a",)), gain("g", "m")))
    assert graph.signals == {
        "a": Signal(48000, 2, 100),
        "m": Signal(48000, 2, 70),
        "g": Signal(48000, 2, 70),
    }


def test_a_node_without_its_operands_has_no_type_and_raises_nothing():
    graph = Graph((), (ir.Bus("b"), gain("g", "b")))
    assert graph.signals["b"] is UNTYPED
    assert graph.signals["g"] == UNTYPED


def test_rewriting_with_the_same_nodes_changes_nothing():
    graph = Graph((), (silence("a"), gain("g", "a")))
    assert graph.rewrite(lambda node: node) == graph


def test_rewriting_drops_renames_and_splits():
    graph = Graph((), (silence("a"), gain("g", "a", 0.0), gain("h", "g"), mix("m", "h", "g")))

    def rule(node: ir.Node) -> ir.Node | str | list[ir.Node]:
        if isinstance(node, ir.Gain) and node.gain_db == 0.0:
            return node.operands[0]
        if isinstance(node, ir.Gain):
            return [gain("h1", node.operands[0]), gain("h2", "h1")]
        return node

    rewritten = graph.rewrite(rule)
    assert names(rewritten) == ["a", "h1", "h2", "m"]
    assert rewritten["h1"].operands == ("a",)
    assert rewritten["m"].operands == ("h2", "a")


def test_rewriting_sees_operands_already_renamed():
    graph = Graph((), (silence("a"), gain("g", "a"), gain("h", "g")))
    seen: list[tuple[str, ...]] = []

    def rule(node: ir.Node) -> ir.Node:
        seen.append(node.operands)
        return attrs.evolve(node, name=node.name.upper())

    assert names(graph.rewrite(rule)) == ["A", "G", "H"]
    assert seen == [(), ("A",), ("G",)]


def test_a_rewrite_that_loses_an_operand_raises():
    graph = Graph((), (silence("a"), gain("g", "a")))
    with pytest.raises(IRError):
        graph.rewrite(lambda node: "nowhere" if node.name == "a" else node)


def test_a_graph_is_a_value():
    one, same = Graph((), (silence("a"),)), Graph((), (silence("a"),))
    assert one == same
    assert hash(one) == hash(same)
    assert len(one) == 1
    assert one["a"] is one.nodes[0]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        one.nodes = ()
