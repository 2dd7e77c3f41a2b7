"""The immutable audio graph, always in topological order.

Every `Graph` has unique value and source names, known operands and no cycle, and every operand
precedes its users. Rewriting returns a new graph. The canonical order (`Graph.ordered`) depends
only on operands and output names: it is the depth-first postorder from the outputs, so the chain of
a clip is contiguous, followed by its track and its bus, for any order in which the nodes were made;
an edit moves only the lines that it changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from operator import attrgetter, is_

import attrs
from attrs import field, frozen

from .codes import Code
from .diagnostics import Diagnostic, IRError, Related, counted, did_you_mean
from .node import Signal
from .nodes import Clip, Node, Output, OutputRole, Source

UNTYPED = Signal(0, 0, None)

_OPERANDS = attrgetter("operands")


@frozen
class Graph:
    """Sources and nodes.

    Attributes:
        sources: the files that clips play from, by name.
        nodes: in topological order.
        by_name: each node by the name of its value.

    Raises:
        IRError: names are not unique, there is a cycle, or operands are unknown or follow their
            users.
    """

    sources: tuple[Source, ...]
    nodes: tuple[Node, ...]
    by_name: Mapping[str, Node] = field(init=False, eq=False)

    def __attrs_post_init__(self) -> None:
        by_name = _in_order(self.nodes)
        names = {source.name for source in self.sources}
        if by_name is not None and len(names) == len(self.sources):
            object.__setattr__(self, "by_name", by_name)
            return
        found = [
            *_duplicate_sources(self.sources),
            *_duplicates(self.nodes),
            *_unknown_operands(self.nodes),
        ]
        if not found:
            canonical_order(self.nodes)  # raises if the cause is a cycle
            found = list(_out_of_order(self.nodes))
        raise IRError(found)

    @classmethod
    def ordered(cls, sources: Iterable[Source], nodes: Iterable[Node]) -> Graph:
        """A graph of these nodes in canonical order.

        Raises:
            IRError: like the class, and if the nodes form a cycle.
        """
        return cls(tuple(sorted(sources, key=lambda s: s.name)), canonical_order(tuple(nodes)))

    @cached_property
    def source_by_name(self) -> Mapping[str, Source]:
        """Each source by its name."""
        return {source.name: source for source in self.sources}

    @cached_property
    def signals(self) -> Mapping[str, Signal]:
        """The inferred type of every value; UNTYPED if it has too few operands."""
        found: dict[str, Signal] = {}
        sources = self.source_by_name
        for node in self.nodes:
            found[node.name] = _inferred(node, found, sources)
        return found

    def take_types(self, before: Graph) -> tuple[Node, ...]:
        """Take the types of values from a graph of which this is a rewriting.

        Returns:
            The nodes that the other graph has not, or with operands of other types, in graph order.
            The types of their values are inferred.
        """
        sources, same_sources = self.source_by_name, self.sources == before.sources
        known = before.by_name
        found = dict(before.signals)
        retyped: set[str] = set()
        changed = []
        for node in self.nodes:
            if (
                known.get(node.name) is node
                and (same_sources or node.operands)
                and (not retyped or retyped.isdisjoint(node.operands))
            ):
                continue
            changed.append(node)
            signal = _inferred(node, found, sources)
            if found.get(node.name, signal) != signal:
                retyped.add(node.name)
            found[node.name] = signal
        if len(found) > len(self.nodes):
            for name in found.keys() - self.by_name.keys():
                del found[name]
        object.__setattr__(self, "signals", found)  # its cache
        return tuple(changed)

    @cached_property
    def position(self) -> Mapping[str, int]:
        """The index of each node by the name of its value."""
        return {node.name: index for index, node in enumerate(self.nodes)}

    @cached_property
    def users(self) -> Mapping[str, tuple[Node, ...]]:
        """The users of each value, in graph order, once per use."""
        found: dict[str, list[Node]] = {node.name: [] for node in self.nodes}
        for node in self.nodes:
            for operand in node.operands:
                found[operand].append(node)
        return {name: tuple(users) for name, users in found.items()}

    @cached_property
    def uses(self) -> Mapping[str, int]:
        """How often each value is used, by name; values without users are absent."""
        return Counter(chain.from_iterable(map(_OPERANDS, self.nodes)))

    @cached_property
    def outputs(self) -> tuple[Output, ...]:
        """The outputs: the master first, then the stems in graph order."""
        found = [node for node in self.nodes if isinstance(node, Output)]
        return tuple(sorted(found, key=lambda n: n.role is not OutputRole.MASTER))

    @property
    def session(self) -> Signal:
        """The type of the mix: that of the master before it is encoded."""
        return self.signals[self.outputs[0].operands[0]]

    def __repr__(self) -> str:
        counts = {"source": self.sources, "node": self.nodes, "output": self.outputs}
        return f"<Graph: {', '.join(counted(len(found), noun) for noun, found in counts.items())}>"

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, name: str) -> Node:
        return self.by_name[name]

    def needed_for(self, names: Iterable[str]) -> tuple[Node, ...]:
        """The nodes of these values and of all that they depend on, in graph order."""
        needed = set(names)
        for node in reversed(self.nodes):
            if node.name in needed:
                needed.update(node.operands)
        return tuple(node for node in self.nodes if node.name in needed)

    def played_by(self, nodes: Iterable[Node]) -> tuple[Source, ...]:
        """The sources that these nodes play, in graph order."""
        played = {node.source for node in nodes if isinstance(node, Clip)}
        return tuple(source for source in self.sources if source.name in played)

    def rewrite(self, rule: Callable[[Node], Node | str | Iterable[Node]]) -> Graph:
        """A graph in which each node is replaced by the result of `rule`; itself if none is.

        The rule receives each node with its operands already replaced, and returns a node, or the
        name of an earlier value that replaces it, or several nodes, the last of which replaces it.
        """
        renamed: dict[str, str] = {}
        made: list[Node] = []
        for node in self.nodes:
            if renamed and not renamed.keys().isdisjoint(node.operands):
                operands = tuple(renamed.get(o, o) for o in node.operands)
                current = attrs.evolve(node, operands=operands)
            else:
                current = node
            result = rule(current)
            if result is node:
                made.append(node)
                continue
            if isinstance(result, str):
                renamed[node.name] = result
                continue
            new = (result,) if isinstance(result, Node) else tuple(result)
            made.extend(new)
            if new[-1].name != node.name:
                renamed[node.name] = new[-1].name
        same = len(made) == len(self.nodes) and all(map(is_, made, self.nodes))
        return self if same else Graph(self.sources, tuple(made))


def _inferred(node: Node, signals: Mapping[str, Signal], sources: Mapping[str, Source]) -> Signal:
    """The type of a node's value, given those of the values before it."""
    if len(node.operands) < node.arity[0]:
        return UNTYPED
    return node.infer([signals[operand] for operand in node.operands], sources)


