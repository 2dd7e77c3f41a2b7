"""Progress bars with the remaining time, on standard error if it is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

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
