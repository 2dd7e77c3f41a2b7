"""The number of streams is read from the pages, and whether the file is complete."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown.media.ogg import read_outline
from odd_media import chained


def vorbis(path: Path) -> bytes:
    noise = np.random.default_rng(1).normal(0, 0.1, 100_000)
    soundfile.write(path, noise, 48_000, subtype="VORBIS", format="OGG")
    return path.read_bytes()


def test_one_complete_stream(tmp_path: Path):
    vorbis(tmp_path / "a.ogg")
    outline = read_outline(tmp_path / "a.ogg")
    assert outline is not None
    assert (outline.streams, outline.is_whole) == (1, True)


def test_a_chain_has_several_streams(tmp_path: Path, embedded_ffmpeg: str):
    outline = read_outline(chained(embedded_ffmpeg, tmp_path / "a.ogg", "-c:a", "libvorbis"))
    assert outline is not None
    assert (outline.streams, outline.is_whole) == (2, True)


@pytest.mark.parametrize("keep", [-1, -3000, 4000, 30])
def test_a_truncated_file_is_not_whole(tmp_path: Path, keep: int):
    data = vorbis(tmp_path / "a.ogg")
    (tmp_path / "a.ogg").write_bytes(data[:keep])
    outline = read_outline(tmp_path / "a.ogg")
    assert outline is not None
    assert not outline.is_whole


@pytest.mark.parametrize("data", [b"", b"RIFF", b"OggS\1" + bytes(40)])
def test_other_files_have_no_outline(tmp_path: Path, data: bytes):
    (tmp_path / "a.ogg").write_bytes(data)
    assert read_outline(tmp_path / "a.ogg") is None