def canonical_order(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Depth-first postorder from the roots, operands in their order, each value once.

    Roots are the values without users: the master, then the other outputs by index, then dead
    values by name. Operand order is part of the meaning, because floating-point sums are not
    associative; so the result does not depend on the order in which the nodes were given.

    Raises:
        IRError: there are unknown operands or a cycle.
    """
    by_name = {node.name: node for node in nodes}
    used = set(chain.from_iterable(map(_OPERANDS, nodes)))
    if len(by_name) != len(nodes) or not used <= by_name.keys():
        raise IRError([*_duplicates(nodes), *_unknown_operands(nodes)])
    roots = sorted((node for node in nodes if node.name not in used), key=_root_key)
    order = _postorder(roots, by_name)
    if len(order) < len(nodes):  # no root needs the values of a cycle
        _postorder([by_name[name] for name in sorted(used)], by_name)
    return tuple(order)


def _postorder(roots: Iterable[Node], by_name: Mapping[str, Node]) -> list[Node]:
    """The roots and all that they depend on, each after its operands.

    Raises:
        IRError: there is a cycle.
    """
    order: list[Node] = []
    done: set[str] = set()
    path: set[str] = set()  # from the root to the value whose operands are pending
    for root in roots:
        pending = [root]
        while pending:
            node = pending[-1]
            name = node.name
            if name in done:
                pending.pop()
            elif name in path or done.issuperset(node.operands):
                pending.pop()
                path.discard(name)
                done.add(name)
                order.append(node)
            else:
                path.add(name)
                for operand in reversed(node.operands):
                    if operand in path:
                        raise IRError(_cycle([n for n in pending if n.name in path], operand))
                    if operand not in done:
                        pending.append(by_name[operand])
    return order


def _root_key(node: Node) -> tuple[int, int, str, str]:
    if isinstance(node, Output):
        role = 0 if node.role is OutputRole.MASTER else 1
        return (role, node.index, node.target, node.name)
    return (2, 0, "", node.name)


def _cycle(path: list[Node], again: str) -> Diagnostic:
    """The error of a path on which each node needs the next, and the last one needs `again`."""
    names = [node.name for node in path]
    first = names.index(again)
    return Diagnostic(
        Code.IR_CYCLE,
        "values depend on themselves: " + " <- ".join(f"%{n}" for n in (*names[first:], again)),
        origin=path[first].origin,
        help="a graph has no feedback; break the loop at one of these values",
    )


def _in_order(nodes: tuple[Node, ...]) -> dict[str, Node] | None:
    """The nodes by name; None if names are not unique, or an operand does not precede its users."""
    found: dict[str, Node] = {}
    for node in nodes:
        for operand in node.operands:
            if operand not in found:
                return None
        found[node.name] = node
    return found if len(found) == len(nodes) else None


def _duplicate_sources(sources: tuple[Source, ...]) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for source in sources:
        if source.name in seen:
            yield Diagnostic(
                Code.IR_DUPLICATE_VALUE,
                f"two sources are named @{source.name}",
                help="source names must be unique",
            )
        seen.add(source.name)


def _duplicates(nodes: tuple[Node, ...]) -> Iterator[Diagnostic]:
    first: dict[str, Node] = {}
    for node in nodes:
        other = first.setdefault(node.name, node)
        if other is not node:
            related = (Related(other.origin, "first defined here"),) if other.origin else ()
            yield Diagnostic(
                Code.IR_DUPLICATE_VALUE,
                f"two nodes define the value %{node.name}",
                origin=node.origin,
                related=related,
                help="value names must be unique",
            )


def _unknown_operands(nodes: tuple[Node, ...]) -> Iterator[Diagnostic]:
    known = {node.name: None for node in nodes}
    for node in nodes:
        for operand in node.operands:
            if operand not in known:
                yield Diagnostic(
                    Code.IR_UNKNOWN_OPERAND,
                    f"%{node.name} uses %{operand}, which no node defines",
                    origin=node.origin,
                    help=did_you_mean(operand, known) if len(known) <= 20 else None,
                )


def _out_of_order(nodes: tuple[Node, ...]) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for node in nodes:
        for operand in node.operands:
            if operand not in seen:
                yield Diagnostic(
                    Code.IR_ORDER,
                    f"%{node.name} uses %{operand} before it is defined",
                    origin=node.origin,
                    help="list every value before its users, or build with Graph.ordered",
                )
        seen.add(node.name)
