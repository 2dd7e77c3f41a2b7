"""Where the CPU time of a native render goes, by module: samples of the stack, weighted by time.

    python -m benchmarks.where DIRECTORY SIZE FILE      writes seconds by module as JSON

A timer of CPU time interrupts the main thread; the CPU time since the last interruption counts for
the innermost function of mixdown on its stack. The render runs with one job.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from .episode import Size
from .peers import written

INTERVAL_SECONDS = 0.002
ROOT = Path(__file__).parents[1]
OUTSIDE = {"benchmarks", ".venv"}


def sampled(directory: Path, size: Size) -> Counter[str]:
    """Seconds of CPU time by module."""
    found: Counter[str] = Counter()
    last = time.process_time()

    def take(number: int, frame: FrameType | None) -> None:
        nonlocal last
        now = time.process_time()
        found[_module(frame)] += now - last
        last = now

    signal.signal(signal.SIGPROF, take)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)
    from mixdown import render

    path = written(directory, size)
    render(path, out=directory / "out", preset="podcast", backend="native", stems=True, jobs=1)
    signal.setitimer(signal.ITIMER_PROF, 0)
    return found


def _module(frame: FrameType | None) -> str:
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] not in OUTSIDE:
            return path.relative_to(ROOT).as_posix()
        frame = frame.f_back
    return "imports, and Python itself"


if __name__ == "__main__":
    seconds = sampled(Path(sys.argv[1]), Size(**json.loads(sys.argv[2])))
    Path(sys.argv[3]).write_text(json.dumps(seconds))
