"""Cuts big graphs at their lanes, so that no run of ffmpeg reads more than a few dozen clips.

ffmpeg looks through all filters of a graph for each frame that moves, so its cost grows with the
square of the clips: 500 in one run take ten times what they take in runs of 40. Each input is an
open file besides, and one track's edit should not render the others again. A lane is its operands
one after the other, so that cutting it is exact: each stretch of a lane becomes a value of its own,
written by a part that depends on nothing else, and the lane joins the stretches. Where too many of
them would still be read at once, sums are cut too (narrow.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, field, frozen

from ...ir.graph import Graph
from ...ir.names import Names
from ...ir.nodes import Clip, Lane, Node
from .narrow import WIDEST, Narrowing, files_read, runs

WHOLE = 64
"""Up to so many clips a graph is not cut."""

PART = 40
"""Clips that a part reads; more where there would be more than `WIDEST` parts."""


@frozen
class Cut:
    """A graph with its lanes in stretches, and wide sums in partial ones.

    Attributes:
        graph: gives the same samples.
        parts: which stretches or sums each part makes; a sum hears those of parts before it.
        piece_of: the value that each of these, or a node around it, was cut from.
    """

    graph: Graph
    parts: tuple[tuple[str, ...], ...] = ()
    piece_of: Mapping[str, str] = field(factory=dict)


def cut(graph: Graph) -> Cut:
    """The graph with every lane a lane of stretches; as it is where that does not pay."""
    clips = sum(isinstance(node, Clip) for node in graph)
    if clips <= WHOLE:
        return Cut(graph)
    most = max(PART, -(-clips // WIDEST))
    weights = files_read(graph, {})
    names = Names(graph.by_name, "~")
    stretches: list[Lane] = []
    piece_of: dict[str, str] = {}

    def rule(node: Node) -> Node | tuple[Node, ...]:
        if not isinstance(node, Lane):
            return node
        cuts = list(runs([weights[o] for o in node.operands], most))
        made = [
            _stretch(graph, node, run, names.take(f"{node.name}.part{number}"))
            for number, run in enumerate(cuts, 1)
        ]
        stretches.extend(made)
        piece_of.update((stretch.name, node.name) for stretch in made)
        starts = tuple(node.starts[run.start] for run in cuts)
        return (*made, evolve(node, starts=starts, operands=tuple(s.name for s in made)))

    rewritten = graph.rewrite(rule)
    loads = [sum(weights[o] for o in stretch.operands) for stretch in stretches]
    groups = [tuple(s.name for s in stretches[run.start : run.stop]) for run in runs(loads, most)]
    narrowing = Narrowing(rewritten, piece_of, most, names)
    narrowing.run()
    parts = (*groups, *narrowing.parts)
    return Cut(narrowing.graph, parts, {**narrowing.given, **narrowing.copy_of})


def _stretch(graph: Graph, lane: Lane, run: range, name: str) -> Lane:
    """Some neighbouring operands of a lane, from the start of the first to the end of the last."""
    operands, starts = lane.operands[run.start : run.stop], lane.starts[run.start : run.stop]
    return Lane(
        name,
        tuple(start - starts[0] for start in starts),
        starts[-1] - starts[0] + (graph.signals[operands[-1]].length or 0),
        operands=operands,
        origin=lane.origin,
    )
