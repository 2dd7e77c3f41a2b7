"""Runs one child process to its end.

Promises: the child's output is read as it comes, so that it never blocks; of its errors only the
tail is kept; and whatever interrupts the caller ends the child first. Another thread may end it too
(`Stop`).
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from attrs import frozen

_LINES_KEPT = 200
_LINE_LENGTH = 2000
_SECONDS_TO_END = 3.0

# Messages that do not depend on who runs it, and without colours.
_ENVIRONMENT = {"LC_ALL": "C", "AV_LOG_FORCE_NOCOLOR": "1"}


@frozen
class Completed:
    """How a process ended: its exit status (negative: the signal) and the tail of its errors."""

    status: int
    errors: tuple[str, ...]


class Stop:
    """Asks a run, from another thread, to end: its child is ended, politely and then surely."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self.asked = False

    def ask(self) -> None:
        """End what runs, and whatever would be started."""
        with self._lock:
            self.asked = True
            child = self._child
        if child is not None:
            _ask_to_end(child)

    def concerns(self, child: subprocess.Popen[str] | None) -> None:
        """Say which child runs now; None: none."""
        with self._lock:
            self._child = child
            asked = self.asked
        if asked and child is not None:
            _ask_to_end(child)


class StoppedError(Exception):
    """A run ended because it was asked to."""


def _ask_to_end(child: subprocess.Popen[str]) -> None:
    child.terminate()
    killer = threading.Timer(_SECONDS_TO_END, child.kill)
    killer.daemon = True
    killer.start()


def run_process(
    argv: Sequence[str], directory: Path, on_line: Callable[[str], None], stop: Stop | None = None
) -> Completed:
    """Run a program in `directory`, giving each line of its standard output to `on_line`.

    Raises:
        OSError: the program cannot be started, or its arguments are too long.
        StoppedError: `stop` was asked for.
    """
    child = subprocess.Popen(
        argv,
        cwd=directory,
        env={**os.environ, **_ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        # A key press of Ctrl-C reaches us alone, and we end the child below.
        start_new_session=True,
    )
    tail: deque[str] = deque(maxlen=_LINES_KEPT)
    try:
        if stop is not None:
            stop.concerns(child)
        assert child.stdout is not None and child.stderr is not None
        reader = threading.Thread(target=_keep, args=(child.stderr, tail), daemon=True)
        reader.start()
        for line in child.stdout:
            on_line(line.rstrip("\n"))
        child.wait()
        reader.join()
    finally:
        if stop is not None:
            stop.concerns(None)
        _end(child)
    if stop is not None and stop.asked:
        raise StoppedError
    return Completed(child.returncode, tuple(tail))


def _keep(stream: IO[str], tail: deque[str]) -> None:
    while line := stream.readline(_LINE_LENGTH):
        if text := line.rstrip():
            tail.append(text)


def _end(child: subprocess.Popen[str]) -> None:
    """End a child that still runs: politely, then surely."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    for stream in (child.stdout, child.stderr):
        if stream is not None:
            stream.close()
