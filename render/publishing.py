"""Renders the mixes of one timeline into one directory, and publishes their files together.

Promises: a directory gets every file of a render, complete and measured, with the report and the
manifest that describe them, or stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import evolve

from ..compiler.driver import Compilation
from ..compiler.request import FileRequest
from ..documents.writer import write_file
from ..ir.diagnostics import Diagnostic
from .cache_use import cache_report
from .delivery import file_digest
from .mixes import Premaster, StagedMix, check_names, placed, stage_mix
from .progress import Listener
from .report.stage import StagedReport, stage_report
from .result import (
    CHAPTERS,
    MANIFEST,
    RenderResult,
    chapters_text,
    files_left,
    manifest_text,
    measured_facts,
)
from .workspace import publish, workspace


def publish_mixes(
    mixes: Sequence[tuple[FileRequest, Compilation]],
    inputs_digest: str,
    *,
    out: Path,
    report: bool,
    progress: Listener,
    jobs: int | None,
) -> RenderResult:
    """Render compilations of one timeline; `inputs_digest` is recorded, the rest is as of `render`.

    The first has the stems, the report's curves and the checks of the joins. Compilations with the
    same premaster make and measure it once.
    """
    check_names(mixes)
    compilation = mixes[0][1]
    with workspace(out, compilation.source_root) as spaces:
        staged: list[StagedMix] = []
        premasters: dict[str, Premaster] = {}
        for number, (file, mix) in enumerate(mixes):
            known = premasters.get(mix.keys.premaster)
            part = spaces.part(number, placed(file, mix, spaces))
            listener = _named(progress, file) if len(mixes) > 1 else progress
            staged.append(stage_mix(file, mix, part, known, listener, jobs))
            made = staged[-1].premaster
            if made is not None and mix.keys.premaster:
                premasters.setdefault(mix.keys.premaster, made)
        diagnostics = _each_once(d for mix in staged for d in mix.diagnostics)
        reported: StagedReport | None = None
        if report:
            reported = stage_report(staged, diagnostics, progress)
            diagnostics = (*diagnostics, *reported.diagnostics)
        chapters = chapters_text(compilation.timeline)
        if chapters is not None:
            write_file(spaces.staging / CHAPTERS, chapters)
        delivered = tuple(mix.delivered for mix in staged)
        beside = tuple(reported.names.values()) if reported else ()
        beside += () if chapters is None else (CHAPTERS,)
        text = manifest_text(
            delivered,
            diagnostics=diagnostics,
            report=reported.names if reported else None,
            chapters=None if chapters is None else CHAPTERS,
            files={name: file_digest(spaces.staging / name) for name in beside},
            inputs_digest=inputs_digest,
        )
        write_file(spaces.staging / MANIFEST, text)
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
        facts=measured_facts(delivered),
        cache=cache_report(
            [use for mix in staged for use in mix.executor.kept.uses.values()],
            compilation,
            out,
            staged[0].executor.kept.cache,
        ),
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
