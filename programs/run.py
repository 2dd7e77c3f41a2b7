"""Runs one program to its end: the only place in the package that starts a process.

Promises: the program's output is read as it comes, in bounded memory, so that the program never
waits for a reader. A run ends when the program ends, when its `Watch` sees no progress for too
long, when another thread asks for it (`Stop`), or by an exception in the caller, such as Ctrl-C.
Then the processes that the program started end too. None of them outlives this process, even if it
is killed by SIGKILL.

Each program runs in a process group of its own, which a guard leads: a shell that waits on a pipe
from this process, and kills the group when the pipe closes. The guard starts before the program, so
no moment is unguarded, and is waited for after it, so the group's id cannot be taken by others. It
costs less than a millisecond. Linux's PR_SET_PDEATHSIG is no substitute: it is sent when the thread
that started the program ends, it does not reach the processes that the program starts, and it needs
code between fork and exec, which is not safe beside other threads.
"""

from __future__ import annotations

import math
import os
import selectors
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

from attrs import define, field

from ..ir.codes import Code
from ..ir.diagnostics import RenderError
from .timings import timed

VARIABLE = "MIXDOWN_STALL_SECONDS"
OFF = "off"
PATIENCE = 30.0
"""Seconds without progress after which a small piece of work counts as stuck."""

LONGEST_LINE = 2000
"""Bytes of a line that are kept; the rest of it is dropped."""

_LINES_KEPT = 200  # of the errors, at their beginning and again at their end
_ANSWER_LINES = 10_000
_ANSWER_SECONDS = 20.0
_SECONDS_TO_END = 3.0
_TICK = 0.1
_CHUNK = 1 << 16

# Its traps let it outlive the SIGTERM that asks its group to end.
_GUARD = ("/bin/sh", "-c", "trap '' HUP INT TERM; read -r _; kill -KILL 0")
# Messages that do not depend on who runs it, and without colours.
_ENVIRONMENT = {"LC_ALL": "C", "AV_LOG_FORCE_NOCOLOR": "1"}


class Watch(NamedTuple):
    """When a program counts as stuck.

    Attributes:
        seconds: how long its sign of progress may stay the same.
        sign: returns a value that changes as the work goes on; None: how much it has printed.
    """

    seconds: float = PATIENCE
    sign: Callable[[], object] | None = None


class Completed(NamedTuple):
    """How a program ended.

    Attributes:
        status: its exit status; negative: the signal that killed it.
        errors: the lines of its standard error: all, or the first and the last 200.
        stuck: after how many seconds without progress it was ended; None: it ended by itself.
    """

    status: int
    errors: tuple[str, ...]
    stuck: float | None = None

    @property
    def failure(self) -> str | None:
        """How it failed, as the end of a sentence; None if it did not."""
        if self.stuck is not None:
            return f"made no progress for {self.stuck:.0f} s and was ended"
        if self.status < 0:
            return f"was killed by signal {-self.status}"
        return f"ended with status {self.status}" if self.status else None


