"""fold-gain: several static gains in a chain become one.

A gain moves up the chain through linear nodes without memory (fades, gain automation, pans, places,
sums of one value) to the next static gain, where the decibels are added. It never moves through a
filter, a limiter, a loudness gain or a dither, nor through a value that has another user.
"""

from __future__ import annotations

from attrs import evolve, frozen

from ...ir.graph import Graph
from ...ir.nodes import Gain, Node
from ...ir.units import MAX_DB
from .base import GraphPass


@frozen
class FoldGain(GraphPass):
    """Adds up static gains that have only linear, memoryless nodes between them.

    A gain never moves through a filter, a limiter or a value that has another user.
    """

    name = "fold-gain"
    equivalence = -250.0

    def rewrite(self, graph: Graph) -> Graph:
        """The graph with each gain added to the nearest one before it in its chain."""
        extra: dict[str, float] = {}
        folded: set[str] = set()
        for node in graph.nodes:
            if isinstance(node, Gain):
                before = _gain_before(graph, node, folded)
                if before is None:
                    continue
                more = extra.get(before.name, 0.0) + node.gain_db
                if abs(before.gain_db + more) <= MAX_DB:
                    extra[before.name] = more
                    folded.add(node.name)

        def rule(node: Node) -> Node | str:
            if node.name in folded:
                return node.operands[0]
            if isinstance(node, Gain) and node.name in extra:
                return evolve(node, gain_db=node.gain_db + extra[node.name])
            return node

        return graph.rewrite(rule) if folded else graph


def _gain_before(graph: Graph, gain: Gain, folded: set[str]) -> Gain | None:
    name = gain.operands[0]
    while graph.uses[name] == 1:
        node = graph[name]
        if isinstance(node, Gain) and name not in folded:
            return node
        passable = node.linear_without_memory or name in folded
        if not passable or len(node.operands) != 1:
            return None
        name = node.operands[0]
    return None
