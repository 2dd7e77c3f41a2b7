"""The bit rates of an MP3, beside those that mutagen reads."""

from __future__ import annotations

import subprocess
from pathlib import Path

import mutagen.mp3
import pytest
from mixdown.media.mp3 import frame_rates, is_regular

NOISE = ("-f", "lavfi", "-i", "anoisesrc=d=2:a=0.1:seed=3:r={rate}")


def encoded(ffmpeg: str, out: Path, rate: int, *options: str) -> Path:
    source = [word.format(rate=rate) for word in NOISE]
    subprocess.run([ffmpeg, "-v", "error", *source, *options, out], check=True)
    return out


@pytest.mark.parametrize(("rate", "kbps"), [(44100, 192), (48000, 64), (22050, 80), (8000, 16)])
def test_a_constant_bit_rate_is_that_of_every_frame(embedded_ffmpeg, tmp_path, rate, kbps):
    tags = ("-metadata", "title=\u266b" * 40)
    path = encoded(embedded_ffmpeg, tmp_path / "a.mp3", rate, "-b:a", f"{kbps}k", *tags)
    assert frame_rates(path) == (kbps, kbps)
    assert mutagen.mp3.MP3(path).info.bitrate == pytest.approx(kbps * 1000, rel=1e-4)


def test_a_variable_bit_rate_has_a_range(embedded_ffmpeg, tmp_path):
    lowest, highest = frame_rates(encoded(embedded_ffmpeg, tmp_path / "a.mp3", 44100, "-q:a", "6"))
    assert 32 <= lowest < highest <= 320


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3", b"\xff\xfb", b"\xff" * 4000])
def test_anything_else_has_none(tmp_path, content):
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    assert frame_rates(path) is None


@pytest.mark.parametrize("xing", ["0", "1"])
def test_only_a_whole_file_is_regular(embedded_ffmpeg, tmp_path, xing):
    path = encoded(embedded_ffmpeg, tmp_path / "a.mp3", 24000, "-q:a", "4", "-write_xing", xing)
    data = path.read_bytes()
    for content, regular in (
        (data, True),
        (data + b"TAG" + bytes(125), True),
        (data[:-1], False),
        (data + data, False),
        (data + b"more", False),
        (data[:500] + bytes(1000) + data[1500:], False),
        (b"", False),
    ):
        path.write_bytes(content)
        assert is_regular(path) == regular
