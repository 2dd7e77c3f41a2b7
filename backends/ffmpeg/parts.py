"""Cuts large graphs at their lanes, so that no run of ffmpeg reads more than a few dozen clips.

ffmpeg searches all filters of a graph for each frame that it moves, so its cost grows with the
square of the filters: 500 clips in one run take ten times as long as in runs of 40. A clip with an
envelope of many spans counts as several. Each input is an open file besides, and an edit of one
track should not render the others again. A lane plays its operands one after the other, so cutting
it is exact: each section of a lane becomes a value of its own, which a part writes that depends on
nothing else, and the lane joins the sections. Where a run would still read too many of them, sums
are cut too (narrow.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, field, frozen

from ...ir.graph import Graph
from ...ir.names import Names
from ...ir.nodes import Automated, Clip, Lane, Node
from .automation import sources_of
from .narrow import WIDEST, Narrowing, runs

WHOLE = 96
"""A graph that weighs no more clips than this is not cut, as files between steps cost more: 69
clips in 45 minutes take 20 s of CPU in one run and 27 s in three; short clips take as long in both.
"""

PART = 40
"""Clips that a part reads; more where there would be more than `WIDEST` parts otherwise."""

SPANS_OF_CLIP = 6
"""Spans of an envelope that have as many filters as a clip with a gain, two fades and a pan."""


@frozen
class Cut:
    """A graph with its lanes cut into sections, and wide sums into partial sums.

    Attributes:
        graph: has the same samples.
        parts: the sections or sums that each part writes; a sum may use those of earlier parts.
        piece_of: value that the cut made -> value that it is part of.
    """

    graph: Graph
    parts: tuple[tuple[str, ...], ...] = ()
    piece_of: Mapping[str, str] = field(factory=dict)


def cut(graph: Graph) -> Cut:
    """The graph with every lane cut into sections; unchanged where that does not pay."""
    whole = sum(map(_weight, graph))
    if whole <= WHOLE:
        return Cut(graph)
    most = max(PART, -(-whole // WIDEST))
    weights: dict[str, int] = {}
    for node in graph:
        weights[node.name] = _weight(node) + sum(map(weights.__getitem__, node.operands))
    names = Names(graph.by_name, "~")
    sections: list[Lane] = []
    piece_of: dict[str, str] = {}

    def rule(node: Node) -> Node | tuple[Node, ...]:
        if not isinstance(node, Lane):
            return node
        cuts = list(runs([weights[o] for o in node.operands], most))
        made = [
            _section(graph, node, run, names.take(f"{node.name}.part{number}"))
            for number, run in enumerate(cuts, 1)
        ]
        sections.extend(made)
        piece_of.update((section.name, node.name) for section in made)
        starts = tuple(node.starts[run.start] for run in cuts)
        return (*made, evolve(node, starts=starts, operands=tuple(s.name for s in made)))

    rewritten = graph.rewrite(rule)
    rewritten.take_types(graph)
    loads = [sum(weights[o] for o in section.operands) for section in sections]
    groups = [tuple(s.name for s in sections[run.start : run.stop]) for run in runs(loads, most)]
    narrowing = Narrowing(rewritten, piece_of, most, names)
    narrowing.run()
    parts = (*groups, *narrowing.parts)
    return Cut(narrowing.graph, parts, {**narrowing.given, **narrowing.copy_of})


def _weight(node: Node) -> int:
    """How many clips a node counts as, by its filters."""
    if isinstance(node, Automated):
        return sources_of(node) // SPANS_OF_CLIP
    return int(isinstance(node, Clip))


def _section(graph: Graph, lane: Lane, run: range, name: str) -> Lane:
    """Some adjacent operands of a lane, from the start of the first to the end of the last."""
    operands, starts = lane.operands[run.start : run.stop], lane.starts[run.start : run.stop]
    return Lane(
        name,
        tuple(start - starts[0] for start in starts),
        starts[-1] - starts[0] + (graph.signals[operands[-1]].length or 0),
        operands=operands,
        origin=lane.origin,
    )
