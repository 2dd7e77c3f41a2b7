"""What a picture is, told from its head, and how an Ogg file holds it."""

from __future__ import annotations

import os
import subprocess
from base64 import b64decode
from pathlib import Path

import mixdown
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mixdown.plans.pictures import Picture, picture_block, picture_of, run_picture
from mutagen import flac

PIXELS = {
    ("png", "gray"): 8,
    ("png", "rgb24"): 24,
    ("png", "rgba"): 32,
    ("png", "rgb48be"): 48,
    ("jpg", "yuvj420p"): 24,
}


def make(program: str, path: Path, pixels: str) -> bytes:
    picture = ["-f", "lavfi", "-i", "testsrc=s=70x31", "-frames:v", "1", "-pix_fmt", pixels]
    made = [program, "-y", "-loglevel", "fatal", *picture, "-update", "1", str(path)]
    subprocess.run(made, check=True)
    return path.read_bytes()


@pytest.mark.parametrize(("suffix", "pixels"), PIXELS)
def test_a_picture_by_its_head(suffix, pixels, tmp_path, embedded_ffmpeg):
    data = make(embedded_ffmpeg, tmp_path / f"a.{suffix}", pixels)
    mime = {"png": "image/png", "jpg": "image/jpeg"}[suffix]
    assert picture_of(data) == Picture(mime, 70, 31, PIXELS[suffix, pixels])
    block = flac.Picture(b64decode(picture_block(data)))
    assert (block.mime, block.type, block.data) == (mime, 3, data)
    assert (block.width, block.height, block.depth) == (70, 31, PIXELS[suffix, pixels])


def test_a_jpeg_may_begin_with_anything(tmp_path, embedded_ffmpeg):
    """Fill bytes and long application data, in which other heads may stand, before its frame."""
    data = make(embedded_ffmpeg, tmp_path / "a.jpg", "yuvj420p")
    inner = b"\xff\xe1" + (2 + 1000).to_bytes(2, "big") + data[:1000].ljust(1000, b"\0")
    assert picture_of(data[:2] + inner + b"\xff\xff" + data[2:]) == picture_of(data)


@given(st.one_of(st.binary(max_size=40), st.binary(max_size=40).map(lambda b: b"\xff\xd8\xff" + b)))
def test_anything_else_is_refused(data: bytes):
    try:
        assert picture_of(data).mime == "image/jpeg"
    except ValueError as error:
        assert str(error) == "it is neither a JPEG nor a PNG"


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xff\xd8"]
)
def test_a_step_refuses_other_files_than_pictures(data, tmp_path):
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(OSError, match="neither a JPEG nor a PNG"):
        run_picture([str(tmp_path / "a"), str(tmp_path / "out")], lambda done: None)
    assert not (tmp_path / "out").exists()


def test_a_picture_beyond_the_limit_is_not_read(tmp_path):
    """2 GiB would be read whole, several times."""
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    os.truncate(path, 2 << 30)
    with pytest.raises(OSError, match="it has 2,147,483,648 bytes"):
        run_picture([str(path), str(tmp_path / "out")], lambda done: None)
    timeline = mixdown.Timeline(id="t", root=tmp_path, cover="a.png")
    with pytest.raises(mixdown.TimelineError, match=r"MIX215.*it has 2,147,483,648 bytes") as found:
        mixdown.compile(timeline, format="flac")
    assert "at most 20 MB" in str(found.value)
