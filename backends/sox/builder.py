"""The plan builder: makes the steps of a plan and their files, in an order in which they can run.

A chain becomes a run of SoX when something needs its content as a file. Envelopes, converted
sources, moving filters and everything after SoX become runs of mixdown over graphs in the plan.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from attrs import define, evolve, field

from ...ir import nodes as ir
from ...ir.graph import Graph
from ...ir.names import NumberedNames, printable
from ...ir.node import Signal
from ...ir.units import decibels
from ...plans.carried import CONTAINER, ENCODING, carrier
from ...plans.own_steps import SPACES, engine_step, graph_step
from ...plans.plan import Arg, File, Space, Step
from .chain import EffectChain, IntegerFile, command
from .levels import exponent
from .matrix import number

PROGRAM = "sox"
CODEC = "au/pcm_32"
"""libsndfile's name for the format that SoX reads and writes in the work space."""

_LEAST_FACTOR = 1e-300
"""Used for a gain of 0, which is no number of decibels."""


_PURPOSES = {"automation.filter": "filter", "deess": "de-ess"}
"""What is done in a step for one node, where that is not the name of the kind."""

_LONGEST_NAME = 80


def plain_name(wanted: str) -> str:
    """A name for a step and its files, of ASCII letters, digits, `_` and `.`."""
    return re.sub(r"[^A-Za-z0-9_.]+", "_", wanted).strip("._")[:_LONGEST_NAME] or "value"


