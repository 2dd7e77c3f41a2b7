"""Latency of a server that checks and plans, alone and while it renders.

    python -m benchmarks.latency [seconds]

Ten requests a second are sent at fixed moments, checks and plans in turn, by as many threads as
wait: so a slow answer delays no later request, and its delay is counted. The document is an episode
of 60 clips on three tracks. The render beside it is of the native engine, with stems.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from mixdown.client import Client

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))
from running_server import running
from service_mixes import write_sound

PER_SECOND = 10
SOURCE_S = 60.0
CLIPS = 20
FACTS = ("p50", 50.0), ("p95", 95.0), ("p99", 99.0), ("max", 100.0)


def episode(name: str, length_ms: int = 5000) -> dict[str, object]:
    """A timeline of three tracks; the clips of a track follow one another."""
    roles = {"host": "dialogue", "guest": "dialogue", "bed": "music"}
    clips = [
        {"source": "a.wav", "start_ms": n * length_ms, "duration_ms": length_ms, "fade_in_ms": 20}
        for n in range(CLIPS)
    ]
    tracks = [{"id": track, "role": role, "clips": clips} for track, role in roles.items()]
    return {"id": name, "sample_rate": 48000, "tracks": tracks}


def latencies(calls: list[Callable[[], object]], seconds: float) -> list[list[float]]:
    """The latencies of each of the calls, made in turn, ms; from when each was due."""
    found: list[list[float]] = [[] for _ in calls]
    began = time.monotonic() + 0.5

    def run(number: int) -> None:
        due = began + number / PER_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        calls[number % len(calls)]()
        found[number % len(calls)].append(1000.0 * (time.monotonic() - due))

    threads = [
        threading.Thread(target=run, args=(number,)) for number in range(int(seconds * PER_SECOND))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@contextmanager
def rendering(client: Client) -> Iterator[None]:
    """One render after the other, as long as this lasts."""
    stop = threading.Event()

    def render() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            document = episode(f"render-{number}", length_ms=40_000 + number)
            job = client.render(document, preset="podcast", backend="native", stems=True)
            while client.job(job).state in ("queued", "running"):
                if stop.wait(0.5):
                    client.cancel(job)
                    return

    thread = threading.Thread(target=render)
    thread.start()
    time.sleep(3.0)
    try:
        yield
    finally:
        stop.set()
        thread.join()


def show(when: str, found: list[list[float]]) -> None:
    """Print a row for each call."""
    for name, values in zip(("check", "plan"), found, strict=True):
        cells = (f"{np.percentile(values, percent):8.0f}" for _, percent in FACTS)
        print(f"{name:6} {when:18} {len(values):6}", *cells)


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    print(f"ms, {PER_SECOND} requests a second, {3 * CLIPS} clips")
    print(f"{'':6} {'':18} {'number':>6}", *(f"{name:>8}" for name, _ in FACTS))
    with tempfile.TemporaryDirectory() as name:
        write_sound(Path(name) / "mixdown-media" / "a.wav", SOURCE_S)
        with running(Path(name)) as server:
            client = Client(server.url)
            document = episode("asked")
            calls = [lambda: client.check(document), lambda: client.plan(document)]
            for call in calls:
                call()
            show("alone", latencies(calls, seconds))
            with rendering(client):
                show("while it renders", latencies(calls, seconds))


if __name__ == "__main__":
    main()
