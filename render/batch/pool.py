"""Runs the jobs of a batch in processes of this machine."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Sequence
from functools import partial

from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic
from ..processes import ATTEMPTS, Say, each_in_processes
from ..progress import Progress
from .model import BatchJob, BatchSettings, JobResult
from .work import failed, run_job

_SECONDS_BETWEEN = 0.1  # messages about progress


def run_in_processes(
    jobs: Sequence[BatchJob],
    settings: BatchSettings,
    processes: int,
    progress: Callable[[BatchJob, Progress], None],
) -> Generator[JobResult, None, None]:
    """Run the jobs, so many at a time; yields results as they come.

    Args:
        jobs: in the order in which they start.
        settings: of the batch.
        processes: how many jobs run at a time; each has its share of the processors.
        progress: called in this thread with the progress of a job's steps.
    """
    steps = max(1, len(os.sched_getaffinity(0)) // processes)
    ended = each_in_processes(
        partial(_work, settings, steps),
        jobs,
        jobs=processes,
        on_said=lambda number, said: progress(jobs[number], said),
    )
    for number, result in ended:
        yield result or _lost(jobs[number])


def _work(settings: BatchSettings, steps: int, job: BatchJob, say: Say) -> JobResult:
    """Run a job in a process of the pool; its progress is sent a few times a second."""
    lock, sent, purpose = threading.Lock(), 0.0, ""

    def report(progress: Progress) -> None:
        """Called in the threads of a render."""
        nonlocal sent, purpose
        with lock:
            now = time.monotonic()
            if progress.purpose == purpose and now - sent < _SECONDS_BETWEEN:
                return
            sent, purpose = now, progress.purpose
        say(progress)

    return run_job(job, settings, report, steps)


def _lost(job: BatchJob) -> JobResult:
    message = f"the process that rendered {job.name!r} was killed {ATTEMPTS} times"
    help = "if memory ran out, give fewer --jobs"
    return failed(job, (Diagnostic(Code.RENDER_DIED, message, help=help),))
