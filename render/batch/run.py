"""Runs a batch to its end, wherever its jobs run, and writes its report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

from ...compiler.choices import chosen
from ...documents.writer import not_writable, write_file
from ..progress import Progress
from .model import REPORT, BatchJob, BatchReport, BatchSettings, JobResult
from .pool import run_in_processes


class Display(Protocol):
    """Shows the progress of a batch."""

    def step(self, job: BatchJob, progress: Progress) -> None:
        """A step of a job goes on."""
        ...

    def ended(self, result: JobResult) -> None:
        """A job has ended."""
        ...


def run_batch(
    jobs: Sequence[BatchJob],
    settings: BatchSettings,
    *,
    processes: int | None = None,
    display: Display | None = None,
) -> BatchReport:
    """Render every job that can be rendered, and write the report into the output directory.

    Args:
        jobs: with names of their own.
        settings: the same for all.
        processes: how many jobs run at once; None: one per processor.
        display: what shows how far it is.

    Raises:
        MixdownError: the choices are wrong for every job; MIX604, the output directory cannot be
            written to.
    """
    chosen(settings.choices)
    out = Path(settings.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(out, error) from error
    count = processes or len(os.sched_getaffinity(0))
    results: dict[str, JobResult] = {}
    step = _ignore if display is None else display.step
    with closing(run_in_processes(jobs, settings, count, step)) as running:
        for result in running:
            results[result.job.name] = result
            if display is not None:
                display.ended(result)
    report = BatchReport(tuple(results[job.name] for job in jobs))
    write_file(out / REPORT, report.to_json())
    return report


def _ignore(job: BatchJob, progress: Progress) -> None:
    """Show no progress."""
