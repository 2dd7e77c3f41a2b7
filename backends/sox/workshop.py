"""Where a plan's steps are made, each with its files, in an order in which they can run.

A chain becomes a run of SoX when something needs it as a file. Envelopes, prepared sources, moving
filters and what follows SoX become runs of mixdown over graphs that stand in the plan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from attrs import define, evolve, field

from ...ir.graph import Graph
from ...ir.nodes import (
    Clip,
    Encoding,
    FilterAutomation,
    Gain,
    Node,
    Output,
    OutputRole,
    Silence,
    Source,
)
from ...ir.text.printer import print_graph
from ...ir.types import Signal
from ...plans.phases import CONTAINER, carrier, file_of
from ...plans.plan import OURSELVES, Arg, File, Script, Space, Step, StepKind
from .chain import Chain, Stored, command
from .levels import exponent
from .matrix import number
from .names import Names, shown

PROGRAM = "sox"
CODEC = "au/pcm_32"
"""What libsndfile calls the files that SoX reads and writes in the work space."""

_DIRECTORIES: tuple[Arg, ...] = (
    *("--sources", File(Space.SOURCE, ".")),
    *("--work", File(Space.WORK, ".")),
)


@define
class Workshop:
    """The steps of a plan so far.

    Attributes:
        rate: Hz, of everything.
        steps: in order.
        labels: step -> the value that it serves.
    """

    rate: int
    steps: list[Step] = field(factory=list)
    labels: dict[str, str] = field(factory=dict)
    _names: Names = field(factory=Names)
    _makers: dict[File, Step] = field(factory=dict)

    def reserve(self, name: str) -> None:
        """Keep a step's name for a later step."""
        self._names.take(name)

    def store(self, value: str, chain: Chain) -> Stored:
        """A chain's content in a file; without a step where it is in one already.

        `value` is the name of the value that the content belongs to.
        """
        if chain.as_stored is not None:
            return chain.as_stored
        name, file = self._work_file(value)
        self.labels[name] = chain.serves
        farther = "" if value == chain.serves else f" up to {shown(value)}"
        read = (each.stored.file for each in chain.inputs)
        self._add(
            Step(
                id=name,
                purpose=f"{chain.how} {shown(chain.serves)}{farther}",
                kind=StepKind.RENDER,
                program=PROGRAM,
                argv=command(chain, file, self.rate),
                inputs=tuple(dict.fromkeys(each for each in read if each is not None)),
                outputs=(file,),
                after=(),
                samples=chain.length,
                rate=self.rate,
            )
        )
        return Stored(file, (), chain.full_scale, chain.channels, chain.length)

    def prepare(self, source: Source, begin: int, end: int, room: float) -> Stored:
        """A stretch of a source at the session's rate, no sample over `room`, as integers."""
        clip = Clip(source.name, source.name, begin, end - begin, self.rate)
        name, file = self._work_file(source.name)
        graph = Graph((source,), (clip,))
        self._mixdown(
            name,
            f"prepare {shown(source.path)}",
            graph,
            ("integers", *_DIRECTORIES, "--value", clip.name, number(room), file),
            outputs=(file,),
        )
        return Stored(file, (), room, source.channels, clip.length)

    def envelope(self, value: str, nodes: Sequence[Node], ones: Signal, peak: float) -> Stored:
        """The gains that a chain of fades and automations applies to a signal of ones.

        `value` is the name of the value that they make, `peak` the largest of the gains.
        """
        length = ones.length or 0
        chain: list[Node] = [Silence("ones", ones.rate, ones.channels, length)]
        for node in nodes:
            operand = chain[-1].name
            chain.append(evolve(node, name=f"gain{len(chain)}", operands=(operand,)))
        graph = Graph((), tuple(chain))
        last, full_scale = chain[-1].name, 2.0 ** exponent(peak)
        name, file = self._work_file(f"{value}.envelope")
        self.labels[name] = value
        self._mixdown(
            name,
            f"write the envelope of {shown(value)}",
            graph,
            ("envelope", "--value", last, number(full_scale), file),
            outputs=(file,),
        )
        return Stored(file, (), full_scale, graph.signals[last].channels, length)

    def filtered(self, stored: Stored, node: FilterAutomation, bound: float) -> Stored:
        """What a moving filter makes of a file, no sample of it over `bound`."""
        (operand,) = node.operands
        source = self._as_source(operand, stored)
        clip = Clip(operand, source.name, 0, stored.length, self.rate)
        moving = evolve(node, origin=None)
        full_scale = 2.0 ** exponent(bound)
        # The engine reads integers as parts of their full scale.
        shown_scale = number(full_scale / stored.full_scale)
        name, file = self._work_file(node.name)
        self.labels[name] = node.name
        self._mixdown(
            name,
            f"filter {shown(node.name)} in the native engine",
            Graph((source,), (clip, moving)),
            ("integers", *_DIRECTORIES, "--value", moving.name, shown_scale, file),
            outputs=(file,),
        )
        return Stored(file, (), full_scale, stored.channels, stored.length)

    def restore(
        self,
        step_id: str,
        values: Mapping[str, tuple[Stored, float]],
        outputs: Sequence[Output],
        lacking: Mapping[str, File],
        files: Mapping[str, File],
        options: Sequence[Arg],
    ) -> None:
        """Values at their own level again, in the files of outputs and in float64 for later steps.

        Args:
            step_id: of the step.
            values: by name: the file of the content, and the gain beside it.
            outputs: that hear the values themselves.
            lacking: where to leave the values that other steps hear.
            files: of the outputs, by name.
            options: of the engine.
        """
        sources: list[Source] = []
        nodes: list[Node] = []
        for value, (stored, factor) in values.items():
            source = self._as_source(value, stored)
            clip = Clip(f"{value}.integers", source.name, 0, stored.length, self.rate)
            nodes += [
                clip,
                Gain(value, _decibels(factor * stored.full_scale), operands=(clip.name,)),
            ]
            sources.append(source)
        for value in lacking:
            nodes.append(_carrying(value, len(nodes)))
        written = {**files, **{_carrying(v, 0).name: file for v, file in lacking.items()}}
        graph = Graph.ordered(sources, (*nodes, *outputs))
        self.engine(step_id, "restore the level in floats", graph, written, options)

    def engine(
        self,
        step_id: str,
        purpose: str,
        graph: Graph,
        files: Mapping[str, File],
        options: Sequence[Arg] = (),
        after: Sequence[str] = (),
    ) -> None:
        """A run of the native engine that writes the graph's outputs."""
        outputs = {output.name: files[output.name] for output in graph.outputs}
        naming = (arg for name, file in outputs.items() for arg in ("--output", name, file))
        self._mixdown(
            step_id,
            purpose,
            graph,
            ("engine", *_DIRECTORIES, *options, *naming),
            outputs=tuple(outputs.values()),
            after=after,
        )

    def measure(self, step_id: str, file: File, signal: Signal) -> None:
        """The loudness of a value that an earlier step wrote."""
        self._add(
            Step(
                id=step_id,
                purpose="measure the loudness",
                kind=StepKind.MEASURE,
                program=OURSELVES,
                argv=("measure", file),
                inputs=(file,),
                outputs=(),
                after=(),
                samples=signal.length or 0,
                rate=signal.rate,
            )
        )

    def _mixdown(
        self,
        name: str,
        purpose: str,
        graph: Graph,
        argv: Sequence[Arg],
        *,
        outputs: tuple[File, ...],
        after: Sequence[str] = (),
    ) -> None:
        """A run of mixdown over a graph that stands in the plan."""
        script = Script(File(Space.WORK, f"{name}.mir"), print_graph(graph, origins=False))
        ends = [graph.signals[node.name] for node in graph.nodes if not graph.users[node.name]]
        self._add(
            Step(
                id=name,
                purpose=purpose,
                kind=StepKind.RENDER,
                program=OURSELVES,
                argv=(argv[0], script.file, *argv[1:]),
                inputs=tuple(dict.fromkeys(map(file_of, graph.sources))),
                outputs=outputs,
                after=tuple(after),
                samples=max(signal.length or 0 for signal in ends),
                rate=self.rate,
                scripts=(script,),
            )
        )

    def _add(self, step: Step) -> None:
        """The step, after those that make what it reads."""
        makers = (self._makers[file].id for file in step.inputs if file in self._makers)
        self.steps.append(evolve(step, after=tuple(dict.fromkeys((*makers, *step.after)))))
        self._makers.update(dict.fromkeys(step.outputs, step))

    def _work_file(self, wanted: str) -> tuple[str, File]:
        name = self._names.take(wanted)
        return name, File(Space.WORK, f"{name}.au")

    def _as_source(self, name: str, stored: Stored) -> Source:
        """A file as a source of graphs, called so."""
        if stored.source is not None:
            return evolve(stored.source, name=name)
        assert stored.file is not None
        signal = Signal(self.rate, stored.channels, stored.length)
        return carrier(name, stored.file, signal, self._makers[stored.file].digest, CODEC)


def _carrying(value: str, index: int) -> Output:
    """An output that hands a value on in float64."""
    name = f"{value}.restored"
    return Output(name, OutputRole.STEM, name, CONTAINER, Encoding.F64, index, operands=(value,))


def _decibels(factor: float) -> float:
    """A gain in dB; a factor that is next to nothing is -6000 dB."""
    return 20.0 * math.log10(max(factor, 1e-300))
