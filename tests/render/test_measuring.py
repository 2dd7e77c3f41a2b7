"""Many files, in parallel and in their order, whatever happens to one of them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown.audio.meter.survey import Survey
from mixdown.ir.diagnostics import Diagnostic
from mixdown.render import measuring
from mixdown.render.measuring import audio_files, survey_audio, survey_files

RATE = 8_000


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Files of rising level, and one in their middle that is none."""
    noise = np.random.default_rng(1).uniform(-1, 1, RATE)
    names = []
    for number in range(8):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, noise * 10 ** ((number - 10) / 20), RATE, subtype="FLOAT")
        names.append(str(path))
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    return [*names[:4], str(broken), *names[4:]]


def levels(results) -> list[float | str]:
    return [
        round(found.levels.sample_peak_dbfs, 1) if isinstance(found, Survey) else found.code
        for found in results
    ]


def test_processes_give_what_one_gives_and_in_order(files, monkeypatch: pytest.MonkeyPatch):
    alone = survey_files(files)
    monkeypatch.setattr(measuring, "_WORTH_PROCESSES", 0)
    told: list[int] = []
    together = survey_files(files, jobs=2, on_done=told.append)
    assert together == alone
    assert levels(alone) == [-10, -9, -8, -7, "MIX215", -6, -5, -4, -3]
    assert told == sorted(told) and told[-1] == len(files)
    assert not multiprocessing.active_children()


def test_a_process_that_dies_takes_no_file_with_it(files, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(measuring, "_WORTH_PROCESSES", 0)

    def kill_one(done: int) -> None:
        if done == 1:
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)

    few = files[3:6]
    assert levels(survey_files(few, jobs=2, on_done=kill_one)) == [-7, "MIX215", -6]


def test_a_directory_means_all_audio_files_in_it(tmp_path: Path):
    for name in ("b/2.flac", "b/10.WAV", "a.mp3", "notes.txt", ".hidden.wav", ".git/x.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    root = str(tmp_path)
    wanted = [f"{root}/a.mp3", f"{root}/b/10.WAV", f"{root}/b/2.flac"]
    assert audio_files([root, f"{root}/b/2.flac"]) == tuple(wanted)
    assert audio_files([f"{root}/notes.txt", f"{root}/empty"]) == (
        f"{root}/notes.txt",
        f"{root}/empty",
    )
    found = survey_audio(f"{root}/empty")
    assert isinstance(found, Diagnostic) and found.message.startswith("no audio file in")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_an_interrupted_run_leaves_no_process_and_no_word_behind(tmp_path: Path, ending):
    """As a terminal does it: SIGINT and SIGHUP go to every process of the group."""
    path = tmp_path / "long.wav"
    soundfile.write(path, np.random.default_rng(1).uniform(-0.5, 0.5, 60 * 48_000), 48_000)
    for number in range(30):
        (tmp_path / f"{number}.wav").symlink_to(path)
    child = subprocess.Popen(
        [sys.executable, "-m", "mixdown", "measure", str(tmp_path), "--jobs", "2"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    started = time.monotonic()
    while len(_group(child.pid)) < 4 and time.monotonic() < started + 60:
        time.sleep(0.05)
    if ending in (signal.SIGINT, signal.SIGHUP):
        os.killpg(child.pid, ending)
    else:
        child.send_signal(ending)
    out, err = child.communicate(timeout=60)
    assert child.returncode == (-9 if ending is signal.SIGKILL else 128 + ending)
    assert "Traceback" not in err or ending is signal.SIGKILL  # then nobody is left to read it
    assert out == ""
    ended = time.monotonic()  # what watches over shared resources ends when it sees the others gone
    while _group(child.pid) and time.monotonic() < ended + 20:
        time.sleep(0.05)
    assert not _group(child.pid)


def _group(leader: int) -> list[str]:
    """The processes of a group that run."""
    told = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True)
    rows = (line.split() for line in told.stdout.splitlines())
    return [state for group, state in rows if int(group) == leader and state[0] != "Z"]
