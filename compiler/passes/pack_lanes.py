"""pack-lanes: clips that do not overlap share a lane, and a sum adds up lanes.

A sum of n placed clips costs n times the timeline in most engines, most of it additions of silence.
A lane costs the timeline once: clips and silences, one after the other. The assignment is interval
colouring: in start order, each clip goes to the first lane that is free. For intervals this greedy
choice needs as many lanes as clips sound at once, which is the minimum (Kleinberg and Tardos,
Algorithm Design, 4.1).

    place a |aaaa|                 lane 1 |aaaa|  |ccc|
    place b    |bbbbb|      ->     lane 2    |bbbbb|   |dd|      mix of 2, not of 4
    place c          |ccc|
    place d             |dd|

A value with other users may be in a lane too. Each sample is the sum of the same terms in another
grouping, hence the tolerance.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping

from attrs import evolve, frozen

from ...ir.graph import Graph
from ...ir.names import Names
from ...ir.nodes import Lane, Mix, Node, Place
from .base import GraphPass, option


@frozen
class _Piece:
    """An operand of a sum: its value and its samples."""

    start: int
    index: int  # in the sum, to break ties
    end: int
    value: str
    placed: str  # the operand as the sum had it


@frozen
class PackLanes(GraphPass):
    """Packs the operands of a sum that do not overlap into lanes, so that a sum adds up lanes.

    The lanes are the fewest possible (interval colouring).
    """

    name = "pack-lanes"
    establishes = ("lanes",)
    equivalence = -250.0
    max_lanes: int | None = option(
        None, "how many lanes a sum may have; clips beyond them stay operands of the sum", minimum=1
    )

    def rewrite(self, graph: Graph) -> Graph:
        """The graph with the placed operands of every sum packed in lanes."""
        names = Names(graph.by_name, "~")

        def rule(node: Node) -> Node | Iterable[Node]:
            return self._pack(graph, node, names) if isinstance(node, Mix) else node

        packed = graph.rewrite(rule)
        return packed if packed.nodes == graph.nodes else _without_idle_places(packed, graph)

    def _pack(self, graph: Graph, mix: Mix, names: Names) -> tuple[Node, ...]:
        times = Counter(mix.operands)
        once = ((i, o) for i, o in enumerate(mix.operands) if times[o] == 1)
        pieces = [_piece(graph, index, operand) for index, operand in once]
        fitting = [p for p in pieces if p is not None and p.end <= mix.length]
        lanes = [lane for lane in colour(fitting)[: self.max_lanes] if len(lane) > 1]
        if not lanes:
            return (mix,)
        made = []
        for number, lane in enumerate(lanes, 1):
            name = names.take(f"{mix.name.removesuffix('.mix')}.lane{number}")
            made.append(
                Lane(
                    name,
                    tuple(p.start for p in lane),
                    mix.length,
                    operands=tuple(p.value for p in lane),
                    origin=mix.origin,
                )
            )
        packed = {p.placed: lane.name for lane, ps in zip(made, lanes, strict=True) for p in ps}
        operands = _once_each(mix.operands, packed)
        if len(operands) == 1:  # the lane replaces the sum, under its name
            return (evolve(made[0], name=mix.name),)
        return (*made, evolve(mix, operands=operands))


def _once_each(operands: Iterable[str], packed: Mapping[str, str]) -> tuple[str, ...]:
    """The operands, with each lane in place of the first of those that it has."""
    lanes: set[str] = set()
    found: list[str] = []
    for operand in operands:
        lane = packed.get(operand)
        if lane is None:
            found.append(operand)
        elif lane not in lanes:
            lanes.add(lane)
            found.append(lane)
    return tuple(found)


def colour(pieces: list[_Piece]) -> list[list[_Piece]]:
    """The pieces in the fewest lanes, each lane in time order."""
    lanes: list[list[_Piece]] = []
    free: list[int] = []  # lanes that are free, lowest first
    busy: list[tuple[int, int]] = []  # (end, lane)
    for piece in sorted(pieces, key=lambda p: (p.start, p.index)):
        while busy and busy[0][0] <= piece.start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            number = heapq.heappop(free)
        else:
            number = len(lanes)
            lanes.append([])
        lanes[number].append(piece)
        heapq.heappush(busy, (piece.end, number))
    return lanes


def _piece(graph: Graph, index: int, operand: str) -> _Piece | None:
    node = graph[operand]  # sums keep their names, so every operand is in the graph
    length = graph.signals[operand].length
    if length is None:
        return None
    if isinstance(node, Place):
        return _Piece(node.start, index, length, node.operands[0], operand)
    return _Piece(0, index, length, operand, operand)


def _without_idle_places(packed: Graph, before: Graph) -> Graph:
    """The graph without the places that the lanes replace."""
    return Graph(
        packed.sources,
        tuple(
            node
            for node in packed.nodes
            if not (isinstance(node, Place) and not packed.uses[node.name])
            or not before.uses[node.name]
        ),
    )
