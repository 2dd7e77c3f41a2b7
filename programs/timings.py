"""How long passes, steps and programs take, as a file that Perfetto and Chrome open.

Promises: nothing is kept unless it is recorded. The format is that of complete events in the "Trace
Event Format" (Google, 2016): times in microseconds since the start, one row per thread.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ..documents.writer import write_file


class _Timing(NamedTuple):
    """What ran, when it began and ended, ns, and in which thread."""

    kind: str
    name: str
    began: int
    ended: int
    thread: int

    def event(self, start: int) -> dict[str, object]:
        """A complete event; its time counts from `start`."""
        return {
            "ph": "X",
            "cat": self.kind,
            "name": self.name,
            "ts": (self.began - start) / 1000,
            "dur": (self.ended - self.began) / 1000,
            "pid": os.getpid(),
            "tid": self.thread,
        }


_recordings: list[list[_Timing]] = []
"""Each recording under way, of all threads: appending to a list is atomic."""


@contextmanager
def timed(kind: str, name: str) -> Iterator[None]:
    """Time a block of work: a "pass", "verifier", "step" or "program", and its name."""
    if not _recordings:
        yield
        return
    began = time.perf_counter_ns()
    try:
        yield
    finally:
        ended = time.perf_counter_ns()
        timing = _Timing(kind, name, began, ended, threading.get_native_id())
        for recording in _recordings:
            recording.append(timing)


@contextmanager
def recorded(path: Path) -> Iterator[None]:
    """Write the times of what runs in a block to a file, also if the block fails.

    Raises:
        RenderError: MIX604, the file cannot be written.
    """
    timings: list[_Timing] = []
    start = time.perf_counter_ns()
    _recordings.append(timings)
    try:
        yield
    finally:
        _recordings.remove(timings)
        events = [timing.event(start) for timing in sorted(timings, key=lambda t: t.began)]
        write_file(path, json.dumps({"traceEvents": events}, indent=1) + "\n")
