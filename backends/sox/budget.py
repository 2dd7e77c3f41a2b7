"""Which part of a graph SoX can hold: the rest, up to the outputs, is the native engine's.

SoX rounds every sample of every step to 2^-32 of the room that its file is given. Where a value has
much room, or is turned up a lot later, that rounding grows on the way to the outputs. It is
followed there as noise is: independent roundings add up by their powers, what follows one another
in a lane does not add up at all, and a filter makes noise louder by no more than its largest gain
at any frequency. Six times the deviation that arrives is held under -140 dBFS (docs/semantics.md,
"Null budgets"). Where it would be more, the costliest nodes are left to the engine, and with them
all that hears them, for floats become integers only once.
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
from .levels import bounds, exponent, is_direct, noise_growth

FINISH = (Loudnorm, Limiter, Dither, Output)
"""Kinds that SoX has nothing for."""

_BUDGET = 10.0 ** (-140.0 / 20.0)
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
    louder = {n.name: noise_growth(n, graph.signals[n.name].rate) for n in graph.nodes}
    reach = _gains_to_outputs(graph, louder)
    own = _own_noise(graph, late)
    while own and _DEVIATIONS * _noise_at_outputs(graph, own, louder) > _BUDGET:
        dearest = max(own[name] * reach[name] for name in own)
        costly = (name for name in own if own[name] * reach[name] >= dearest / 2.0)
        late = _with_hearers(graph, (*late, *costly))
        own = {name: noise for name, noise in own.items() if name not in late}
    return late


def _with_hearers(graph: Graph, names: Iterable[str]) -> frozenset[str]:
    found = set(names)
    for node in graph.nodes:
        if not found.isdisjoint(node.operands):
            found.add(node.name)
    return frozenset(found)


def _own_noise(graph: Graph, late: frozenset[str]) -> Mapping[str, float]:
    """The deviation of what SoX rounds off each value that is not late."""
    loudest = bounds(graph, {node.name for node in graph.nodes} - late)
    return {
        name: _UNIFORM * _STEP * 2.0 ** exponent(bound) * math.sqrt(_roundings(graph, graph[name]))
        for name, bound in loudest.items()
    }


def _roundings(graph: Graph, node: Node) -> int:
    if isinstance(node, Clip) and is_direct(graph.source_by_name[node.source], node.rate):
        return 0
    if isinstance(node, (Mix, Bus, Lane)) and len(node.operands) == 1:
        return 0
    return _ROUNDINGS.get(type(node), 0)


def _noise_at_outputs(graph: Graph, own: Mapping[str, float], louder: Mapping[str, float]) -> float:
    """The deviation of the noise in the output that has most."""
    powers: dict[str, float] = {}
    for node in graph.nodes:
        heard = [powers[operand] for operand in _heard(node)]
        arriving = max(heard) if isinstance(node, Lane) else sum(heard)
        added, factor = own.get(node.name, 0.0), louder[node.name]
        powers[node.name] = added * added + arriving * factor * factor
    return math.sqrt(max(powers[output.name] for output in graph.outputs))


def _gains_to_outputs(graph: Graph, louder: Mapping[str, float]) -> Mapping[str, float]:
    """How much louder the noise of each value is in the output that makes it loudest."""
    gains = dict.fromkeys(louder, 0.0)
    for node in reversed(graph.nodes):
        here = 1.0 if isinstance(node, Output) else gains[node.name]
        for operand in _heard(node):
            gains[operand] = max(gains[operand], here * louder[node.name])
    return gains


def _heard(node: Node) -> tuple[str, ...]:
    """Its operands, but for what a loudness gain only measures."""
    return node.operands[:1] if isinstance(node, Loudnorm) else node.operands
