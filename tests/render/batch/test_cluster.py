"""Batches on clusters of real processes: nothing lost, nothing twice, whatever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from clusters import Cluster
from databases import new_database, postgresql
from distributed import Client, LocalCluster
from mixdown.cli.app import ExitCode
from mixdown.ir.diagnostics import RenderError
from mixdown.render.artifacts.registry import open_registry
from mixdown.render.batch import cluster
from mixdown.render.batch.cluster import versions, work_on
from mixdown.render.batch.jobs import jobs_of
from mixdown.render.batch.model import BatchReport, BatchSettings, JobStatus
from mixdown.render.batch.run import run_batch

__all__ = ["postgresql"]

DOCUMENT = """\
id: small-{number}
sample_rate: 8000
channels: 1
tracks:
  - id: host
    role: dialogue
    gain_db: -{number}
    clips: [{{id: hello, source: voice.wav, fade_in_ms: 20, fade_out_ms: 20}}]
"""


class Watcher:
    """A display that does something when so many jobs have ended."""

    def __init__(self, at: dict[int, Callable[[], None]]) -> None:
        self.at, self.done, self.notes = at, 0, []

    def step(self, job, progress) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)

    def ended(self, result) -> None:
        self.done += 1
        self.at.get(self.done, lambda: None)()


@pytest.fixture
def season(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedded_ffmpeg: str):
    """Makes a directory of so many documents of a second at 8 kHz, below the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIXDOWN_FFMPEG", embedded_ffmpeg)
    versions.cache_clear()

    def make(count: int) -> Path:
        folder = tmp_path / "season"
        folder.mkdir()
        voice = 0.1 * np.random.default_rng(7).standard_normal(8000).clip(-3, 3)
        soundfile.write(folder / "voice.wav", voice, 8000, subtype="PCM_16")
        for number in range(count):
            (folder / f"e{number:03}.yaml").write_text(DOCUMENT.format(number=number % 40))
        return folder

    yield make
    versions.cache_clear()


def run(out: str, *paths: str, display=None, scheduler=None, **settings) -> BatchReport:
    choices = {"preset": "podcast", "stems": True, **settings.pop("choices", {})}
    jobs = jobs_of(paths or ["season"], out=out, variables={})
    given = BatchSettings(out=out, choices=choices, report=False, **settings)
    return run_batch(jobs, given, processes=1, scheduler=scheduler, display=display)


def files(folder: Path) -> dict[str, bytes]:
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    beside = ("report.json", ".mixdown-batch")
    return {name: path.read_bytes() for name, path in found.items() if name not in beside}


