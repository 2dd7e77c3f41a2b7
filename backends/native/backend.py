"""The native backend: every node kind as docs/semantics.md has it, run by the engine.

Promises: importing this costs nothing heavy; a plan holds the graph's text, so that it can be read,
compared and run elsewhere. With a loudness yet to be measured the plan is mix, measure and finish,
else one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from ...ir.codes import Code
from ...ir.containers import CONTAINERS
from ...ir.diagnostics import BackendError, Diagnostic
from ...ir.graph import Graph
from ...ir.nodes import KINDS, Encoding, Loudnorm, Output
from ...ir.text.printer import print_graph
from ...plans.decoding import begin, prepare
from ...plans.phases import Phases, deliveries, file_of, split
from ...plans.plan import (
    OURSELVES,
    Arg,
    EmitOptions,
    Fact,
    File,
    Plan,
    Script,
    Space,
    Step,
    StepKind,
)
from ..protocol import Backend, Capability, Support

MIX, MEASURE, FINISH = "mix", "measure", "finish"

FORMATS: tuple[tuple[str, Encoding], ...] = (
    *(("wav", encoding) for encoding in CONTAINERS["wav"].encodings),
    ("flac", Encoding.S16),
    ("flac", Encoding.S24),
)
"""Containers and encodings that the engine writes."""

_NOTES = {
    "clip": "read by libsndfile, resampled by libsoxr at very high quality",
    "filter": "scipy.signal.lfilter, which is transposed direct form II in float64",
    "place": "a shift of the operand's origin: costs nothing",
    "lane": "shifts of the operands' origins: costs what sounds",
    "mix": "adds only what sounds in a block",
    "bus": "adds only what sounds in a block",
    "loudnorm": "measured by our own BS.1770-5 meter, applied as one gain",
    "limiter": "our own look-ahead limiter, with peaks looked for at 16 times the rate",
    "dither": "TPDF from a counter-based generator, seeded by what is dithered; shaped by choice",
    "output": "WAV 16, 24, 32f, 64f and FLAC 16, 24 bit, rounded half to even",
}

CAPABILITIES: Mapping[str, Capability] = MappingProxyType(
    {kind: Capability(Support.NATIVE, _NOTES.get(kind, "as docs/semantics.md")) for kind in KINDS}
)


@frozen
class NativeBackend:
    """See `mixdown.plans.plan.Backend`."""

    name: str = "native"
    capabilities: Mapping[str, Capability] = CAPABILITIES

    def emit(self, graph: Graph, options: EmitOptions) -> Plan:
        """The plan for a legal graph.

        Raises:
            BackendError: MIX502, a file format that the engine does not write, a loudness that
                cannot be measured, or with `single` any that is still to be.
        """
        _check_formats(graph)
        graph, decoding = prepare(graph)
        phases = split(graph)
        if phases.finish is not None and options.single:
            raise _unmeasured(phases)
        plan = Plan(
            backend=self.name,
            steps=_steps(graph, phases, options),
            deliveries=tuple(deliveries(graph).values()),
            loudness=phases.loop(MEASURE, FINISH),
        )
        return begin(plan, decoding)


BACKEND: Backend = NativeBackend()


def _steps(graph: Graph, phases: Phases, options: EmitOptions) -> tuple[Step, ...]:
    files = {name: delivery.file for name, delivery in deliveries(graph).items()}
    if phases.finish is None or phases.loudnorm is None or phases.limiter is None:
        return (_run(MIX, "mix and master", phases.mix, files, options),)
    crossing = {
        output.name: phases.carried[output.operands[0]]
        for output in phases.mix.outputs
        if output.name not in files
    }
    goal = (
        *("--gain-db", Fact(f"{phases.loudnorm.name}.gain_db")),
        *("--margin-db", Fact(f"{phases.limiter.name}.margin_db")),
    )
    return (
        _run(MIX, "mix", phases.mix, {**files, **crossing}, options),
        _measure(phases),
        _run(FINISH, "master", phases.finish, files, options, goal, after=(MIX, MEASURE)),
    )


def _run(
    step_id: str,
    purpose: str,
    graph: Graph,
    files: Mapping[str, File],
    options: EmitOptions,
    facts: tuple[Arg, ...] = (),
    after: tuple[str, ...] = (),
) -> Step:
    """The step that runs the engine on a graph and writes its outputs."""
    script = Script(File(Space.WORK, f"{step_id}.mir"), print_graph(graph, origins=False))
    written = {output.name: files[output.name] for output in graph.outputs}
    signals = [graph.signals[name] for name in written]
    return Step(
        id=step_id,
        purpose=purpose,
        kind=StepKind.RENDER,
        program=OURSELVES,
        argv=(
            "engine",
            script.file,
            *("--sources", File(Space.SOURCE, ".")),
            *("--work", File(Space.WORK, ".")),
            *facts,
            *(arg for tag in options.tags for arg in ("--tag", *tag)),
            *(arg for name, file in written.items() for arg in ("--output", name, file)),
        ),
        inputs=tuple(dict.fromkeys(file_of(source) for source in graph.sources)),
        outputs=tuple(written.values()),
        after=after,
        samples=max(signal.length or 0 for signal in signals),
        rate=signals[0].rate,
        scripts=(script,),
    )


def _measure(phases: Phases) -> Step:
    signal = phases.mix.signals[phases.measured]
    file = phases.carried[phases.measured]
    return Step(
        id=MEASURE,
        purpose="measure the loudness",
        kind=StepKind.MEASURE,
        program=OURSELVES,
        argv=("measure", file),
        inputs=(file,),
        outputs=(),
        after=(MIX,),
        samples=signal.length or 0,
        rate=signal.rate,
    )


def _check_formats(graph: Graph) -> None:
    unknown = [o for o in graph.outputs if (o.container, o.encoding) not in FORMATS]
    if unknown:
        raise BackendError(_unwritten(output) for output in unknown)


def _unwritten(output: Output) -> Diagnostic:
    known = ", ".join(f"{container}/{encoding.value}" for container, encoding in FORMATS)
    return Diagnostic(
        Code.UNSUPPORTED_NODE,
        f"%{output.name}: the engine does not write {output.container} as {output.encoding.value}",
        origin=output.origin,
        help=f"known: {known}; other formats are encoded from one of these",
    )


def _unmeasured(phases: Phases) -> BackendError:
    node: Loudnorm | None = phases.loudnorm
    assert node is not None
    return BackendError(
        Diagnostic(
            Code.UNSUPPORTED_NODE,
            f"one command cannot measure the loudness that %{node.name} needs",
            origin=node.origin,
            help="give the measured gain with --facts, or compile the plan as steps",
        )
    )
