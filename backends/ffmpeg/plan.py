"""Graph to plan: one run of ffmpeg, or decode, mix, measure and finish.

Promises: the plan depends on nothing but the graph and the options. With a loudness yet to be
measured, the mix step writes what is measured (and what the finish needs besides) as float64 WAV,
and the finish step waits for the facts; with none, everything is one step. Sources in which no
exact seek is possible are decoded first; with `single`, from their start for each clip. A graph of
many clips is mixed in parts, which run in parallel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import evolve

from ...ir.codes import Code
from ...ir.diagnostics import BackendError, Diagnostic
from ...ir.graph import Graph
from ...ir.nodes import Clip, Loudnorm, Node, Output
from ...plans.plan import Delivery, EmitOptions, Fact, File, LoudnessLoop, Plan, Space, Step
from .capabilities import CAPABILITIES
from .copies import unshare
from .emitters import EMITTERS
from .inputs import to_decode
from .parts import Cut, cut
from .purposes import mixing
from .schedule import Schedule, closure, schedule
from .steps import Job, Shared, decode_step, measure_step, render_step
from .wiring import Instances, Names

MIX, MEASURE, FINISH = "mix", "measure", "finish"


def emit(graph: Graph, options: EmitOptions) -> Plan:
    """The plan for a graph that the verifier and the legalisation have passed.

    Raises:
        BackendError: MIX502, something cannot be expressed; with the node and the way out.
    """
    unshared = unshare(graph)
    whole = Cut(unshared.graph) if options.single else cut(unshared.graph)
    halves = schedule(whole.graph)
    _check_kinds(halves)
    if options.single and halves.loudnorm is not None:
        halves = _in_one_pass(halves, options)
    work = Names()
    shared = Shared(
        graph=whole.graph,
        tags=options.tags,
        instances=Instances({**unshared.copy_of, **whole.piece_of}),
        deliveries=_delivered_files(graph),
        decoded={} if options.single else _decoded_files(graph, halves, work),
        facts=_facts(halves),
    )
    steps = [*_decoding(shared), *_mixing(shared, halves, whole, work)]
    return Plan(
        backend="ffmpeg",
        steps=_chained(steps),
        deliveries=tuple(
            Delivery(o.role, o.target, shared.deliveries[o.name]) for o in graph.outputs
        ),
        labels=shared.instances.labels,
        loudness=_loop(halves),
    )


def _in_one_pass(halves: Schedule, options: EmitOptions) -> Schedule:
    """Everything at once, the master's loudness left to ffmpeg's own filter, where that is asked.

    Raises:
        BackendError: MIX502, it is not; or other values than the master wait for its gain.
    """
    waiting = [n for n in halves.late if isinstance(n, Loudnorm) and n.gain_db is None]
    assert halves.loudnorm is not None
    if not options.one_pass:
        raise _unmeasured(halves.loudnorm)
    for node in waiting:
        if node is not halves.loudnorm:
            raise _refused(
                node,
                f"one pass finds no gain of the master that %{node.name} could take over",
                "deliver premaster stems, or give the measured gain with --facts",
            )
    return Schedule((*halves.early, *halves.late))


def _decoding(shared: Shared) -> Iterator[Step]:
    for (name, rate), file in shared.decoded.items():
        yield decode_step(shared, shared.graph.source_by_name[name], rate, file)


def _mixing(shared: Shared, halves: Schedule, whole: Cut, work: Names) -> Iterator[Step]:
    """The parts, the mix of them; and where the loudness is not known, measure and finish."""
    early = {node.name for node in halves.early}
    parts = [[value for value in part if value in early] for part in whole.parts]
    stretches: dict[str, File] = {}
    for number, values in enumerate(filter(None, parts), 1):
        files = {value: _work_file(work, value) for value in values}
        nodes = closure(shared.graph, values, given=stretches)
        purpose = mixing(nodes, stretches)
        yield render_step(shared, Job(f"part{number}", purpose, nodes, dict(stretches), files))
        stretches |= files
    crossing = {value: _work_file(work, value) for value in halves.crossing}
    outputs = (node.name for node in halves.early if isinstance(node, Output))
    nodes = closure(shared.graph, [*outputs, *crossing], given=stretches)
    purpose = mixing(nodes, stretches)
    if halves.loudnorm is None:
        yield render_step(shared, Job(MIX, f"{purpose}, and master", nodes, stretches))
        return
    yield render_step(shared, Job(MIX, purpose, nodes, stretches, crossing))
    measured = halves.loudnorm.operands[-1]
    yield measure_step(shared, MEASURE, measured, crossing[measured])
    aim = f"master to {halves.loudnorm.target_lufs:g} LUFS"
    yield render_step(shared, Job(FINISH, aim, halves.late, crossing))


def _chained(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps, each after those whose files it reads; the finish after the measuring too."""
    made_by: dict[File, str] = {}
    chained: list[Step] = []
    for step in steps:
        after = [made_by[file] for file in step.inputs if file in made_by]
        after += [MEASURE] if step.id == FINISH else []
        chained.append(evolve(step, after=tuple(dict.fromkeys(after))))
        made_by |= dict.fromkeys(step.outputs, step.id)
    return tuple(chained)


