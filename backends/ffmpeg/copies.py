"""Copies values that are used at different times, because ffmpeg keeps shared audio in memory.

A value that two places of a lane share is computed once and then stays in memory, decoded, until
the later place comes: 1.4 GB for ten minutes used twice. To read and compute it again costs less.
Short values stay shared, because an input costs more than they do, and so do values that all users
need at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import evolve, field, frozen

from ...ir.graph import Graph
from ...ir.names import NumberedNames
from ...ir.nodes import Lane, Node, Output, Place, Slice

SHORT_SECONDS = 2
"""Values up to this length stay shared: 0.8 MB for each use."""


@frozen
class Unshared:
    """A graph with the same samples, and the value of which each new value is a copy."""

    graph: Graph
    copy_of: Mapping[str, str] = field(factory=dict)


def unshare(graph: Graph) -> Unshared:
    """The graph in which no long value that is placed in time has another user."""
    taken: set[str] = set()
    for node in graph.nodes:
        if isinstance(node, Output) or (len(node.operands) > 1 and not isinstance(node, Lane)):
            taken.update(n.name for operand in node.operands for n in _chain(graph, operand))
    names = NumberedNames(taken=graph.by_name, separator="~")
    copy_of: dict[str, str] = {}

    def own(operand: str) -> list[Node]:
        chain = list(_chain(graph, operand))
        if not _is_worth_copying(graph, chain):
            return []
        if taken.isdisjoint(node.name for node in chain):
            taken.update(node.name for node in chain)
            return []
        return _copies(chain, names, copy_of)

    nodes: list[Node] = []
    for node in graph.nodes:
        if isinstance(node, (Lane, Place)):
            copies = [own(operand) for operand in node.operands]
            nodes += [copy for made in copies for copy in made]
            operands = (
                made[-1].name if made else operand
                for made, operand in zip(copies, node.operands, strict=True)
            )
            nodes.append(evolve(node, operands=tuple(operands)))
        else:
            nodes.append(node)
    if not copy_of:
        return Unshared(graph)
    copied = Graph(graph.sources, tuple(nodes))
    copied.take_types(graph)
    return Unshared(copied, copy_of)


def _chain(graph: Graph, value: str) -> Iterator[Node]:
    """A value and the nodes before it, as long as each has one operand and the same timing."""
    node = graph[value]
    yield node
    while len(node.operands) == 1 and not isinstance(node, (Lane, Place, Slice)):
        node = graph[node.operands[0]]
        yield node


def _is_worth_copying(graph: Graph, chain: list[Node]) -> bool:
    """Whether the chain begins with a source and its value is long."""
    signal = graph.signals[chain[0].name]
    return not chain[-1].operands and (signal.length or 0) > SHORT_SECONDS * signal.rate


def _copies(chain: list[Node], names: NumberedNames, copy_of: dict[str, str]) -> list[Node]:
    """The nodes of a chain under new names, the source first."""
    copies: list[Node] = []
    for node in reversed(chain):
        name = names.take(node.name)
        copy_of[name] = node.name
        copies.append(evolve(node, name=name, operands=tuple(c.name for c in copies[-1:])))
    return copies
