"""Which part of a graph SoX can hold: the rest, up to the outputs, is the native engine's.

SoX rounds every sample of every step to 2^-32 of the room that its file is given. Where a value has
much room, or is turned up a lot later, that rounding grows on the way to the outputs. It is
followed there twice: as noise, whose powers add up (but not in a lane, where one follows another)
and which no filter makes louder than its largest gain; and as the worst case, which adds up and
grows as samples do. The smaller of six deviations and the worst case is held under -140 dBFS
(docs/semantics.md, "Null budgets"). Where it would be more, the costliest nodes are left to the
engine, and with them all that hears them, for floats become integers only once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ...ir.graph import Graph
from ...ir.nodes import (
    Bus,
    Clip,
    Crossfade,
    Downmix,
    Fade,
    Filter,
    FilterAutomation,
    Gain,
    GainAutomation,
    Headroom,
    Lane,
    Mix,
    Node,
    Output,
    Pan,
    PanAutomation,
    Place,
    Silence,
)
from ...ir.units import gain_factor
from .levels import bounds, exponent, growth, is_direct, noise_growth

_BUDGET = gain_factor(-140.0)
_DEVIATIONS = 6.0
_PEAK = math.sqrt(3.0)  # of a rounding, over its deviation
_UNIFORM = 1.0 / math.sqrt(12.0)
_STEP = 2.0**-31

_ROUNDINGS: Mapping[type[Node], int] = {
    Clip: 1,
    Silence: 0,
    Gain: 0,
    Headroom: 0,
    Fade: 4,
    Crossfade: 4,
    GainAutomation: 4,
    PanAutomation: 4,
    Pan: 0,
    Downmix: 0,
    Filter: 2,
    FilterAutomation: 2,
    Place: 0,
    Lane: 1,
    Mix: 1,
    Bus: 1,
}
"""How many roundings' noise a node of the kinds that SoX renders adds, its operand's way into it
included. A fade cuts off instead of rounding: four times the noise. An envelope is rounded itself,
and never quite 1."""


def left_to_the_engine(graph: Graph) -> frozenset[str]:
    """The names of the nodes that the native engine renders: the finish, and what costs too much.

    Sums of what is delivered anyway are too: in floats stems add up to their premaster exactly.
    Whoever hears one of them is one of them.
    """
    delivered = {operand for output in graph.outputs for operand in output.operands}
    sums = (n.name for n in graph.nodes if isinstance(n, Mix) and delivered.issuperset(n.operands))
    finish = (n.name for n in graph.nodes if n.is_finish)
    late = _with_hearers(graph, (*finish, *sums))
    follow = _Follow(graph)
    own = _own_noise(graph, late)
    while own and follow.at_outputs(own) > _BUDGET:
        costs = {name: noise * follow.reach[name] for name, noise in own.items()}
        dearest = max(costs.values())
        costly = (name for name, cost in costs.items() if cost >= dearest / 2.0)
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
    if node.is_sum and len(node.operands) == 1:
        return 0
    return _ROUNDINGS[type(node)]


class _Follow:
    """What becomes of roundings on their way through a graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._louder = dict.fromkeys(graph.by_name, 1.0)
        self._larger = dict.fromkeys(graph.by_name, 1.0)
        for node in graph.nodes:
            if not node.is_finish:  # null budgets hold before the loudness gain
                rate = graph.signals[node.name].rate
                self._louder[node.name] = noise_growth(node, rate)
                self._larger[node.name] = growth(node, rate)
        self.reach = dict.fromkeys(graph.by_name, 0.0)
        """By name: how much louder noise is at the output that makes it loudest."""
        for node in reversed(graph.nodes):
            here = 1.0 if isinstance(node, Output) else self.reach[node.name]
            for operand in node.heard:
                louder = here * self._louder[node.name]
                self.reach[operand] = max(self.reach[operand], louder)

    def at_outputs(self, own: Mapping[str, float]) -> float:
        """The largest error of a sample to reckon with, given the deviations of roundings."""
        powers: dict[str, float] = {}
        worst: dict[str, float] = {}
        for node in self._graph.nodes:
            name = node.name
            noise, factor = own.get(name, 0.0), self._louder[name]
            combine = max if isinstance(node, Lane) else sum
            arriving = combine([powers[operand] for operand in node.heard] or [0.0])
            powers[name] = noise * noise + arriving * factor * factor
            arriving = combine([worst[operand] for operand in node.heard] or [0.0])
            roundings = math.sqrt(_ROUNDINGS[type(node)]) if noise else 0.0
            worst[name] = noise * roundings * _PEAK + arriving * self._larger[name]
        return max(
            min(_DEVIATIONS * math.sqrt(powers[o.name]), worst[o.name]) for o in self._graph.outputs
        )
