"""Cuts wide sums into partial sums, so that no run of ffmpeg opens too many files.

Promises: a graph whose mix reads at most `WIDEST` files is unchanged. In others a sum of many
operands becomes a sum of partial sums, each of them a value that a part writes. A partial sum
begins where its first operand begins to sound and ends where its last one ends, where that is
known, so that many short clips on top of each other do not become many long files. Sums of floats
in another order differ in their last bits: 300 dB under the peak (measured with 300 such clips).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from attrs import define, evolve, field

from ...ir.graph import Graph
from ...ir.names import Names
from ...ir.nodes import Bus, Clip, Lane, Mix, Node, Place

WIDEST = 200
"""Files that the last run may read; common limits are 1,024 or 256 open files."""


def runs(loads: Sequence[int], most: int) -> Iterator[range]:
    """Ranges of indices, none empty, whose loads add up to no more than `most` where possible."""
    start = load = 0
    for index, weight in enumerate(loads):
        if load + weight > most and index > start:
            yield range(start, index)
            start, load = index, 0
        load += weight
    if start < len(loads):
        yield range(start, len(loads))


def files_read(graph: Graph, given: Mapping[str, object]) -> dict[str, int]:
    """The number of files that each value is read from, counted once for each use.

    A given value is one file.
    """
    counts: dict[str, int] = {}
    for node in graph.nodes:
        own = isinstance(node, Clip) + sum(map(counts.__getitem__, node.operands))
        counts[node.name] = 1 if node.name in given else own
    return counts


def closure(graph: Graph, wanted: Iterable[str], given: Container[str] = ()) -> tuple[Node, ...]:
    """The nodes whose samples the wanted values are made of, in graph order.

    Values that are given need no node, nor does what they are made of.
    """
    needed: set[str] = set()
    pending = list(wanted)
    while pending:
        value = pending.pop()
        if value not in needed and value not in given:
            needed.add(value)
            pending.extend(graph[value].audio_operands)
    return tuple(graph.nodes[index] for index in sorted(map(graph.position.__getitem__, needed)))


def given_to(nodes: Iterable[Node], given: Container[str]) -> set[str]:
    """Those of the given values that the nodes are made of."""
    return {operand for node in nodes for operand in node.audio_operands if operand in given}


@define
class Narrowing:
    """Cuts the sums of a graph, as often as necessary.

    Attributes:
        graph: with the cuts so far.
        given: value that a part writes -> value that it is part of.
        most: how many files a part may read.
        names: those of the graph; new values get others.
        copy_of: shifted operands of partial sums, and which value each is a copy of.
        parts: the partial sums, in graph order.
    """

    graph: Graph
    given: dict[str, str]
    most: int
    names: Names
    copy_of: dict[str, str] = field(factory=dict)
    parts: list[tuple[str, ...]] = field(factory=list)

    def run(self) -> None:
        """Cut until the last run reads few enough files, or nothing is left to cut."""
        while self._read_at_last() > WIDEST:
            before = len(self.parts)
            self._cut_once()
            if len(self.parts) == before:
                return

    def _read_at_last(self) -> int:
        """The number of files that the run of the outputs would read."""
        outputs = [output.name for output in self.graph.outputs]
        nodes = closure(self.graph, outputs, given=self.given)
        return len(given_to(nodes, self.given)) + sum(isinstance(node, Clip) for node in nodes)

    def _cut_once(self) -> None:
        loads = files_read(self.graph, self.given)

        def rule(node: Node) -> Node | tuple[Node, ...]:
            known = node.name in self.given
            if known or not isinstance(node, (Mix, Bus)) or len(node.operands) < 3:
                return node
            weights = [loads.get(operand, 1) for operand in node.operands]
            if sum(weights) <= self.most:
                return node
            made: list[Node] = []
            operands: list[str] = []
            for run in runs(weights, self.most):
                chosen = node.operands[run.start : run.stop]
                if len(chosen) > 1:
                    made += self._partial(node, chosen)
                    operands.append(made[-1].name)
                else:
                    operands += chosen
            return (*made, evolve(node, operands=tuple(operands)))

        self.graph = self.graph.rewrite(rule)

    def _partial(self, node: Node, chosen: Sequence[str]) -> list[Node]:
        """The sum of some operands as a value that a part writes, placed at its time."""
        nodes = [self.graph[operand] for operand in chosen]
        length = self.graph.signals[node.name].length or 0
        begin, end = self._extent(nodes, length)
        whole = (begin, end) == (0, length)
        shifted = nodes if whole else [self._shifted(each, begin, end) for each in nodes]
        made = [each for each, old in zip(shifted, nodes, strict=True) if each is not old]
        partial = Mix(
            self.names.take(f"{node.name}.sum{len(self.parts) + 1}"),
            end - begin,
            operands=tuple(each.name for each in shifted),
            origin=node.origin,
        )
        self.given[partial.name] = node.name
        self.parts.append((partial.name,))
        if whole:
            return [*made, partial]
        name = self.names.take(f"{partial.name}.place")
        self.copy_of[name] = node.name
        place = Lane(name, (begin,), length, operands=(partial.name,), origin=node.origin)
        return [*made, partial, place]

    def _extent(self, nodes: Sequence[Node], length: int) -> tuple[int, int]:
        """The samples [begin, end) in which the nodes sound; all where that is not known."""
        if not all(isinstance(each, (Lane, Place)) for each in nodes):
            return 0, length
        begin, end = length, 0
        for each in nodes:
            last = self.graph.signals[each.operands[-1]].length or 0
            begin, end = min(begin, each.starts[0]), max(end, each.starts[-1] + last)
        return begin, min(end, length)

    def _shifted(self, node: Node, begin: int, end: int) -> Node:
        """A lane or a placed value, counted from `begin`."""
        name = self.names.take(f"{node.name}.from{begin}")
        self.copy_of[name] = self.given.get(node.name, node.name)
        if isinstance(node, Place):
            return evolve(node, name=name, start=node.start - begin)
        assert isinstance(node, Lane)
        starts = tuple(start - begin for start in node.starts)
        return evolve(node, name=name, starts=starts, length=end - begin)
