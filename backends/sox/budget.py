"""Decides which part of a graph SoX renders; the native engine renders the rest, up to the outputs.

In every step SoX rounds every sample to 2^-32 of the range of its file. Where that range is large,
or where a later node amplifies the value a lot, the rounding error grows on the way to the outputs.
Its size there is computed in two ways. As noise, its powers add up (but not in a lane, where one
operand follows another) and a filter amplifies it by at most the filter's largest gain. As the
worst case, errors add up and grow as samples do. The smaller of six standard deviations and the
worst case must stay under -140 dBFS (docs/semantics.md, "Null budgets"). Where it would not, the
engine renders the nodes that contribute most, and every node after them, because values are
converted to integers and back only once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ...ir import nodes as ir
from ...ir.graph import Graph
from ...ir.units import gain_factor
from .levels import bounds, exponent, growth, is_direct, noise_growth

_BUDGET = gain_factor(-140.0)
_DEVIATIONS = 6.0
_PEAK = math.sqrt(3.0)  # of a rounding error, relative to its standard deviation
_UNIFORM = 1.0 / math.sqrt(12.0)
_STEP = 2.0**-31

_ROUNDINGS: Mapping[type[ir.Node], int] = {
    ir.Clip: 1,
    ir.Silence: 0,
    ir.Gain: 0,
    ir.Headroom: 0,
    ir.Fade: 4,
    ir.Crossfade: 4,
    ir.GainAutomation: 4,
    ir.PanAutomation: 4,
    ir.Pan: 0,
    ir.Downmix: 0,
    ir.Filter: 2,
    ir.FilterAutomation: 2,
    ir.Gate: 2,
    ir.Deess: 2,
    ir.Compress: 2,
    ir.Place: 0,
    ir.Slice: 0,
    ir.Lane: 1,
    ir.Mix: 1,
    ir.Bus: 1,
}
"""How many roundings a node of each kind that SoX renders amounts to, reading its operands
included. A fade truncates instead of rounding, which is four times the noise. An envelope is
rounded itself, and never exactly 1."""


def engine_nodes(graph: Graph) -> frozenset[str]:
    """The names of the nodes that the native engine renders, with all nodes after them.

    These are the finish, nodes whose rounding errors are too large, and sums of delivered values:
    in floats, stems add up to their premaster exactly.
    """
    delivered = {operand for output in graph.outputs for operand in output.operands}
    sums = (
        n.name for n in graph.nodes if isinstance(n, ir.Mix) and delivered.issuperset(n.operands)
    )
    finish = (n.name for n in graph.nodes if n.is_finish)
    late = _with_users(graph, (*finish, *sums))
    propagation = _ErrorPropagation(graph)
    own = _own_noise(graph, late)
    while own and propagation.at_outputs(own) > _BUDGET:
        costs = {name: noise * propagation.gain[name] for name, noise in own.items()}
        most = max(costs.values())
        costly = (name for name, cost in costs.items() if cost >= most / 2.0)
        late = _with_users(graph, (*late, *costly))
        own = {name: noise for name, noise in own.items() if name not in late}
    return late


def _with_users(graph: Graph, names: Iterable[str]) -> frozenset[str]:
    """The names, and those of all nodes that depend on them."""
    found = set(names)
    for node in graph.nodes:
        if not found.isdisjoint(node.operands):
            found.add(node.name)
    return frozenset(found)


def _own_noise(graph: Graph, late: frozenset[str]) -> Mapping[str, float]:
    """The standard deviation of SoX's rounding errors in each value that is not late."""
    loudest = bounds(graph, {node.name for node in graph.nodes} - late)
    return {
        name: _UNIFORM * _STEP * 2.0 ** exponent(bound) * math.sqrt(_roundings(graph, graph[name]))
        for name, bound in loudest.items()
    }


def _roundings(graph: Graph, node: ir.Node) -> int:
    if isinstance(node, ir.Clip) and is_direct(graph.source_by_name[node.source], node.rate):
        return 0
    if node.is_sum and len(node.operands) == 1:
        return 0
    return _ROUNDINGS[type(node)]


class _ErrorPropagation:
    """How rounding errors grow on their way through a graph.

    Attributes:
        gain: by name, how much louder noise in a value is at the output where it is loudest.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._louder = dict.fromkeys(graph.by_name, 1.0)
        self._larger = dict.fromkeys(graph.by_name, 1.0)
        for node in graph.nodes:
            if not node.is_finish:  # null budgets hold before the loudness gain
                rate = graph.signals[node.name].rate
                self._louder[node.name] = noise_growth(node, rate)
                self._larger[node.name] = growth(node, rate)
        self.gain = dict.fromkeys(graph.by_name, 0.0)
        for node in reversed(graph.nodes):
            here = 1.0 if isinstance(node, ir.Output) else self.gain[node.name]
            for operand in node.audio_operands:
                louder = here * self._louder[node.name]
                self.gain[operand] = max(self.gain[operand], louder)

    def at_outputs(self, own: Mapping[str, float]) -> float:
        """The largest error to expect in a sample, from the deviations of the rounding errors."""
        powers: dict[str, float] = {}
        worst: dict[str, float] = {}
        for node in self._graph.nodes:
            name = node.name
            noise, factor = own.get(name, 0.0), self._louder[name]
            combine = max if isinstance(node, ir.Lane) else sum
            arriving = combine([powers[operand] for operand in node.audio_operands] or [0.0])
            powers[name] = noise * noise + arriving * factor * factor
            arriving = combine([worst[operand] for operand in node.audio_operands] or [0.0])
            roundings = math.sqrt(_ROUNDINGS[type(node)]) if noise else 0.0
            worst[name] = noise * roundings * _PEAK + arriving * self._larger[name]
        return max(
            min(_DEVIATIONS * math.sqrt(powers[o.name]), worst[o.name]) for o in self._graph.outputs
        )