@define
class PlanBuilder:
    """The steps of a plan so far.

    Attributes:
        rate: the session rate, Hz.
        steps: in order.
        labels: id of a step -> name of the value that it is for.
    """

    rate: int
    steps: list[Step] = field(factory=list)
    labels: dict[str, str] = field(factory=dict)
    _names: NumberedNames = field(factory=lambda: NumberedNames(plain_name, folded=True))
    _makers: dict[File, Step] = field(factory=dict)

    def reserve(self, name: str) -> None:
        """Reserve an id for a later step."""
        self._names.take(name)

    def store(self, value: str, chain: EffectChain) -> IntegerFile:
        """Put the content of a chain into a file; no step is needed where it is in one already.

        `value` is the name of the value that the content belongs to.
        """
        if chain.as_stored is not None:
            return chain.as_stored
        name, file = self._work_file(value)
        self.labels[name] = chain.serves
        farther = "" if value == chain.serves else f" up to {printable(value)}"
        read = (each.stored.file for each in chain.inputs)
        self.add(
            Step(
                id=name,
                purpose=f"{chain.how} {printable(chain.serves)}{farther}",
                program=PROGRAM,
                argv=command(chain, file, self.rate),
                inputs=tuple(dict.fromkeys(each for each in read if each is not None)),
                outputs=(file,),
                samples=chain.length,
                rate=self.rate,
            )
        )
        return IntegerFile(file, (), chain.full_scale, chain.channels, chain.length)

    def prepare(self, source: ir.Source, begin: int, end: int, room: float) -> IntegerFile:
        """Convert samples [begin, end) of a source to integers at the session rate.

        No sample may be over `room`.
        """
        clip = ir.Clip(source.name, source.name, begin, end - begin, self.rate)
        name, file = self._work_file(source.name)
        graph = Graph((source,), (clip,))
        argv = ("integers", *SPACES, "--value", clip.name, number(room), file)
        self.add(graph_step(name, f"prepare {printable(source.path)}", graph, argv, (file,)))
        return IntegerFile(file, (), room, source.channels, clip.length)

    def envelope(
        self, value: str, nodes: Sequence[ir.Node], ones: Signal, peak: float
    ) -> IntegerFile:
        """Write the gains of successive fades and automations, as applied to a signal of ones.

        `value` is the name of the value that they make, `peak` the largest of the gains.
        """
        length = ones.length or 0
        chain: list[ir.Node] = [ir.Silence("ones", ones.rate, ones.channels, length)]
        for node in nodes:
            operand = chain[-1].name
            chain.append(evolve(node, name=f"gain{len(chain)}", operands=(operand,)))
        graph = Graph((), tuple(chain))
        last, full_scale = chain[-1].name, 2.0 ** exponent(peak)
        name, file = self._work_file(f"{value}.envelope")
        self.labels[name] = value
        argv = ("envelope", "--value", last, number(full_scale), file)
        purpose = f"write the envelope of {printable(value)}"
        self.add(graph_step(name, purpose, graph, argv, (file,)))
        return IntegerFile(file, (), full_scale, graph.signals[last].channels, length)

    def processed(
        self, stored: IntegerFile, node: ir.Node, bound: float, level: float | None = None
    ) -> IntegerFile:
        """Run a node that SoX lacks over a file; no sample of the result is over `bound`.

        `level` is a factor that the content is multiplied by first, and then is part of the result.
        Linear nodes need none.
        """
        (operand,) = node.operands
        source = self._as_source(operand, stored)
        nodes: list[ir.Node] = [ir.Clip(operand, source.name, 0, stored.length, self.rate)]
        full_scale = 2.0 ** exponent(bound)
        # The engine reads integers as fractions of their full scale.
        if level is None:
            scale = full_scale / stored.full_scale
        else:
            scale, gain = full_scale, decibels(max(level * stored.full_scale, _LEAST_FACTOR))
            nodes[0] = evolve(nodes[0], name=f"{operand}.integers")
            nodes.append(ir.Gain(operand, gain, operands=(nodes[0].name,)))
        nodes.append(evolve(node, origin=None))
        name, file = self._work_file(node.name)
        self.labels[name] = node.name
        argv = ("integers", *SPACES, "--value", node.name, number(scale), file)
        purpose = (
            f"{_PURPOSES.get(node.kind, node.kind)} {printable(node.name)} in the native engine"
        )
        self.add(graph_step(name, purpose, Graph((source,), tuple(nodes)), argv, (file,)))
        return IntegerFile(file, (), full_scale, stored.channels, stored.length)

    def restore(
        self,
        step_id: str,
        values: Mapping[str, tuple[IntegerFile, float]],
        outputs: Sequence[ir.Output],
        lacking: Mapping[str, File],
        files: Mapping[str, File],
        options: Sequence[Arg],
    ) -> None:
        """Restore values to their own level: for outputs, and in float64 for later steps.

        Args:
            step_id: of the step.
            values: the file of the content and the gain beside it, by name of the value.
            outputs: those that deliver the values unchanged.
            lacking: where to write the values that later steps need, by name.
            files: where the outputs go, by name.
            options: of the engine.
        """
        sources: list[ir.Source] = []
        nodes: list[ir.Node] = []
        for value, (stored, factor) in values.items():
            source = self._as_source(value, stored)
            clip = ir.Clip(f"{value}.integers", source.name, 0, stored.length, self.rate)
            level = decibels(max(factor * stored.full_scale, _LEAST_FACTOR))
            nodes += [clip, ir.Gain(value, level, operands=(clip.name,))]
            sources.append(source)
        for value in lacking:
            nodes.append(_carrying(value, len(nodes)))
        written = {**files, **{_carrying(v, 0).name: file for v, file in lacking.items()}}
        graph = Graph.ordered(sources, (*nodes, *outputs))
        purpose = "restore the level in floats"
        self.add(engine_step(step_id, purpose, graph, written, options))

    def add(self, step: Step) -> None:
        """Append a step."""
        self.steps.append(step)
        self._makers.update(dict.fromkeys(step.outputs, step))

    def _work_file(self, wanted: str) -> tuple[str, File]:
        name = self._names.take(wanted)
        return name, File(Space.WORK, f"{name}.au")

    def _as_source(self, name: str, stored: IntegerFile) -> ir.Source:
        """A file as a source of this name."""
        if stored.source is not None:
            return evolve(stored.source, name=name)
        assert stored.file is not None
        signal = Signal(self.rate, stored.channels, stored.length)
        return carrier(name, stored.file, signal, self._makers[stored.file].digest, CODEC)


def _carrying(value: str, index: int) -> ir.Output:
    """An output that writes a value in float64 for later steps."""
    name = f"{value}.restored"
    return ir.Output(name, ir.OutputRole.STEM, name, CONTAINER, ENCODING, index, operands=(value,))
