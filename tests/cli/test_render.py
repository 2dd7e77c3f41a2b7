"""render, from a timeline to files, with the real programs; and every way in which it can end."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import soundfile
from mixdown.cli.app import ExitCode


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def each_ffmpeg(ffmpegs: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each ffmpeg in turn is the one that renders."""
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    return ffmpegs


def test_master_stems_and_manifest(mixdown, show, each_ffmpeg):
    out = show.parent / "out"
    ended = mixdown("render", show.name, "-o", "out", "--preset", "podcast", "--stems")
    assert (ended.code, ended.err) == (0, "")
    names = ["bus_dialogue.wav", "bus_music.wav", "chapters.json", "manifest.json", "master.wav"]
    assert sorted(contents(out)) == [*names, "report.html", "report.json"]
    manifest = json.loads((out / "manifest.json").read_text())
    master, *stems = manifest["artifacts"]
    assert (master["kind"], master["target"], master["parent"]) == ("audio_render", "master", None)
    assert [(s["kind"], s["target"]) for s in stems] == [
        ("audio_bus_stem", "bus_dialogue"),
        ("audio_bus_stem", "bus_music"),
    ]
    assert {s["parent"] for s in stems} == {master["digest"]}
    for artifact in manifest["artifacts"]:
        path = out / artifact["file"]
        info = soundfile.info(str(path))
        meta = artifact["meta"]
        assert (info.samplerate, info.channels, info.frames) == (48000, 2, 110_400)
        assert (meta["sample_rate"], meta["channels"], meta["samples"]) == (48000, 2, 110_400)
        assert info.subtype == "PCM_16"
        assert artifact["digest"] == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
        assert artifact["file"] in ended.out
    assert master["meta"]["integrated_lufs"] == pytest.approx(-16.0, abs=0.1)
    assert master["meta"]["true_peak_dbtp"] <= -1.0
    assert master["meta"]["export_preset"] == "podcast"
    assert str(show.parent) not in (out / "manifest.json").read_text()


def test_two_renders_are_the_same_bytes(mixdown, show, each_ffmpeg):
    folders = [show.parent / name for name in ("one", "two")]
    for folder in folders:
        assert mixdown("render", show.name, "-o", folder, "--stems", "--quiet").code == 0
    one, two = map(contents, folders)
    assert one == two
    assert mixdown("render", show.name, "-o", "one", "--stems", "--quiet").out == ""
    assert contents(folders[0]) == one


@pytest.mark.parametrize("preset", ["default", "music", "voiceover", "draft"])
def test_every_preset_delivers_what_it_says(mixdown, show, preset):
    ended = mixdown("render", show.name, "--preset", preset, "--json")
    assert ended.code == 0
    (master,) = ended.data["artifacts"]
    assert master["path"] == "small-mixdown/master.wav"
    meta = master["meta"]
    missed = "MIX605" in ended.codes
    if meta["loudnorm_target"] is None:
        assert meta["sample_peak_dbfs"] <= meta["limiter_thresh"]
    else:
        assert meta["true_peak_dbtp"] <= meta["limiter_thresh"]
        assert missed or abs(meta["integrated_lufs"] - meta["loudnorm_target"]) <= 0.1
    assert ended.data["manifest"] == "small-mixdown/manifest.json"


def test_a_render_replaces_the_files_of_the_last_and_no_others(mixdown, show):
    out = show.parent / "out"
    out.mkdir()
    (out / "master.wav").write_text("old")
    (out / "notes.txt").write_text("mine")
    assert mixdown("render", show.name, "-o", "out", "--preset", "draft", "--no-report").code == 0
    assert soundfile.info(str(out / "master.wav")).frames == 110_400
    assert (out / "notes.txt").read_text() == "mine"
    assert sorted(contents(out)) == ["chapters.json", "manifest.json", "master.wav", "notes.txt"]


