"""Cuts big graphs at their lanes, so that no run of ffmpeg reads more than a few dozen clips.

ffmpeg looks through all filters of a graph for each frame that moves, so its cost grows with the
square of the clips: 500 in one run take ten times what they take in runs of 40. Each input is an
open file besides, and one track's edit should not render the others again. A lane is its operands
one after the other, so that cutting it is exact: each stretch of a lane becomes a value of its own,
written by a part that depends on nothing else, and the lane joins the stretches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve, field, frozen

from ...ir.graph import Graph
from ...ir.nodes import Clip, Lane, Node

WHOLE = 64
"""Up to so many clips a graph is not cut."""

PART = 40
"""Clips that a part reads."""


@frozen
class Cut:
    """A graph with its lanes in stretches.

    Attributes:
        graph: gives the same samples.
        parts: which stretches each part makes, in graph order.
        stretch_of: the lane that each stretch was cut from.
    """

    graph: Graph
    parts: tuple[tuple[str, ...], ...] = ()
    stretch_of: Mapping[str, str] = field(factory=dict)


def cut(graph: Graph) -> Cut:
    """The graph with every lane a lane of stretches; as it is where that does not pay."""
    if sum(isinstance(node, Clip) for node in graph) <= WHOLE:
        return Cut(graph)
    weights = _clips_read(graph)
    stretches: list[Lane] = []
    stretch_of: dict[str, str] = {}

    def rule(node: Node) -> Node | tuple[Node, ...]:
        if not isinstance(node, Lane):
            return node
        runs = list(_runs([weights[o] for o in node.operands]))
        made = [_stretch(graph, node, run, number) for number, run in enumerate(runs, 1)]
        stretches.extend(made)
        stretch_of.update((stretch.name, node.name) for stretch in made)
        starts = tuple(node.starts[run.start] for run in runs)
        return (*made, evolve(node, starts=starts, operands=tuple(s.name for s in made)))

    rewritten = graph.rewrite(rule)
    loads = [sum(weights[o] for o in stretch.operands) for stretch in stretches]
    groups = (tuple(s.name for s in stretches[run.start : run.stop]) for run in _runs(loads))
    return Cut(rewritten, tuple(groups), stretch_of)


def _clips_read(graph: Graph) -> dict[str, int]:
    """How many clips each value is made of; a clip counts once a way that leads to it."""
    counts: dict[str, int] = {}
    for node in graph.nodes:
        counts[node.name] = isinstance(node, Clip) + sum(counts[o] for o in node.operands)
    return counts


def _runs(weights: Sequence[int]) -> Iterator[range]:
    """Indices in runs as long as the part's limit allows, of at least one."""
    start = load = 0
    for index, weight in enumerate(weights):
        if load + weight > PART and index > start:
            yield range(start, index)
            start, load = index, 0
        load += weight
    if start < len(weights):
        yield range(start, len(weights))


def _stretch(graph: Graph, lane: Lane, run: range, number: int) -> Lane:
    """Some neighbouring operands of a lane, from the start of the first to the end of the last."""
    operands, starts = lane.operands[run.start : run.stop], lane.starts[run.start : run.stop]
    name = f"{lane.name}.part{number}"
    while name in graph.by_name:
        name += "~"
    return Lane(
        name,
        tuple(start - starts[0] for start in starts),
        starts[-1] - starts[0] + (graph.signals[operands[-1]].length or 0),
        operands=operands,
        origin=lane.origin,
    )
