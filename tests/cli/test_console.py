"""Text of others reaches no terminal and no markup raw; a stream that fails gives an exit code."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mixdown import cli
from mixdown.cli.console import _table

EVIL = "e\x1b]0;owned\x07\x9b31m[red] [remix]"
RAW = re.compile(rb"\x1b\]|\x07|\xc2\x9b")


def program(*args: str, **how: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "mixdown", *args], check=False, **how)


def name_voice(show: Path, name: str) -> None:
    """Give the voice of the timeline another name."""
    Path("media/voice.wav").rename(f"media/{name}")
    show.write_text(show.read_text().replace("media/voice.wav", json.dumps(f"media/{name}")))


def test_names_are_printed_as_they_are_not_as_markup(show, mixdown):
    name_voice(show, "Song [remix].wav")
    done = mixdown("measure", "media/Song [remix].wav", "media/bed.flac")
    assert done.code == 0
    assert "Song [remix].wav" in done.out
    done = mixdown("render", show.name, "-o", "out[/fin]")
    assert done.code == 0
    assert "out[/fin]/master.wav" in done.out


@pytest.mark.parametrize("command", ["check", "compile", "render", "diff", "explain", "measure"])
def test_escape_sequences_do_not_reach_a_terminal(show, command):
    plain = show.with_name("plain.yaml")
    plain.write_text(show.read_text().replace("voice.wav", "bed.flac"))
    name_voice(show, f"{EVIL}.wav")
    show.write_text(show.read_text().replace("hello", json.dumps(EVIL)))
    more = {"diff": [plain.name], "explain": ["--at", "0.5"], "render": ["-o", EVIL]}
    file = "media" if command == "measure" else show.name
    shown = on_a_terminal(command, file, *more.get(command, []))
    assert command == "check" or b"remix" in shown
    assert not RAW.search(shown)


def on_a_terminal(*args: str) -> bytes:
    """What a command prints where standard output and error are a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "mixdown", *args], stdin=theirs, stdout=theirs, stderr=theirs
    ) as running:
        os.close(theirs)
        parts = []
        while True:
            try:
                parts.append(os.read(ours, 65536))
            except OSError:  # the other end is closed
                break
        running.wait()
    os.close(ours)
    return b"".join(parts)


def test_json_escapes_what_steers_a_terminal_and_stays_exact(mixdown, tmp_path):
    done = mixdown("measure", tmp_path / EVIL, "--json")
    assert done.code == 2
    assert not RAW.search(done.out.encode())
    assert done.data["diagnostics"]


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_an_ascii_terminal_gets_escapes(show, how):
    show.write_text(show.read_text().replace("hello", "h\u00e9llo").replace("A small", "\u00c5"))
    renamed = show.rename(show.with_name("sm\u00e4ll.yaml"))
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = program("check", renamed.name, *how, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
    done = program("presets", "export", *how, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()


@pytest.mark.parametrize("command", [["schema"], ["presets", "export"], ["doctor", "--json"]])
def test_a_full_standard_output_is_an_error(command):
    with Path("/dev/full").open("wb") as full:
        done = program(*command, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert b"MIX604" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_closed_stream_is_no_traceback(closed):
    line = f"exec {sys.executable} -m mixdown presets export {closed}>&-"
    done = subprocess.run(["sh", "-c", line], check=False, capture_output=True)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["check", "compile", "render", "measure"])
def test_a_directory_whose_name_is_not_utf_8_is_an_error(show, mixdown, tmp_path, command):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff"))
    show.parent.rename(folder)
    done = mixdown(command, folder / show.name)
    assert done.code == 2
    assert "not UTF-8" in done.err
    assert "Traceback" not in done.err


def test_commands_print_by_the_console_only():
    files = [f for f in Path(cli.__file__).parent.glob("*.py") if f.name != "console.py"]
    assert not [f.name for f in files if re.search(r"click\.s?echo|\bprint\(", f.read_text())]


def test_a_table_that_is_too_wide_keeps_its_names_whole():
    row = ("a-folder/a-very-long-name-of-a-file.wav", "stem of bus_dialogue", "-16.0", "0:48.0")
    columns = ("file", "what", "LUFS", "duration")
    assert _table(columns, [row], 2, 200).count("\n") == 3
    assert _table(columns, [row], 2, 50) == (
        "a-folder/a-very-long-name-of-a-file.wav\n"
        "  what: stem of bus_dialogue; LUFS: -16.0\n"
        "  duration: 0:48.0\n"
    )
    assert _table(("mix", "bus", "use"), [("", "bus_fx", "A use.")], 0, 20) == (
        "  bus: bus_fx\n  use: A use\n"
    )


def test_sentences_end_within_a_terminal_and_places_keep_their_lines(show):
    """A terminal of no size has 80 columns."""
    show.write_text(
        "id: x\ntracks: [{id: a, role: fx, clips: [{source: media/voice.wav, length: 1}]}]"
    )
    lines = on_a_terminal("check", show.name).decode().splitlines()
    helps = [n for n, line in enumerate(lines) if line.startswith("  = help: did you mean 'dur")]
    assert helps and all(lines[n + 1].startswith("    ") for n in helps)
    assert all(len(line) <= 80 for line in lines if "|" not in line)
