"""The SoX backend: an audio graph becomes runs of SoX, and of mixdown where SoX has nothing.

Promises: importing this costs nothing; the emitter is loaded when the first plan is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...plans.plan import EmitOptions, Plan
from ..protocol import Backend, Capability
from .capabilities import CAPABILITIES

if TYPE_CHECKING:
    from ...ir.graph import Graph


class SoxBackend:
    """See `mixdown.plans.plan.Backend`."""

    @property
    def name(self) -> str:
        """The name users choose it by."""
        return "sox"

    @property
    def capabilities(self) -> Mapping[str, Capability]:
        """How it deals with each node kind."""
        return CAPABILITIES

    def emit(self, graph: Graph, options: EmitOptions) -> Plan:
        """The plan for a legal graph.

        Raises:
            BackendError: MIX502, the graph cannot be expressed, with the node and the way out.
        """
        from .plan import emit

        return emit(graph, options)


BACKEND: Backend = SoxBackend()
