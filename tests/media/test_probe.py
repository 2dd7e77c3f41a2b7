from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from mixdown.media.probe import CONTAINERS, StreamShape, shape

# Name, what ffmpeg is told to make it with, what it is then called.
MADE = [
    ("talk.m4a", ("-c:a", "aac"), "mov/aac"),
    ("talk.wma", ("-c:a", "wmav2"), "asf/wmav2"),
    ("alac.m4a", ("-c:a", "alac"), "mov/alac"),
    ("talk.mkv", ("-c:a", "flac"), "matroska/flac"),
    ("talk.aac", ("-c:a", "aac"), "aac/aac"),
    ("talk.tta", ("-c:a", "tta"), "tta/tta"),
]


def make(ffmpeg: str, path: Path, *options: str) -> Path:
    source = "sine=f=440:r=44100:d=0.5,aformat=channel_layouts=stereo"
    argv = [ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", source, *options, str(path)]
    subprocess.run(argv, check=True)
    return path


@pytest.mark.parametrize(("name", "options", "codec"), MADE, ids=str)
def test_the_shape_is_that_of_what_decoding_gives(ffmpegs, tmp_path, name, options, codec):
    path = make(ffmpegs, tmp_path / name, *options)
    decoded = [ffmpegs, "-v", "error", "-i", path, "-map", "0:a:0", "-f", "s16le", "pipe:1"]
    frames = len(subprocess.run(decoded, capture_output=True, check=True).stdout) // 4
    assert shape(ffmpegs, path) == StreamShape(44100, 2, frames, codec)
    assert codec.partition("/")[0] in CONTAINERS
    assert abs(frames - 0.5 * 44100) <= 4096  # a coding's frames, which some lose at the end


def test_what_is_no_media_is_said_to_be_so(ffmpegs, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a sound")
    assert shape(ffmpegs, path) == "ffmpeg says: Invalid data found when processing input"


def test_a_playlist_opens_nothing(ffmpegs, tmp_path):
    make(ffmpegs, tmp_path / "talk.m4a", "-c:a", "aac")
    path = tmp_path / "list.ffconcat"
    path.write_text("ffconcat version 1.0\nfile talk.m4a\n")
    assert isinstance(shape(ffmpegs, path), str)


def test_a_film_without_sound_has_no_shape(ffmpegs, tmp_path):
    path = tmp_path / "film.mkv"
    picture = ["-f", "lavfi", "-i", "color=s=16x16:d=0.1", "-c:v", "ffv1"]
    subprocess.run([ffmpegs, "-v", "error", *picture, str(path)], check=True)
    assert shape(ffmpegs, path) == "ffmpeg finds no sound in it"


def test_a_program_that_is_not_there_is_said_to_be_so(tmp_path):
    assert "does not start" in shape(str(tmp_path / "none"), tmp_path / "file")
