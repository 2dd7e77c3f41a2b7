"""cache: what is kept, by real renders; and renders beside a cache that is of no use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import soundfile
from forked import ForkServer

RENDER = ("render", "small.yaml", "--preset", "draft", "--no-report", "--quiet", "--force")


@pytest.fixture
def kept(show: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of this test's own; every render decodes an Ogg into it."""
    sound, rate = soundfile.read(show.parent / "media/voice.wav")
    soundfile.write(show.parent / "media/voice.ogg", sound, rate)
    show.write_text(show.read_text().replace("voice.wav", "voice.ogg"))
    monkeypatch.setenv("MIXDOWN_CACHE", str(show.parent / "kept"))
    return show.parent / "kept"


Process = Callable[..., tuple[int, str]]


@pytest.fixture
def process(show: Path, fork_server: ForkServer) -> Process:
    """Runs a command line in a process: its exit code, and all that it prints."""

    def call(*args: object, **variables: object) -> tuple[int, str]:
        return fork_server.mixdown(map(str, args), show.parent, with_variables(variables))

    return call


def alone(*args: object, **variables: object) -> tuple[int, str]:
    """The same in a process that other such processes do not wait for."""
    line = [sys.executable, "-m", "mixdown", *map(str, args)]
    done = subprocess.run(line, env=with_variables(variables), capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def with_variables(variables: Mapping[str, object]) -> dict[str, str]:
    return os.environ | {name: str(value) for name, value in variables.items()}


def rendered(process: Process, out: Path, **variables: object) -> bytes:
    """The master of a render, which must say nothing."""
    assert process(*RENDER, "-o", out, **variables) == (0, "")
    return (out / "master.wav").read_bytes()


def test_what_is_kept_is_listed_verified_and_cleared(mixdown, show, kept):
    assert mixdown("cache", "list").out == f"0 files, 0 of 5,368,709,120 bytes, in {kept}\n"
    assert mixdown(*RENDER).code == 0
    listed = mixdown("cache", "list", "--json").data
    assert {entry["kind"] for entry in listed["entries"]} >= {"audio", "facts"}
    assert sum(entry["bytes"] for entry in listed["entries"]) == sum(
        path.stat().st_size for path in kept.iterdir()
    )
    assert "audio" in mixdown("cache", "list").out
    assert mixdown("cache", "verify").code == 0
    damaged = next(entry for entry in listed["entries"] if entry["kind"] == "audio")["file"]
    with (kept / damaged).open("rb+") as file:
        file.write(b"other")
    ended = mixdown("cache", "verify", "--json")
    assert ended.code == 1
    assert [entry["file"] for entry in ended.data["damaged"]] == [damaged]
    assert not (kept / damaged).exists()
    assert mixdown("cache", "clear", "--unused", 1).out == "0 files, 0 bytes removed\n"
    assert mixdown("cache", "clear", "--kind", "facts", "--json").data["removed"]
    assert {e["kind"] for e in mixdown("cache", "list", "--json").data["entries"]} <= {
        *("audio", "digest")
    }
    mixdown("cache", "clear")
    assert list(kept.iterdir()) == []


def test_a_cache_that_is_off_is_listed_as_that(mixdown, monkeypatch):
    monkeypatch.setenv("MIXDOWN_CACHE", "off")
    assert mixdown("cache", "list").out == "cache: off\n"
    assert mixdown("cache", "clear", "--json").data["directory"] is None


@pytest.mark.parametrize("size", ["much", "-1", "5XB"])
def test_a_size_that_is_none_is_an_error(mixdown, monkeypatch, kept, size):
    monkeypatch.setenv("MIXDOWN_CACHE_SIZE", size)
    ended = mixdown("cache", "list", "--json")
    assert (ended.code, ended.codes) == (2, ["MIX307"])


def test_a_size_may_have_a_unit(mixdown, monkeypatch, kept):
    for text, size in {"7": 7, "2GB": 2 * 10**9, "1.5 MiB": 3 << 19, "20k": 20_000}.items():
        monkeypatch.setenv("MIXDOWN_CACHE_SIZE", text)
        assert mixdown("cache", "list", "--json").data["limit"] == size


def test_a_cache_of_no_use_changes_nothing(show, kept, process):
    """Off, full by its limit, damaged, read-only or a file: every process renders the same."""
    wanted = rendered(process, show.parent / "off", MIXDOWN_CACHE="off")
    assert rendered(process, show.parent / "first") == wanted
    assert rendered(process, show.parent / "full", MIXDOWN_CACHE_SIZE=0) == wanted
    for entry in kept.iterdir():
        entry.write_bytes(entry.read_bytes()[:-1] + b"\0\1")
    assert rendered(process, show.parent / "damaged") == wanted
    assert rendered(process, show.parent / "again") == wanted
    kept.chmod(0o500)
    assert rendered(process, show.parent / "read-only") == wanted
    kept.chmod(0o700)
    assert rendered(process, show.parent / "proc", MIXDOWN_CACHE="/proc/1/mixdown") == wanted
    assert rendered(process, show.parent / "file", MIXDOWN_CACHE=show) == wanted


def test_processes_share_a_cache_that_is_cleared_meanwhile(show, kept, process):
    """A limit that fits little makes every process remove what others are about to read."""
    wanted = rendered(process, show.parent / "off", MIXDOWN_CACHE="off")
    limit = {"MIXDOWN_CACHE_SIZE": "150kB"}
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(rendered, alone, show.parent / f"out{n}", **limit) for n in range(3)]
        cleared = []
        while not cleared or not all(run.done() for run in runs):
            cleared.append(process("cache", "clear", "--json"))
            time.sleep(0.3)
        assert {run.result() for run in runs} == {wanted}
    assert all(code == 0 and json.loads(text)["ok"] for code, text in cleared)
    assert process("cache", "verify")[0] == 0


def test_a_render_explains_what_it_reused(mixdown, show, kept):
    line = ("render", show.name, "-o", "out", "--backend", "native", "--stems", "--explain-cache")
    first = mixdown(*line).out
    assert "mix: bus_music.wav: made: not in the cache" in first
    assert "changes: no earlier render into this directory is known" in first
    show.write_text(show.read_text().replace("fade_in_ms: 20", "fade_in_ms: 30"))
    second = mixdown(*line).out
    assert "mix: bus_music.wav: reused" in second
    assert "mix: bus_dialogue.wav: made: not in the cache" in second
    assert "changes: the fade of clip host/hello changed" in second
    explained = mixdown(*line[:-1], "--force", "--json").data["cache"]
    assert explained["changes"] == []
    assert mixdown(*line).out.startswith("unchanged: ")