class Stop:
    """Asks a run, from another thread, to end."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ask(self) -> None:
        """End the run, or one that is yet to start."""
        self._event.set()

    @property
    def asked(self) -> bool:
        """Whether it was asked for."""
        return self._event.is_set()


class StoppedError(Exception):
    """A run ended because it was asked to."""


def ignore(piece: bytes) -> None:
    """Drop a piece of output."""


def run_process(
    argv: Sequence[str],
    directory: Path | None = None,
    on_output: Callable[[bytes], object] = ignore,
    stop: Stop | None = None,
    watch: Watch | None = None,
    on_error: Callable[[str], object] = lambda line: None,
) -> Completed:
    """Run a program in a directory.

    Args:
        argv: its path and its arguments.
        directory: where it runs; None: in the current one.
        on_output: receives its standard output, in pieces as they come, then b""; see `by_line`.
        stop: ends it from another thread.
        watch: when it counts as stuck; None: `PATIENCE` seconds after it last printed something.
        on_error: takes every line of its standard error.

    Raises:
        OSError: the program cannot be started, or its arguments are too long.
        StoppedError: `stop` was asked for.
    """
    errors, watch = _Errors(on_error), watch or Watch()
    stuck: float | None = None
    with (
        timed("program", Path(argv[0]).name),
        _started(argv, directory) as group,
        selectors.DefaultSelector() as pipes,
    ):
        child, outputs = group.child, _Outputs(pipes)
        outputs.add(child.stdout, on_output)
        outputs.add(child.stderr, by_line(errors.add))
        idle = _Idle(watch, watch.sign or (lambda: outputs.taken))
        while child.poll() is None and stuck is None:
            if outputs.are_open:
                outputs.read(_TICK)
            else:
                with suppress(subprocess.TimeoutExpired):
                    child.wait(_TICK)
            if stop is not None and stop.asked:
                raise StoppedError
            stuck = idle.too_long()
        group.end()
        outputs.finish()
    return Completed(child.returncode, errors.lines, stuck)


def by_line(take: Callable[[str], object]) -> Callable[[bytes], None]:
    """Splits output into lines for `take`, without their ends; empty lines are dropped.

    Only the first `LONGEST_LINE` bytes of a line are kept.
    """
    begun = b""

    def feed(piece: bytes) -> None:
        nonlocal begun
        *whole, begun = (begun + piece).replace(b"\r", b"\n").split(b"\n")
        if not piece:
            whole, begun = [begun], b""
        for line in filter(None, whole):
            take(line[:LONGEST_LINE].decode("utf-8", "replace"))
        begun = begun[:LONGEST_LINE]

    return feed


def ask(argv: Sequence[str]) -> str:
    """What a program prints about itself: its standard output, then its errors; "" if it fails.

    It may take 20 s.
    """
    lines: list[str] = []

    def keep(line: str) -> None:
        if len(lines) < _ANSWER_LINES:
            lines.append(line)

    try:
        done = run_process(argv, on_output=by_line(keep), watch=Watch(_ANSWER_SECONDS, lambda: 0))
    except (OSError, ValueError):  # ValueError: a null byte in the path
        return ""
    return "" if done.failure else "\n".join((*lines, *done.errors))


def patience(environment: Mapping[str, str] | None = None) -> float:
    """For how many seconds a small piece of work may make no progress.

    `MIXDOWN_STALL_SECONDS` sets it; "off" sets no limit.

    Args:
        environment: where the variable is looked up; None: this process's.

    Raises:
        RenderError: MIX307, the variable is not a number over 0.
    """
    named = (os.environ if environment is None else environment).get(VARIABLE)
    if not named:
        return PATIENCE
    with suppress(ValueError):
        seconds = math.inf if named == OFF else float(named)
        if seconds > 0.0:
            return seconds
    raise RenderError.of(
        Code.BAD_REQUEST,
        f"{VARIABLE} is {named!r}, which is not a number of seconds",
        help=f"give it a number over 0, such as {PATIENCE:g}, or {OFF!r}",
    )


def size_of(paths: Iterable[Path]) -> int:
    """The bytes of those files that are there: a sign of a program that writes them."""
    size = 0
    for path in paths:
        with suppress(OSError):
            size += path.stat().st_size
    return size


@contextmanager
def _started(argv: Sequence[str], directory: Path | None) -> Iterator[_Group]:
    """A program in a process group of its own, which ends with the block."""
    guard = subprocess.Popen(
        _GUARD,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    try:
        child = subprocess.Popen(
            argv,
            cwd=directory,
            env={**os.environ, **_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=guard.pid,
        )
        group = _Group(guard.pid, child)
        try:
            yield group
        finally:
            group.end()
            for stream in (child.stdout, child.stderr):
                if stream is not None:
                    stream.close()
    finally:
        _signal(guard.pid, signal.SIGKILL)
        with guard:  # closes its pipe and waits for it
            pass


class _Group(NamedTuple):
    """A program, and the id of its process group."""

    id: int
    child: subprocess.Popen[bytes]

    def end(self) -> None:
        """End the program, by SIGTERM and then by SIGKILL, and the processes that it started."""
        try:
            if self.child.poll() is None:
                _signal(self.id, signal.SIGTERM)
                self.child.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            pass
        finally:
            _signal(self.id, signal.SIGKILL)
            self.child.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(OSError):  # all of its processes have ended: an error on some systems
        os.killpg(group, number)


@define
class _Outputs:
    """Reads several pipes of one program as they fill."""

    _pipes: selectors.BaseSelector
    taken: int = 0

    def add(self, stream: IO[bytes] | None, take: Callable[[bytes], object]) -> None:
        """Read this pipe too, for `take`, which receives b"" at its end."""
        assert stream is not None
        os.set_blocking(stream.fileno(), False)
        self._pipes.register(stream, selectors.EVENT_READ, take)

    @property
    def are_open(self) -> bool:
        """Whether any of them has not ended."""
        return bool(self._pipes.get_map())

    def read(self, seconds: float) -> bool:
        """Wait at most so long for output and read it; whether there was any."""
        ready = self._pipes.select(seconds)
        for key, _ in ready:
            piece = os.read(key.fd, _CHUNK)
            self.taken += len(piece)
            if not piece:
                self._pipes.unregister(key.fileobj)
            key.data(piece)
        return bool(ready)

    def finish(self) -> None:
        """Read what is left in them, without waiting for more."""
        while self.read(0.0):
            pass
        for key in list(self._pipes.get_map().values()):
            key.data(b"")


@define
class _Idle:
    """Counts the seconds for which a sign stays the same.

    Time in which this process did not watch, because it was stopped or asleep, does not count: the
    program may have waited for it.
    """

    _watch: Watch
    _sign: Callable[[], object]
    _last: object = None
    _seconds: float = 0.0
    _checked: float = field(factory=time.monotonic)

    def too_long(self) -> float | None:
        """How many seconds, if they are too many; else None."""
        passed = time.monotonic() - self._checked
        if passed < _TICK:
            return None
        self._checked += passed
        sign = self._sign()
        self._seconds = self._seconds + min(passed, 2 * _TICK) if sign == self._last else 0.0
        self._last = sign
        return self._seconds if self._seconds > self._watch.seconds else None


@define
class _Errors:
    """The first and the last lines of what may be endless; each is also handed on."""

    _hand_on: Callable[[str], object]
    _first: list[str] = field(factory=list)
    _last: deque[str] = field(factory=lambda: deque(maxlen=_LINES_KEPT))

    def add(self, line: str) -> None:
        """Keep one more."""
        self._hand_on(line)
        if text := line.rstrip():
            (self._first if len(self._first) < _LINES_KEPT else self._last).append(text)

    @property
    def lines(self) -> tuple[str, ...]:
        """Those kept, in order."""
        return (*self._first, *self._last)
