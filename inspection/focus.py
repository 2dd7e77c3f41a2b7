"""Extracts a part of a graph: one clip, track or bus, its inputs, and its users.

The part is a valid graph, so every format can show it. Its sums keep only the operands that are in
the part; all other nodes are unchanged.
"""

from __future__ import annotations

from attrs import evolve

from ..compiler.unit import Unit
from ..ir.codes import Code
from ..ir.diagnostics import MixdownError
from ..ir.graph import Graph
from ..ir.nodes import Lane, Node
from .owners import values_of
from .trace import Trace


def focus_at(done: Trace, unit: Unit, wanted: str) -> Graph:
    """The part of the graph of one of the units of a trace.

    Raises:
        MixdownError: MIX307, there is nothing of that name, or passes have removed it.
    """
    try:
        return focus(unit.ir, wanted)
    except MixdownError:
        values_of(done.lowered.ir, wanted)  # raises if it never existed
        message = f"{wanted!r} no longer exists here: a pass removed it or merged it with another"
        raise MixdownError.of(
            Code.BAD_REQUEST, message, help="use --after lower to see it"
        ) from None


def focus(graph: Graph, wanted: str) -> Graph:
    """The part of the graph around a clip, track, bus or value.

    Raises:
        MixdownError: MIX307, there is nothing of that name.
    """
    import networkx as nx  # noqa: PLC0415 (heavy)

    wires: nx.DiGraph[str] = nx.DiGraph()
    wires.add_nodes_from(node.name for node in graph.nodes)
    for node in graph.nodes:
        wires.add_edges_from((operand, node.name) for operand in node.audio_operands)
    chosen = values_of(graph, wanted)
    kept = set(chosen)
    for name in chosen:
        kept |= nx.ancestors(wires, name) | nx.descendants(wires, name)
    nodes = tuple(_within(node, kept) for node in graph.nodes if node.name in kept)
    return Graph(graph.played_by(nodes), nodes)


def _within(node: Node, kept: set[str]) -> Node:
    """The node with only the operands that are kept."""
    if set(node.operands) <= kept:
        return node
    operands = tuple(o for o in node.operands if o in kept)
    if isinstance(node, Lane):
        pairs = zip(node.operands, node.starts, strict=True)
        starts = tuple(start for operand, start in pairs if operand in kept)
        return evolve(node, operands=operands, starts=starts)
    return evolve(node, operands=operands)
