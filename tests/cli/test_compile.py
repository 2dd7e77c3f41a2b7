"""compile prints a plan: the same bytes, whatever the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from mixdown import compile, load

OPTIONS = [["--preset", "podcast", "--stems"], ["--preset", "draft", "--format", "json"]]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_two_processes_print_the_same_bytes(show, options):
    def printed(seed: str) -> bytes:
        command = [sys.executable, "-m", "mixdown", "compile", show.name, "--to", "ffmpeg"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([*command, *options], capture_output=True, env=environment)
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout

    first = printed("1")
    assert first == printed("2")
    assert str(show.parent).encode() not in first


def test_it_prints_the_plan(mixdown, show):
    plan = compile(load(show.name), preset="podcast", stems=True).plan
    ended = mixdown("compile", show.name, "--preset", "podcast", "--stems")
    assert (ended.code, ended.out, ended.err) == (0, plan.to_text(), "")
    as_json = mixdown("compile", show.name, "--preset", "podcast", "--stems", "--format", "json")
    assert as_json.data == json.loads(json.dumps(plan.to_dict()))


def test_it_writes_the_plan(mixdown, show):
    ended = mixdown("compile", show.name, "-o", "plan.txt")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert (show.parent / "plan.txt").read_text() == compile(load(show.name)).plan.to_text()


def test_stem_modes_differ(mixdown, show):
    plans = {
        mode: mixdown("compile", show.name, "--stems", "--stem-mode", mode).out
        for mode in ("premaster", "mastered")
    }
    assert plans["premaster"] != plans["mastered"]
