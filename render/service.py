"""Renders a timeline to delivered, measured files.

A render either puts every requested file and the manifest, complete and measured, into the output
directory, or leaves the directory as it was. The same timeline, request, sources and programs give
the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Unpack, overload

from ..audio.meter.measure import Measurement
from ..compiler.choices import Choices, OwnChoices, ShippedChoices, chosen
from ..compiler.declared import MediaMode
from ..compiler.driver import Compilation, compile
from ..compiler.facts import Facts, FinishFacts
from ..compiler.graph_input import Mix
from ..compiler.options import CompileOptions
from ..compiler.request import RenderRequest
from ..documents.models import replace
from ..documents.writer import write_file
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError
from ..ir.nodes import LimitMode, Loudnorm, OutputRole, ShortLoudness
from ..plans.plan import Plan
from .broadcast import annotate
from .clipping import clipped_stems
from .delivery import check_shape, faulty, file_digest, levels_meta, loop_levels
from .executor import Listener, Progress, executor_for, ignore
from .loudness import extra_gain, judge, judge_peak
from .mastering import run_plan
from .recording import FileLoudness, FileMeter, FileRecord, Tap, record_file
from .report.stage import StagedReport, stage_report
from .result import (
    CHAPTERS,
    MANIFEST,
    Rendered,
    RenderedMeta,
    RenderResult,
    chapters_text,
    files_left,
    manifest_text,
)
from .workspace import Workspace, publish, workspace

MASTER = "master"


@overload
def render(
    timeline: Mix | str | Path,
    request: RenderRequest | None = None,
    options: CompileOptions | None = None,
    *,
    out: str | Path,
    report: bool = True,
    progress: Listener = ignore,
    jobs: int | None = None,
    **choices: Unpack[ShippedChoices],
) -> RenderResult: ...


@overload
def render(
    timeline: Mix | str | Path,
    request: RenderRequest | None = None,
    options: CompileOptions | None = None,
    *,
    out: str | Path,
    report: bool = True,
    progress: Listener = ignore,
    jobs: int | None = None,
    **choices: Unpack[OwnChoices],
) -> RenderResult: ...


def render(
    timeline: Mix | str | Path,
    request: RenderRequest | None = None,
    options: CompileOptions | None = None,
    *,
    out: str | Path,
    report: bool = True,
    progress: Listener = ignore,
    jobs: int | None = None,
    **choices: Unpack[Choices],
) -> RenderResult:
    """Render a mix to a master, stems and a manifest.

    If the master exceeds its ceiling with the given facts (because they were measured with another
    version of a program, for example), they are dropped and the master is measured again.

    Args:
        timeline: as for `compile`: a timeline, a graph, or the path of one.
        request: what to render; None: as the keywords say.
        options: how to compile it; None: as the keywords say.
        out: the output directory; created if it does not exist.
        report: whether to check the joins of the master and write the delivery report.
        progress: called with the progress of each step.
        jobs: the number of steps that may run at once; None: one per processor.
        choices: keywords that override `request` and `options`, see `Choices`; `facts` are those of
            `RenderResult.facts`.

    Returns:
        The master, stems and manifest, with measurements and metadata.

    Raises:
        MixdownError: a ValueError with every diagnostic; the output directory is as it was.
    """
    request, options = chosen(choices, request, options)
    options = replace(options, media=MediaMode.FILES)
    compilation = compile(timeline, request, options)
    deliver = partial(
        render_compilation, out=Path(out), report=report, progress=progress, jobs=jobs
    )
    try:
        return deliver(compilation)
    except RenderError as error:
        over = any(d.code is Code.CEILING_MISSED for d in error.diagnostics)
        if not over or compilation.fact_key not in compilation.request.facts.finishes:
            raise
    return deliver(
        compile(timeline, replace(request, facts=request.facts.without_finishes()), options)
    )


def render_compilation(
    compilation: Compilation,
    *,
    out: Path,
    report: bool = True,
    progress: Listener = ignore,
    jobs: int | None = None,
) -> RenderResult:
    """Render a compilation; arguments, result and errors as `render`."""
    plan, request = compilation.plan, compilation.request
    with workspace(out, compilation.source_root) as spaces:
        taps = _taps(plan, spaces)
        executor = executor_for(compilation, plan, spaces, listener=progress, jobs=jobs, taps=taps)
        executor.check_sources()
        record = partial(_record, compilation, taps)
        records: dict[str, FileRecord] = {}

        def measure(master: Path) -> Measurement:
            records[MASTER] = record(MASTER, master)
            return records[MASTER].levels

        programs = {"mixdown": version("mixdown")}
        programs |= {name: tool.version_text for name, tool in executor.tools.items()}
        mastered = run_plan(executor, measure)
        finish: FinishFacts | None
        if mastered is not None:
            finish, levels, warnings = mastered.finish, mastered.measurement, mastered.diagnostics
        else:
            finish = request.facts.finishes.get(compilation.fact_key)
            levels = measure(Path(spaces.path(plan.deliveries[0].file)))
            warnings = _judge(compilation, levels, finish)
        files = _inspect(compilation, spaces, programs, finish, record, records, progress)
        clipped = clipped_stems(compilation, files[1:], finish, spaces.work)
        diagnostics = (*compilation.diagnostics, *warnings, *clipped)
        names = {d.target: d.file.path for d in plan.deliveries}
        reported: StagedReport | None = None
        if report:
            curves = {target: found.curves for target, found in records.items()}
            reported = stage_report(
                compilation, spaces, files, curves, finish, programs, diagnostics, progress
            )
            executor.check_sources()  # the report reads them too
            diagnostics = (*diagnostics, *reported.diagnostics)
        chapters = chapters_text(compilation.timeline)
        if chapters is not None:
            write_file(spaces.staging / CHAPTERS, chapters)
        text = manifest_text(
            compilation,
            files,
            names=names,
            programs=programs,
            finish=finish,
            diagnostics=diagnostics,
            report=reported.names if reported else None,
            chapters=None if chapters is None else CHAPTERS,
        )
        write_file(spaces.staging / MANIFEST, text)
        beside = tuple(reported.names.values()) if reported else ()
        beside += () if chapters is None else (CHAPTERS,)
        written = (*names.values(), *beside, MANIFEST)
        diagnostics = (*diagnostics, *files_left(out, written))
        publish(spaces, written)
    return RenderResult(
        master=files[0],
        stems=files[1:],
        manifest=out / MANIFEST,
        report=reported.report if reported else None,
        report_page=out / reported.names["page"] if reported else None,
        chapters=None if chapters is None else out / CHAPTERS,
        compilation=compilation,
        diagnostics=diagnostics,
        finish=finish,
        facts=_facts(compilation, finish),
    )


def _taps(plan: Plan, spaces: Workspace) -> Mapping[Path, Tap[Any]]:
    """The meters of what is measured, for steps that run in this process."""
    taps: dict[Path, Tap[Any]] = {}
    if plan.loudness is not None:
        premaster = plan[plan.loudness.measure].inputs[0]
        padded = plan.loudness.short is ShortLoudness.MOMENTARY
        taps[Path(spaces.path(premaster))] = Tap(partial(FileLoudness, padded=padded))
    for delivery in plan.deliveries:
        # Dropouts are looked for in the master.
        meter = partial(FileMeter, finds_empty=delivery.role is OutputRole.MASTER)
        taps[Path(spaces.path(delivery.file))] = Tap(meter)
    return taps


def _record(
    compilation: Compilation, taps: Mapping[Path, Tap[Any]], target: str, path: Path
) -> FileRecord:
    """The record of the file of a target, without samples that a decoder appends.

    Raises:
        RenderError: MIX603, it contains NaN or infinite samples, or cannot be read.
    """
    if not taps[path].has_begun:
        return record_file(path, target, compilation.meta[target].samples)
    try:
        found: FileRecord = taps[path].result()
    except ValueError as error:
        raise faulty(target, f"cannot be measured: {error}") from error
    return found


def _facts(compilation: Compilation, finish: FinishFacts | None) -> Facts:
    """Those of the request, and what this mix was compiled from and measured."""
    surveys = {survey.key: survey for survey in compilation.surveys.values()}
    facts = compilation.request.facts.with_surveys(surveys)
    return facts if finish is None else facts.with_finish(compilation.fact_key, finish)


def _judge(
    compilation: Compilation, levels: Measurement, finish: FinishFacts | None
) -> tuple[Diagnostic, ...]:
    """The warnings about a master that was rendered without the loudness loop."""
    meta = compilation.meta[MASTER]
    target, ceiling = meta.loudnorm_target, meta.limiter_thresh
    if ceiling is None:
        return ()
    if target is None:
        if compilation.request.export.limit is LimitMode.TRUE_PEAK:
            return judge_peak(ceiling, levels.true_peak_dbtp, "true peak", "dBTP")
        return judge_peak(ceiling, levels.sample_peak_dbfs, "sample peak", "dBFS")
    gains = (node for node in compilation.graph if isinstance(node, Loudnorm))
    short = next((node.short for node in gains), ShortLoudness.NONE)
    heard = loop_levels(levels, short)
    if finish is None:
        return judge(target, ceiling, heard)
    premaster = -math.inf if finish.integrated_lufs is None else finish.integrated_lufs
    extra = extra_gain(target, premaster, finish.gain_db)
    return judge(target, ceiling, heard, extra, finish.margin_db)


def _inspect(
    compilation: Compilation,
    spaces: Workspace,
    programs: Mapping[str, str],
    finish: FinishFacts | None,
    record: Callable[[str, Path], FileRecord],
    records: dict[str, FileRecord],
    listener: Listener,
) -> tuple[Rendered, ...]:
    """Check, record and describe every staged file, the master first, which is recorded already."""
    plan = compilation.plan
    files: list[Rendered] = []
    for index, delivery in enumerate(plan.deliveries):
        listener(Progress("check", "check and measure", index / len(plan.deliveries)))
        master = delivery.role is OutputRole.MASTER
        path = Path(spaces.path(delivery.file))
        known = compilation.meta[delivery.target]
        rate = check_shape(path, delivery.target, known)
        if not master:
            records[delivery.target] = record(delivery.target, path)
        levels = records[delivery.target].levels
        meta = RenderedMeta.of(
            known,
            levels_meta(levels, rate),
            finish if master else None,
            f"sha256:{plan.digest}",
            programs,
        )
        program = f"mixdown {programs['mixdown']}" if compilation.request.broadcast else None
        annotate(path, compilation.timeline.markers, meta, levels, program=program)
        files.append(
            Rendered(
                kind=known.kind,
                target=delivery.target,
                path=spaces.out / delivery.file.path,
                digest=file_digest(path),
                parent=None if master else files[0].digest,
                meta=meta,
            )
        )
    listener(Progress("check", "check and measure", 1.0))
    return tuple(files)
