"""The comment of an MP3, read back by mutagen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from mixdown.plans.comments import run_comment, with_comment
from mixdown.render.shell import to_shell
from mutagen.id3 import ID3

RATE = 48000
COMMENTS = ["Made by hand", "Ünï 日本 ; = \\\nand more"]


@pytest.fixture
def show(tmp_path: Path) -> mixdown.Timeline:
    soundfile.write(tmp_path / "a.wav", 0.2 * np.sin(np.arange(RATE) / 9), RATE)
    made = mixdown.Timeline(
        id="t", root=tmp_path, markers=[{"at_ms": 0, "label": "One"}], metadata={"title": "T"}
    )
    return made.track("a", role="music").clip("a.wav")


@pytest.mark.parametrize("comment", COMMENTS)
def test_it_is_a_comm_frame_and_nothing_else_changes(show, tmp_path, ffmpegs, monkeypatch, comment):
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    mix = mixdown.replace(show, metadata={"title": "T", "comment": comment})
    choices = {"format": "mp3", "report": False, "preset": "draft", "backend": "native"}
    made = mixdown.render(mix, out=tmp_path / "a", stems=True, **choices)
    bare = mixdown.render(show, out=tmp_path / "b", stems=True, **choices)
    for file, other in zip((made.master, *made.stems), (bare.master, *bare.stems), strict=True):
        tags, without = ID3(file.path), ID3(other.path)
        (frame,) = tags.getall("COMM")
        assert (frame.desc, frame.lang, frame.text) == ("", "eng", [comment])
        assert not [each for each in tags.getall("TXXX") if each.desc == "comment"]
        assert {key for key in tags if not key.startswith("COMM")} == set(without)
        sound, other_sound = file.path.read_bytes(), other.path.read_bytes()
        assert sound[tags.size :] == other_sound[without.size :]


def test_a_script_leaves_the_same_file(show, tmp_path):
    mix = mixdown.replace(show, metadata={"comment": "Made by hand"})
    compilation = mixdown.compile(mix, format="mp3", backend="native", preset="podcast")
    out = tmp_path / "hand"
    command = ["sh", "-c", to_shell(compilation.plan)]
    program = Path(sys.executable).parent
    env = {"PATH": f"{program}:/usr/bin:/bin", "SRC": str(tmp_path), "OUT": str(out)}
    subprocess.run(command, env=env, check=True)
    rendered = mixdown.render(
        mix, out=tmp_path / "o", format="mp3", backend="native", preset="podcast", report=False
    )
    assert (out / "master.mp3").read_bytes() == rendered.master.path.read_bytes()


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda rest: b"TXXX\0\0\0" + rest))
def test_any_tag_keeps_its_size(tag: bytes):
    assert len(with_comment(tag)) == len(tag)


def test_a_file_without_a_tag_is_refused(tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"\xff\xfb\x90\0")
    with pytest.raises(OSError, match=r"no tag of ID3v2\.3"):
        run_comment([str(tmp_path / "a.mp3"), str(tmp_path / "b.mp3")], lambda done: None)