def test_a_silent_mix_is_delivered_with_a_warning(mixdown, show):
    show.write_text(show.read_text().replace("role: ", "mute: true\n    role: "))
    ended = mixdown("render", show.name, "--json")
    assert (ended.code, ended.codes) == (1, ["MIX606"])
    (master,) = ended.data["artifacts"]
    assert master["meta"]["integrated_lufs"] is None
    assert "silent" in mixdown("render", show.name).out


def test_a_render_ends_with_what_was_checked_and_where_the_report_is(mixdown, show):
    ended = mixdown("render", show.name, "-o", "out", "--preset", "podcast")
    assert re.search(r"integrated loudness +-16.1 to -15.9 LUFS +-16.0 LUFS +pass", ended.out)
    assert re.search(r"clicks and dropouts at 4 joins +none +none +pass", ended.out)
    assert ended.out.endswith("\nreport: out/report.html\n")
    assert mixdown("render", show.name, "-o", "out", "--json").data["report"] == "out/report.html"


def test_a_cut_that_clicks_is_shown_at_its_line(mixdown, show):
    show.write_text(show.read_text().replace("fade_out_ms: 200", "duration_ms: 1500.4"))
    ended = mixdown("render", show.name, "-o", "out", "--preset", "draft")
    assert ended.code == 0
    assert ended.err.startswith("warning[MIX608]: a click at 0:01.500, where 'music/bed' ends")
    assert "small.yaml:15:9" in ended.err
    assert re.search(r"clicks and dropouts at 4 joins +none +1 found +fail", ended.out)
    without = mixdown("render", show.name, "-o", "plain", "--preset", "draft", "--no-report")
    assert (without.err, "clicks" in without.out, "report" in without.out) == ("", False, False)


def fake_ffmpeg(folder: Path, then: str) -> Path:
    """A program that says it is ffmpeg 9.0, and on real work does something else."""
    program = folder.parent / "ffmpeg-9"
    program.write_text(
        "#!/bin/sh\n"
        '[ "$1" = -version ] && echo "ffmpeg version 9.0 Copyright (c)" && exit 0\n'
        f"{then}\n"
    )
    program.chmod(0o755)
    return program


def test_a_program_that_fails_ends_with_3_and_leaves_nothing(mixdown, show, listing, monkeypatch):
    program = fake_ffmpeg(show.parent, "echo 'No space left on device' >&2; exit 1")
    monkeypatch.setenv("MIXDOWN_FFMPEG", str(program))
    before = listing()
    ended = mixdown("render", show.name, "-o", "new/out")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("error[MIX603]: step 'mix' failed: ffmpeg ended with status 1")
    assert "No space left on device" in ended.err
    assert mixdown("render", show.name, "-o", "new/out", "--json").codes == ["MIX603"]
    assert listing() == before


def test_a_program_that_writes_something_else_is_not_believed(mixdown, show, listing, monkeypatch):
    """It ends well, but the master is a short file: that is noticed, and not delivered."""
    soundfile.write(show.parent / "short.wav", [0.1] * 480, 48000)
    program = fake_ffmpeg(
        show.parent, f'for last; do :; done; cp {show.parent}/short.wav "$last"; exit 0'
    )
    monkeypatch.setenv("MIXDOWN_FFMPEG", str(program))
    before = listing()
    ended = mixdown("render", show.name, "-o", "out", "--preset", "draft")
    assert ended.code == 3
    assert "has 48000 Hz, 1 channel, 480 samples instead of" in ended.err
    assert listing() == before


