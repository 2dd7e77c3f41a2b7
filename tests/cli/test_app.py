"""The program answers quickly, names its commands, and finds the one that was meant."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest
from mixdown.cli.app import COMMANDS

HEAVY = ("numpy", "scipy", "soundfile", "soxr", "networkx", "lark", "rich", "yaml", "ruamel")


def python(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *args], capture_output=True, text=True)


def test_help_answers_within_the_budget():
    """0.3 s, counted as the processor's time, which a busy machine does not stretch."""
    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert python("-m", "mixdown", "--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    assert min(seconds) < 0.3


@pytest.mark.parametrize("args", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_imports_nothing_heavy_and_no_other_command(args):
    code = (
        "import sys; from mixdown.cli.app import run; code = run(sys.argv[1:])\n"
        "print(__import__('json').dumps([code, sorted(sys.modules)]))"
    )
    code, modules = json.loads(python("-c", code, *args).stdout.splitlines()[-1])
    assert code == 0
    assert not [name for name in HEAVY if name in modules]
    loaded = [name for name in COMMANDS if f"mixdown.cli.{name}" in modules]
    assert loaded == args[:-1]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_command_says(name):
    command = import_module(f"mixdown.cli.{name}").command
    assert command.name == name
    assert command.help.partition("\n")[0] == COMMANDS[name]
    assert all(getattr(p, "help", None) != "" for p in command.params)


def test_the_list_of_commands_is_in_the_help(mixdown):
    listed = [line.split()[0] for line in mixdown("--help").out.splitlines() if line[:2] == "  "]
    assert [name for name in listed if name in COMMANDS] == list(COMMANDS)
    assert mixdown().code == 2  # no command is a mistake, and shows the help
    assert mixdown("-h").code == 0


def test_the_version_is_the_packages():
    assert python("-m", "mixdown", "--version").stdout == f"mixdown {version('mixdown')}\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["chek"], "No such command 'chek'. Did you mean 'check'?"),
        (["zzz"], "No such command 'zzz'"),
        (["render"], "Missing argument 'FILE'"),
        (["render", "x.yaml", "--stem"], "--stems"),
        (["compile", "x.yaml", "--format", "xml"], "'text'"),
    ],
)
def test_a_mistake_on_the_command_line_is_explained(mixdown, args, said):
    ended = mixdown(*args)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_a_reader_that_goes_away_is_no_traceback():
    line = f"{sys.executable} -m mixdown presets | true"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert "Traceback" not in done.stderr


def test_an_option_that_keeps_its_last_value_says_so(tmp_path):
    mix = tmp_path / "x.yaml"
    mix.write_text("id: x\nlength_ms: 100\ntracks: []\n", encoding="utf-8")
    compiled = ("-m", "mixdown", "compile", str(mix), "--to", "native")
    done = python(*compiled, "--preset", "draft", "--preset", "music", "--backend", "native")
    assert done.returncode == 0
    assert done.stderr == (
        "--backend is given 2 times; the last one counts\n"
        "--preset is given 2 times; the last one counts\n"
    )
    store = ("--store", str(tmp_path / "store"))
    listed = python("-m", "mixdown", "artifacts", "list", *store, *store)
    assert listed.stderr.startswith("--store is given 2 times; the last one counts\n")
    repeatable = python(*compiled, "--disable", "fold-gain", "--disable", "pack-lanes", "--strict")
    assert (repeatable.returncode, repeatable.stderr) == (0, "")
