"""Steps that mixdown runs itself: over a graph whose text is in the plan, or to measure a file.

The native backend's plans are made of these; others have them for what their program lacks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from attrs import evolve

from ..ir.codes import Code
from ..ir.containers import CONTAINERS, Encoding
from ..ir.diagnostics import Diagnostic
from ..ir.digest import digests
from ..ir.graph import Graph
from ..ir.nodes import Output, Reading
from .carried import file_of
from .phases import FINISH, MEASURE, Phases
from .plan import OURSELVES, Arg, File, LoudnessGoal, Script, Space, Step, StepKind

FORMATS: tuple[tuple[str, Encoding], ...] = (
    *(("wav", encoding) for encoding in CONTAINERS["wav"].encodings),
    ("flac", Encoding.S16),
    ("flac", Encoding.S24),
)
"""Containers and encodings that the engine writes."""

SPACES: tuple[Arg, ...] = (
    *("--sources", File(Space.SOURCE, ".")),
    *("--work", File(Space.WORK, ".")),
)
"""The options that name the directories of a graph's sources."""


OUTPUT_OPTION = "--output"
"""The option that names an output of the graph, and its file."""


def graph_step(
    step_id: str,
    purpose: str,
    graph: Graph,
    argv: Sequence[Arg],
    outputs: Sequence[File],
    after: Sequence[str] = (),
) -> Step:
    """A command of mixdown's, its arguments without the file of the graph, which comes first."""
    # Plans for programs alone need no printer.
    from ..ir.text.printer import print_graph  # noqa: PLC0415

    file = File(Space.WORK, f"{step_id}.mir")
    script = Script(file, print_graph(graph, origins=False), graph)
    ends = [graph.signals[node.name] for node in graph.nodes if not graph.users[node.name]]
    command, *arguments = argv
    return Step(
        id=step_id,
        purpose=purpose,
        program=OURSELVES,
        argv=(command, script.file, *arguments),
        inputs=tuple(dict.fromkeys(map(file_of, graph.sources))),
        outputs=tuple(outputs),
        after=tuple(after),
        samples=max(signal.length or 0 for signal in ends),
        rate=ends[0].rate,
        scripts=(script,),
    )


def engine_step(
    step_id: str,
    purpose: str,
    graph: Graph,
    files: Mapping[str, File],
    options: Sequence[Arg] = (),
    after: Sequence[str] = (),
) -> Step:
    """A run of the native engine that writes the graph's outputs."""
    written = {output.name: files[output.name] for output in graph.outputs}
    naming = (arg for name, file in written.items() for arg in (OUTPUT_OPTION, name, file))
    argv = ("engine", *SPACES, *options, *naming)
    step = graph_step(step_id, purpose, graph, argv, tuple(written.values()), after)
    of, said = digests(graph), " ".join(map(str, options))
    return evolve(step, values=tuple(f"{of[name]} {said}" for name in written))


def partial_step(step: Step, files: Collection[File]) -> Step:
    """The part of an engine's step that writes some of its outputs."""
    argv: list[Arg] = []
    for number, arg in enumerate(step.argv):
        named = next((n for n in (0, 1, 2) if step.argv[number - n] == OUTPUT_OPTION), None)
        if named is None or step.argv[number - named + 2] in files:
            argv.append(arg)
    return evolve(step, argv=tuple(argv), outputs=tuple(f for f in step.outputs if f in files))


def mastering_steps(phases: Phases, options: Sequence[Arg]) -> tuple[Step, ...]:
    """The steps that measure the premaster and master it; none where every gain is known."""
    mastering = phases.mastering
    if mastering is None or phases.finish is None:
        return ()
    measured = mastering.measured
    signal, file = phases.mix.signals[measured], phases.carried[measured]
    measure = Step(
        id=MEASURE,
        purpose="measure the loudness",
        kind=StepKind.MEASURE,
        program=OURSELVES,
        argv=("measure", file, *reading_option(mastering.goal)),
        inputs=(file,),
        samples=signal.length or 0,
        rate=signal.rate,
    )
    facts = ("--gain-db", mastering.gain, "--margin-db", mastering.margin)
    options = (*facts, *options)
    finish = engine_step(FINISH, "master", phases.finish, phases.files, options, after=(MEASURE,))
    return measure, finish


def reading_option(goal: LoudnessGoal) -> tuple[str, ...]:
    """The option of the steps that measure: what they read of a file."""
    return () if goal.reading is Reading.INTEGRATED else ("--reading", goal.reading.value)


def tag_options(tags: Sequence[tuple[str, str]]) -> tuple[Arg, ...]:
    """The options of `mixdown engine` that put metadata into the files."""
    return tuple(arg for tag in tags for arg in ("--tag", *tag))


def unwritten(output: Output) -> Diagnostic | None:
    """What is wrong with an output in a format that the engine does not write; else None."""
    if (output.container, output.encoding) in FORMATS:
        return None
    known = ", ".join(f"{container}/{encoding.value}" for container, encoding in FORMATS)
    return Diagnostic(
        Code.UNSUPPORTED_NODE,
        f"%{output.name}: the engine does not write {output.container} as {output.encoding.value}",
        origin=output.origin,
        help=f"known: {known}; other formats are encoded from one of these",
    )