@pytest.mark.parametrize("named", ["/no/such/ffmpeg", "old"])
def test_no_ffmpeg_ends_with_3_and_says_how_to_get_one(mixdown, show, listing, monkeypatch, named):
    if named == "old":
        old = fake_ffmpeg(show.parent, "exit 0")
        old.write_text(old.read_text().replace("version 9.0", "version 4.4.1"))
        named = str(old)
    monkeypatch.setenv("MIXDOWN_FFMPEG", named)
    before = listing()
    ended = mixdown("render", show.name, "-o", "out")
    assert ended.code == 3
    assert re.match(r"error\[MIX60[12]\]: .*MIXDOWN_FFMPEG", ended.err)
    assert listing() == before


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (signal.SIGINT, ExitCode.INTERRUPTED),
        (signal.SIGTERM, ExitCode.TERMINATED),
        (signal.SIGHUP, ExitCode.HUNG_UP),
    ],
)
def test_an_interrupted_render_leaves_nothing(show, tmp_path, listing, sent, code):
    """The program under way is ended too, and its child."""
    pids = tmp_path / "pids"
    program = fake_ffmpeg(show.parent, hang(pids))
    before = listing()
    render = started_render(show.parent, program, pids)
    render.send_signal(sent)
    out, err = render.communicate(timeout=60)
    assert (render.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert listing() == before
    assert becomes(lambda: all(map(is_gone, pids.read_text().split())))


def hang(pids: Path) -> str:
    """Lines of a shell that write the ids of a child and of itself, and wait."""
    return f"sleep 600 & echo $! $$ >{pids}.new; mv {pids}.new {pids}; wait"


def started_render(folder: Path, program: Path, wanted: Path) -> subprocess.Popen[str]:
    """A render, once its program has made the file."""
    render = subprocess.Popen(
        [sys.executable, "-m", "mixdown", "render", "small.yaml", "-o", "out"],
        cwd=folder,
        env={**os.environ, "MIXDOWN_FFMPEG": str(program)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert becomes(wanted.exists)
    return render


def becomes(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def is_gone(pid: str) -> bool:
    return not Path("/proc", pid).exists()


def test_a_killed_render_takes_its_programs_with_it(show, tmp_path):
    """A wrapper script and its child too; the next render removes the folder."""
    pids = tmp_path / "pids"
    program = fake_ffmpeg(show.parent, hang(pids))
    render = started_render(show.parent, program, pids)
    render.kill()
    render.communicate()
    assert becomes(lambda: all(map(is_gone, pids.read_text().split())))


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_a_probe_that_hangs_ends_with_the_command(show, tmp_path, sent):
    pids = tmp_path / "pids"
    program = tmp_path / "hanging"
    program.write_text(f"#!/bin/sh\n{hang(pids)}")
    program.chmod(0o755)
    render = started_render(show.parent, program, pids)
    render.send_signal(sent)
    assert render.communicate(timeout=60)[1] == ""
    assert render.returncode == 128 + sent
    assert becomes(lambda: all(map(is_gone, pids.read_text().split())))


def test_a_program_that_hangs_ends_with_3_and_its_log(mixdown, show, listing, monkeypatch):
    program = fake_ffmpeg(show.parent, "echo 'cannot go on' >&2; sleep 600")
    monkeypatch.setenv("MIXDOWN_FFMPEG", str(program))
    monkeypatch.setenv("MIXDOWN_STALL_SECONDS", "0.5")
    before = listing()
    ended = mixdown("render", show.name, "-o", "out")
    assert (ended.code, ended.out) == (3, "")
    assert re.match(
        r"error\[MIX610\]: step 'mix' failed: ffmpeg made no progress for 1 s and was ended\n"
        r"  = help: if it is only slow, set MIXDOWN_STALL_SECONDS to more than 0.5; "
        r"the last lines of ffmpeg:\n +cannot go on",
        ended.err,
    )
    assert listing() == before


def on_a_terminal(command: list[str]) -> tuple[int, str, bytes]:
    """Run a command whose standard error is a terminal: its code, what it drew, its output."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        command,
        stderr=follower,
        stdout=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(follower)
    drawn = b""
    # Reading from a terminal that nobody writes to any more is an input/output error on Linux.
    with suppress(OSError):
        while block := os.read(leader, 4096):
            drawn += block
    os.close(leader)
    out, _ = process.communicate()
    return process.returncode, drawn.decode(), out


def test_a_terminal_shows_progress_and_a_pipe_does_not(show):
    command = [sys.executable, "-m", "mixdown", "render", show.name, "-o", "out"]
    code, drawn, out = on_a_terminal(command)
    assert code == 0
    for shown in ("mix", "measure the loudness", "master", "check and measure", "100%", "0:00:0"):
        assert shown in drawn
    assert b"\x1b" not in out
    assert on_a_terminal([*command, "--preset", "draft", "--quiet"]) == (0, "", b"")


def test_a_silent_mix_is_not_ok(mixdown, show):
    text = show.read_text().replace("    role:", "    mute: true\n    role:")
    show.write_text(text)
    ended = mixdown("render", show.name, "-o", "out", "--preset", "podcast", "--json")
    assert (ended.code, ended.data["ok"], ended.data["passed"]) == (1, False, False)
    failed = {check["rule"]: check["fix"] for check in ended.data["checks"] if not check["passed"]}
    assert failed["sound"] == "check mutes, solos, gains and sources"
    assert mixdown("render", show.name, "-o", "out", "--preset", "draft", "--quiet").code == 1


def test_strict_covers_the_report(mixdown, show):
    cut = show.read_text().replace(", fade_in_ms: 20, fade_out_ms: 50", ", duration_ms: 700")
    show.write_text(cut)
    options = ("-o", "out", "--preset", "podcast", "--json")
    loose = mixdown("render", show.name, *options)
    strict = mixdown("render", show.name, *options, "--strict")
    assert loose.data["passed"] == strict.data["passed"]
    assert (loose.code, loose.data["ok"]) == (0, True)
    clean = strict.data["passed"] and not strict.data["diagnostics"]
    assert (strict.code, strict.data["ok"]) == ((0, True) if clean else (1, False))
    assert not clean


def test_finished_recordings_need_no_timeline(mixdown, show):
    ended = mixdown("master", "media/voice.wav", "--preset", "podcast", "--json")
    assert (ended.code, ended.data["ok"]) == (0, True)
    (file,) = ended.data["artifacts"]
    assert file["path"] == "voice-mixdown/voice.wav"
    both = mixdown("master", "media/voice.wav", "media/bed.flac", "--json", "--no-report")
    assert [each["artifacts"][0]["path"] for each in both.data["renders"]] == [
        *("mastered/voice/voice.wav", "mastered/bed/bed.wav")
    ]
    wrong = mixdown("render", "media/voice.wav")
    assert wrong.code == 2
    assert "is a recording, not a document" in wrong.err
    assert "mixdown master FILE" in wrong.err
    assert "-->" not in mixdown("master", "media/gone.wav").err
    assert "`mixdown render FILE`" in mixdown("master", show.name).err


def test_a_render_of_nothing_new_says_so_and_ends_as_the_first(mixdown, show):
    """--strict: the mix has a warning, so that every run ends with code 1."""
    show.write_text(show.read_text().replace("fade_in_ms: 20", "crossfade_in_ms: 20"))
    line = ("render", show.name, "-o", "out", "--preset", "podcast", "--backend", "native")
    first, second = (mixdown(*line, "--json") for _ in range(2))
    assert (first.data["unchanged"], second.data["unchanged"]) == (False, True)
    assert {**first.data, "unchanged": True, "cache": None} == second.data
    shown = [mixdown(*line, *more) for more in ((), ("--force",), ("--quiet",))]
    assert "unchanged: the files are what this would render" in shown[0].out
    assert shown[0].out.split("\n\n", 1)[1] == shown[1].out
    assert shown[0].err == shown[1].err == shown[2].err != ""
    assert [ended.code for ended in (first, second, *shown)] == [first.code] * 5


def test_a_directory_with_the_name_of_a_file_is_no_output(mixdown, show, listing):
    before = listing()
    ended = mixdown("render", show.name, "-o", "episodes/first.MP3")
    assert ended.code == 2
    assert "-o episodes/first --format mp3 is probably meant" in " ".join(ended.err.split())
    assert listing() == before
