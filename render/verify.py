"""verify: one mix by several performers, compared sample by sample before loudness and limiting.

Promises: what is compared is the premaster (with its headroom) and each bus as it enters the master
sum, in float64, from files, in constant memory save for the reference's own. A performer is a
backend, or `reference`: the meaning of the mix, whole arrays of the graph before any optimisation.
How far each backend may be off stands in `BUDGETS` (docs/semantics.md, "Null budgets").
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from attrs import evolve, field, frozen

from ..audio import FloatArray
from ..backends.native import reference
from ..backends.native.engine.files import WavWriter
from ..backends.protocol import plan_for
from ..backends.registry import find_backend
from ..compiler.driver import Compilation, compile
from ..compiler.graph_input import Mix
from ..compiler.options import CompileOptions
from ..compiler.passes.dead_code import DeadCode
from ..compiler.request import RenderRequest
from ..ir.diagnostics import located
from ..ir.graph import Graph
from ..ir.nodes import (
    Encoding,
    Filter,
    FilterAutomation,
    Output,
    OutputRole,
    Source,
)
from ..ir.units import decibels
from ..plans.carried import file_of
from ..plans.decoding import is_foreign, prepare
from ..plans.plan import EmitOptions, Plan
from ..programs.program import Tool
from .executor import executor_for
from .workspace import workspace

REFERENCE = "reference"
PREMASTER = "premaster"

BUDGETS: Mapping[str, float] = {
    REFERENCE: -250.0,
    "native": -250.0,
    "ffmpeg": -200.0,
    "sox": -140.0,
}
"""dBFS by which a backend may differ from the reference; of two, the wider one counts."""

LOSSY_BUDGET = -120.0
"""The same where a source is lossy: decoders of such formats work in float32, each in its way."""

ROUNDING_DBFS = -294.0
"""Where the rounding of float64 lies (-318 dBFS) in sums of some loud clips (24 dB more)."""

LOSSLESS = ("pcm_", "alac_", "float", "double", "ulaw", "alaw")
"""How the codings begin that every decoder gives the same samples of."""

_BLOCK = 1 << 16


@frozen
class Performer:
    """Who renders.

    Attributes:
        name: in the report.
        backend: name of a backend, or "reference".
        tools: programs to use instead of those that are found, by their plain names.
        options: how it compiles the mix; the reference leaves out every optimisation.
    """

    name: str
    backend: str
    tools: Mapping[str, Tool] = field(factory=dict)
    options: CompileOptions = field(factory=CompileOptions)


@frozen
class Residual:
    """How far two performers are apart.

    Attributes:
        what: "premaster" or the id of a bus.
        pair: the names of the two.
        dbfs: the largest difference of any sample; -inf where all are equal.
        at: the sample where it is.
        rate: Hz.
        budget: dBFS that it may not exceed.
    """

    what: str
    pair: tuple[str, str]
    dbfs: float
    at: int
    rate: int
    budget: float

    @property
    def is_within(self) -> bool:
        """Whether the budget is kept."""
        return self.dbfs <= self.budget


EVERY_BUS = RenderRequest(stems=True)
"""The request of those who have no other: the default preset, with a stem a bus."""


def verify_mix(
    mix: Mix | str | Path,
    performers: Sequence[Performer],
    request: RenderRequest = EVERY_BUS,
) -> tuple[Residual, ...]:
    """The residuals of every pair of performers: of the premaster, then of each stem.

    Args:
        mix: a timeline, a graph, or the path of one.
        performers: two or more.
        request: how it is mixed, and which stems are compared; its backend does not count.

    Raises:
        TimelineError, BackendError: as compiling.
        RenderError: a performer's program failed.
    """
    with TemporaryDirectory(prefix="mixdown-verify-") as directory:
        takes = [
            perform(mix, performer, Path(directory) / str(number), request)
            for number, performer in enumerate(performers)
        ]
        return tuple(
            residual(what, first, second)
            for first, second in combinations(takes, 2)
            for what in first.files
        )


@frozen
class Take:
    """What a performer made: float64 WAV files, "premaster" first, then buses by id."""

    performer: Performer
    files: Mapping[str, Path]
    lossy: bool
    floor: float

    @property
    def budget(self) -> float:
        """How far it may be from the reference, dBFS."""
        budget = max(BUDGETS.get(self.performer.backend, -200.0), self.floor)
        decodes_otherwise = self.performer.backend not in (REFERENCE, "native")
        return max(budget, LOSSY_BUDGET) if self.lossy and decodes_otherwise else budget


def perform(
    mix: Mix | str | Path,
    performer: Performer,
    out: Path,
    request: RenderRequest = EVERY_BUS,
) -> Take:
    """Render premaster and stems below `out`.

    Raises:
        as `verify_mix`.
    """
    is_reference = performer.backend == REFERENCE
    compilation = compile(
        mix,
        evolve(request, backend="native" if is_reference else performer.backend),
        CompileOptions(pipeline=()) if is_reference else performer.options,
    )
    graph = premaster(compilation.graph)
    make = _evaluate if is_reference else _render
    made = make(compilation, graph, performer, out)
    # Those that only ffmpeg reads are decoded by it for everyone.
    read = (source for source in graph.sources if not is_foreign(source))
    codings = [source.codec.rpartition("/")[2] for source in read]
    files = {
        PREMASTER if output.role is OutputRole.MASTER else output.target: made[output.name]
        for output in graph.outputs
    }
    lossy = not all(coding.startswith(LOSSLESS) for coding in codings)
    return Take(performer, files, lossy, rounding_floor(graph))


def rounding_floor(graph: Graph) -> float:
    """Where in dBFS two ways of rounding may part, for the sake of the filters in the graph.

    A biquad in transposed direct form II lifts the last bit of its input by 30 log10(R/(2 pi f)) +
    20 log10 Q: the rounding of its state is filtered by its poles alone, which lie near 1 at low
    frequencies (L. B. Jackson, "On the interaction of roundoff noise and dynamic range in digital
    filters", Bell System Technical Journal 49(2), 1970). Measured: within 6 dB for all kinds.
    """
    floor = ROUNDING_DBFS
    for node in graph.nodes:
        if isinstance(node, Filter):
            lowest = node.frequency_hz
        elif isinstance(node, FilterAutomation):
            lowest = min(point.value for point in node.points)
        else:
            continue
        ratio = graph.signals[node.name].rate / (2.0 * math.pi * lowest)
        lift = 30.0 * math.log10(max(ratio, 1.0)) + decibels(max(node.q, 1.0))
        floor = max(floor, ROUNDING_DBFS + lift)
    return floor


def premaster(graph: Graph) -> Graph:
    """The graph with its outputs moved up before dither, limiter and loudness gain, as float64."""

    def unfinished(output: Output) -> Output:
        node = graph[output.operands[0]]
        while node.is_finish:
            node = graph[node.operands[0]]
        return evolve(output.as_wav(Encoding.F64), operands=(node.name,))

    nodes = (unfinished(node) if isinstance(node, Output) else node for node in graph.nodes)
    cut = DeadCode().rewrite(Graph.ordered(graph.sources, nodes))
    return Graph.ordered(cut.sources, cut.nodes)


def _evaluate(
    compilation: Compilation, graph: Graph, performer: Performer, out: Path
) -> Mapping[str, Path]:
    native = find_backend("native")
    graph, decoding = prepare(graph, native.reads)
    with workspace(out, compilation.source_root) as spaces:
        plan = Plan(native.name, decoding, ())
        executor_for(compilation, plan, spaces, tools=performer.tools).run_steps(decoding, {})

        def read(source: Source) -> FloatArray:
            return reference.read_file(spaces.path(file_of(source)))

        values = reference.evaluate(graph, read, [output.name for output in graph.outputs])
        made: dict[str, Path] = {}
        for number, output in enumerate(graph.outputs):
            made[output.name] = out / f"{number}.wav"
            writer = WavWriter(made[output.name], graph.signals[output.name], output.encoding, ())
            writer.write(values[output.name])
            writer.close()
        return made


def _render(
    compilation: Compilation, graph: Graph, performer: Performer, out: Path
) -> Mapping[str, Path]:
    with located(compilation.timeline.documents):
        plan = plan_for(find_backend(performer.backend), graph, EmitOptions())
    with workspace(out, compilation.source_root) as spaces:
        executor = executor_for(compilation, plan, spaces, tools=performer.tools)
        executor.run_steps(plan.steps, {})
        files = {d.target: spaces.staging / d.file.path for d in plan.deliveries}
        return {
            output.name: files[output.target].rename(out / f"{number}.wav")
            for number, output in enumerate(graph.outputs)
        }


def residual(what: str, first: Take, second: Take) -> Residual:
    """How far two takes of the premaster or of a bus are apart."""
    pair = (first.performer.name, second.performer.name)
    budget = max(first.budget, second.budget)
    worst, at, start = 0.0, 0, 0
    for ours, theirs in _blocks((first.files[what], second.files[what])):
        if ours.shape != theirs.shape:  # a file that is shorter differs from there on
            worst, at = math.inf, start + min(len(ours), len(theirs))
            break
        apart = np.max(np.abs(ours - theirs), axis=1)
        highest = int(np.argmax(apart))
        if apart[highest] > worst:
            worst, at = float(apart[highest]), start + highest
        start += len(ours)
    dbfs = decibels(worst)
    rate = soundfile.info(first.files[what]).samplerate
    return Residual(what, pair, dbfs, at, rate, budget)


def _blocks(paths: Collection[Path]) -> Iterator[tuple[FloatArray, ...]]:
    """Blocks of both files, shape (n, channels), until each has ended."""
    with ExitStack() as stack:
        files = [stack.enter_context(soundfile.SoundFile(path)) for path in paths]
        while True:
            blocks = tuple(f.read(_BLOCK, dtype="float64", always_2d=True) for f in files)
            if not any(len(block) for block in blocks):
                return
            yield blocks
