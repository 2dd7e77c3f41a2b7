"""From a graph to a plan: one run of ffmpeg, or steps that decode, mix, measure and finish.

Promises: the plan depends on the graph and the options alone. With a loudness still to be measured,
the mix step writes the measured value and the other values that the finish needs as float64 WAV,
and the finish step needs facts; otherwise one step does everything. Sources in which no exact seek
is possible are resampled first; with `single`, each clip reads them from their start. A graph of
many clips is mixed in parts, which run in parallel.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from itertools import count

from attrs import evolve

from ...ir.codes import Code
from ...ir.diagnostics import BackendError, Diagnostic, counted
from ...ir.finish import unmeasured
from ...ir.graph import Graph
from ...ir.names import NumberedNames
from ...ir.nodes import Clip, Loudnorm, Node, Output, Reading
from ...plans.dynamics import dynamics_chains, dynamics_depths, dynamics_step
from ...plans.phases import FINISH, MEASURE, Split, deliveries, split
from ...plans.plan import EmitOptions, Fact, File, Plan, Space, Step, chained
from .capabilities import CAPABILITIES
from .copies import unshare
from .emitters import EMITTERS
from .inputs import to_decode
from .narrow import closure, files_read, given_to, runs
from .parts import PART, Cut, cut
from .site import LAYOUTS
from .steps import Job, PlanContext, decode_step, measure_step, render_step
from .wiring import Instances, plain_names

_NAMED = 3
"""The number of tracks that the purpose of a step names."""


def emit(graph: Graph, options: EmitOptions) -> Plan:
    """The plan for a graph that the verifier and the legalisation have passed.

    Raises:
        BackendError: MIX502, something cannot be expressed; names the node and a way out.
    """
    unshared = unshare(graph)
    whole = Cut(unshared.graph) if options.single else cut(unshared.graph)
    halves = split(whole.graph)
    _check_kinds(halves)
    _check_channels(graph)
    _check_dynamics(halves, options)
    if options.single:
        halves = _in_one_pass(halves, options)
    work = plain_names()
    shared = PlanContext(
        graph=whole.graph,
        tags=options.tags,
        instances=Instances({**unshared.copy_of, **whole.piece_of}),
        deliveries={name: each.file for name, each in deliveries(graph).items()},
        decoded={} if options.single else _decoded_files(graph, halves, work),
        facts=_facts(halves),
    )
    steps = [*_decoding(shared), *_mixing(shared, halves, whole, work)]
    return Plan(
        backend="ffmpeg",
        steps=chained(steps),
        deliveries=tuple(deliveries(graph).values()),
        labels=shared.instances.labels,
        loudness=halves.mastering.goal if halves.mastering else None,
    )


def _in_one_pass(halves: Split, options: EmitOptions) -> Split:
    """Everything in one command, with ffmpeg's own filter for the loudness of the master.

    Raises:
        BackendError: MIX502, the loudness is not known and the options do not allow that filter, or
            other values than the master need its gain.
    """
    if halves.mastering is None:
        return halves
    if not options.one_pass or halves.mastering.loudnorm.reading is Reading.RMS:
        raise _unmeasured(halves.mastering.loudnorm)
    for node in unmeasured(halves.late):
        if node is not halves.mastering.loudnorm:
            raise _refused(
                node,
                f"one pass does not determine the gain of the master that %{node.name} needs",
                "deliver premaster stems, or give the measured gain with --facts",
            )
    return Split((*halves.early, *halves.late))


def _decoding(shared: PlanContext) -> Iterator[Step]:
    for (name, rate), file in shared.decoded.items():
        yield decode_step(shared, shared.graph.source_by_name[name], rate, file)


def _mixing(shared: PlanContext, halves: Split, whole: Cut, work: NumberedNames) -> Iterator[Step]:
    """The parts and their mix; with a loudness still to be measured, also measure and finish."""
    early = {node.name for node in halves.early}
    pieces: dict[str, File] = {}
    for step, files in _parts(shared, early, whole, work):
        pieces |= files
        yield step
    crossing = {value: _work_file(work, value) for value in halves.crossing}
    nodes = closure(shared.graph, [*_outputs(halves.early), *crossing], given=pieces)
    purpose = _purpose(nodes, pieces)
    if halves.mastering is None:
        yield render_step(shared, Job("mix", f"{purpose}, and master", nodes, pieces))
        return
    yield render_step(shared, Job("mix", purpose, nodes, pieces, crossing))
    goal, measured = halves.mastering.goal, halves.mastering.measured
    yield measure_step(shared, goal, measured, crossing[measured])
    nodes = closure(shared.graph, _outputs(halves.late), given=crossing)
    aim = f"master to {goal.target_lufs:g} {goal.reading.unit}"
    finish = render_step(shared, Job(FINISH, aim, nodes, crossing))
    yield evolve(finish, after=(MEASURE,))


def _parts(
    shared: PlanContext, early: Collection[str], whole: Cut, work: NumberedNames
) -> Iterator[tuple[Step, Mapping[str, File]]]:
    """The steps before the mix, each with the files of the values that it writes.

    Dynamics are computed by mixdown from a file. So values are written in the order of how many
    dynamics precede them.
    """
    graph, pieces = shared.graph, dict[str, File]()
    depths, chains = dynamics_depths(graph), dynamics_chains(graph, early)
    numbers, written = count(1), NumberedNames(taken=())
    last = max((depths[chain[-1].name] for chain in chains), default=0)
    for depth in range(last + 1):
        parts = [[v for v in part if v in early and depths[v] == depth] for part in whole.parts]
        here = [chain for chain in chains if depths[chain[0].operands[0]] == depth]
        operands = dict.fromkeys(chain[0].operands[0] for chain in here)
        for values in filter(None, parts):
            step, files = _part(shared, next(numbers), values, pieces, work)
            pieces |= files
            yield step, files
        lacking = [value for value in operands if value not in pieces]
        reads = files_read(graph, pieces) if lacking else {}
        for run in runs([reads[value] for value in lacking], PART):
            values = lacking[run.start : run.stop]
            step, files = _part(shared, next(numbers), values, pieces, work)
            pieces |= files
            yield step, files
        for chain in here:
            value = chain[-1].name
            file = _work_file(work, value)
            name = written.take("dynamics")
            shared.instances.labels[name] = value
            pieces[value] = file
            yield (
                dynamics_step(name, graph, chain, pieces[chain[0].operands[0]], file),
                {value: file},
            )


def _part(
    shared: PlanContext,
    number: int,
    values: Sequence[str],
    pieces: Mapping[str, File],
    work: NumberedNames,
) -> tuple[Step, Mapping[str, File]]:
    """The step that writes values, and their files."""
    files = {value: _work_file(work, value) for value in values}
    nodes = closure(shared.graph, values, given=pieces)
    job = Job(f"part{number}", _purpose(nodes, pieces), nodes, dict(pieces), files)
    return render_step(shared, job), files


def _purpose(nodes: Sequence[Node], given: Container[str]) -> str:
    """The purpose of a step that mixes, with its clips, their tracks and the earlier parts.

    The name of a clip begins with that of its track, up to the last slash.
    """
    clips = [node.name for node in nodes if isinstance(node, Clip)]
    tracks = list(dict.fromkeys(name.rpartition("/")[0] for name in clips if "/" in name))
    more = f" and {len(tracks) - _NAMED} more" if len(tracks) > _NAMED else ""
    of_tracks = f" of {', '.join(tracks[:_NAMED])}{more}" if tracks else ""
    parts = given_to(nodes, given)
    sums = [counted(len(clips), "clip") + of_tracks] if clips else []
    sums += [counted(len(parts), "part")] if parts else []
    return f"mix {' and '.join(sums) or 'silence'}"


def _outputs(nodes: Iterable[Node]) -> Iterator[str]:
    """The names of the outputs among the nodes."""
    return (node.name for node in nodes if isinstance(node, Output))


def _decoded_files(graph: Graph, halves: Split, work: NumberedNames) -> dict[tuple[str, int], File]:
    """The files of the sources that are decoded first, by name and rate."""
    clips = (n for n in (*halves.early, *halves.late) if isinstance(n, Clip))
    wanted = to_decode(graph.source_by_name, clips)
    return {(name, rate): _work_file(work, f"decode_{name}") for name, rate in wanted}


def _work_file(work: NumberedNames, wanted: str) -> File:
    return File(Space.WORK, work.take(wanted, suffix=".wav"))


def _facts(halves: Split) -> dict[str, Fact]:
    """The facts that late nodes need, by name: every loudness gain is that of the master."""
    if halves.mastering is None:
        return {}
    gains = dict.fromkeys((node.name for node in unmeasured(halves.late)), halves.mastering.gain)
    return {**gains, halves.mastering.limiter.name: halves.mastering.margin}


def _check_kinds(halves: Split) -> None:
    """Refuse kinds that legalisation should have rewritten."""
    nodes = (*halves.early, *halves.late)
    unknown = [n for n in nodes if type(n) not in EMITTERS and not n.follows_level]
    if unknown:
        raise BackendError(_illegal(node) for node in unknown)


def _check_channels(graph: Graph) -> None:
    """Refuse signals of more channels than stereo, which only a graph from a file can have."""
    for node in graph.nodes:
        channels = graph.signals[node.name].channels
        if channels not in LAYOUTS:
            message = f"%{node.name} has {channels} channels, and the ffmpeg backend mixes 1 or 2"
            raise _refused(node, message, "mix them down in the source, or choose another backend")


def _check_dynamics(halves: Split, options: EmitOptions) -> None:
    """Refuse dynamics where they cannot be a step of their own before the mix."""
    for node in (*halves.early, *halves.late):
        if node.follows_level and options.single:
            message = f"one command cannot compute %{node.name}, a {node.kind}"
            raise _refused(node, message, "compile the plan as steps")
        if node.follows_level and node in halves.late:
            message = f"%{node.name}, a {node.kind}, waits for the measured loudness"
            raise _refused(node, message, "move it before the loudness gain")


def _illegal(node: Node) -> Diagnostic:
    known = CAPABILITIES.get(node.kind)
    return Diagnostic(
        Code.UNSUPPORTED_NODE,
        f"the ffmpeg backend cannot express {node.kind} (%{node.name})",
        origin=node.origin,
        help=f"run legalize first: {known.note}" if known else "choose another backend",
    )


def _unmeasured(node: Loudnorm) -> BackendError:
    return _refused(
        node,
        f"one command cannot measure the loudness that %{node.name} needs",
        "give the measured gain with --facts, compile the plan as steps, or let ffmpeg normalise "
        "in one pass (--one-pass), which is not exact",
    )


def _refused(node: Node, message: str, help_text: str) -> BackendError:
    return BackendError.of(Code.UNSUPPORTED_NODE, message, origin=node.origin, help=help_text)
