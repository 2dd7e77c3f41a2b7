"""common-subexpressions: equal values are computed once.

Equal means equal digests. Outputs stay: two files may well hold the same samples.
"""

from __future__ import annotations

from attrs import frozen

from ...ir.digest import digests
from ...ir.graph import Graph
from ...ir.nodes import Node, Output
from .base import GraphPass


@frozen
class CommonSubexpressions(GraphPass):
    """Computes equal values once: the same piece of the same source with the same treatment."""

    name = "common-subexpressions"
    equivalence = "exact"

    def rewrite(self, graph: Graph) -> Graph:
        """The graph with the first of equal values standing in for the others."""
        of = digests(graph)
        first: dict[str, str] = {}
        for node in graph.nodes:
            if not isinstance(node, Output):
                first.setdefault(of[node.name], node.name)
        stand_in = {n.name: first.get(of[n.name], n.name) for n in graph.nodes}
        if all(name == other for name, other in stand_in.items()):
            return graph

        def rule(node: Node) -> Node | str:
            return node if stand_in[node.name] == node.name else stand_in[node.name]

        return graph.rewrite(rule)
