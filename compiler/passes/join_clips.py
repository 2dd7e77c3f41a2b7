"""join-clips: clips that continue each other, treated alike, become one clip.

A cut through a clip changes no sample if both halves have the same chain up to their sum:

    clip a [0, 40)  -> gain -2 -> fade in  -> place 100
    clip b [40, 90) -> gain -2 -> fade out -> place 140
                   clip a [0, 90) -> gain -2 -> fade in -> fade out -> place 100

What is done to them must be the same at every sample: gains, pans and downmixes. Nothing may fade
at the cut, and their values must have no other user.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from attrs import evolve, frozen

from ...ir.graph import Graph
from ...ir.nodes import Clip, Downmix, Edge, Fade, Gain, Mix, Node, Pan, Place
from ...ir.origin import Origin
from .base import GraphPass

_NAMED = 3
"""How many of the clips that are joined the origin names."""


class _Cut(NamedTuple):
    """An operand of a sum: `chain` from its clip to its place, if it has one."""

    chain: tuple[Node, ...]
    clip: Clip
    start: int

    @property
    def end(self) -> int:
        """The first sample of the sum after it."""
        return self.start + self.clip.length

    @property
    def operand(self) -> str:
        """Its name in the sum."""
        return self.chain[-1].name

    def fades(self, edge: Edge) -> list[Fade]:
        """Its fades at an edge."""
        return [node for node in self.chain if isinstance(node, Fade) and node.edge is edge]

    def still(self) -> list[Node]:
        """What is done to it at every sample, without names."""
        still = (node for node in self.chain if isinstance(node, (Gain, Pan, Downmix)))
        return [evolve(node, name="", operands=()) for node in still]


@frozen
class JoinClips(GraphPass):
    """Joins clips that continue each other, in their source and in the mix, to one clip.

    They must have the same static gains and pans, and no fade where they meet. The origin of the
    clip names those that it was joined with.
    """

    name = "join-clips"
    equivalence = -250.0

    def rewrite(self, graph: Graph) -> Graph:
        """The graph with one clip in place of each run of clips that continue each other."""
        made: dict[str, Node] = {}
        gone: set[str] = set()
        for mix in graph.nodes:
            if isinstance(mix, Mix):
                runs = [run for run in _runs(graph, mix) if len(run) > 1]
                if not runs:
                    continue
                ends = {run[0].operand: _join(run, made) for run in runs}
                later = [cut for run in runs for cut in run[1:]]
                gone.update(node.name for cut in later for node in cut.chain)
                operands = (ends.get(o, o) for o in mix.operands if o not in gone)
                made[mix.name] = evolve(mix, operands=tuple(operands))
        if not gone:
            return graph
        kept = (node for node in graph.nodes if node.name not in gone and node.name not in made)
        return Graph.ordered(graph.sources, (*kept, *made.values()))


def _join(run: Sequence[_Cut], made: dict[str, Node]) -> str:
    """Add the nodes that change; the name of what becomes of the first cut."""
    first, last = run[0], run[-1]
    length = sum(cut.clip.length for cut in run)
    origin = _joined(first.clip.origin, [cut.clip.name for cut in run[1:]])
    made[first.clip.name] = evolve(first.clip, length=length, origin=origin)
    *below, top = first.chain
    placed = isinstance(top, Place)
    end = below[-1].name if placed else top.name
    for fade in last.fades(Edge.OUT):
        made[fade.name] = evolve(fade, operands=(end,))
        end = fade.name
    if not placed:
        return end
    made[top.name] = evolve(top, operands=(end,))
    return top.name


def _joined(origin: Origin | None, others: Sequence[str]) -> Origin | None:
    if origin is None:
        return None
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return evolve(origin, cause=f"joined with {', '.join(others[:_NAMED])}{more}")


def _runs(graph: Graph, mix: Mix) -> list[list[_Cut]]:
    """The cuts of a sum, each with those that continue it."""
    cuts = (cut for operand in mix.operands if (cut := _cut(graph, operand)) is not None)
    runs: list[list[_Cut]] = []
    open_runs: dict[object, list[_Cut]] = {}
    for cut in sorted(cuts, key=lambda cut: cut.start):
        source, rate, offset = cut.clip.source, cut.clip.rate, cut.clip.offset
        run = open_runs.pop((source, rate, cut.start, offset), None)
        if run is None or cut.fades(Edge.IN) or run[-1].still() != cut.still():
            runs.append(run := [])
        run.append(cut)
        if not cut.fades(Edge.OUT):
            open_runs[source, rate, cut.end, offset + cut.clip.length] = run
    return runs


def _cut(graph: Graph, operand: str) -> _Cut | None:
    """The operand as a cut; None if anything else is done to it or its values are used again."""
    chain = list(_chain(graph, operand))[::-1]
    clip, top = chain[0], chain[-1]
    if not isinstance(clip, Clip) or any(graph.uses[node.name] != 1 for node in chain):
        return None
    edges = (node.length for node in chain if isinstance(node, Fade))
    if any(length > clip.length for length in edges):
        return None
    return _Cut(tuple(chain), clip, top.start if isinstance(top, Place) else 0)


def _chain(graph: Graph, operand: str) -> Iterator[Node]:
    """The nodes from an operand down to the first that is not the same at every sample."""
    node = graph[operand]
    yield node
    if isinstance(node, Place):
        node = graph[node.operands[0]]
        yield node
    while isinstance(node, (Gain, Pan, Downmix, Fade)):
        node = graph[node.operands[0]]
        yield node
