"""drop-identity, dead-code, common-subexpressions: a smaller graph with the same samples."""

from __future__ import annotations

from attrs import frozen

from ...ir.digest import content, source_identity
from ...ir.graph import Graph
from ...ir.nodes import Node, Output
from .base import GraphPass


@frozen
class DropIdentity(GraphPass):
    """Removes nodes that change no sample.

    They are gains and equaliser bands of 0 dB, centred balance, empty fades, places at sample 0,
    and sums of one value of the same length. The class of each kind decides. A bus of one track is
    kept, because people look for it in the IR and it costs nothing.
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


@frozen
class DeadCode(GraphPass):
    """Removes values that no output depends on, and sources that no clip plays."""

    name = "dead-code"
    equivalence = "exact"

    def rewrite(self, graph: Graph) -> Graph:
        """The graph with only what some output depends on, and only the sources that clips play."""
        nodes = graph.needed_for(output.name for output in graph.outputs)
        return Graph(graph.played_by(nodes), nodes)


@frozen
class CommonSubexpressions(GraphPass):
    """Computes equal values once.

    Values of equal content and operands are equal. Outputs are kept: two files may hold the same
    samples.
    """

    name = "common-subexpressions"
    equivalence = "exact"

    def rewrite(self, graph: Graph) -> Graph:
        """The graph with the first of several equal values in place of the others."""
        identities = {source.name: source_identity(source) for source in graph.sources}
        first: dict[object, str] = {}

        def rule(node: Node) -> Node | str:
            """The node, or the first one of the same content; its operands are first ones."""
            if isinstance(node, Output):
                return node
            values = (identities.get(v) if a.is_symbol else (a.name, v) for a, v in content(node))
            same = first.setdefault((node.kind, node.operands, *values), node.name)
            return node if same == node.name else same

        return graph.rewrite(rule)
