"""From a graph to a plan: runs of SoX as far as its precision allows, then runs of mixdown.

Promises: the plan depends on the graph and the options alone. Values leave SoX as integers and are
restored to their own level in float64, some of them straight into delivered files. With a loudness
still to be measured, the last steps are measure and finish. A source that SoX cannot read exactly
is converted once, over the range that is played.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from attrs import evolve

from ...ir.codes import Code
from ...ir.diagnostics import BackendError, Diagnostic
from ...ir.graph import Graph
from ...ir.nodes import Clip, Node, Output
from ...plans.carried import resume
from ...plans.own_steps import engine_step, mastering_steps, tag_options, unwritten
from ...plans.phases import FINISH, MEASURE, Phases, deliveries, in_phases
from ...plans.plan import Arg, EmitOptions, File, Plan, Space, chained
from ..protocol import Capability, Support
from .budget import engine_nodes
from .builder import PlanBuilder
from .capabilities import CAPABILITIES
from .chain import IntegerFile
from .emitters import EMITTERS, EffectSite, Value, materialised, settled, shared
from .matrix import common_gain

RESTORE, DELIVER = "restore", "deliver"


def emit(graph: Graph, options: EmitOptions) -> Plan:
    """The plan for a graph that the verifier and the legalisation have passed.

    Raises:
        BackendError: MIX502, something cannot be expressed; names the node and a way out.
    """
    _check(graph, options)
    phases = in_phases(graph)
    builder = PlanBuilder(graph.signals[graph.outputs[0].name].rate)
    for step_id in (RESTORE, DELIVER, MEASURE, FINISH):
        builder.reserve(step_id)
    tags = tag_options(options.tags)
    _mix(builder, phases, tags)
    return Plan(
        backend="sox",
        steps=chained((*builder.steps, *mastering_steps(phases, tags))),
        deliveries=tuple(deliveries(graph).values()),
        labels=dict(builder.labels),
        loudness=phases.mastering.goal if phases.mastering else None,
    )


def _mix(builder: PlanBuilder, phases: Phases, tags: tuple[Arg, ...]) -> None:
    """Add the steps before the measurement: of SoX, the restored values, and of the engine."""
    graph = phases.mix
    late = engine_nodes(graph)
    engine_part = [node for node in graph.nodes if node.name in late]
    crossing = [
        node.name
        for node in graph.nodes
        if node.name not in late and any(user.name in late for user in graph.users[node.name])
    ]
    at_once = [n for n in engine_part if isinstance(n, Output) and n.operands[0] in crossing]
    rest = [node for node in engine_part if node not in at_once]
    needed = {operand for node in rest for operand in node.operands}
    carriers = {v: file for v, file in phases.carried.items() if v in crossing}
    handed_on = {
        value: carriers.get(value) or File(Space.WORK, f"{RESTORE}{number}.wav")
        for number, value in enumerate(value for value in crossing if value in needed)
    }
    if crossing:
        values = _rendered(builder, graph, late, crossing)
        lacking = {v: file for v, file in handed_on.items() if v not in carriers}
        builder.restore(RESTORE, values, at_once, lacking, phases.files, tags)
    if rest:
        mixes = any(not node.is_finish for node in rest)
        purpose = "mix in floats what 32 bits cannot hold, and deliver" if mixes else "deliver"
        delivered = resume(graph, rest, handed_on)
        builder.add(engine_step(DELIVER, purpose, delivered, phases.files, tags))


def _rendered(
    builder: PlanBuilder, graph: Graph, late: frozenset[str], crossing: list[str]
) -> Mapping[str, tuple[IntegerFile, float]]:
    """The values that leave SoX: the file of each, and its gain beside that."""
    early = graph.needed_for(crossing)
    ranges: dict[str, tuple[int, int]] = {}
    for node in early:
        if isinstance(node, Clip):
            begin, end = ranges.get(node.source, (node.offset, 0))
            last = max(end, node.offset + node.length)
            ranges[node.source] = (min(begin, node.offset), last)
    site = EffectSite(graph, builder, ranges, {})
    uses = Counter(operand for node in early for operand in node.operands)
    uses.update(crossing)
    values: dict[str, Value] = {}
    for node in early:
        operands = tuple(values[name] for name in node.operands)
        here = evolve(site, name=node.name, operands=operands, operand_names=node.operands)
        value = EMITTERS[type(node)](here, node)
        values[node.name] = shared(here, node.name, value) if uses[node.name] > 1 else value
    return {name: _leaving(site, name, values[name]) for name in crossing}


def _leaving(site: EffectSite, name: str, value: Value) -> tuple[IntegerFile, float]:
    value = materialised(settled(site, value))
    gain = common_gain(value.gains)
    assert gain is not None
    return site.builder.store(name, value.chain), gain * value.level


def _check(graph: Graph, options: EmitOptions) -> None:
    """Refuse what no plan of this backend can do."""
    problems = [found for o in graph.outputs if (found := unwritten(o))]
    problems += [
        _refusal(node, f"the sox backend cannot express {node.kind} (%{node.name})", known.note)
        for node in graph.nodes
        if type(node) not in EMITTERS and not node.is_finish
        for known in (CAPABILITIES.get(node.kind, _UNKNOWN),)
    ]
    if options.single:
        master = graph.outputs[0]
        message = f"SoX needs more than one command for %{master.name}"
        problems.append(_refusal(master, message, "compile the plan as steps or as a script"))
    if problems:
        raise BackendError(problems)


_UNKNOWN = Capability(Support.UNSUPPORTED, "choose another backend")


def _refusal(node: Node, message: str, help_text: str) -> Diagnostic:
    return Diagnostic(Code.UNSUPPORTED_NODE, message, origin=node.origin, help=help_text)
