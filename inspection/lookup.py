"""From a filter of a plan, or the name of a value, back to the line of the timeline.

Promises: whatever filter instance a plan names leads to its value; a value that a pass dropped is
found in the graph as it was lowered, and that is said.
"""

from __future__ import annotations

from attrs import frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError, did_you_mean, excerpt
from ..ir.graph import Graph
from ..ir.nodes import Node
from ..ir.origin import Documents
from ..ir.places import place, shown_place, span
from ..ir.text.printer import print_node
from ..plans.plan import Plan
from .owners import Owner, owners
from .trace import Trace
from .words import phrase


@frozen
class Found:
    """A value and what is known of it.

    Attributes:
        node: what makes the value.
        graph: where it stands.
        final: whether that is the graph that the backend got.
        owner: whose it is.
        filters: the instances in the plan that serve it.
    """

    node: Node
    graph: Graph
    final: bool
    owner: Owner
    filters: tuple[str, ...]


def find_filter(done: Trace, label: str) -> Found:
    """The value that a filter instance serves, by its full name or by what follows the `@`.

    Raises:
        MixdownError: MIX307, the plan has no such filter.
        BackendError: the backend cannot express the mix.
    """
    plan = done.plan()
    short = {name.partition("@")[2]: name for name in plan.labels}
    full = label if label in plan.labels else short.get(label.partition("@")[2] or label)
    if full is None:
        raise MixdownError(
            Diagnostic(
                Code.BAD_REQUEST,
                f"the plan of {plan.backend} has no filter called {label!r}",
                help=did_you_mean(label, plan.labels) if plan.labels else None,
            )
        )
    return _found(done, plan, plan.labels[full])


def find_value(done: Trace, name: str) -> Found:
    """The value of this name, with or without its `%`.

    Raises:
        MixdownError: MIX307, no graph has such a value.
        BackendError: the backend cannot express the mix.
    """
    return _found(done, done.plan(), name.removeprefix("%"))


def _found(done: Trace, plan: Plan, name: str) -> Found:
    graphs = [ran.after.graph for ran in reversed(done.ran) if ran.after.graph is not None]
    for graph in graphs:
        if name in graph.by_name:
            return Found(
                node=graph[name],
                graph=graph,
                final=graph is graphs[0],
                owner=owners(graph)[name],
                filters=tuple(label for label, value in plan.labels.items() if value == name),
            )
    raise MixdownError(
        Diagnostic(
            Code.BAD_REQUEST,
            f"no value is called %{name}",
            help=did_you_mean(name, graphs[0].by_name if graphs else ()),
        )
    )


def found_text(found: Found, documents: Documents) -> str:
    """For people."""
    node, graph = found.node, found.graph
    lines = [
        f"%{node.name}: {phrase(graph, node)}",
        f"  of the {found.owner}" + (f", on bus {found.owner.bus}" if found.owner.track else ""),
    ]
    if not found.final:
        lines.append("  dropped or folded by a pass: this is the last graph that has it")
    if found.filters:
        lines.append(f"  filters: {', '.join(found.filters)}")
    if node.operands:
        lines.append(f"  fed by: {', '.join(f'%{o}' for o in node.operands)}")
    users = graph.users[node.name]
    if users:
        lines.append(f"  feeds: {', '.join(f'%{u.name}' for u in users)}")
    lines.append(f"  {print_node(node, graph.signals[node.name], origins=False)}")
    if node.origin is not None and span(node.origin, documents) is not None:
        lines += excerpt(node.origin, documents)
    elif node.origin is not None:
        lines.append(f"  --> {shown_place(node.origin, documents)}")
    return "\n".join(lines) + "\n"


def found_data(found: Found, documents: Documents) -> dict[str, object]:
    """For machines."""
    return {
        "value": found.node.name,
        "kind": found.node.kind,
        "does": phrase(found.graph, found.node),
        "owner": {"level": found.owner.level.value, "id": found.owner.id},
        "track": found.owner.track,
        "bus": found.owner.bus,
        "final": found.final,
        "filters": list(found.filters),
        "operands": list(found.node.operands),
        "users": [user.name for user in found.graph.users[found.node.name]],
        "place": place(found.node.origin, documents),
    }
