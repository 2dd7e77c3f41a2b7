"""Renders one job of a batch, in whatever process it is given to.

Promises: every problem of the job is in its result; only what ends the process, such as a signal,
is raised. The same job gives the same files wherever it runs.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve

from ...compiler.graph_input import open_mix
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, MixdownError, rendered
from ...ir.origin import Documents
from ..progress import Listener, ignore
from ..result import Rendered, RenderResult
from ..service import render
from .model import BatchFile, BatchJob, BatchSettings, JobResult, JobStatus
from .places import delivered, fetched, is_url


def run_job(
    job: BatchJob,
    settings: BatchSettings,
    progress: Listener = ignore,
    steps: int | None = None,
) -> JobResult:
    """Render a job into its directory, unless its files are there already.

    Args:
        job: the job.
        settings: of its batch.
        progress: called with the progress of each step.
        steps: how many steps may run at once; None: one per processor.
    """
    try:
        with fetched(
            job.document, allow_outside=settings.allow_outside, variables=job.variables
        ) as document:
            result = _attempt(job, settings, document, progress, steps)
    except MixdownError as error:
        return failed(job, error.diagnostics, error.documents)
    return result if not is_url(job.document) else _at_url(result, document.parent)


def _attempt(
    job: BatchJob,
    settings: BatchSettings,
    document: Path,
    progress: Listener,
    steps: int | None,
) -> JobResult:
    """Render a job from its document on this machine."""
    try:
        mix = open_mix(document, allow_outside=settings.allow_outside, variables=job.variables)
        with delivered(settings.out, job.name) as out:
            result = render(
                mix,
                out=out,
                report=settings.report,
                progress=progress,
                jobs=steps,
                force=settings.force,
                **settings.choices,
            )
            ids = _kept(result, settings)
    except MixdownError as error:
        return failed(job, error.diagnostics, error.documents)
    except Exception as error:
        traceback.print_exception(error)
        return failed(job, (_bug(job, error),))
    documents = result.compilation.timeline.documents
    strict = bool(settings.choices.get("strict"))
    return JobResult(
        job=job,
        status=JobStatus.UNCHANGED if result.unchanged else JobStatus.RENDERED,
        ok=result.holds(strict=strict),
        passed=None if result.report is None else result.report.passed,
        files=tuple(_file(file, id) for file, id in zip(result.files, ids, strict=True)),
        diagnostics=tuple(d.to_dict(documents) for d in result.diagnostics),
        text=tuple(rendered(result.diagnostics, documents)),
    )


def _at_url(result: JobResult, folder: Path) -> JobResult:
    """The result of a document that was fetched into a folder, with its URL in messages."""
    here, there = str(folder), result.job.document.rpartition("/")[0]
    data = json.dumps(result.diagnostics).replace(here, there)
    text = tuple((severity, text.replace(here, there)) for severity, text in result.text)
    return evolve(result, diagnostics=tuple(json.loads(data)), text=text)


def failed(
    job: BatchJob, diagnostics: Sequence[Diagnostic], documents: Documents | None = None
) -> JobResult:
    """The result of a job that could not be rendered."""
    known = documents or {}
    return JobResult(
        job=job,
        status=JobStatus.FAILED,
        ok=False,
        diagnostics=tuple(d.to_dict(known) for d in diagnostics),
        text=tuple(rendered(diagnostics, known)),
    )


def _bug(job: BatchJob, error: Exception) -> Diagnostic:
    return Diagnostic(
        Code.RENDER_DIED,
        f"the render of {job.name!r} ended without a result: {type(error).__name__}: {error}",
        help="this is a bug in mixdown; please report it with the lines on standard error",
    )


def _kept(result: RenderResult, settings: BatchSettings) -> Sequence[str | None]:
    """The ids of the files in the registry; None for each without a store."""
    if settings.store is None:
        return [None] * len(result.files)
    from ..artifacts.service import AudioRenderService  # noqa: PLC0415 (SQLAlchemy)

    service = AudioRenderService.open(settings.store, settings.registry)
    return [artifact.id for artifact in service.keep(result).artifacts]


def _file(file: Rendered, artifact: str | None) -> BatchFile:
    return BatchFile(
        file=file.path.name,
        kind=file.kind,
        target=file.target,
        digest=file.digest,
        artifact=artifact,
        integrated_lufs=file.meta.integrated_lufs,
        true_peak_dbtp=file.meta.true_peak_dbtp,
        duration_s=file.meta.duration_s,
    )
