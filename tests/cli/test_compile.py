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


def test_one_pass_is_a_choice_that_says_what_it_is(mixdown, show):
    refused = mixdown("compile", show.name, "--single")
    assert (refused.code, "--one-pass" in refused.err) == (2, True)
    alone = mixdown("compile", show.name, "--one-pass")
    assert (alone.code, "MIX307" in alone.err) == (2, True)
    ended = mixdown("compile", show.name, "--single", "--one-pass")
    assert (ended.code, ended.out.count("step ")) == (0, 1)
    assert "warning[MIX503]" in ended.err
    assert "loudnorm@master_loudnorm=I=-16.0" in ended.out
    quiet = mixdown("compile", show.name, "--single", "--one-pass", "--preset", "draft")
    assert (quiet.code, quiet.err) == (0, "")


def test_one_command_with_too_many_files_is_a_warning(mixdown, show):
    """The limit is this machine's: the plan is the same."""
    few = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (17, 17));"
    line = f"{few} from mixdown.cli import main; main()"
    args = ["compile", show.name, "--single", "--preset", "draft"]
    done = subprocess.run([sys.executable, "-c", line, *args], capture_output=True, text=True)
    assert "step 'mix' opens 3 files; the limit of this machine is 17" in done.stderr
    assert (done.returncode, done.stdout) == (0, mixdown(*args).out)
    assert mixdown(*args).err == ""


def test_the_plan_of_a_written_pipeline_is_that_of_its_passes(mixdown, show):
    left_out = ("drop-identity", "dead-code", "common-subexpressions")
    disabled = [word for name in left_out for word in ("--disable", name)]
    plan = mixdown("compile", show.name, "--pipeline", "fold-gain,pack-lanes{max-lanes=none}")
    assert plan.code == 0
    assert plan.out == mixdown("compile", show.name, *disabled).out
    refused = mixdown("compile", show.name, "--pipeline", "fold-gain,lower")
    assert refused.code == 2 and "the pass 'lower' always runs" in refused.err
