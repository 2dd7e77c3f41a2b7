"""Statistics of a graph: its size, its depth, and the work that it takes an engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from attrs import asdict, frozen

from ..ir.graph import Graph


@frozen
class Stats:
    """Statistics of a graph.

    Attributes:
        nodes: their number.
        kinds: the number of each kind, in decreasing order, then by name.
        depth: the number of nodes on the longest path from a source to a file.
        widest: the largest number of operands of a sum, and the sum's name.
        samples: of all channels of all values: what an engine computes if it skips no silence.
        length: of the master, samples per channel.
        rate: of the master, Hz.
        channels: of the master.
    """

    nodes: int
    kinds: Mapping[str, int]
    depth: int
    widest: tuple[int, str]
    samples: int
    length: int
    rate: int
    channels: int

    def to_dict(self) -> dict[str, object]:
        """The statistics as plain data."""
        operands, value = self.widest
        return {**asdict(self), "widest": {"operands": operands, "value": value}}


def stats(graph: Graph) -> Stats:
    """The statistics of a verified graph."""
    depth: dict[str, int] = {}
    for node in graph.nodes:
        depth[node.name] = 1 + max((depth[o] for o in node.operands), default=0)
    sums = [(len(n.operands), n.name) for n in graph.nodes if n.is_sum]
    counted = Counter(node.kind for node in graph.nodes)
    signals = graph.signals
    master = graph.session
    return Stats(
        nodes=len(graph),
        kinds=dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))),
        depth=max(depth.values(), default=0),
        widest=max(sums, key=lambda item: item[0], default=(0, "")),
        samples=sum((signals[n.name].length or 0) * signals[n.name].channels for n in graph.nodes),
        length=master.length or 0,
        rate=master.rate,
        channels=master.channels,
    )


def rows(a: Stats, b: Stats) -> Iterator[tuple[str, str, str]]:
    """The statistics of two graphs, side by side."""

    def row(title: str, show: Callable[[Stats], str]) -> tuple[str, str, str]:
        return title, show(a), show(b)

    yield row("nodes", lambda s: f"{s.nodes}")
    for kind in sorted({**a.kinds, **b.kinds}):
        yield f"  {kind}", f"{a.kinds.get(kind, 0)}", f"{b.kinds.get(kind, 0)}"
    yield row("depth", lambda s: f"{s.depth}")
    yield row("widest sum", lambda s: f"{s.widest[1]}: {s.widest[0]}")
    yield row("samples of all values", lambda s: f"{s.samples:,}")
    yield row("  as seconds of the mix", lambda s: f"{s.samples / s.rate / s.channels:.1f}")
