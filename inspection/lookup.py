"""Finds the line of the timeline that a filter of a plan, or a value of the graph, came from.

Every filter instance of a plan leads to its value. A value that a pass removed is looked up in the
last graph that contains it, and marked so.
"""

from __future__ import annotations

from attrs import frozen

from ..ir.codes import Code
from ..ir.diagnostics import MixdownError, did_you_mean, excerpt
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
    """A value with its context.

    Attributes:
        node: of the value.
        graph: that contains it.
        final: whether that is the graph that the backend received.
        owner: of the value.
        filters: its filter instances in the plan.
    """

    node: Node
    graph: Graph
    final: bool
    owner: Owner
    filters: tuple[str, ...]


def find_filter(done: Trace, label: str) -> Found:
    """The value of a filter instance, given by its full name or by the part after the `@`.

    Raises:
        MixdownError: MIX307, the plan has no such filter.
        BackendError: the backend cannot express the mix.
    """
    plan = done.plan()
    short = {name.partition("@")[2]: name for name in plan.labels}
    full = label if label in plan.labels else short.get(label.partition("@")[2] or label)
    if full is None:
        raise MixdownError.of(
            Code.BAD_REQUEST,
            f"the {plan.backend} plan has no filter named {label!r}",
            help=did_you_mean(label, plan.labels) if plan.labels else None,
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
    raise MixdownError.of(
        Code.BAD_REQUEST,
        f"no value is named %{name}",
        help=did_you_mean(name, graphs[0].by_name if graphs else ()),
    )


def found_text(found: Found, documents: Documents) -> str:
    """The value as text."""
    node, graph = found.node, found.graph
    lines = [
        f"%{node.name}: {phrase(graph, node)}",
        f"  part of {found.owner}" + (f", on bus {found.owner.bus}" if found.owner.track else ""),
    ]
    if not found.final:
        lines.append("  removed or folded by a pass; shown from the last graph that contains it")
    if found.filters:
        lines.append(f"  filters: {', '.join(found.filters)}")
    if node.operands:
        lines.append(f"  inputs: {', '.join(f'%{o}' for o in node.operands)}")
    users = graph.users[node.name]
    if users:
        lines.append(f"  used by: {', '.join(f'%{u.name}' for u in users)}")
    lines.append(f"  {print_node(node, graph.signals[node.name], origins=False)}")
    if node.origin is not None and span(node.origin, documents) is not None:
        lines += excerpt(node.origin, documents)
    elif node.origin is not None:
        lines.append(f"  --> {shown_place(node.origin, documents)}")
    return "\n".join(lines) + "\n"


def found_data(found: Found, documents: Documents) -> dict[str, object]:
    """The value as plain data."""
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
