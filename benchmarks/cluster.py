"""Throughput of a batch on clusters of 1, 2 and 4 workers, as a ratio to that of one.

    python benchmarks/cluster.py [documents]

Each document is ten seconds of stereo at 48 kHz on two buses, rendered by the native engine to the
preset `podcast`. Scheduler and workers are processes of this machine, by dask's own commands, so
more workers than processors gain nothing. Before the clock starts, every worker has rendered.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from distributed import Client
from mixdown.render.batch.jobs import jobs_of
from mixdown.render.batch.model import BatchSettings
from mixdown.render.batch.run import run_batch

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))
from clusters import Cluster

RATE, SECONDS = 48_000, 10
DOCUMENT = """\
id: d{number}
tracks:
  - {{id: a, role: dialogue, gain_db: -{gain}, clips: [{{source: a.flac}}]}}
  - {{id: b, role: music, clips: [{{source: a.flac, start_ms: 500, gain_db: -12}}]}}
"""


def measured(count: int, documents: int, folder: Path) -> float:
    """The documents per second of a cluster of so many workers."""
    logs = folder / f"logs-{count}"
    logs.mkdir()
    cluster = Cluster(logs)
    cluster.start_scheduler()
    for _ in range(count):
        cluster.start_worker()
    try:
        with Client(cluster.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=120)
        render(cluster, folder / "warm", folder / f"warm-{count}")
        began = time.monotonic()
        render(cluster, folder / "season", folder / f"out-{count}")
        return documents / (time.monotonic() - began)
    finally:
        cluster.stop()


def render(cluster: Cluster, season: Path, out: Path) -> None:
    """Render a directory on the cluster."""
    settings = BatchSettings(
        out=str(out), choices={"preset": "podcast", "backend": "native"}, report=False
    )
    jobs = jobs_of([str(season)], out=out, variables={})
    report = run_batch(jobs, settings, scheduler=cluster.address)
    assert all(result.ok for result in report.results), report.to_json()


def main() -> None:
    """Print the table."""
    documents = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    os.environ["MIXDOWN_CACHE"] = "off"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        noise = np.random.default_rng(5).standard_normal((SECONDS * RATE, 2)).clip(-3, 3)
        for season, count in (("season", documents), ("warm", 12)):
            (folder / season).mkdir()
            soundfile.write(folder / season / "a.flac", 0.1 * noise, RATE, subtype="PCM_16")
            for number in range(count):
                text = DOCUMENT.format(number=number, gain=number % 40)
                (folder / season / f"d{number:03}.yaml").write_text(text)
        first = None
        print(f"{len(os.sched_getaffinity(0))} processors, {documents} documents of {SECONDS} s")
        for count in (1, 2, 4):
            rate = measured(count, documents, folder)
            first = first or rate
            print(f"{count} workers: {rate:.2f} documents a second, {rate / first:.2f} times")


if __name__ == "__main__":
    main()
