"""What an emitter gets to see: the node's surroundings, and the graph being written."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from ...ir.graph import Graph
from ...ir.node import Signal
from ...plans.plan import Fact, File
from .wiring import Call, FilterChain, Wiring

LAYOUTS: Mapping[int, str] = {1: "mono", 2: "stereo"}
"""ffmpeg's name of the layout with so many channels."""

FRAME = 4096
"""Samples a frame of what sources and re-framing filters give: few enough frames to be quick."""

TO_DOUBLE = Call("aresample", ("osf=dblp:tsf=dblp",))
"""Any sample format to planar float64, in which all work is done; exact."""

TO_PACKED_DOUBLE = Call("aresample", ("osf=dbl:tsf=dblp",))
"""Planar float64 to packed; exact."""

RESET_TIME = Call("asetpts", ("PTS-STARTPTS",))


@frozen
class FilterSite:
    """Where a node is emitted.

    Attributes:
        wire: the filter graph being written.
        graph: the whole IR.
        value: the name of the node's value.
        operands: the open chains that carry the node's audio operands, in order.
        facts: for nodes that wait for a measured number, by value name.
        decoded: where a source was decoded to beforehand, by its name and the rate.
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
        """Samples of the node's value; the verifier has seen to it that this is known."""
        return self.signal.length or 0

    def then(self, *calls: Call) -> FilterChain:
        """The first operand with these filters behind it."""
        return self.wire.extend(self.operands[0], self.value, *calls)
