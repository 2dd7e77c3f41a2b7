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
from .cluster import run_on_cluster
from .model import REPORT, BatchJob, BatchReport, BatchSettings, JobResult
from .places import is_url, write_text
from .pool import run_in_processes


class Display(Protocol):
    """Shows the progress of a batch."""

    def step(self, job: BatchJob, progress: Progress) -> None:
        """A step of a job goes on."""
        ...

    def note(self, text: str) -> None:
        """Nothing ends, for this reason."""
        ...

    def ended(self, result: JobResult) -> None:
        """A job has ended."""
        ...


def run_batch(
    jobs: Sequence[BatchJob],
    settings: BatchSettings,
    *,
    processes: int | None = None,
    scheduler: str | None = None,
    display: Display | None = None,
) -> BatchReport:
    """Render every job that can be rendered, and write the report into the output directory.

    Args:
        jobs: with names of their own.
        settings: the same for all.
        processes: how many jobs run at once; None: one per processor.
        scheduler: the address of the scheduler of a cluster, which runs them instead.
        display: what shows how far it is.

    Raises:
        MixdownError: the choices are wrong for every job; MIX604, the output directory cannot be
            written to.
    """
    chosen(settings.choices)
    if not is_url(settings.out):
        try:
            Path(settings.out).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise not_writable(Path(settings.out), error) from error
    count = processes or len(os.sched_getaffinity(0))
    results: dict[str, JobResult] = {}
    step, note = (display.step, display.note) if display else (_ignore, _ignore)
    running = (
        run_in_processes(jobs, settings, count, step)
        if scheduler is None
        else run_on_cluster(jobs, settings, scheduler, note)
    )
    with closing(running):
        for result in running:
            results[result.job.name] = result
            if display is not None:
                display.ended(result)
    report = BatchReport(tuple(results[job.name] for job in jobs))
    if is_url(settings.out):
        write_text(settings.out, REPORT, report.to_json())
    else:
        write_file(Path(settings.out) / REPORT, report.to_json())
    return report


def _ignore(*said: object) -> None:
    """Show nothing."""
