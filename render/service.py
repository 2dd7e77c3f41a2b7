"""render: a timeline becomes delivered, measured files.

Promises: either every file of the request and the manifest stand in the out directory, measured
and whole, or the out directory is as it was. The same timeline, request, sources and programs give
the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from attrs import evolve

from ..backends.native.meter.measure import Measurement
from ..compiler.driver import Compilation, compile_timeline
from ..compiler.facts import Facts, FinishFacts
from ..compiler.request import RenderRequest
from ..compiler.timeline.model import Timeline
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError
from ..ir.nodes import OutputRole
from ..presets.load import export_preset
from .delivery import check_shape, file_digest, levels_meta, measured
from .executor import Executor, Listener, Progress, ignore
from .loudness import Levels, judge
from .mastering import run_plan
from .result import MANIFEST, Rendered, RenderResult, manifest_text
from .tools import find_tools
from .workspace import Workspace, publish, workspace

MASTER = "master"
KINDS = {OutputRole.MASTER: "audio_render", OutputRole.STEM: "audio_bus_stem"}


def render_timeline(
    timeline: Timeline,
    request: RenderRequest,
    *,
    out: Path,
    listener: Listener = ignore,
) -> RenderResult:
    """Compile a timeline and render it into a directory.

    Facts of the request under which the master would pass its ceiling (they come from another
    version of a program, say) are dropped, and the master is measured anew.

    Args:
        timeline: what to mix.
        request: how to deliver it.
        out: the directory for master, stems and manifest; made where it is missing.
        listener: is told how far each step is.

    Raises:
        TimelineError, BackendError: as `compile_timeline`.
        RenderError: MIX6xx; the out directory is as it was.
    """
    compilation = compile_timeline(timeline, request)
    try:
        return render(compilation, out=out, listener=listener)
    except RenderError as error:
        over = any(d.code is Code.CEILING_MISSED for d in error.diagnostics)
        if not over or compilation.fact_key not in request.facts.finishes:
            raise
    afresh = compile_timeline(timeline, evolve(request, facts=Facts()))
    return render(afresh, out=out, listener=listener)


def render(compilation: Compilation, *, out: Path, listener: Listener = ignore) -> RenderResult:
    """Render what was compiled; arguments, result and errors as `render_timeline`."""
    plan, request = compilation.plan, compilation.request
    tools = find_tools(step.program for step in plan.steps)
    programs = {"mixdown": version("mixdown")}
    programs |= {name: tool.version_text for name, tool in tools.items()}
    with workspace(out, compilation.source_root) as spaces:
        executor = Executor(
            plan=plan,
            tool=tools.__getitem__,
            spaces=spaces,
            listener=listener,
            origins={node.name: node.origin for node in compilation.graph},
            documents=compilation.timeline.documents,
        )
        mastered = run_plan(executor, _measure_master)
        finish: FinishFacts | None
        if mastered is not None:
            finish, levels, warnings = mastered.finish, mastered.measurement, mastered.diagnostics
        else:
            finish = request.facts.finishes.get(compilation.fact_key)
            levels = _measure_master(Path(spaces.path(plan.deliveries[0].file)))
            warnings = _judge(request, levels)
        files = _inspect(compilation, spaces, programs, finish, levels, listener)
        diagnostics = (*compilation.diagnostics, *warnings)
        names = {d.target: d.file.path for d in plan.deliveries}
        text = manifest_text(
            compilation,
            files,
            names=names,
            programs=programs,
            finish=finish,
            diagnostics=diagnostics,
        )
        (spaces.staging / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
        *_, manifest = publish(spaces, (*names.values(), MANIFEST))
    return RenderResult(
        master=files[0],
        stems=files[1:],
        manifest=manifest,
        compilation=compilation,
        diagnostics=diagnostics,
        finish=finish,
        facts=request.facts.with_finish(compilation.fact_key, finish) if finish else request.facts,
    )


def _measure_master(path: Path) -> Measurement:
    return measured(path, MASTER)


def _judge(request: RenderRequest, levels: Measurement) -> tuple[Diagnostic, ...]:
    """What is to be said of a master that was made without the loudness loop."""
    preset = export_preset(request.export_preset)
    if preset.lufs is None:
        return ()
    return judge(preset.lufs, preset.ceiling_db, Levels(levels.integrated, levels.true_peak_dbtp))


def _inspect(
    compilation: Compilation,
    spaces: Workspace,
    programs: Mapping[str, str],
    finish: FinishFacts | None,
    master_levels: Measurement,
    listener: Listener,
) -> tuple[Rendered, ...]:
    """Check, measure and describe every staged file, the master first."""
    plan = compilation.plan
    files: list[Rendered] = []
    for index, delivery in enumerate(plan.deliveries):
        listener(Progress("check", "check and measure", index / len(plan.deliveries)))
        master = delivery.role is OutputRole.MASTER
        path = Path(spaces.path(delivery.file))
        known = compilation.meta[delivery.target]
        rate = check_shape(path, delivery.target, known)
        levels = master_levels if master else measured(path, delivery.target)
        files.append(
            Rendered(
                kind=KINDS[delivery.role],
                target=delivery.target,
                path=spaces.out / delivery.file.path,
                digest=file_digest(path),
                parent=None if master else files[0].digest,
                meta={
                    **known,
                    **levels_meta(levels, rate),
                    **(_finish_meta(finish) if master else {}),
                    "plan_digest": f"sha256:{plan.digest}",
                    "programs": dict(sorted(programs.items())),
                },
            )
        )
    listener(Progress("check", "check and measure", 1.0))
    return tuple(files)


def _finish_meta(finish: FinishFacts | None) -> dict[str, object]:
    """How the master reached its loudness; None throughout for a preset that asks for none."""
    return {
        "premaster_lufs": finish.integrated_lufs if finish else None,
        "loudness_gain_db": finish.gain_db if finish else None,
        "limiter_margin_db": finish.margin_db if finish else None,
    }
