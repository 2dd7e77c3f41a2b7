"""Cuts a graph where its loudness must be measured, for every backend.

Promises: everything here is pure. `split` says which nodes run before the loudness is known, which
after, and which values pass between. `in_phases` makes two graphs of that: the values that cross
are outputs of the first, float64 WAV in the work space, and clips of the second, under the names
that they had. Both are sound graphs. With every gain known the whole graph is the first phase.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from attrs import field, frozen

from ..ir.codes import Code
from ..ir.diagnostics import BackendError, Related
from ..ir.finish import unmeasured
from ..ir.graph import Graph
from ..ir.names import Names, NumberedNames
from ..ir.nodes import Limiter, Loudnorm, Node, Output, OutputRole
from .carried import CONTAINER, ENCODING, resume
from .plan import Delivery, Fact, File, LoudnessGoal, Space

MEASURE, FINISH = "measure", "finish"
"""Ids of the steps that every backend has around an open loudness gain."""


class Mastering(NamedTuple):
    """The open loudness gain on the way to the master, and the limiter after it."""

    loudnorm: Loudnorm
    limiter: Limiter

    @property
    def measured(self) -> str:
        """The name of the value whose loudness decides the gain."""
        return self.loudnorm.operands[-1]

    @property
    def gain(self) -> Fact:
        """What every open loudness gain is once the premaster is measured, dB."""
        return Fact(f"{self.loudnorm.name}.gain_db")

    @property
    def margin(self) -> Fact:
        """How far under the ceiling the limiter must aim, dB."""
        return Fact(f"{self.limiter.name}.margin_db")

    @property
    def goal(self) -> LoudnessGoal:
        """The goal of the loop around the steps `MEASURE` and `FINISH`."""
        return LoudnessGoal(
            measure=MEASURE,
            finish=FINISH,
            target_lufs=self.loudnorm.target_lufs,
            ceiling_db=self.limiter.ceiling_db,
            gain_fact=self.gain.name,
            margin_fact=self.margin.name,
            reading=self.loudnorm.reading,
        )


class Split(NamedTuple):
    """The nodes that outputs depend on, in graph order, cut at the measurement.

    Attributes:
        early: wait for nothing.
        late: wait for the loudness; none where it is known.
        crossing: names of the early values that late nodes use, or that is measured.
        mastering: the gain to find; None where every gain is known.
    """

    early: tuple[Node, ...]
    late: tuple[Node, ...] = ()
    crossing: tuple[str, ...] = ()
    mastering: Mastering | None = None


@frozen
class Phases:
    """A graph as one phase, or as two.

    Attributes:
        mix: what needs no measurement; with `finish`, its outputs include the values that cross.
        files: where the outputs of both phases go, by name.
        finish: what waits for the measurement; None where nothing does.
        carried: the file of each value that crosses, by its name; what is measured comes first.
        mastering: the gain to find; None where every gain is known.
    """

    mix: Graph
    files: Mapping[str, File]
    finish: Graph | None = None
    carried: Mapping[str, File] = field(factory=dict)
    mastering: Mastering | None = None


def split(graph: Graph) -> Split:
    """The graph's nodes before and after the measurement.

    Raises:
        BackendError: MIX502, two different values would have to be measured, or no limiter follows
            the open gain on the way to the master.
    """
    live = graph.needed_for(output.name for output in graph.outputs)
    waiting = list(unmeasured(live))
    if not waiting:
        return Split(live)
    names = {node.name for node in waiting}
    for node in live:
        if not names.isdisjoint(node.operands):
            names.add(node.name)
    for node in waiting:
        if node.operands[-1] != waiting[0].operands[-1]:
            raise _refused(node, "two different values would have to be measured", waiting[0])
    early = tuple(node for node in live if node.name not in names)
    late = tuple(node for node in live if node.name in names)
    used = {operand for node in late for operand in node.operands}
    crossing = tuple(node.name for node in early if node.name in used)
    return Split(early, late, crossing, _mastering(graph, waiting[0]))


def in_phases(graph: Graph) -> Phases:
    """The graph in one phase or two.

    Raises:
        BackendError: as `split`.
    """
    cut = split(graph)
    files = {name: delivery.file for name, delivery in deliveries(graph).items()}
    if cut.mastering is None:
        return Phases(graph, files)
    measured = cut.mastering.measured
    crossing = (measured, *(name for name in cut.crossing if name != measured))
    carried = {value: _work_file(number) for number, value in enumerate(crossing)}
    mix = _mix(graph, cut, crossing)
    files |= {o.name: carried[o.operands[0]] for o in mix.outputs if o.name not in files}
    return Phases(mix, files, resume(graph, cut.late, carried), carried, cut.mastering)


def deliveries(graph: Graph) -> Mapping[str, Delivery]:
    """The file of each output in the out space, by the output's name: target and container."""
    names = NumberedNames(_file_stem)
    return {
        output.name: Delivery(
            output.role,
            output.target,
            File(Space.OUT, names.take(output.target, suffix=f".{output.container}")),
        )
        for output in graph.outputs
    }


def _mix(graph: Graph, cut: Split, crossing: tuple[str, ...]) -> Graph:
    """What the early outputs and the values that cross depend on, these as outputs too."""
    names = Names((*graph.by_name, *(output.target for output in graph.outputs)))
    carriers: list[Output] = []
    for value in crossing:
        name = names.take(f"{value}.carried")
        role = OutputRole.STEM if carriers else OutputRole.MASTER
        origin = graph[value].origin
        carriers.append(
            Output(name, role, name, CONTAINER, ENCODING, operands=(value,), origin=origin)
        )
    outputs = (node.name for node in cut.early if isinstance(node, Output))
    nodes = graph.needed_for((*outputs, *crossing))
    return Graph.ordered(graph.played_by(nodes), (*nodes, *carriers))


def _mastering(graph: Graph, waiting: Loudnorm) -> Mastering:
    """The open gain and the limiter after it on the way to the master."""
    limiter: Limiter | None = None
    for node in _above_master(graph):
        if isinstance(node, Limiter):
            limiter = limiter or node
        if isinstance(node, Loudnorm) and node.gain_db is None and limiter is not None:
            return Mastering(node, limiter)
    raise _refused(waiting, "its gain is to be measured, but no limiter follows it to the master")


def _above_master(graph: Graph) -> Iterator[Node]:
    """The master's output and the chain that leads to it, from its end up."""
    node: Node = next(o for o in graph.outputs if o.role is OutputRole.MASTER)
    while node.operands:
        yield node
        node = graph[node.operands[0]]


def _work_file(number: int) -> File:
    return File(Space.WORK, f"carried{number}.wav" if number else "premaster.wav")


def _file_stem(target: str) -> str:
    """A target without what would make it another directory."""
    return re.sub(r"[\x00-\x1f/\\]", "_", target)


def _refused(node: Node, message: str, other: Node | None = None) -> BackendError:
    related = (Related(other.origin, "the other one"),) if other and other.origin else ()
    return BackendError.of(
        Code.UNSUPPORTED_NODE,
        f"%{node.name}: {message}",
        origin=node.origin,
        help="give the gain as a fact (--facts), or the graph one loudnorm and a limiter",
        related=related,
    )
