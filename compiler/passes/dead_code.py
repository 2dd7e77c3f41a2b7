"""dead-code: removes what no output depends on."""

from __future__ import annotations

from attrs import frozen

from ...ir.graph import Graph
from .base import GraphPass


@frozen
class DeadCode(GraphPass):
    """Removes values that no output depends on, and sources that no clip plays."""

    name = "dead-code"
    equivalence = "exact"

    def rewrite(self, graph: Graph) -> Graph:
        """The graph with only what some output depends on, and only the sources that clips play."""
        nodes = graph.needed_for(output.name for output in graph.outputs)
        return Graph(graph.played_by(nodes), nodes)
