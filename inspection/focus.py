"""A part of a graph: one clip, track or bus, what feeds it, and what it feeds.

Promises: the part is a sound graph itself, so that everything which shows graphs shows it; its sums
keep, of their operands, those that the part holds, and buses and masters are otherwise as they are.
"""

from __future__ import annotations

from attrs import evolve

from ..compiler.unit import Unit
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError
from ..ir.graph import Graph
from ..ir.nodes import Lane, Node
from .owners import values_of
from .trace import Trace


def focus_at(done: Trace, unit: Unit, wanted: str) -> Graph:
    """The part of the graph of one of the units of a trace.

    Raises:
        MixdownError: MIX307, nothing is called so there; if it was before, that is said.
    """
    try:
        return focus(unit.ir, wanted)
    except MixdownError:
        values_of(done.lowered.ir, wanted)  # raises where it never was there
        message = (
            f"nothing of {wanted!r} is left here: passes dropped it, or merged it with its like"
        )
        raise MixdownError(
            Diagnostic(Code.BAD_REQUEST, message, help="look at it with --after lower")
        ) from None


def focus(graph: Graph, wanted: str) -> Graph:
    """The part of the graph around a clip, track, bus or value.

    Raises:
        MixdownError: MIX307, nothing is called so.
    """
    import networkx as nx  # noqa: PLC0415 (heavy)

    wires: nx.DiGraph[str] = nx.DiGraph()
    wires.add_nodes_from(node.name for node in graph.nodes)
    for node in graph.nodes:
        wires.add_edges_from((operand, node.name) for operand in node.heard)
    chosen = values_of(graph, wanted)
    kept = set(chosen)
    for name in chosen:
        kept |= nx.ancestors(wires, name) | nx.descendants(wires, name)
    nodes = tuple(_within(node, kept) for node in graph.nodes if node.name in kept)
    return Graph(graph.played_by(nodes), nodes)


def _within(node: Node, kept: set[str]) -> Node:
    """The node with the operands that are kept."""
    if set(node.operands) <= kept:
        return node
    operands = tuple(o for o in node.operands if o in kept)
    if isinstance(node, Lane):
        pairs = zip(node.operands, node.starts, strict=True)
        starts = tuple(start for operand, start in pairs if operand in kept)
        return evolve(node, operands=operands, starts=starts)
    return evolve(node, operands=operands)
