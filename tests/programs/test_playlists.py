"""ffmpeg opens the files that it is given and no others, whatever these say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.compiler.graph_input import load_graph
from mixdown.ir.codes import Code
from mixdown.media.identity import digest_of
from mixdown.programs.ffmpeg import VARIABLE, input_arguments

ROOT = Path(__file__).parents[2]
RATE = 48000
LISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{path}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile '{path}'\n",
}


@pytest.fixture(params=LISTS)
def playlist(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file called list.wav that names another one."""
    secret = tmp_path / "secret.wav"
    soundfile.write(secret, np.full(RATE, 0.25), RATE)
    path = tmp_path / "list.wav"
    path.write_text(LISTS[request.param].format(path=secret.name))
    return path


@pytest.fixture(autouse=True)
def ffmpeg(ffmpegs: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(VARIABLE, ffmpegs)
    return ffmpegs


def test_a_bare_command_plays_what_a_list_names(tmp_path, ffmpeg):
    """Where ffmpeg chooses the demuxer."""
    soundfile.write(tmp_path / "secret.wav", np.full(RATE, 0.25), RATE)
    (tmp_path / "list.wav").write_text(LISTS["ffconcat"].format(path="secret.wav"))
    bare = [ffmpeg, "-v", "error", "-i", tmp_path / "list.wav", "-f", "null", "-"]
    subprocess.run(bare, check=True)


def test_a_list_is_no_source(playlist):
    timeline = mixdown.Timeline(id="t", root=playlist.parent).track("a", role="music")
    with pytest.raises(mixdown.TimelineError) as caught:
        mixdown.compile(timeline.clip(playlist.name, start_ms=0))
    (problem,) = caught.value.diagnostics
    assert problem.code is Code.MEDIA_UNREADABLE


CLAIMS = ("wav", "mov", "mpegts", "ogg", "mpeg", "hls", "concat", "lavfi", "image2", "wav/pcm_16")


@pytest.mark.parametrize("codec", CLAIMS)
def test_a_graph_cannot_claim_that_a_list_is_sound(playlist, codec):
    """Neither with a container that mixdown reads, nor with one that refers to other files."""
    codec = codec if "/" in codec else f"{codec}/pcm_s16le"
    mir = playlist.parent / "t.mir"
    mir.write_text(
        "mixdown.ir 1\n"
        f'source @a = "list.wav" {{digest = "{digest_of(playlist)}", rate = {RATE}, '
        f'channels = 1, frames = {RATE}, codec = "{codec}"}}\n'
        f"%a = clip {{source = @a, offset = 0, length = 500, rate = {RATE}}}\n"
        '%out = output %a {role = master, target = "master", container = "wav", encoding = s24}\n'
    )
    with pytest.raises(mixdown.MixdownError, match=r"list\.wav"):
        mixdown.render(load_graph(mir), out=playlist.parent / "out")
    assert not (playlist.parent / "out").exists()


@pytest.mark.parametrize("demuxer", ["hls", "concat"])
def test_only_files_are_opened(tmp_path, ffmpeg, demuxer):
    path = tmp_path / "list.wav"
    text = LISTS["hls" if demuxer == "hls" else "ffconcat"]
    path.write_text(text.format(path="http://127.0.0.1:9/a.wav"))
    argv = [ffmpeg, "-v", "error", *input_arguments(str(path), (demuxer,)), "-f", "null", "-"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert re.search("not (in|on) whitelist|not allowed|[Pp]rotocol|unsafe", done.stderr.lower())


def test_no_other_place_writes_an_input():
    """`input_arguments` names the demuxer and the protocol of every input of every run."""
    outside = {"tests", "benchmarks", "examples", "docs"}
    found = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if not outside.intersection(path.relative_to(ROOT).parts)
        and not path.relative_to(ROOT).parts[0].startswith((".", "build"))
        and re.search(r"""["']-i["']""", path.read_text())
    }
    assert found == {"programs/ffmpeg.py"}
