"""drop-identity: nodes that change no sample go.

Each kind's class says when a node of it is one. A bus of one track stays: it sounds like its track,
but it is what people look for in the IR, and no backend spends anything on it.
"""

from __future__ import annotations

from attrs import frozen

from ...ir.graph import Graph
from ...ir.nodes import Node
from .base import GraphPass


@frozen
class DropIdentity(GraphPass):
    """Removes nodes that change no sample.

    They are gains of 0 dB, centred balance, empty fades, places at sample 0, and sums of one value
    of the same length.
    """

    name = "drop-identity"
    equivalence = "exact"

    def rewrite(self, graph: Graph) -> Graph:
        """The graph without the nodes whose value is their operand's, sample for sample."""
        identities = {n.name for n in graph.nodes if _is_identity(graph, n)}
        if not identities:
            return graph
        return graph.rewrite(lambda node: node.operands[0] if node.name in identities else node)


def _is_identity(graph: Graph, node: Node) -> bool:
    return node.is_identity([graph.signals[operand] for operand in node.operands])
