"""Renders one mix with several backends and compares the results sample by sample.

Compared are the premaster (with its headroom) and each bus as it enters the master sum, before
loudness and limiting, in float64, from files, in constant memory except for the reference's own. A
renderer is a backend or `reference`, which evaluates the unoptimised graph on whole arrays as
docs/semantics.md defines it. `BUDGETS` limits the difference of each backend (docs/semantics.md,
"Null budgets").
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
from ..compiler.passes.simplify import DeadCode
from ..compiler.request import RenderRequest
from ..documents.models import replace
from ..ir.diagnostics import located
from ..ir.graph import Graph
from ..ir.nodes import Encoding, Filter, FilterAutomation, Output, OutputRole, Source
from ..ir.units import decibels
from ..plans.carried import file_of
from ..plans.decoding import prepare
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
"""Largest difference from the reference, dBFS; between two backends the larger budget counts."""

ROUNDING_DBFS = -294.0
"""The rounding error of float64 (-318 dBFS) in a sum of several loud clips (24 dB more)."""

_BLOCK = 1 << 16


@frozen
class Renderer:
    """One side of a comparison.

    Attributes:
        name: in the report.
        backend: name of a backend, or "reference".
        tools: programs to use instead of those found, by their plain names.
        options: how it compiles the mix; the reference disables every optimisation.
    """

    name: str
    backend: str
    tools: Mapping[str, Tool] = field(factory=dict)
    options: CompileOptions = field(factory=CompileOptions)


@frozen
class Residual:
    """The difference between two renderers.

    Attributes:
        what: "premaster" or the id of a bus.
        pair: the names of the two.
        dbfs: the largest difference of any sample; -inf if all are equal.
        at: the position of that sample.
        rate: Hz.
        budget: the largest difference allowed, dBFS.
    """

    what: str
    pair: tuple[str, str]
    dbfs: float
    at: int
    rate: int
    budget: float

    @property
    def is_within(self) -> bool:
        """Whether the difference is within the budget."""
        return self.dbfs <= self.budget


EVERY_BUS = RenderRequest(stems=True)
"""The default request: the default preset, with one stem per bus."""


def verify_mix(
    mix: Mix | str | Path,
    renderers: Sequence[Renderer],
    request: RenderRequest = EVERY_BUS,
) -> tuple[Residual, ...]:
    """The residuals of every pair of renderers: of the premaster, then of each stem.

    Args:
        mix: a timeline, a graph, or the path of one.
        renderers: two or more.
        request: how to mix, and which stems to compare; its backend is ignored.

    Raises:
        TimelineError, BackendError: it cannot be compiled.
        RenderError: a program failed.
    """
    with TemporaryDirectory(prefix="mixdown-verify-") as directory:
        takes = [
            render_premaster(mix, renderer, Path(directory) / str(number), request)
            for number, renderer in enumerate(renderers)
        ]
        return tuple(
            residual(what, first, second)
            for first, second in combinations(takes, 2)
            for what in first.files
        )


@frozen
class Rendition:
    """The files of a renderer: float64 WAV, "premaster" first, then buses by id."""

    renderer: Renderer
    files: Mapping[str, Path]
    floor: float

    def budget(self, peak_dbfs: float = 0.0) -> float:
        """The largest difference from the reference allowed, dBFS; `peak_dbfs` is of the mix.

        The rounding error of floats grows with them, so above full scale the floor does too.
        """
        floor = self.floor + max(0.0, peak_dbfs)
        return max(BUDGETS.get(self.renderer.backend, -200.0), floor)


def render_premaster(
    mix: Mix | str | Path,
    renderer: Renderer,
    out: Path,
    request: RenderRequest = EVERY_BUS,
) -> Rendition:
    """Render premaster and stems below `out`; raises like `verify_mix`."""
    is_reference = renderer.backend == REFERENCE
    compilation = compile(
        mix,
        replace(request, backend="native" if is_reference else renderer.backend),
        CompileOptions(pipeline=()) if is_reference else renderer.options,
    )
    graph = premaster(compilation.graph)
    make = _evaluate if is_reference else _render
    made = make(compilation, graph, renderer, out)
    files = {
        PREMASTER if output.role is OutputRole.MASTER else output.target: made[output.name]
        for output in graph.outputs
    }
    return Rendition(renderer, files, rounding_floor(graph))


def rounding_floor(graph: Graph) -> float:
    """The difference in dBFS that rounding alone may cause, given the filters in the graph.

    A biquad in transposed direct form II raises the rounding error of its input by 30 log10(R/(2 pi
    f)) + 20 log10 Q: the rounding of its state is filtered by its poles alone, which are close to 1
    at low frequencies (L. B. Jackson, "On the interaction of roundoff noise and dynamic range in
    digital filters", Bell System Technical Journal 49(2), 1970). Measurements agree within 6 dB for
    all kinds.
    """
    floor = ROUNDING_DBFS
    for node in graph.nodes:
        if isinstance(node, Filter):
            lowest = node.frequency_hz
        elif isinstance(node, FilterAutomation):
            lowest = min(value for point in node.points for value in point.values)
        else:
            continue
        ratio = graph.signals[node.name].rate / (2.0 * math.pi * lowest)
        lift = 30.0 * math.log10(max(ratio, 1.0)) + decibels(max(node.q, 1.0))
        floor = max(floor, ROUNDING_DBFS + lift)
    return floor


def premaster(graph: Graph) -> Graph:
    """The graph with its outputs before dither, limiter and loudness gain, as float64."""

    def unfinished(output: Output) -> Output:
        node = graph[output.operands[0]]
        while node.is_finish:
            node = graph[node.operands[0]]
        return evolve(output.as_wav(Encoding.F64), operands=(node.name,))

    nodes = (unfinished(node) if isinstance(node, Output) else node for node in graph.nodes)
    cut = DeadCode().rewrite(Graph.ordered(graph.sources, nodes))
    return Graph.ordered(cut.sources, cut.nodes)


def _evaluate(
    compilation: Compilation, graph: Graph, renderer: Renderer, out: Path
) -> Mapping[str, Path]:
    native = find_backend("native")
    graph, decoding = prepare(graph, native.reads)
    with workspace(out, compilation.source_root) as spaces:
        plan = Plan(native.name, decoding, (), sources=compilation.plan.sources)
        executor = executor_for(compilation, plan, spaces)
        executor.check_sources()
        executor.run_steps(decoding, {})

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
    compilation: Compilation, graph: Graph, renderer: Renderer, out: Path
) -> Mapping[str, Path]:
    with located(compilation.timeline.documents):
        plan = plan_for(find_backend(renderer.backend), graph, EmitOptions())
    with workspace(out, compilation.source_root) as spaces:
        # Sources are decoded by the program that established what they are.
        decoding = [step for step in plan.steps if step.is_exact]
        executor_for(compilation, plan, spaces).run_steps(decoding, {})
        executor = executor_for(compilation, plan, spaces, tools=renderer.tools)
        executor.run_steps([step for step in plan.steps if not step.is_exact], {})
        files = {d.target: spaces.staging / d.file.path for d in plan.deliveries}
        return {
            output.name: files[output.target].rename(out / f"{number}.wav")
            for number, output in enumerate(graph.outputs)
        }


def residual(what: str, first: Rendition, second: Rendition) -> Residual:
    """The difference between two renditions of the premaster or of a bus."""
    pair = (first.renderer.name, second.renderer.name)
    worst, at, start, peak = 0.0, 0, 0, 0.0
    for ours, theirs in _blocks((first.files[what], second.files[what])):
        if ours.shape != theirs.shape:  # a shorter file differs from its end on
            worst, at = math.inf, start + min(len(ours), len(theirs))
            break
        peak = max(peak, float(np.max(np.abs(ours))))
        apart = np.max(np.abs(ours - theirs), axis=1)
        highest = int(np.argmax(apart))
        if apart[highest] > worst:
            worst, at = float(apart[highest]), start + highest
        start += len(ours)
    dbfs = decibels(worst)
    rate = soundfile.info(first.files[what]).samplerate
    budget = max(take.budget(decibels(peak)) for take in (first, second))
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