def _decoded_files(graph: Graph, halves: Schedule, work: Names) -> dict[tuple[str, int], File]:
    """Where each source that clips play from but cannot seek in is decoded to."""
    clips = (n for n in (*halves.early, *halves.late) if isinstance(n, Clip))
    wanted = to_decode(graph.source_by_name, clips)
    return {(name, rate): _work_file(work, f"decode_{name}") for name, rate in wanted}


def _work_file(work: Names, wanted: str) -> File:
    return File(Space.WORK, work.take(wanted, suffix=".wav"))


def _delivered_files(graph: Graph) -> dict[str, File]:
    """Where each output goes: its target, without what would make it another directory."""
    names = Names(unsafe=r"[\x00-\x1f/\\]")
    return {
        o.name: File(Space.OUT, names.take(o.target, suffix=f".{o.container}"))
        for o in graph.outputs
    }


def _facts(halves: Schedule) -> dict[str, Fact]:
    """What the late nodes wait for: every loudness gain is the master's."""
    if halves.loudnorm is None:
        return {}
    gain = Fact(f"{halves.loudnorm.name}.gain_db")
    facts = {n.name: gain for n in halves.late if isinstance(n, Loudnorm) and n.gain_db is None}
    if halves.limiter is not None:
        facts[halves.limiter.name] = Fact(f"{halves.limiter.name}.margin_db")
    return facts


def _loop(halves: Schedule) -> LoudnessLoop | None:
    if halves.loudnorm is None or halves.limiter is None:
        return None
    return LoudnessLoop(
        measure=MEASURE,
        finish=FINISH,
        target_lufs=halves.loudnorm.target_lufs,
        ceiling_db=halves.limiter.ceiling_db,
        gain_fact=f"{halves.loudnorm.name}.gain_db",
        margin_fact=f"{halves.limiter.name}.margin_db",
    )


def _check_kinds(halves: Schedule) -> None:
    """Refuses kinds that legalisation should have rewritten."""
    unknown = [n for n in (*halves.early, *halves.late) if type(n) not in EMITTERS]
    if unknown:
        raise BackendError(_illegal(node) for node in unknown)


def _illegal(node: Node) -> Diagnostic:
    known = CAPABILITIES.get(node.kind)
    return Diagnostic(
        Code.UNSUPPORTED_NODE,
        f"the ffmpeg backend cannot express {node.kind} (%{node.name})",
        origin=node.origin,
        help=f"run legalize before: {known.note}" if known else "choose another backend",
    )


def _unmeasured(node: Loudnorm) -> BackendError:
    return _refused(
        node,
        f"one command cannot measure the loudness that %{node.name} needs",
        "give the measured gain with --facts, compile the plan as steps, or take what ffmpeg does "
        "in one pass (--one-pass), which is not exact",
    )


def _refused(node: Node, message: str, help_text: str) -> BackendError:
    return BackendError(
        Diagnostic(Code.UNSUPPORTED_NODE, message, origin=node.origin, help=help_text)
    )