@pytest.fixture(scope="module")
def local(embedded_ffmpeg: str) -> Iterator[LocalCluster]:
    """Two processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIXDOWN_FFMPEG", embedded_ffmpeg)
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as made:
            yield made


@pytest.mark.requires("postgresql")
def test_a_cluster_of_processes_renders_what_this_machine_renders(
    local, season, tmp_path: Path, postgresql: Path, monkeypatch
):
    season(5)
    registry = new_database(postgresql)
    kept = {"store": "kept", "registry": registry}

    def kill() -> None:
        os.kill(next(iter(local.workers.values())).pid, signal.SIGKILL)

    display = Watcher({2: kill})
    report = run("out", scheduler=local.scheduler_address, display=display, **kept)
    assert report.counts[JobStatus.RENDERED] + report.counts[JobStatus.UNCHANGED] == 5
    assert all(result.ok for result in report.results)
    registered = open_registry(registry).artifacts()
    masters = [artifact for artifact in registered if artifact.parent_id is None]
    assert sorted(a.timeline_id for a in masters) == [f"small-{n}" for n in range(5)]
    assert {f.artifact for r in report.results for f in r.files} == {a.id for a in registered}
    assert json.loads(Path("out/report.json").read_text())["ok"] is True

    again = run("out", scheduler=local.scheduler_address, **kept)
    assert again.counts[JobStatus.UNCHANGED] == 5
    assert open_registry(registry).artifacts() == registered
    assert {p.name for p in Path("out").rglob(".mixdown*")} == {".mixdown-batch"}
    run("here", "season/e001.yaml", "season/e004.yaml")
    made = files(Path("out"))
    assert files(Path("here")) == {k: v for k, v in made.items() if k.startswith(("e001", "e004"))}

    # The same place by its URL; sources are fetched, results uploaded.
    url, folder = f"file://{tmp_path}/far", f"file://{tmp_path}/season"
    (tmp_path / "season/bad.yaml").write_text(DOCUMENT.format(number=1).replace("voice", "vioce"))
    documents = (f"{folder}/e001.yaml", f"{folder}/e004.yaml", f"{folder}/bad.yaml")
    far = run(url, *documents, scheduler=local.scheduler_address)
    assert [result.status.value for result in far.results] == ["rendered", "rendered", "failed"]
    assert f"{folder}/bad.yaml:8:33" in far.results[2].text[0][1]
    assert files(Path("far")) == files(Path("here"))
    assert run(url, *documents[:2]).counts[JobStatus.UNCHANGED] == 2

    # A worker that differs, and one that does not see the output, render nothing.
    with Client(local.scheduler_address, set_as_default=False) as client:
        given = (report.results[0].job, BatchSettings(out="out"))
        blind = client.submit(work_on, *given, dict(versions("ffmpeg")), "/nowhere/mark").result()
        assert blind.code.value == "MIX633"
        assert "does not see the output directory '/nowhere'" in blind.message
    other = tmp_path / "ffmpeg"
    other.write_text("#!/bin/sh\necho 'ffmpeg version 9.9 Copyright (c)'\n")
    other.chmod(0o755)
    monkeypatch.setenv("MIXDOWN_FFMPEG", str(other))
    versions.cache_clear()
    with pytest.raises(RenderError, match="MIX634") as raised:
        run("other", scheduler=local.scheduler_address)
    assert str(raised.value).partition("\n")[0].endswith(" instead of 9.9")
    assert not files(Path("other"))


def test_an_interrupt_takes_back_what_has_not_begun(local, season):
    """As Ctrl-C does it; another run does the rest."""
    season(8)
    command = [sys.executable, "-m", "mixdown", "batch", "season", "-o", "out", "--preset"]
    command += ["podcast", "--no-report", "--scheduler", local.scheduler_address]
    batch = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: any(Path("out").glob("*/manifest.json")))
    batch.send_signal(signal.SIGINT)
    _, errors = batch.communicate(timeout=15)
    assert batch.returncode == ExitCode.INTERRUPTED
    assert errors.endswith("\ninterrupted; unfinished files were removed\n")
    assert "Traceback" not in errors
    wait_until(lambda: not local.scheduler.tasks)

    again = run("out", scheduler=local.scheduler_address, choices={"stems": False})
    assert all(result.ok for result in again.results)
    statuses = {result.status for result in again.results}
    assert statuses == {JobStatus.RENDERED, JobStatus.UNCHANGED}
    run("here", "season/e003.yaml", choices={"stems": False})
    made = files(Path("out"))
    assert files(Path("here")) == {k: v for k, v in made.items() if k.startswith("e003")}


def wait_until(is_true: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < until, "too long"
        time.sleep(0.05)


def test_a_scheduler_that_is_not_there_is_an_error(season, monkeypatch):
    season(1)
    monkeypatch.setattr(cluster, "_CONNECT_S", 1.0)
    with pytest.raises(RenderError, match="MIX633") as raised:
        run("out", scheduler="tcp://127.0.0.1:1")
    assert "cannot use the scheduler 'tcp://127.0.0.1:1'" in str(raised.value)


@pytest.mark.soak
@pytest.mark.requires("postgresql")
def test_a_hundred_jobs_survive_a_worker_and_the_scheduler(
    season, tmp_path: Path, postgresql: Path
):
    """By the commands of dask; the scheduler is away for two seconds."""
    season(100)
    logs = tmp_path / "logs"
    logs.mkdir()
    made = Cluster(logs)
    made.start_scheduler()
    made.start_worker()
    made.start_worker()

    def restart() -> None:
        made.kill_scheduler()
        threading.Timer(2.0, made.start_scheduler).start()

    registry = new_database(postgresql)
    display = Watcher({20: lambda: made.kill_worker(0), 50: restart})
    began = time.monotonic()
    try:
        report = run(
            "out", scheduler=made.address, display=display, store="kept", registry=registry
        )
    finally:
        made.stop()
    seconds = time.monotonic() - began
    counts = {status.value: count for status, count in report.counts.items()}
    registered = open_registry(registry).artifacts()
    masters = [artifact for artifact in registered if artifact.parent_id is None]
    print(f"{seconds:.0f} s; {counts}; {len(masters)} masters registered; {display.notes}")
    assert counts["rendered"] + counts["unchanged"] == 100
    assert all(result.ok for result in report.results)
    assert {f.artifact for r in report.results for f in r.files} == {a.id for a in registered}
    assert len({a.id for a in registered}) == len(registered)
    assert any("connection to the scheduler was lost" in note for note in display.notes)
    run("here")
    assert files(Path("out")) == files(Path("here"))
