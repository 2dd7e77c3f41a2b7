"""Renders a timeline to delivered, measured files.

A render either puts every requested file and the manifest, complete and measured, into the output
directory, or leaves the directory as it was. The same timeline, request, sources and programs give
the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Unpack, overload

from attrs import evolve

from ..compiler.choices import Choices, OwnChoices, ShippedChoices, chosen
from ..compiler.declared import MediaMode
from ..compiler.driver import Compilation, compile
from ..compiler.facts import Facts
from ..compiler.graph_input import GraphFile, Mix, open_mix, opened
from ..compiler.options import CompileOptions
from ..compiler.request import FileRequest, RenderRequest
from ..documents.models import replace
from ..documents.writer import write_file
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError, TimelineError
from .executor import Listener, ignore
from .mixes import Premaster, StagedMix, check_names, placed, stage_mix
from .report.stage import StagedReport, stage_report
from .result import (
    CHAPTERS,
    MANIFEST,
    Delivered,
    RenderResult,
    chapters_text,
    files_left,
    manifest_text,
)
from .workspace import publish, workspace


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
    mix = opened(timeline, MediaMode.FILES, options.variables)
    mix = open_mix(mix) if isinstance(mix, str | Path) else mix
    options = replace(options, media=MediaMode.FILES, variables={})
    if isinstance(mix, GraphFile) and request.deliver:
        message = "a graph states its own delivery, and these choices have several"
        raise TimelineError.of(Code.BAD_REQUEST, message, help="choose one preset and one format")
    deliver = partial(render_mixes, out=Path(out), report=report, progress=progress, jobs=jobs)
    mixes = [(file, compile(mix, file.request, options)) for file in request.files]
    try:
        return deliver(mixes)
    except RenderError as error:
        over = any(d.code is Code.CEILING_MISSED for d in error.diagnostics)
        known = request.facts.finishes
        if not over or all(compilation.fact_key not in known for _, compilation in mixes):
            raise
    anew = replace(request, facts=request.facts.without_finishes())
    return deliver([(file, compile(mix, file.request, options)) for file in anew.files])


def render_mixes(
    mixes: Sequence[tuple[FileRequest, Compilation]],
    *,
    out: Path,
    report: bool = True,
    progress: Listener = ignore,
    jobs: int | None = None,
) -> RenderResult:
    """Render compilations of one timeline into one directory; the rest as `render`.

    The first has the stems, the report's curves and the checks of the joins. Compilations with the
    same premaster make and measure it once.
    """
    check_names(mixes)
    compilation = mixes[0][1]
    with workspace(out, compilation.source_root) as spaces:
        staged: list[StagedMix] = []
        premasters: dict[str, Premaster] = {}
        for number, (file, mix) in enumerate(mixes):
            known = premasters.get(mix.premaster_key)
            part = spaces.part(number, placed(file, mix, spaces))
            listener = _named(progress, file) if len(mixes) > 1 else progress
            staged.append(stage_mix(file, mix, part, known, listener, jobs))
            made = staged[-1].premaster
            if made is not None and mix.premaster_key:
                premasters.setdefault(mix.premaster_key, made)
        diagnostics = _each_once(d for mix in staged for d in mix.diagnostics)
        reported: StagedReport | None = None
        if report:
            reported = stage_report(staged, diagnostics, progress)
            diagnostics = (*diagnostics, *reported.diagnostics)
        chapters = chapters_text(compilation.timeline)
        if chapters is not None:
            write_file(spaces.staging / CHAPTERS, chapters)
        delivered = tuple(mix.delivered for mix in staged)
        text = manifest_text(
            delivered,
            diagnostics=diagnostics,
            report=reported.names if reported else None,
            chapters=None if chapters is None else CHAPTERS,
        )
        write_file(spaces.staging / MANIFEST, text)
        beside = tuple(reported.names.values()) if reported else ()
        beside += () if chapters is None else (CHAPTERS,)
        written = (*(f.path.name for mix in delivered for f in mix.files), *beside, MANIFEST)
        diagnostics = (*diagnostics, *files_left(out, written))
        publish(spaces, written)
    return RenderResult(
        deliveries=delivered,
        manifest=out / MANIFEST,
        report=reported.report if reported else None,
        report_page=out / reported.names["page"] if reported else None,
        chapters=None if chapters is None else out / CHAPTERS,
        diagnostics=diagnostics,
        facts=_facts(delivered),
    )


def _named(listener: Listener, file: FileRequest) -> Listener:
    """A listener that names the file of a step too."""
    name = f"{file.file}.{file.request.export.container}"
    return lambda p: listener(evolve(p, step=f"{name}: {p.step}", purpose=f"{name}: {p.purpose}"))


def _each_once(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics of several compilations of a timeline, in order."""
    found: list[Diagnostic] = []
    for diagnostic in diagnostics:
        if diagnostic not in found:
            found.append(diagnostic)
    return tuple(found)


def _facts(delivered: Sequence[Delivered]) -> Facts:
    """Those of the request, and what this render was compiled from and measured."""
    facts = delivered[0].compilation.request.facts
    for mix in delivered:
        surveys = {survey.key: survey for survey in mix.compilation.surveys.values()}
        facts = facts.with_surveys(surveys)
        if mix.finish is not None:
            facts = facts.with_finish(mix.compilation.fact_key, mix.finish)
    return facts
