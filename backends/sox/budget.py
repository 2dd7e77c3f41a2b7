"""Which part of a graph SoX can hold: the rest, up to the outputs, is the native engine's.

SoX rounds every sample of every step to 2^-32 of the room that its file is given. Where a value has
much room, or is turned up a lot later, that rounding grows on the way to the outputs. What each
node would cost there is added up as independent roundings are, and six times their deviation is
held under -140 dBFS (docs/semantics.md, "Null budgets"): no sample of hours of audio is beyond it.
Where the sum is over it, the costliest nodes are left to the engine, and with them all that hears
them, for floats become integers only once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ...ir.graph import Graph
from ...ir.nodes import (
    Bus,
    Clip,
    Crossfade,
    Dither,
    Fade,
    Filter,
    FilterAutomation,
    GainAutomation,
    Lane,
    Limiter,
    Loudnorm,
    Mix,
    Node,
    Output,
    PanAutomation,
)
from .levels import bounds, exponent, growth, is_direct

FINISH = (Loudnorm, Limiter, Dither, Output)
"""Kinds that SoX has nothing for."""

BUDGET_DBFS = -140.0

_DEVIATIONS = 6.0
_UNIFORM = 1.0 / math.sqrt(12.0)
_STEP = 2.0**-31

# Roundings of a node's value: reading its operand from a file at another room, and its own.
_ROUNDINGS: Mapping[type[Node], int] = {
    Clip: 1,
    Fade: 2,
    Crossfade: 2,
    GainAutomation: 4,
    PanAutomation: 4,
    Filter: 2,
    FilterAutomation: 3,
    Lane: 2,
    Mix: 2,
    Bus: 2,
}


def left_to_the_engine(graph: Graph) -> frozenset[str]:
    """The names of the nodes that the native engine renders: the finish, and what costs too much.

    Whoever hears one of them is one of them.
    """
    late = _with_hearers(graph, (n.name for n in graph.nodes if isinstance(n, FINISH)))
    costs = _costs(graph, late)
    dearest = sorted(costs, key=lambda name: (-costs[name], name))
    while dearest and _at_outputs(costs[n] for n in dearest) > 10.0 ** (BUDGET_DBFS / 20.0):
        late = _with_hearers(graph, (*late, dearest[0]))
        dearest = [name for name in dearest if name not in late]
    return late


def _with_hearers(graph: Graph, names: Iterable[str]) -> frozenset[str]:
    found = set(names)
    for node in graph.nodes:
        if not found.isdisjoint(node.operands):
            found.add(node.name)
    return frozenset(found)


def _at_outputs(deviations: Iterable[float]) -> float:
    return _DEVIATIONS * math.sqrt(sum(deviation * deviation for deviation in deviations))


def _costs(graph: Graph, late: frozenset[str]) -> Mapping[str, float]:
    """The deviation, at the outputs, of the roundings of each node that is not late."""
    early = {node.name for node in graph.nodes} - late
    loudest = bounds(graph, early)
    gains = _gains_to_outputs(graph)
    return {
        name: math.sqrt(_roundings(graph, graph[name]))
        * _UNIFORM
        * _STEP
        * 2.0 ** exponent(loudest[name])
        * gains[name]
        for name in sorted(early)
    }


def _roundings(graph: Graph, node: Node) -> int:
    if isinstance(node, Clip) and is_direct(graph.source_by_name[node.source], node.rate):
        return 0
    if isinstance(node, (Mix, Bus, Lane)) and len(node.operands) == 1:
        return 0
    return _ROUNDINGS.get(type(node), 0)


def _gains_to_outputs(graph: Graph) -> Mapping[str, float]:
    """How much louder each value may be in the output that makes it loudest."""
    growths = {n.name: growth(n, graph.signals[n.name].rate) for n in graph.nodes}
    loudest = dict.fromkeys(growths, 0.0)
    for output in graph.outputs:
        gains = {output.name: 1.0}
        for node in reversed(graph.nodes):
            if node.name in gains:
                # The second operand of a loudness gain is measured, not heard.
                heard = node.operands[:1] if isinstance(node, Loudnorm) else node.operands
                for operand in heard:
                    grown = gains[node.name] * growths[node.name]
                    gains[operand] = gains.get(operand, 0.0) + grown
        for name, gain in gains.items():
            loudest[name] = max(loudest[name], gain)
    return loudest
