"""Applies a function to items in processes; a process that dies costs no other item.

Every process has a pipe of its own and nothing else in common with its siblings. A pool with one
queue for all results, such as `concurrent.futures.ProcessPoolExecutor`, has one lock for all: a
process that is killed while it holds the lock blocks the others, and whatever waits for them, for
ever.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any, NoReturn, TypeVar

from attrs import frozen

from .allocation import keep_freed_memory

Say = Callable[[object], None]
Item = TypeVar("Item")
Result = TypeVar("Result")

_SECONDS_TO_UNWIND = 5.0
"""The time allowed for a task to end its program and to remove its files."""

ATTEMPTS = 2
"""An item whose process dies is tried again: the machine may have been short of memory."""


@frozen(eq=False)
class _Worker:
    process: BaseProcess
    pipe: Connection


def map_in_processes(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    jobs: int,
    on_done: Callable[[int], None] = lambda done: None,
) -> tuple[Result | None, ...]:
    """The result of each item, in their order; None where the process died twice.

    Args:
        work: a function that pickle finds by its name and that raises nothing.
        items: its arguments.
        jobs: as of `each_in_processes`.
        on_done: called with the number of items done, after each item.
    """
    results: list[Result | None] = [None] * len(items)
    ended = each_in_processes(partial(_wordless, work), items, jobs=jobs)
    for done, (number, result) in enumerate(ended, 1):
        results[number] = result
        on_done(done)
    return tuple(results)


def each_in_processes(
    work: Callable[[Item, Say], Result],
    items: Sequence[Item],
    *,
    jobs: int,
    on_said: Callable[[int, Any], None] = lambda number, said: None,
) -> Iterator[tuple[int, Result | None]]:
    """Yields the number and the result of each item as it is done; None: the process died twice.

    No process is left behind, also after an interrupt, or if the iterator is closed.

    Args:
        work: a function that pickle finds by its name and that raises nothing; it is also given a
            function that sends a message while it works.
        items: its arguments.
        jobs: the number of processes, at least 1. Processes started by your own program import its
            main module again, so guard its code with `if __name__ == "__main__"`.
        on_said: called with the number of an item and a message from its work.
    """
    upcoming = [(number, 1) for number in reversed(range(len(items)))]
    running: dict[_Worker, tuple[int, int]] = {}
    with _workers(work) as start:
        idle = [start() for _ in range(min(jobs, len(items)))]
        while upcoming or running:
            while idle and upcoming:
                worker = idle.pop()
                running[worker] = number, _ = upcoming.pop()
                with suppress(BrokenPipeError):  # it has died; its end is read below
                    worker.pipe.send(items[number])
            ready = wait([worker.pipe for worker in running])
            for worker in [worker for worker in running if worker.pipe in ready]:
                number, attempt = running[worker]
                result = None
                try:
                    is_result, said = worker.pipe.recv()
                except (EOFError, ConnectionResetError):
                    del running[worker]
                    idle.append(start())
                    if attempt < ATTEMPTS:
                        upcoming.append((number, attempt + 1))
                        continue
                else:
                    if not is_result:
                        on_said(number, said)
                        continue
                    del running[worker]
                    idle.append(worker)
                    result = said
                yield number, result


def _wordless(work: Callable[[Item], Result], item: Item, say: Say) -> Result:
    """Work that sends no messages."""
    return work(item)


@contextmanager
def _workers(work: Callable[[Item, Say], Result]) -> Iterator[Callable[[], _Worker]]:
    """Start processes that end with this block, at once if it is interrupted.

    They are spawned, not forked: the fork of a process with threads may hold locks that are never
    released.
    """
    context = multiprocessing.get_context("spawn")
    workers: list[_Worker] = []

    def start() -> _Worker:
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(work, theirs), daemon=True)
        with _interrupts_held():
            process.start()
            workers.append(_Worker(process, ours))
        theirs.close()
        return workers[-1]

    try:
        yield start
        for worker in workers:
            worker.pipe.close()
    except BaseException:
        for worker in workers:
            worker.process.terminate()
        raise
    finally:
        latest = time.monotonic() + _SECONDS_TO_UNWIND
        for worker in workers:
            worker.process.join(max(0.0, latest - time.monotonic()))
            worker.process.kill()
            worker.process.join()
            worker.process.close()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Start processes that never see Ctrl-C or a hang-up: the parent ends their tasks.

    A parent that stopped while it starts one would leave it with half of what it reads, and a
    traceback. The mask, which processes inherit, does not hold a signal that another thread of the
    parent takes, so its own handlers wait as well.
    """
    held: list[int] = []
    handlers: dict[signal.Signals, Any] = {}
    resource_tracker.ensure_running()  # which a start would begin with, and then unblock Ctrl-C
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    if threading.current_thread() is threading.main_thread():
        for name in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            handlers[name] = signal.signal(name, lambda number, _: held.append(number))
    try:
        yield
    finally:
        for name, handler in handlers.items():
            signal.signal(name, handler or signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number in held:
            signal.raise_signal(number)


def _serve(work: Callable[[Item, Say], Result], pipe: Connection) -> None:
    """The main function of a process: results for items, until the pipe is closed.

    SIGTERM unwinds a task, which removes its files and programs. The process ends with its parent,
    even if that was killed.
    """
    signal.signal(signal.SIGTERM, _unwind)
    keep_freed_memory()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    lock = threading.Lock()

    def send(is_result: bool, said: object) -> None:
        with lock:  # the threads of a task send, too
            pipe.send((is_result, said))

    with suppress(EOFError, BrokenPipeError):
        while True:
            send(True, work(pipe.recv(), partial(send, False)))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SECONDS_TO_UNWIND)
    os.kill(os.getpid(), signal.SIGKILL)


def _unwind(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(number)
