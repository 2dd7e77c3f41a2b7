"""doctor tells what is there, and what is not."""

from __future__ import annotations

import json
import resource

import imageio_ffmpeg
import pytest
from mixdown.audio.kernels import chosen
from mixdown.cli.app import run
from mixdown.render.doctor import examine


def test_the_ffmpeg_that_is_named_is_the_one_examined(monkeypatch):
    monkeypatch.setenv("MIXDOWN_FFMPEG", imageio_ffmpeg.get_ffmpeg_exe())
    ffmpeg = next(p for p in examine().programs if p.name == "ffmpeg")
    assert ffmpeg.tool.program == imageio_ffmpeg.get_ffmpeg_exe()
    assert ffmpeg.tool.found_by == "MIXDOWN_FFMPEG"
    assert ffmpeg.abilities["soxr resampling"]
    assert ffmpeg.abilities["mp3"]


def test_limits_are_those_of_this_process():
    limits = {limit.name: limit.value for limit in examine().limits}
    assert limits["open files"] == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert limits["bytes of one argument"] >= 1 << 17


def test_without_a_program_it_says_how_to_get_one(monkeypatch, capfd):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("MIXDOWN_FFMPEG", "/nowhere/ffmpeg")
    assert run(["doctor", "--json"]) == 1
    report = json.loads(capfd.readouterr().out)
    assert not report["ok"]
    ffmpeg, sox = report["programs"]
    assert (ffmpeg["path"], sox["path"]) == (None, None)
    assert "/nowhere/ffmpeg" in ffmpeg["problem"]
    assert "apt-get install sox" in sox["problem"]


def test_kernels_are_those_of_this_process(capfd):
    run(["doctor", "--json"])
    shown = json.loads(capfd.readouterr().out)["kernels"]
    assert shown == {"compiled": chosen().is_compiled, "reason": chosen().reason}
    run(["doctor"])
    assert f"kernels: {'compiled' if chosen().is_compiled else 'numpy'} (" in capfd.readouterr().out


@pytest.mark.requires("sox")
def test_sox_and_its_formats():
    sox = next(p for p in examine().programs if p.name == "sox")
    assert sox.tool.version >= (14, 4)
    assert sox.abilities == {"flac": True, "vorbis": True}
