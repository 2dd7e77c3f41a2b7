"""Matches the clips, tracks and buses of two mixes.

Clips are matched by id first and then by what they play, so a clip that was renamed, moved to
another track, or renumbered by an insertion is recognised.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Mapping

from attrs import frozen

from ..ir.digest import digests
from ..ir.graph import Graph
from ..ir.nodes import Node
from .owners import Level, Owner, owners

Key = tuple[Level, str]


@frozen
class OwnedNodes:
    """The nodes of one owner, in graph order, by the suffix of their names."""

    owner: Owner
    nodes: Mapping[str, Node]
    digest: str

    @property
    def key(self) -> Key:
        """Its identity within the graph."""
        return (self.owner.level, self.owner.id)


@frozen
class Matches:
    """Pairs of matching parts, and the parts of only one of the graphs."""

    pairs: tuple[tuple[OwnedNodes, OwnedNodes], ...]
    removed: tuple[OwnedNodes, ...]
    added: tuple[OwnedNodes, ...]


def parts(graph: Graph) -> tuple[OwnedNodes, ...]:
    """The graph by owner, in the order of their first nodes."""
    of, digest = owners(graph), digests(graph)
    found: dict[Key, list[Node]] = {}
    for node in graph.nodes:
        found.setdefault((of[node.name].level, of[node.name].id), []).append(node)
    return tuple(
        OwnedNodes(
            of[nodes[-1].name],
            {node.name.removeprefix(f"{owner}."): node for node in nodes},
            digest[nodes[-1].name],
        )
        for (_, owner), nodes in found.items()
    )


def match(a: tuple[OwnedNodes, ...], b: tuple[OwnedNodes, ...]) -> Matches:
    """The parts of two graphs, paired."""
    pairs: list[tuple[OwnedNodes, OwnedNodes]] = []
    removed, added = {part.key: part for part in a}, {part.key: part for part in b}

    def pair(same: Callable[[OwnedNodes], Hashable]) -> None:
        waiting: dict[Hashable, deque[OwnedNodes]] = {}
        for part in added.values():
            waiting.setdefault(same(part), deque()).append(part)
        for part in list(removed.values()):
            key = same(part)
            if key is not None and waiting.get(key):
                other = waiting[key].popleft()
                pairs.append((part, other))
                del removed[part.key], added[other.key]

    pair(lambda part: (part.key, part.digest))
    pair(lambda part: _content(part, part.owner.track))
    pair(lambda part: _content(part, ""))
    pair(lambda part: part.key)
    order = {part.key: index for index, part in enumerate(b)}
    pairs.sort(key=lambda pair: order[pair[1].key])
    return Matches(tuple(pairs), tuple(removed.values()), tuple(added.values()))


def _content(part: OwnedNodes, track: str) -> Hashable:
    """The content of a clip or track; None for buses and the master."""
    shared = part.owner.level in (Level.CLIP, Level.TRACK)
    return (part.owner.level, track, part.digest) if shared else None
