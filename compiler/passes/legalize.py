"""legalize: rewrites what the backend does not have into what it has.

The backend's capability table names a rule for each kind that it wants rewritten; the rules stand
in `RULES`. verify-legal then refuses whatever the backend still cannot express.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import evolve

from ...backends.protocol import Support
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic
from ...ir.nodes import Crossfade, Fade, Node
from ..unit import Pass, Unit

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


def legalize(unit: Unit) -> Unit:
    """The unit with every legalised kind rewritten by its rule."""
    table = unit.backend.capabilities

    def rule(node: Node) -> Node | Iterable[Node]:
        name = table[node.kind].rule if node.kind in table else None
        return RULES[name](node) if name else node

    return evolve(unit, graph=unit.ir.rewrite(rule))


def verify_legal(unit: Unit) -> Unit:
    """Reports every node that the backend cannot express."""
    table = unit.backend.capabilities
    problems = []
    for node in unit.ir.nodes:
        entry = table.get(node.kind)
        if entry is None or entry.support is not Support.NATIVE:
            problems.append(
                Diagnostic(
                    Code.UNSUPPORTED_NODE,
                    f"the {unit.backend.name} backend cannot express {node.kind} (%{node.name})",
                    origin=node.origin,
                    help=entry.note if entry else "choose another backend",
                )
            )
    return unit.report(*problems)


LEGALIZE = Pass(
    name="legalize",
    doc="Rewrites node kinds that the backend wants expressed otherwise, by the rules that its "
    "capability table names.",
    run=legalize,
    requires=("lowered",),
    establishes=("legalised",),
    equivalence="exact",
)

VERIFY_LEGAL = Pass(
    name="verify-legal",
    doc="Refuses what the backend still cannot express, naming the clip and the way out.",
    run=verify_legal,
    requires=("legalised", "ordered"),
    establishes=("legal",),
)
