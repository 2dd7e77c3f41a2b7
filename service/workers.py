"""Renders jobs of the queue, each in a process of its own, and sends webhooks.

Promises: a job that this server has is rendered, failed, cancelled or given back. Its process and
all that it started have ended by then, and its files of work are gone. A process that dies, of a
signal or of a bug, is begun again some times; one that takes too long is ended.
"""

from __future__ import annotations

import fcntl
import json
import logging
import math
import secrets
import shutil
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from attrs import define, field

from ..documents.writer import write_file
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError
from ..programs.run import Completed, Stop, StoppedError, Watch, by_line, run_process
from .child import OUT, OUTCOME, TASK, Task, task_text
from .jobs import JobFile, JobState, LostError, RenderJob
from .queue import Queue
from .settings import ServiceSettings

_LOG = logging.getLogger(__name__)
_IDLE_S = 0.5
_BEAT_S = 1.0
_LOCK = "server.lock"
_CHILD = f"{__package__}.child"


@define
class Worker:
    """Renders one job after another until it is stopped.

    Attributes:
        queue: where jobs are.
        settings: of the server.
        directory: for the work of this server; see `own_directory`.
        stopping: set when the server stops.
    """

    queue: Queue
    settings: ServiceSettings
    directory: Path
    stopping: threading.Event = field(factory=threading.Event)

    def run(self) -> None:
        """Take jobs and render them, for a thread."""
        while not self.stopping.is_set():
            try:
                job = self.queue.claim() if self.settings.has_room() else None
                if job is not None:
                    self._attempt(job)
                    continue
            except Exception:
                _LOG.exception("a worker goes on after an error")
            self.stopping.wait(_IDLE_S)

    def _attempt(self, job: RenderJob) -> None:
        """Render a job that this server has taken."""
        _LOG.info("job %s: attempt %d", job.id, job.attempts)
        with suppress(LostError):
            if job.is_cancelled:
                self.queue.finish(job, JobState.CANCELLED, job.diagnostics)
            elif job.attempts > self.settings.limits.attempts:
                self._fail(job, died(job.attempts - 1))
            else:
                self._render(job)

    def _render(self, job: RenderJob) -> None:
        directory = self.directory / f"{job.id}-{job.attempts}"
        watched = _Watched(self.queue, job, self.stopping)
        try:
            directory.mkdir(mode=0o700)
            write_file(directory / TASK, task_text(self._task(job)))
            command = [sys.executable, "-m", _CHILD, str(directory)]
            done = run_process(
                command,
                on_output=by_line(watched.note),
                stop=watched.stop,
                watch=Watch(self.settings.limits.render_s, watched.beat),
            )
            self._settle(job, done, directory)
        except StoppedError:
            if watched.is_cancelled:
                self.queue.finish(job, JobState.CANCELLED, job.diagnostics)
            elif not watched.is_lost:
                self.queue.release(job, counts=False)
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _task(self, job: RenderJob) -> Task:
        settings = self.settings
        form: Any = job.format
        return Task(
            body=job.body,
            format=form,
            digest=job.digest,
            steps=job.steps,
            sources=str(settings.sources.absolute()),
            store=settings.store,
            registry=settings.registry,
        )

    def _settle(self, job: RenderJob, done: Completed, directory: Path) -> None:
        """End a job whose process has ended, or give it back."""
        if done.stuck is not None:
            self._fail(job, took_too_long(self.settings.limits.render_s))
            return
        if done.failure is not None:
            _LOG.error("job %s: its process %s: %s", job.id, done.failure, "\n".join(done.errors))
            if job.attempts < self.settings.limits.attempts:
                self.queue.release(job, counts=True)
            else:
                self._fail(job, died(job.attempts))
            return
        outcome = json.loads((directory / OUTCOME).read_text(encoding="utf-8"))
        if "errors" in outcome:
            found: Any = self.settings.without_paths(outcome["errors"])
            self.queue.finish(job, JobState.FAILED, found)
            return
        report = outcome["report"]
        page = None if report is None else (directory / OUT / report).read_bytes()
        said: Any = self.settings.without_paths(outcome["diagnostics"])
        outputs = [JobFile(**each) for each in outcome["outputs"]]
        packed = None if page is None else zlib.compress(page)
        self.queue.finish(job, JobState.DONE, said, outputs, packed)

    def _fail(self, job: RenderJob, problem: Diagnostic) -> None:
        self.queue.finish(job, JobState.FAILED, [problem.to_dict()])


@define
class _Watched:
    """Follows the process of a job: notes its progress, renews the lease, and stops it."""

    queue: Queue
    job: RenderJob
    stopping: threading.Event
    stop: Stop = field(factory=Stop)
    is_cancelled: bool = False
    is_lost: bool = False
    _began: float = field(factory=time.monotonic)
    _beaten: float = field(factory=time.monotonic)
    _done: float = 0.0
    _noted: float = 0.0
    _step: str = ""

    def note(self, line: str) -> None:
        """A line that the process printed; others than its progress are ignored."""
        with suppress(ValueError, TypeError, KeyError):
            data = json.loads(line)
            self._done, self._step = max(self._done, float(data["done"])), str(data["step"])

    def beat(self) -> object:
        """Called several times a second; constant, because only the whole time is limited."""
        if self.stopping.is_set():
            self.stop.ask()
        elif time.monotonic() - self._beaten >= _BEAT_S:
            self._beaten = time.monotonic()
            try:
                self._report()
            except LostError:
                self.is_lost = True
                self.stop.ask()
            except MixdownError:  # the database is away; the lease decides whose the job is
                _LOG.exception("job %s: its lease cannot be renewed", self.job.id)
        return None

    def _report(self) -> None:
        if self.queue.renew(self.job):
            self.is_cancelled = True
            self.stop.ask()
        elif self._done > self._noted:
            self._noted = self._done
            passed = time.monotonic() - self._began
            eta = math.ceil(passed * (1 - self._done) / self._done)
            self.queue.progress(self.job, round(min(100 * self._done, 99.0), 1), eta, self._step)


def took_too_long(seconds: int) -> Diagnostic:
    """MIX631: the render was ended."""
    return Diagnostic(
        Code.RENDER_TOO_LONG,
        f"the render took more than {seconds:,} s, and was ended",
        help="render a shorter mix, or ask the operator for a higher limit render_s",
    )


def died(attempts: int) -> Diagnostic:
    """MIX632: the process died again and again."""
    return Diagnostic(
        Code.RENDER_DIED,
        f"the process of the render ended unexpectedly, {attempts} times",
        help="the operator finds the reason in the server's log",
    )


@contextmanager
def own_directory(work: Path) -> Iterator[Path]:
    """A directory for the work of this server; those of servers that are gone are removed."""
    work.mkdir(parents=True, exist_ok=True)
    for other in work.glob("server-*/"):
        with suppress(OSError), (other / _LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(other, ignore_errors=True)
    name = f"server-{secrets.token_hex(8)}"
    new, made = work.absolute() / f".{name}", work.absolute() / name
    new.mkdir(mode=0o700)
    try:
        with (new / _LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            new.rename(made)  # only now can another server find it
            yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
