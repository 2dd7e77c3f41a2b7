"""batch, with real processes: its report, what it does again, and everything that can end it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown.cli.app import ExitCode

DOCUMENT = """\
id: small
sample_rate: 8000
channels: 1
vars: {{title: none}}
metadata: {{title: "${{title}}"}}
tracks:
  - id: host
    role: dialogue
    clips:
      - {{id: hello, source: {name}.wav, fade_in_ms: 20, fade_out_ms: 20}}
"""


@pytest.fixture
def season(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedded_ffmpeg: str) -> Path:
    """A directory with a document and a source for each of three episodes; the current one."""
    folder = tmp_path / "season"
    folder.mkdir()
    noise = np.random.default_rng(7)
    for name in ("one", "two", "three"):
        audio = 0.1 * noise.standard_normal(8000).clip(-3, 3)
        soundfile.write(folder / f"{name}.wav", audio, 8000, subtype="PCM_16")
        (folder / f"{name}.yaml").write_text(DOCUMENT.format(name=name))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MIXDOWN_FFMPEG", embedded_ffmpeg)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a directory but the report of the batch."""
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != "report.json"}


def fake_ffmpeg(season: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """ffmpeg is a script from now on: a case for the words of its command, or else the program."""
    program = season.parent / "ffmpeg"
    real = os.environ["MIXDOWN_FFMPEG"]
    program.write_text(f'#!/bin/sh\ncase "$*" in\n{case}\nesac\nexec {real} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("MIXDOWN_FFMPEG", str(program))


def wait_until(is_true, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < until, "too long"
        time.sleep(0.05)


def test_a_batch_reports_all_and_does_again_only_what_changed(mixdown, season: Path):
    (season / "two.yaml").write_text(DOCUMENT.format(name="two").replace("fade_in", "fade_inn"))
    (season / "quiet.yaml").write_text(
        DOCUMENT.format(name="one").replace("id: hello", "mute: true")
    )
    ended = mixdown("batch", ".", "-o", "out", "--jobs", "2", "--preset", "podcast")
    assert ended.code == ExitCode.BAD_INPUT
    *table, _, counts, report = ended.out.splitlines()
    assert (counts, report) == ("3 rendered, 0 unchanged, 1 failed", "report: out/report.json")
    assert [line.split()[:2] for line in table[2:]] == [
        ["one", "rendered"],
        ["quiet", "rendered"],
        ["three", "rendered"],
        ["two", "failed"],
    ]
    progress, failure = ended.err.split("\n\n", 1)
    assert sorted(line.split("] ")[1] for line in progress.splitlines()) == [
        "one: rendered",
        "quiet: rendered",
        "three: rendered",
        "two: failed",
    ]
    assert failure.startswith("two (two.yaml) failed:\nerror[MIX103]: a clip has no key 'fade_inn")
    assert "two.yaml:10:38" in failure
    data = json.loads((season / "out/report.json").read_text())
    assert (data["ok"], data["counts"]) == (False, {"rendered": 3, "unchanged": 0, "failed": 1})
    one, quiet, _, two = data["jobs"]
    assert (one["ok"], one["passed"], quiet["ok"], two["ok"]) == (True, True, False, False)
    assert one["files"][0]["integrated_lufs"] == pytest.approx(-16.0, abs=0.1)
    assert [d["code"] for d in two["diagnostics"]] == ["MIX103"]
    assert [d["code"] for d in quiet["diagnostics"]] == ["MIX606"]

    (season / "two.yaml").write_text(DOCUMENT.format(name="two"))
    (season / "three.yaml").write_text(DOCUMENT.format(name="three").replace("20}", "30}"))
    again = mixdown("batch", ".", "-o", "out", "--jobs", "1", "--preset", "podcast", "--json")
    assert (again.code, again.err) == (ExitCode.NO, "")  # quiet.yaml is still silent
    statuses = [job["status"] for job in again.data["jobs"]]
    assert statuses == ["unchanged", "unchanged", "rendered", "rendered"]
    assert json.loads((season / "out/report.json").read_text()) == again.data


def test_rows_of_a_list_are_renders_of_one_document(mixdown, season: Path):
    (season / "list.csv").write_text("number,title\n7,Ada\n8,\n")
    given = ("list.csv", "--document", "one.yaml", "--name", "ep-${number}")
    ended = mixdown("batch", *given, "-o", "out", "--jobs", "1", "--no-report", "--json")
    assert ended.code == ExitCode.OK, ended.out
    titles = {
        name: soundfile.SoundFile(season / "out" / name / "master.wav").title
        for name in ("ep-7", "ep-8")
    }
    assert titles == {"ep-7": "Ada", "ep-8": "none"}
    assert [job["variables"] for job in ended.data["jobs"]] == [{"title": "Ada"}, {}]


def test_what_is_wrong_with_all_jobs_is_one_error(mixdown, season: Path):
    ended = mixdown("batch", ".", "-o", "out", "--preset", "podcst")
    assert (ended.code, ended.out) == (ExitCode.BAD_INPUT, "")
    assert ended.err.startswith("error[MIX303]: unknown export preset 'podcst'")
    assert not (season / "out").exists()


def test_a_process_that_is_killed_costs_its_job_at_most(mixdown, season: Path, monkeypatch):
    """The first kill is made up for by another process; after the second the job has failed."""
    once = f"*one.wav*) mkdir {season.parent}/once 2>/dev/null && kill -9 $PPID && sleep 9;;"
    always = "*two.wav*) kill -9 $PPID; sleep 9;;"
    fake_ffmpeg(season, monkeypatch, f"{once}\n{always}")
    ended = mixdown("batch", ".", "-o", "out", "--jobs", "2", "--json")
    assert ended.code == ExitCode.FAILED
    statuses = {job["name"]: job["status"] for job in ended.data["jobs"]}
    assert statuses == {"one": "rendered", "three": "rendered", "two": "failed"}
    (lost,) = ended.data["jobs"][2]["diagnostics"]
    assert lost["code"] == "MIX632"
    assert lost["message"].endswith("'two' was killed 2 times")


@pytest.fixture
def working(season: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen]:
    """A batch in a process group of its own, while its last document is being rendered."""
    pid = season.parent / "pid"
    with monkeypatch.context() as patched:
        fake_ffmpeg(season, patched, f"*two.wav*) echo $$ >{pid}; exec sleep 60;;")
        words = ("batch", ".", "-o", "out", "--jobs", "1", "--no-report")
        pipe = subprocess.PIPE
        batch = subprocess.Popen(
            [sys.executable, "-m", "mixdown", *words], stdout=pipe, stderr=pipe, process_group=0
        )
    wait_until(lambda: pid.exists() and pid.read_text())
    yield batch
    batch.communicate(timeout=60)
    wait_until(lambda: not Path(f"/proc/{pid.read_text().strip()}").exists())


def test_a_batch_that_is_killed_goes_on_where_it_was(mixdown, season: Path, working):
    working.kill()
    working.wait()
    given = ("batch", ".", "--jobs", "1", "--no-report", "--json", "-o")
    assert mixdown(*given, "out").data["counts"] == {"rendered": 1, "unchanged": 2, "failed": 0}
    assert mixdown(*given, "new").data["counts"] == {"rendered": 3, "unchanged": 0, "failed": 0}
    assert files(season / "out") == files(season / "new")


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)],
)
def test_a_batch_that_is_ended_has_cleaned_up(season: Path, working, number, code):
    """A terminal sends Ctrl-C to the whole group."""
    os.killpg(working.pid, number)
    assert working.wait(timeout=60) == code
    assert {name.split("/")[0] for name in files(season / "out")} == {"one", "three"}
    assert not list((season / "out").rglob(".mixdown*"))
