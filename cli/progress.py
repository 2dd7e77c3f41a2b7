"""Progress bars with the remaining time, on standard error if it is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from ..render.batch.model import BatchJob, JobResult
    from ..render.progress import Listener, Progress


@contextmanager
def count_bar(what: str, total: int, *, wanted: bool) -> Iterator[Callable[[int], None]]:
    """A bar for a count; yields what sets how many are done. Draws only on a terminal."""
    if not wanted or total < 2 or not sys.stderr.isatty():
        yield lambda done: None
        return
    drawn = _bars("MofNCompleteColumn")
    task = drawn.add_task(what, total=total)
    with drawn:
        yield lambda done: drawn.update(task, completed=done)


def _bars(figure: str) -> Bars:
    """Bars with a description, a figure as the column of this name shows it, and the time left."""
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        getattr(progress, figure)(),
        progress.TimeRemainingColumn(elapsed_when_finished=True),
        console=Console(stderr=True),
        transient=True,
    )


_BARS_SHOWN = 8
"""Only the latest steps have bars: a plan for SoX has a step for every clip."""


@contextmanager
def progress_bars(*, wanted: bool) -> Iterator[Listener]:
    """A listener that draws a bar for each step; it does nothing if there is no terminal."""
    from ..ir.diagnostics import visible
    from ..render.progress import ignore

    if not wanted or not sys.stderr.isatty():
        yield ignore
        return
    drawn = _bars("TaskProgressColumn")
    tasks: dict[str, TaskID] = {}

    def draw(progress: Progress) -> None:
        # A repeated step starts a new bar under its new purpose.
        name = f"{progress.step}: {progress.purpose}"
        if name not in tasks:
            tasks[name] = drawn.add_task(visible(progress.purpose), total=1.0)
            for old in list(tasks.values())[:-_BARS_SHOWN][-1:]:
                drawn.update(old, visible=False)
        drawn.update(tasks[name], completed=progress.done)

    with drawn:
        yield draw


class BatchDisplay:
    """The progress of a batch, without a terminal: a line for each job that has ended."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0

    def step(self, job: BatchJob, progress: Progress) -> None:
        """Show how far a step of a job is."""

    def note(self, text: str) -> None:
        """Show why nothing ends."""
        from .console import print_text

        print_text(text, err=True)

    def ended(self, result: JobResult) -> None:
        """Show that a job has ended."""
        from .console import print_text

        self._done += 1
        line = f"[{self._done}/{self._total}] {result.job.name}: {result.status.value}"
        print_text(line, err=True)


class BatchBars(BatchDisplay):
    """The same on a terminal: a bar for the batch, and one for each job that is running."""

    def __init__(self, total: int, bars: Bars) -> None:
        super().__init__(total)
        self._bars, self._failed = bars, 0
        self._all = bars.add_task("", total=total)
        self._running: dict[str, TaskID] = {}
        self._describe()

    def step(self, job: BatchJob, progress: Progress) -> None:
        """Show how far a step of a job is."""
        from ..ir.diagnostics import visible

        text = visible(f"{job.name}: {progress.purpose}")
        if job.name not in self._running:
            self._running[job.name] = self._bars.add_task(text, total=1.0)
        self._bars.update(self._running[job.name], description=text, completed=progress.done)

    def note(self, text: str) -> None:
        """Show why nothing ends, in place of the count."""
        from ..ir.diagnostics import visible

        self._bars.update(self._all, description=visible(text))

    def ended(self, result: JobResult) -> None:
        """Take away the bar of a job that has ended."""
        self._done += 1
        self._failed += result.status.value == "failed"
        if result.job.name in self._running:
            self._bars.remove_task(self._running.pop(result.job.name))
        self._bars.update(self._all, completed=self._done)
        self._describe()

    def _describe(self) -> None:
        failed = f", {self._failed} failed" if self._failed else ""
        text = f"{self._done} of {self._total} done{failed}"
        self._bars.update(self._all, description=text)


@contextmanager
def batch_display(total: int, *, wanted: bool) -> Iterator[BatchDisplay | None]:
    """What shows the progress of so many jobs; None if nothing is to be shown."""
    if not wanted:
        yield None
    elif not sys.stderr.isatty():
        yield BatchDisplay(total)
    else:
        bars = _bars("TaskProgressColumn")
        with bars:
            yield BatchBars(total, bars)
