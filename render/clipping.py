"""Detects stems that were clipped by an integer format, and by how much.

A stem that was clipped gives a warning (MIX620) with the peak before clipping. Only stems that
reach full scale are examined: the same backend renders them again in floating point, without the
master.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import soundfile

from ..backends.protocol import plan_for
from ..backends.registry import find_backend
from ..compiler.driver import Compilation
from ..compiler.facts import FinishFacts
from ..compiler.passes.simplify import DeadCode
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, Severity
from ..ir.graph import Graph
from ..ir.nodes import Dither, Encoding, Gain, Loudnorm, Node, Output, OutputRole
from ..ir.units import decibels
from ..plans.plan import EmitOptions
from .executor import executor_for
from .result import Rendered
from .workspace import workspace

_BLOCK = 1 << 18


def clipped_stems(
    compilation: Compilation, stems: Collection[Rendered], finish: FinishFacts | None, scratch: Path
) -> tuple[Diagnostic, ...]:
    """A warning for each clipped stem, in the order of the stems.

    Raises:
        RenderError: a stem cannot be rendered again.
    """
    outputs = {output.target: output for output in compilation.graph.outputs}
    full = [stem for stem in stems if _is_full(stem, outputs[stem.target].encoding)]
    if not full:
        return ()
    peaks = _peaks(compilation, {stem.target for stem in full}, finish, scratch)
    return tuple(_warnings(compilation, full, peaks))


def _is_full(stem: Rendered, encoding: Encoding) -> bool:
    """Whether a sample is at either end of an integer format's range, and so may be clipped."""
    peak = stem.meta.sample_peak_dbfs
    if encoding.is_float or peak is None:
        return False
    return peak >= decibels(1 - 2.0 ** (1 - encoding.bits)) - 1e-4  # levels have four decimals


def _warnings(
    compilation: Compilation, stems: Collection[Rendered], peaks: dict[str, float]
) -> Iterator[Diagnostic]:
    origins = {output.target: output.origin for output in compilation.graph.outputs}
    for stem in stems:
        peak = peaks[stem.target]
        if peak > 1.0:
            over = decibels(peak)
            yield Diagnostic(
                Code.STEM_CLIPPED,
                f"the stem of {stem.target!r} exceeds full scale by {over:.2f} dB and was clipped",
                origins[stem.target],
                "use bit depth 32f, which does not clip, or turn the bus down by that amount",
                severity=Severity.WARNING,
            )


def _peaks(
    compilation: Compilation, targets: Collection[str], finish: FinishFacts | None, scratch: Path
) -> dict[str, float]:
    """The sample peaks of stems before any clipping, as factors of full scale."""
    graph = unbounded(compilation.graph, targets, finish)
    plan = plan_for(find_backend(compilation.plan.backend), graph, EmitOptions())
    with workspace(scratch, compilation.source_root) as spaces:
        executor = executor_for(compilation, plan, spaces)
        executor.run_steps(plan.steps, {})
        return {d.target: _peak(Path(spaces.path(d.file))) for d in plan.deliveries}


def unbounded(graph: Graph, targets: Collection[str], finish: FinishFacts | None) -> Graph:
    """The graph of these stems alone, in floating point, undithered, with every gain known."""

    def rule(node: Node) -> Node | str:
        if isinstance(node, Dither):
            return node.operands[0]
        if isinstance(node, Loudnorm):
            measured = finish.gain_db if finish else 0.0
            gain_db = measured if node.gain_db is None else node.gain_db
            return Gain(node.name, gain_db, operands=node.operands[:1], origin=node.origin)
        if isinstance(node, Output):
            return node.as_wav(Encoding.F32)
        return node

    def is_wanted(node: Node) -> bool:
        stem = isinstance(node, Output) and node.role is OutputRole.STEM and node.target in targets
        return stem or not isinstance(node, Output)

    changed = graph.rewrite(rule)
    kept = Graph(changed.sources, tuple(node for node in changed.nodes if is_wanted(node)))
    return DeadCode().rewrite(kept)


def _peak(path: Path) -> float:
    with soundfile.SoundFile(path) as audio:
        blocks = audio.blocks(blocksize=_BLOCK, dtype="float64")
        return max((float(np.abs(block).max(initial=0.0)) for block in blocks), default=0.0)
