"""What a backend is: a name, a table of what it can do, and a function from graph to plan.

The compiler knows backends through this module and `registry` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from attrs import frozen

from ..ir.graph import Graph
from ..plans.plan import EmitOptions, Plan


class Support(StrEnum):
    """How a backend deals with a node kind."""

    NATIVE = "native"
    LEGALISED = "legalised"
    UNSUPPORTED = "unsupported"


@frozen
class Capability:
    """An entry of a backend's table.

    Attributes:
        support: native, legalised by a rule, or unsupported.
        note: how it is expressed; for `unsupported`, the reason and the way out.
        rule: for `legalised`, the name of the rewrite in compiler/passes/legalize.py.
    """

    support: Support
    note: str
    rule: str | None = None


class Backend(Protocol):
    """Makes plans of graphs. Third parties register one in the `mixdown.backends` entry points."""

    @property
    def name(self) -> str:
        """The name users choose it by."""
        ...

    @property
    def capabilities(self) -> Mapping[str, Capability]:
        """How it deals with each node kind; no kind may be missing."""
        ...

    def emit(self, graph: Graph, options: EmitOptions) -> Plan:
        """The plan for a graph that the verifier and this backend's legalisation have passed.

        Raises:
            BackendError: the graph cannot be expressed, with the node and the way out.
        """
        ...
