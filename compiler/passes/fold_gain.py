"""fold-gain: static gains in a row become one.

A gain moves down through what is linear and has no memory (fades, automation of gain, pans,
placing, a sum of one) to the next static gain, where the decibels add. It never passes a filter, a
limiter, a loudness gain or a dither, nor a value that anyone else uses.
"""

from __future__ import annotations

from attrs import evolve, frozen

from ...ir.graph import Graph
from ...ir.nodes import Gain, Node
from .base import GraphPass


@frozen
class FoldGain(GraphPass):
    """Adds up static gains that have only linear, memoryless nodes between them.

    A gain never moves through a filter, a limiter or a value that has another user.
    """

    name = "fold-gain"
    equivalence = -250.0

    def rewrite(self, graph: Graph) -> Graph:
        """The graph with each gain added to the nearest one below it that only it can hear."""
        extra: dict[str, float] = {}
        folded: set[str] = set()
        for node in graph.nodes:
            if isinstance(node, Gain):
                target = _gain_below(graph, node, folded)
                if target is not None:
                    extra[target] = extra.get(target, 0.0) + node.gain_db
                    folded.add(node.name)

        def rule(node: Node) -> Node | str:
            if node.name in folded:
                return node.operands[0]
            if isinstance(node, Gain) and node.name in extra:
                return evolve(node, gain_db=node.gain_db + extra[node.name])
            return node

        return graph.rewrite(rule) if folded else graph


def _gain_below(graph: Graph, gain: Gain, folded: set[str]) -> str | None:
    name = gain.operands[0]
    while len(graph.users[name]) == 1:
        node = graph[name]
        if isinstance(node, Gain) and name not in folded:
            return name
        passable = node.linear_without_memory or name in folded
        if not passable or len(node.operands) != 1:
            return None
        name = node.operands[0]
    return None
