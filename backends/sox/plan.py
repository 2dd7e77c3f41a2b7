"""Graph to plan: what SoX can hold as runs of SoX, and the finish as runs of mixdown.

Promises: the plan depends on nothing but the graph and the options. Values that the finish hears
leave SoX as integers and are restored to float64 at their own level. With a loudness yet to be
measured the last steps are measure and finish, else deliver. A source that SoX cannot read to the
bit is prepared once, over the stretch that is played.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from attrs import evolve

from ...ir.codes import Code
from ...ir.diagnostics import BackendError, Diagnostic
from ...ir.graph import Graph
from ...ir.nodes import Clip, Node, Output
from ..native.backend import FORMATS
from ..phases import Phases, deliveries, resume, split
from ..protocol import Arg, Capability, EmitOptions, Fact, File, Plan, Space, Support
from .budget import FINISH as FINISH_KINDS
from .budget import left_to_the_engine
from .capabilities import CAPABILITIES
from .chain import Stored
from .emitters import EMITTERS, Site, Value, kept, materialised, settled
from .matrix import common_gain
from .workshop import Workshop

RESTORE, DELIVER, MEASURE, FINISH = "restore", "deliver", "measure", "finish"


def emit(graph: Graph, options: EmitOptions) -> Plan:
    """The plan for a graph that the verifier and the legalisation have passed.

    Raises:
        BackendError: MIX502, something cannot be expressed; with the node and the way out.
    """
    _check(graph, options)
    phases = split(graph)
    shop = Workshop(graph.signals[graph.outputs[0].name].rate)
    for step_id in (RESTORE, DELIVER, MEASURE, FINISH):
        shop.reserve(step_id)
    files = {name: delivery.file for name, delivery in deliveries(graph).items()}
    tags = tuple(arg for tag in options.tags for arg in ("--tag", *tag))
    _mix(shop, phases, files, tags)
    _master(shop, phases, files, tags)
    return Plan(
        backend="sox",
        steps=tuple(shop.steps),
        deliveries=tuple(deliveries(graph).values()),
        loudness=phases.loop(MEASURE, FINISH),
    )


def _mix(shop: Workshop, phases: Phases, files: Mapping[str, File], tags: tuple[Arg, ...]) -> None:
    """What needs no measurement: SoX's part, its values restored, and the engine's part."""
    graph = phases.mix
    late = left_to_the_engine(graph)
    hearers = [node for node in graph.nodes if node.name in late]
    crossing = [
        node.name
        for node in graph.nodes
        if node.name not in late and any(user.name in late for user in graph.users[node.name])
    ]
    carriers = [n for n in hearers if isinstance(n, Output) and n.name not in files]
    handed_on = {c.operands[0]: phases.carried[c.operands[0]] for c in carriers}
    restored = {
        value: handed_on.get(value) or File(Space.WORK, f"{RESTORE}{number}.wav")
        for number, value in enumerate(crossing)
    }
    if crossing:
        shop.restore(RESTORE, _rendered(shop, graph, late, crossing), restored)
    rest = [node for node in hearers if node not in carriers or node.operands[0] not in restored]
    ends = {n.name: files.get(n.name) or handed_on[n.operands[0]] for n in rest if _is_end(n)}
    if ends:
        heard = {operand for node in rest for operand in node.operands}
        arriving = {value: file for value, file in restored.items() if value in heard}
        mixes = any(not isinstance(node, FINISH_KINDS) for node in rest)
        purpose = "mix in floats what 32 bits cannot hold, and deliver" if mixes else "deliver"
        shop.engine(DELIVER, purpose, resume(graph, rest, arriving), ends, tags)


def _rendered(
    shop: Workshop, graph: Graph, late: frozenset[str], crossing: list[str]
) -> Mapping[str, tuple[Stored, float]]:
    """The values that leave SoX: each in a file, and the gain that it has beside that."""
    live = set(crossing)
    for node in reversed(graph.nodes):
        if node.name in live:
            live.update(node.operands)
    early = [node for node in graph.nodes if node.name in live]
    stretches: dict[str, tuple[int, int]] = {}
    for node in early:
        if isinstance(node, Clip):
            begin, end = stretches.get(node.source, (node.offset, 0))
            last = max(end, node.offset + node.length)
            stretches[node.source] = (min(begin, node.offset), last)
    site = Site(graph, shop, stretches, {})
    uses = Counter(operand for node in early for operand in node.operands)
    uses.update(crossing)
    values: dict[str, Value] = {}
    for node in early:
        operands = tuple(values[name] for name in node.operands)
        here = evolve(site, name=node.name, operands=operands, operand_names=node.operands)
        value = EMITTERS[type(node)](here, node)
        values[node.name] = kept(here, node.name, value) if uses[node.name] > 1 else value
    return {name: _leaving(site, name, values[name]) for name in crossing}


def _leaving(site: Site, name: str, value: Value) -> tuple[Stored, float]:
    value = materialised(settled(site, value))
    gain = common_gain(value.gains)
    assert gain is not None
    return site.shop.store(name, value.chain), gain


def _master(
    shop: Workshop, phases: Phases, files: Mapping[str, File], tags: tuple[Arg, ...]
) -> None:
    """What waits for the loudness to be measured."""
    if phases.finish is None or phases.loudnorm is None or phases.limiter is None:
        return
    measured = phases.measured
    shop.measure(MEASURE, phases.carried[measured], phases.mix.signals[measured])
    goal = (
        *("--gain-db", Fact(f"{phases.loudnorm.name}.gain_db")),
        *("--margin-db", Fact(f"{phases.limiter.name}.margin_db")),
    )
    shop.engine(FINISH, "master", phases.finish, files, (*goal, *tags), after=(MEASURE,))


def _is_end(node: Node) -> bool:
    return isinstance(node, Output)


def _check(graph: Graph, options: EmitOptions) -> None:
    """Refuses what no plan of this backend can do."""
    problems = [_unwritten(o) for o in graph.outputs if (o.container, o.encoding) not in FORMATS]
    problems += [
        _refusal(node, f"the sox backend cannot express {node.kind} (%{node.name})", known.note)
        for node in graph.nodes
        if type(node) not in EMITTERS and not isinstance(node, FINISH_KINDS)
        for known in (CAPABILITIES.get(node.kind, _UNKNOWN),)
    ]
    if options.single:
        master = graph.outputs[0]
        message = f"SoX needs more than one command for what %{master.name} is"
        problems.append(_refusal(master, message, "compile the plan as steps or as a script"))
    if problems:
        raise BackendError(problems)


_UNKNOWN = Capability(Support.UNSUPPORTED, "choose another backend")


def _unwritten(output: Output) -> Diagnostic:
    known = ", ".join(f"{container}/{encoding.value}" for container, encoding in FORMATS)
    return _refusal(
        output,
        f"%{output.name}: the finish does not write {output.container} as {output.encoding.value}",
        f"known: {known}; other formats are encoded from one of these",
    )


def _refusal(node: Node, message: str, help_text: str) -> Diagnostic:
    return Diagnostic(Code.UNSUPPORTED_NODE, message, origin=node.origin, help=help_text)
