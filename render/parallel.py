"""Runs independent steps at the same time.

Promises: the outcome is that of running the steps one after the other, in their order. Of several
failures, the failure of the first step in that order is reported, whichever came first in time: a
failure stops the steps after it, and the steps before it run to their end, because one of them may
fail too. An interrupt of the caller (Ctrl-C, a signal) first ends every step. Of the steps that run
in this process only one runs at a time, so that their memory does not add up.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from attrs import define, field

from ..plans.plan import OURSELVES, Step
from ..programs.run import Stop

Result = TypeVar("Result")

_SECONDS_TO_END = 10.0
_TICK = 0.2  # seconds after which a signal that another thread received is noticed at the latest


def processors() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_steps(
    steps: Sequence[Step], run: Callable[[Step, Stop], Result], jobs: int
) -> dict[str, Result]:
    """Run steps whose predecessors outside of `steps` have run.

    Args:
        steps: in an order in which they can run.
        run: runs a step until it is asked to stop; called from several threads.
        jobs: how many may run at once; with 1 all run in the calling thread.

    Returns:
        The result of each step, by its id, in the order of the steps.

    Raises:
        The exception of the first step that failed.
    """
    if jobs == 1 or len(steps) <= 1:
        return {step.id: run(step, Stop()) for step in steps}
    return _Scheduler(steps, run, jobs).run_all()


@define
class _Scheduler(Generic[Result]):
    """The steps of one call, by their number in it; `_changed` guards all that changes."""

    _steps: Sequence[Step]
    _run: Callable[[Step, Stop], Result]
    _jobs: int
    _numbers: dict[str, int] = field(init=False)
    _changed: threading.Condition = field(factory=threading.Condition)
    _running: dict[int, tuple[threading.Thread, Stop]] = field(factory=dict)
    _results: dict[int, Result] = field(factory=dict)
    _failures: dict[int, BaseException] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self._numbers = {step.id: number for number, step in enumerate(self._steps)}

    def run_all(self) -> dict[str, Result]:
        try:
            with self._changed:
                while self._start_ready() or self._running:
                    self._changed.wait(_TICK)
        except BaseException:
            self._end_all()
            raise
        if self._failures:
            raise self._failures[min(self._failures)]
        return {step.id: self._results[number] for number, step in enumerate(self._steps)}

    def _start_ready(self) -> bool:
        """Start the first steps that are ready; return whether any was started."""
        started = False
        for number in range(len(self._steps)):
            if len(self._running) < self._jobs and self._can_start(number):
                stop = Stop()
                thread = threading.Thread(target=self._work, args=(number, stop), daemon=True)
                self._running[number] = (thread, stop)
                thread.start()
                started = True
        return started

    def _can_start(self, number: int) -> bool:
        step = self._steps[number]
        if number in self._running or number in self._results or self._is_cancelled(number):
            return False
        if step.program == OURSELVES and any(
            self._steps[other].program == OURSELVES for other in self._running
        ):
            return False
        return all(self._numbers[id] in self._results for id in step.after if id in self._numbers)

    def _is_cancelled(self, number: int) -> bool:
        """Whether this step or an earlier one has failed."""
        return bool(self._failures) and number >= min(self._failures)

    def _work(self, number: int, stop: Stop) -> None:
        """Run one step, in a thread of its own; not if it was stopped before it began."""
        with self._changed:
            if stop.asked:
                self._end(number)
                return
        try:
            result = self._run(self._steps[number], stop)
        except BaseException as error:
            with self._changed:
                if not stop.asked:
                    self._failures[number] = error
                    self._stop_after(number)
                self._end(number)
        else:
            with self._changed:
                self._results[number] = result
                self._end(number)

    def _end(self, number: int) -> None:
        """Note that a step no longer runs."""
        del self._running[number]
        self._changed.notify()

    def _stop_after(self, number: int) -> None:
        """Ask the running steps after this one to stop."""
        for other, (_, stop) in self._running.items():
            if other > number:
                stop.ask()

    def _end_all(self) -> None:
        """Stop all running steps and wait for them."""
        with self._changed:
            running = list(self._running.values())
            for _, stop in running:
                stop.ask()
        for thread, _ in running:
            if thread.is_alive():  # if not, it has ended, or an interrupt came before its start
                thread.join(_SECONDS_TO_END)
