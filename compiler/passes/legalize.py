"""legalize: rewrites what the backend does not have into what it has.

The backend's capability table names a rule for each kind that it wants rewritten; the rules stand
in `RULES`. verify-legal then refuses whatever the backend still cannot express.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import evolve, frozen

from ...backends.protocol import Support
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic
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
class VerifyLegal(Pass):
    """Refuses what the backend still cannot express, with the clip and what to do instead."""

    name = "verify-legal"
    requires = ("legalised", "ordered")
    establishes = ("legal",)

    def run(self, unit: Unit) -> Unit:
        """Reports every node that the backend cannot express."""
        name, table = unit.backend.name, unit.backend.capabilities
        problems = []
        for node in unit.ir.nodes:
            entry = table.get(node.kind)
            if entry is None or entry.support is not Support.NATIVE:
                problems.append(
                    Diagnostic(
                        Code.UNSUPPORTED_NODE,
                        f"the {name} backend cannot express {node.kind} (%{node.name})",
                        origin=node.origin,
                        help=entry.note if entry else "choose another backend",
                    )
                )
        return unit.report(*problems)
