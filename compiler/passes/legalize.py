"""legalize, toposort, verify-legal: from the optimised graph to one that the backend can express.

The capability table of a backend names a rule for each kind that must be rewritten; `RULES` has the
rules. verify-legal refuses what the backend still cannot express. The canonical order depends on
the mix alone, and so does the plan: see `ir.graph.canonical_order`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import evolve, frozen

from ...backends.protocol import Support
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic
from ...ir.graph import Graph
from ...ir.nodes import Crossfade, Fade, Node
from ..unit import Unit
from .base import Pass

Rule = Callable[[Node], Node | Iterable[Node]]


def crossfade_as_fade(node: Node) -> Node:
    """A side of a crossfade is the same envelope as a fade of that edge, curve and length."""
    if not isinstance(node, Crossfade):
        return node
    return Fade(
        node.name,
        node.edge,
        node.length,
        node.curve,
        operands=node.operands,
        origin=node.origin,
    )


RULES: dict[str, Rule] = {"crossfade-as-fade": crossfade_as_fade}


@frozen
class Legalize(Pass):
    """Rewrites node kinds that the backend lacks, by the rules that its capability table names."""

    name = "legalize"
    requires = ("lowered",)
    establishes = ("legalised",)
    equivalence = "exact"

    def run(self, unit: Unit) -> Unit:
        """The unit with every legalised kind rewritten by its rule."""
        table = unit.backend.capabilities

        def rule(node: Node) -> Node | Iterable[Node]:
            name = table[node.kind].rule if node.kind in table else None
            return RULES[name](node) if name else node

        return evolve(unit, graph=unit.ir.rewrite(rule))


@frozen
class Toposort(Pass):
    """Puts the nodes in canonical order: depth first from the outputs, operands in their order."""

    name = "toposort"
    requires = ("lowered",)
    establishes = ("ordered",)
    equivalence = "exact"

    def run(self, unit: Unit) -> Unit:
        """The unit with its graph in canonical order."""
        return evolve(unit, graph=Graph.ordered(unit.ir.sources, unit.ir.nodes))


@frozen
class VerifyLegal(Pass):
    """Refuses what the backend still cannot express, with the clip and what to do instead."""

    name = "verify-legal"
    requires = ("legalised", "ordered")
    establishes = ("legal",)

    def run(self, unit: Unit) -> Unit:
        """Reports every node that the backend cannot express."""
        name, table = unit.backend.name, unit.backend.capabilities
        entries = ((node, table.get(node.kind)) for node in unit.ir.nodes)
        return unit.report(
            *(
                Diagnostic(
                    Code.UNSUPPORTED_NODE,
                    f"the {name} backend cannot express {node.kind} (%{node.name})",
                    origin=node.origin,
                    help=entry.note if entry else "choose another backend",
                )
                for node, entry in entries
                if entry is None or entry.support is not Support.NATIVE
            )
        )
