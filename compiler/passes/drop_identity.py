"""drop-identity: nodes that change no sample go.

A table of tests, one a kind. A bus of one track stays: it sounds like its track, but it is what
people look for in the IR, and no backend spends anything on it.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from ...ir.graph import Graph
from ...ir.nodes import (
    Crossfade,
    Fade,
    Gain,
    GainAutomation,
    Headroom,
    Mix,
    Node,
    Pan,
    PanAutomation,
    Place,
)
from .base import GraphPass

Test = Callable[[Graph, Node], bool]


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
    test = IDENTITIES.get(type(node))
    return test is not None and test(graph, node)


def _gain(graph: Graph, node: Node) -> bool:
    return isinstance(node, Gain) and node.gain_db == 0


def _fade(graph: Graph, node: Node) -> bool:
    return isinstance(node, (Fade, Crossfade)) and node.length == 0


def _moving_gain(graph: Graph, node: Node) -> bool:
    return isinstance(node, GainAutomation) and all(p.value == 0 for p in node.points)


def _balance(graph: Graph, node: Node) -> bool:
    return (
        isinstance(node, Pan)
        and node.position == 0
        and graph.signals[node.operands[0]].channels == 2
    )


def _moving_balance(graph: Graph, node: Node) -> bool:
    return (
        isinstance(node, PanAutomation)
        and all(p.value == 0 for p in node.points)
        and graph.signals[node.operands[0]].channels == 2
    )


def _place(graph: Graph, node: Node) -> bool:
    return isinstance(node, Place) and node.start == 0


def _headroom(graph: Graph, node: Node) -> bool:
    return isinstance(node, Headroom) and node.headroom_db == 0


def _mix(graph: Graph, node: Node) -> bool:
    return (
        isinstance(node, Mix)
        and len(node.operands) == 1
        and graph.signals[node.operands[0]].length == node.length
    )


IDENTITIES: dict[type[Node], Test] = {
    Gain: _gain,
    Fade: _fade,
    Crossfade: _fade,
    GainAutomation: _moving_gain,
    Pan: _balance,
    PanAutomation: _moving_balance,
    Place: _place,
    Headroom: _headroom,
    Mix: _mix,
}
