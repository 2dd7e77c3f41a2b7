"""`mixdown arrange`, and the other commands given an arrangement or a show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile
from mixdown import load
from mixdown.cli.app import ExitCode, run
from mixdown.compiler.fmt import format_text
from mixdown.compiler.load import load as load_any
from mixdown.compiler.load import read
from mixdown.documents.writer import dump

EXAMPLES = Path(__file__).parents[3] / "examples"

SONG = """
arrangement_version: 1
id: song
tempo_map: [{bar: 1, tempo: 120}]
sections: [{name: a, bars: 2}, {name: b, bars: 1}]
materials: [{id: bar, source: bar.wav, bars: 1, tempo: 120}]
parts:
  - id: p
    role: drums
    material: bar
    play: [a, b]
    moves:
      - {section: a, target: gain, begin: -20, end: 0, bars: 3}
      - {section: b, target: gain, begin: -6}
"""


@pytest.fixture
def song(media: Path) -> Path:
    path = media / "song.yaml"
    path.write_text(SONG)
    return path


def test_arrange_prints_the_timeline_and_warns_of_it(song: Path, capfd):
    assert run(["arrange", str(song)]) == ExitCode.OK
    out, err = capfd.readouterr()
    assert out == dump(load_any(song))
    assert out.startswith("schema_version: 1\nid: song\n")
    assert err.startswith("warning[MIX221]: region 1 of gain ends at 6000 ms")
    assert f"{song}:13:9" in err


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_arrange_writes_a_timeline_that_renders(song: Path, suffix: str, media: Path, capfd):
    out = media / f"timeline.{suffix}"
    assert run(["arrange", str(song), "-o", str(out)]) == ExitCode.OK
    assert load(out) == load_any(song)
    assert run(["check", str(out)]) == ExitCode.OK


def test_arrange_strictly(song: Path, capfd):
    assert run(["arrange", str(song), "--strict"]) == ExitCode.BAD_INPUT
    assert capfd.readouterr().err.startswith("error[MIX221]")


def test_a_timeline_whose_clips_are_placed_stays_as_it_is(song: Path, media: Path, capfd):
    run(["arrange", str(song), "-o", str(media / "made.yaml")])
    assert run(["arrange", str(media / "made.yaml")]) == ExitCode.OK
    assert capfd.readouterr().out == (media / "made.yaml").read_text()


def test_an_unknown_role_is_refused(song: Path, capfd):
    song.write_text(SONG.replace("role: drums", "role: drumms"))
    assert run(["arrange", str(song)]) == ExitCode.BAD_INPUT
    assert "error[MIX301]: track 'p' has the unknown role 'drumms'" in capfd.readouterr().err


def test_other_commands_take_it_directly(song: Path, tmp_path: Path, capfd):
    assert run(["check", str(song), "--json"]) == ExitCode.OK
    found = json.loads(capfd.readouterr().out)["diagnostics"]
    assert [d["via"]["line"] for d in found] == [13]
    assert run(["compile", str(song), "--preset", "draft"]) == ExitCode.OK
    assert "${SRC}/bar.wav" in capfd.readouterr().out
    assert run(["inspect", str(song), "--preset", "draft"]) == ExitCode.OK
    assert f'via "{song}" /parts/0/play/0' in capfd.readouterr().out
    out = tmp_path / "out"
    args = ["render", str(song), "--preset", "draft", "--backend", "native", "-o", str(out)]
    assert run([*args, "--quiet"]) == ExitCode.OK
    assert soundfile.info(str(out / "master.wav")).frames == 6 * 48000


def test_a_show_too(media: Path, tmp_path: Path, capfd):
    path = media / "show.yaml"
    path.write_text("show_version: 1\nid: show\nsegments: [voice.wav]\n")
    assert run(["arrange", str(path)]) == ExitCode.OK
    assert "mix_preset_id: podcast_leveled" in capfd.readouterr().out
    assert run(["check", str(path)]) == ExitCode.OK


@pytest.mark.parametrize("name", ["song/night-train.yaml", "show/episode.yaml"])
def test_fmt_keeps_what_it_says(name: str):
    text = (EXAMPLES / name).read_text("utf-8")
    made = format_text(text, name)
    assert read(made, name) == read(text, name)
    assert made.count("#") == text.count("#")
    assert format_text(made, name) == made


def test_fmt_refuses_what_does_not_load(song: Path, capfd):
    song.write_text(SONG.replace("play: [a, b]", "plays: [a, b]"))
    assert run(["fmt", str(song)]) == ExitCode.BAD_INPUT
    assert "error[MIX103]: a part has no key 'plays'" in capfd.readouterr().err
