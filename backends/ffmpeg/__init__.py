"""The ffmpeg backend: an audio graph becomes typed runs of ffmpeg, exact to the sample.

Promises: importing this costs nothing; the emitter is loaded when the first plan is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from ...plans.plan import EmitOptions, Plan
from ...programs.ffmpeg import FFMPEG
from ...programs.program import Program
from ..protocol import Backend, Capability
from .capabilities import CAPABILITIES

if TYPE_CHECKING:
    from ...ir.graph import Graph
    from ...ir.nodes import Source


@frozen
class FfmpegBackend:
    """See `mixdown.backends.protocol.Backend`."""

    name: str = "ffmpeg"
    capabilities: Mapping[str, Capability] = CAPABILITIES
    programs: tuple[Program, ...] = (FFMPEG,)

    def reads(self, source: Source) -> bool:
        """Whether its plans read a plain source directly: all of them."""
        return True

    def emit(self, graph: Graph, options: EmitOptions) -> Plan:
        """The plan for a legal graph.

        Raises:
            BackendError: MIX502, the graph cannot be expressed, with the node and the way out.
        """
        from .plan import emit

        return emit(graph, options)


BACKEND: Backend = FfmpegBackend()
