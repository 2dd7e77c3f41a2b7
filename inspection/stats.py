"""Numbers of a graph: how big it is, how deep, and how much work an engine has with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from attrs import frozen

from ..ir.graph import Graph


@frozen
class Stats:
    """Numbers of a graph.

    Attributes:
        nodes: how many.
        kinds: how many of each kind, most first, then by name.
        depth: nodes on the longest way from a source to a file.
        widest: the most operands of any sum, and the sum's name.
        samples: of all values together, each channel for itself: what an engine without any
            sparseness has to compute.
        length: of the master, samples a channel.
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
        """As plain data."""
        return {
            "nodes": self.nodes,
            "kinds": dict(self.kinds),
            "depth": self.depth,
            "widest": {"operands": self.widest[0], "value": self.widest[1]},
            "samples": self.samples,
            "length": self.length,
            "rate": self.rate,
            "channels": self.channels,
        }


def stats(graph: Graph) -> Stats:
    """The numbers of a verified graph."""
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
    """The numbers of two graphs, side by side."""

    def row(title: str, show: Callable[[Stats], str]) -> tuple[str, str, str]:
        return title, show(a), show(b)

    yield row("nodes", lambda s: f"{s.nodes}")
    for kind in sorted({**a.kinds, **b.kinds}):
        yield f"  {kind}", f"{a.kinds.get(kind, 0)}", f"{b.kinds.get(kind, 0)}"
    yield row("depth", lambda s: f"{s.depth}")
    yield row("widest sum", lambda s: f"{s.widest[1]}: {s.widest[0]}")
    yield row("samples of all values", lambda s: f"{s.samples:,}")
    yield row("  as seconds of the mix", lambda s: f"{s.samples / s.rate / s.channels:.1f}")
