"""The context of an emitter: the node, its operands, and the filter graph under construction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ...ir.graph import Graph
from ...ir.node import Signal
from ...plans.plan import Fact, File
from .wiring import Call, FilterChain, Wiring

LAYOUTS: Mapping[int, str] = {1: "mono", 2: "stereo"}
"""Channels -> ffmpeg's name for the layout."""

FRAME = 4096
"""Samples in a frame of sources and of filters that reframe; larger frames cost less per sample."""

LONG_FRAME = 8192
"""The same in sums and in what follows them, where a graph has the most filters to search."""

TO_DOUBLE = Call("aresample", ("osf=dblp:tsf=dblp",))
"""From any sample format to planar float64, in which all filters work; exact."""

TO_PACKED_DOUBLE = Call("aresample", ("osf=dbl:tsf=dblp",))
"""From planar to packed float64; exact."""

RESET_TIME = Call("asetpts", ("PTS-STARTPTS",))


class FilterSite(NamedTuple):
    """Where a node is emitted.

    Attributes:
        wire: the filter graph under construction.
        graph: the whole graph of the IR.
        value: the name of the node's value.
        operands: the open chains of its audio operands, in order.
        facts: what nodes still need to be measured, by name.
        decoded: the files of sources that an earlier step decodes, by their name and the rate.
    """

    wire: Wiring
    graph: Graph
    value: str
    operands: tuple[FilterChain, ...]
    facts: Mapping[str, Fact]
    decoded: Mapping[tuple[str, int], File]

    @property
    def signal(self) -> Signal:
        """The type of the node's value."""
        return self.graph.signals[self.value]

    @property
    def incoming(self) -> Signal:
        """The type of the node's first operand."""
        return self.graph.signals[self.graph[self.value].operands[0]]

    @property
    def length(self) -> int:
        """Samples of the node's value; the verifier makes sure that this is known."""
        return self.signal.length or 0

    def then(self, *calls: Call) -> FilterChain:
        """The first operand followed by these filters."""
        return self.wire.extend(self.operands[0], self.value, *calls)
