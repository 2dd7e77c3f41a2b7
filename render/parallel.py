"""Runs steps that do not wait for each other at the same time.

Promises: it ends as running them one after the other, in their order, would have ended. Of several
failures the one of the first step in that order counts, whichever happened first: a failure stops
the steps behind it, and those before it run to their end, because one of them may fail too.
Whatever interrupts the caller (Ctrl-C, a signal) ends every step first. Steps that run in this
process do so one at a time, so that their memory does not multiply.
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
_TICK = 0.2  # a signal that another thread took is noticed after so many seconds


def processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_steps(
    steps: Sequence[Step], run: Callable[[Step, Stop], Result], jobs: int
) -> dict[str, Result]:
    """Run steps whose other predecessors have run.

    Args:
        steps: in an order in which they can run.
        run: runs one, until it is told to stop; called from several threads.
        jobs: how many may run at once; with 1 all run in the calling thread.

    Returns:
        What `run` gave for each, by the step's id, in the order of the steps.

    Raises:
        What `run` raised for the first step that failed.
    """
    if jobs == 1 or len(steps) <= 1:
        return {step.id: run(step, Stop()) for step in steps}
    return _Crew(steps, run, jobs).work()


@define
class _Crew(Generic[Result]):
    """The steps of one call, by their number in it; everything below is held by `_changed`."""

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

    def work(self) -> dict[str, Result]:
        try:
            with self._changed:
                while self._start_what_can() or self._running:
                    self._changed.wait(_TICK)
        except BaseException:
            self._end_all()
            raise
        if self._failures:
            raise self._failures[min(self._failures)]
        return {step.id: self._results[number] for number, step in enumerate(self._steps)}

    def _start_what_can(self) -> bool:
        """Start the first steps that wait for nothing; whether any was started."""
        started = False
        for number in range(len(self._steps)):
            if len(self._running) < self._jobs and self._can_start(number):
                stop = Stop()
                thread = threading.Thread(target=self._do, args=(number, stop), daemon=True)
                self._running[number] = (thread, stop)
                thread.start()
                started = True
        return started

    def _can_start(self, number: int) -> bool:
        step = self._steps[number]
        if number in self._running or number in self._results or self._is_pointless(number):
            return False
        if step.program == OURSELVES and any(
            self._steps[other].program == OURSELVES for other in self._running
        ):
            return False
        return all(self._numbers[id] in self._results for id in step.after if id in self._numbers)

    def _is_pointless(self, number: int) -> bool:
        """Whether a step before it, or it itself, has failed."""
        return bool(self._failures) and number >= min(self._failures)

    def _do(self, number: int, stop: Stop) -> None:
        """In a thread of its own: run one step."""
        try:
            result = self._run(self._steps[number], stop)
        except BaseException as error:
            with self._changed:
                if not stop.asked:
                    self._failures[number] = error
                    self._stop_behind(number)
                del self._running[number]
                self._changed.notify()
        else:
            with self._changed:
                self._results[number] = result
                del self._running[number]
                self._changed.notify()

    def _stop_behind(self, number: int) -> None:
        for other, (_, stop) in self._running.items():
            if other > number:
                stop.ask()

    def _end_all(self) -> None:
        with self._changed:
            running = list(self._running.values())
        for _, stop in running:
            stop.ask()
        for thread, _ in running:
            thread.join(_SECONDS_TO_END)
