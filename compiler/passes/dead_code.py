"""dead-code: what no output hears goes."""

from __future__ import annotations

from attrs import frozen

from ...ir.graph import Graph
from ...ir.nodes import Clip, Output
from .base import GraphPass


@frozen
class DeadCode(GraphPass):
    """Removes values that no output depends on, and sources that no clip plays."""

    name = "dead-code"
    equivalence = "exact"

    def rewrite(self, graph: Graph) -> Graph:
        """The graph with only what some output depends on, and only the sources that clips play."""
        live: set[str] = set()
        for node in reversed(graph.nodes):
            if isinstance(node, Output) or node.name in live:
                live.add(node.name)
                live.update(node.operands)
        nodes = tuple(node for node in graph.nodes if node.name in live)
        played = {node.source for node in nodes if isinstance(node, Clip)}
        return Graph(tuple(s for s in graph.sources if s.name in played), nodes)
