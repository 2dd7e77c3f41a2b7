"""Which nodes run before the loudness is known, which after, and what passes between.

Promises: nodes that no output needs are left out; everything that waits for the measured loudness
is in `late`, everything else in `early`; one value is measured. Iterative throughout, for graphs
of any depth.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from attrs import frozen

from ...ir.codes import Code
from ...ir.diagnostics import BackendError, Diagnostic, Related
from ...ir.graph import Graph
from ...ir.nodes import Limiter, Loudnorm, Node, OutputRole


@frozen
class Schedule:
    """The nodes of each half, in graph order, and the values that pass from one to the other.

    Attributes:
        early: nodes that wait for nothing.
        late: nodes that wait for the loudness; none where it is known.
        crossing: early values that late nodes hear or that is measured, in graph order.
        loudnorm: the master's unresolved loudness gain.
        limiter: the limiter between that and the master's output.
    """

    early: tuple[Node, ...]
    late: tuple[Node, ...] = ()
    crossing: tuple[str, ...] = ()
    loudnorm: Loudnorm | None = None
    limiter: Limiter | None = None


def heard(node: Node) -> tuple[str, ...]:
    """The operands whose samples a node's value is made of: all, but what is only measured."""
    return node.operands[:1] if isinstance(node, Loudnorm) else node.operands


def schedule(graph: Graph) -> Schedule:
    """The graph in halves.

    Raises:
        BackendError: MIX502, the loudness loop would not close: two different measurements, or
            no limiter behind the gain.
    """
    live = _live(graph)
    waiting = [n for n in live if isinstance(n, Loudnorm) and n.gain_db is None]
    if not waiting:
        return Schedule(early=live)
    late: set[str] = {n.name for n in waiting}
    for node in live:
        if not late.isdisjoint(heard(node)):
            late.add(node.name)
    _check_one_measurement(waiting, late)
    master = tuple(_above_master(graph))
    loudnorm = next((n for n in master if isinstance(n, Loudnorm) and n.gain_db is None), None)
    limiter = next((n for n in master if isinstance(n, Limiter)), None)
    if loudnorm is None or limiter is None:
        raise _refused(
            waiting[0], "its gain is to be measured, but it does not lead to a limited master"
        )
    after = tuple(n for n in live if n.name in late)
    wanted = {o for n in after for o in heard(n)} | {waiting[0].operands[-1]}
    before = tuple(n for n in live if n.name not in late)
    crossing = tuple(n.name for n in before if n.name in wanted)
    return Schedule(before, after, crossing, loudnorm, limiter)


def closure(graph: Graph, wanted: Iterable[str], given: Container[str] = ()) -> tuple[Node, ...]:
    """The nodes that make the wanted values out of given ones and sources, in graph order."""
    needed: set[str] = set()
    pending = list(wanted)
    while pending:
        value = pending.pop()
        if value not in needed and value not in given:
            needed.add(value)
            pending.extend(heard(graph[value]))
    return tuple(node for node in graph.nodes if node.name in needed)


def _live(graph: Graph) -> tuple[Node, ...]:
    """The nodes that outputs are made of, or that must be measured, in graph order."""
    outputs = [output.name for output in graph.outputs]
    live = closure(graph, outputs)
    measured = (n.operands[-1] for n in live if isinstance(n, Loudnorm) and n.gain_db is None)
    return closure(graph, [*outputs, *measured])


def _above_master(graph: Graph) -> Iterable[Node]:
    """The master's output and the chain that leads to it, from its end up."""
    node: Node = next(o for o in graph.outputs if o.role is OutputRole.MASTER)
    while node.operands:
        yield node
        node = graph[node.operands[0]]


def _check_one_measurement(waiting: list[Loudnorm], late: set[str]) -> None:
    measured = waiting[0].operands[-1]
    for node in waiting:
        if node.operands[-1] != measured:
            raise _refused(node, "two different values would have to be measured", waiting[0])
        if measured in late:
            raise _refused(node, "what is to be measured waits for a measurement itself")


def _refused(node: Node, message: str, other: Node | None = None) -> BackendError:
    related = (Related(other.origin, "the other one"),) if other and other.origin else ()
    return BackendError(
        Diagnostic(
            Code.UNSUPPORTED_NODE,
            f"%{node.name}: {message}",
            origin=node.origin,
            help="give the gain as a fact (--facts), or the graph one loudnorm and a limiter",
            related=related,
        )
    )
