"""One watched run: a process of its own, its time, and the memory of it and its children."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile

import attrs
import psutil

LOOK_SECONDS = 0.05


@attrs.frozen
class Run:
    """What a run cost; `ending` is "" if it ended well, `load` the machine's before it."""

    wall: float
    cpu: float
    peak_mb: float
    load: float
    ending: str = ""


def watched(arguments: Sequence[str], variables: Mapping[str, str], limit: float) -> Run:
    """Run a command for at most `limit` seconds."""
    before, start, load = _children_seconds(), time.perf_counter(), os.getloadavg()[0]
    with TemporaryFile("w+") as errors:
        child = psutil.Popen(
            list(arguments),
            cwd=Path(__file__).parents[1],
            env={**os.environ, **variables},
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        peak = 0
        while child.poll() is None:
            peak = max(peak, sum(_memory(each) for each in _family(child)))
            if time.perf_counter() - start > limit:
                cpu = sum(_seconds(each) for each in _family(child))
                _end(child)
                return Run(limit, cpu, peak / 1e6, load, f"stopped after {limit:.0f} s")
            time.sleep(LOOK_SECONDS)
        errors.seek(0)
        last = (errors.read().strip().splitlines() or [""])[-1]
    wall, cpu = time.perf_counter() - start, _children_seconds() - before
    ending = "" if child.returncode == 0 else f"failed: {last[:80]}"
    return Run(wall, cpu, peak / 1e6, load, ending)


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _memory(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:  # it has ended meanwhile
        return 0


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def _end(process: psutil.Process) -> None:
    for each in _family(process):
        try:
            each.kill()
        except psutil.Error:
            continue
    process.wait()


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
