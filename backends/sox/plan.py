"""Graph to plan: what SoX can hold as runs of SoX, and the finish as runs of mixdown.

Promises: the plan depends on nothing but the graph and the options. Values leave SoX as integers
and are restored to their own level in float64: for the files that hold nothing else, and for the
finish of the others. With a loudness yet to be measured the last steps are measure and finish. A
source that SoX cannot read to the bit is prepared once, over the stretch that is played.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from attrs import evolve

from ...ir.codes import Code
from ...ir.diagnostics import BackendError, Diagnostic
from ...ir.graph import Graph
from ...ir.nodes import Clip, GainAutomation, Node, Output
from ...plans.carried import resume
from ...plans.own_steps import engine_step, mastering_steps, tag_options, unwritten
from ...plans.phases import FINISH, MEASURE, Phases, deliveries, in_phases
from ...plans.plan import Arg, EmitOptions, File, Plan, Space, chained
from ..protocol import Capability, Support
from .budget import left_to_the_engine
from .capabilities import CAPABILITIES
from .chain import IntegerFile
from .emitters import EMITTERS, EffectSite, Value, kept, materialised, settled
from .matrix import common_gain
from .workshop import Workshop

LOUDEST_DB = 1000.0
"""A gain further from 0 is a mistake, and soon beyond what a float can hold."""

RESTORE, DELIVER = "restore", "deliver"


def emit(graph: Graph, options: EmitOptions) -> Plan:
    """The plan for a graph that the verifier and the legalisation have passed.

    Raises:
        BackendError: MIX502, something cannot be expressed; with the node and the way out.
    """
    _check(graph, options)
    phases = in_phases(graph)
    shop = Workshop(graph.signals[graph.outputs[0].name].rate)
    for step_id in (RESTORE, DELIVER, MEASURE, FINISH):
        shop.reserve(step_id)
    tags = tag_options(options.tags)
    _mix(shop, phases, tags)
    return Plan(
        backend="sox",
        steps=chained((*shop.steps, *mastering_steps(phases, tags))),
        deliveries=tuple(deliveries(graph).values()),
        labels=dict(shop.labels),
        loudness=phases.mastering.goal if phases.mastering else None,
    )


def _mix(shop: Workshop, phases: Phases, tags: tuple[Arg, ...]) -> None:
    """What needs no measurement: SoX's part, its values restored, and the engine's part."""
    graph = phases.mix
    late = left_to_the_engine(graph)
    hearers = [node for node in graph.nodes if node.name in late]
    crossing = [
        node.name
        for node in graph.nodes
        if node.name not in late and any(user.name in late for user in graph.users[node.name])
    ]
    at_once = [n for n in hearers if isinstance(n, Output) and n.operands[0] in crossing]
    rest = [node for node in hearers if node not in at_once]
    heard = {operand for node in rest for operand in node.operands}
    carriers = {v: file for v, file in phases.carried.items() if v in crossing}
    handed_on = {
        value: carriers.get(value) or File(Space.WORK, f"{RESTORE}{number}.wav")
        for number, value in enumerate(value for value in crossing if value in heard)
    }
    if crossing:
        values = _rendered(shop, graph, late, crossing)
        lacking = {v: file for v, file in handed_on.items() if v not in carriers}
        shop.restore(RESTORE, values, at_once, lacking, phases.files, tags)
    if rest:
        mixes = any(not node.is_finish for node in rest)
        purpose = "mix in floats what 32 bits cannot hold, and deliver" if mixes else "deliver"
        delivered = resume(graph, rest, handed_on)
        shop.add(engine_step(DELIVER, purpose, delivered, phases.files, tags))


def _rendered(
    shop: Workshop, graph: Graph, late: frozenset[str], crossing: list[str]
) -> Mapping[str, tuple[IntegerFile, float]]:
    """The values that leave SoX: each in a file, and the gain that it has beside that."""
    early = graph.needed_for(crossing)
    stretches: dict[str, tuple[int, int]] = {}
    for node in early:
        if isinstance(node, Clip):
            begin, end = stretches.get(node.source, (node.offset, 0))
            last = max(end, node.offset + node.length)
            stretches[node.source] = (min(begin, node.offset), last)
    site = EffectSite(graph, shop, stretches, {})
    uses = Counter(operand for node in early for operand in node.operands)
    uses.update(crossing)
    values: dict[str, Value] = {}
    for node in early:
        operands = tuple(values[name] for name in node.operands)
        here = evolve(site, name=node.name, operands=operands, operand_names=node.operands)
        value = EMITTERS[type(node)](here, node)
        values[node.name] = kept(here, node.name, value) if uses[node.name] > 1 else value
    return {name: _leaving(site, name, values[name]) for name in crossing}


def _leaving(site: EffectSite, name: str, value: Value) -> tuple[IntegerFile, float]:
    value = materialised(settled(site, value))
    gain = common_gain(value.gains)
    assert gain is not None
    return site.shop.store(name, value.chain), gain * value.level


def _check(graph: Graph, options: EmitOptions) -> None:
    """Refuses what no plan of this backend can do."""
    problems = [found for o in graph.outputs if (found := unwritten(o))]
    problems += [
        _refusal(node, f"the sox backend cannot express {node.kind} (%{node.name})", known.note)
        for node in graph.nodes
        if type(node) not in EMITTERS and not node.is_finish
        for known in (CAPABILITIES.get(node.kind, _UNKNOWN),)
    ]
    problems += [
        _refusal(node, f"%{node.name}: no signal bears {level:+g} dB", "choose a level to be heard")
        for node in graph.nodes
        for level in _levels(node)
        if abs(level) > LOUDEST_DB
    ]
    if options.single:
        master = graph.outputs[0]
        message = f"SoX needs more than one command for what %{master.name} is"
        problems.append(_refusal(master, message, "compile the plan as steps or as a script"))
    if problems:
        raise BackendError(problems)


def _levels(node: Node) -> tuple[float, ...]:
    """The gains that a node applies, dB."""
    if isinstance(node, GainAutomation):
        return tuple(point.value for point in node.points)
    named = ("gain_db", "headroom_db")
    found = (getattr(node, name, None) for name in named)
    return tuple(level for level in found if level is not None)


_UNKNOWN = Capability(Support.UNSUPPORTED, "choose another backend")


def _refusal(node: Node, message: str, help_text: str) -> Diagnostic:
    return Diagnostic(Code.UNSUPPORTED_NODE, message, origin=node.origin, help=help_text)
