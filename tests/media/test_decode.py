"""Files that libsndfile does not read reach it through ffmpeg, whole and in place."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown.media.decode import is_readable, readable

RATE = 48_000


@pytest.fixture
def m4a(tmp_path: Path, ffmpegs: str) -> Path:
    """Two seconds of a tone of -12 dBFS in an m4a, under a name that looks like a protocol."""
    wave = 10 ** (-12 / 20) * np.sin(2 * np.pi * 997 / RATE * np.arange(2 * RATE))
    soundfile.write(tmp_path / "tone.wav", wave, RATE, subtype="FLOAT")
    path = tmp_path / "http: 100% tone.m4a"
    command = [ffmpegs, "-loglevel", "error", "-i", tmp_path / "tone.wav", "-b:a", "192k"]
    subprocess.run([*command, f"file:{path}"], check=True)
    return path


def test_an_m4a_is_decoded_in_place_and_its_file_is_gone_afterwards(
    m4a: Path, tmp_path: Path, ffmpegs: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    assert not is_readable(m4a)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with readable(m4a, scratch) as decoded:
        assert decoded.is_relative_to(scratch)
        samples, rate = soundfile.read(decoded)
        wanted, _ = soundfile.read(tmp_path / "tone.wav")
    assert not list(scratch.iterdir())
    assert rate == RATE
    middle = slice(RATE // 2, RATE)
    assert np.abs(samples[middle] - wanted[middle]).max() < 0.01


def test_what_libsndfile_reads_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MIXDOWN_FFMPEG", "/no/such/ffmpeg")
    path = tmp_path / "tone.flac"
    soundfile.write(path, np.zeros(100), RATE)
    with readable(path) as same:
        assert same == path


def test_what_is_no_audio_is_refused_with_what_ffmpeg_says(
    tmp_path: Path, ffmpegs: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    path = tmp_path / "notes.txt"
    path.write_text("no audio\n" * 100)
    with pytest.raises(ValueError, match=r"ffmpeg cannot decode it: .+") as raised, readable(path):
        pass
    assert str(tmp_path) not in str(raised.value)


def test_a_playlist_reaches_for_no_other_file(
    tmp_path: Path, ffmpegs: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    listed = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/a.ts\n"
    (tmp_path / "list.m3u8").write_text(f"{listed}#EXT-X-ENDLIST\n")
    with (
        pytest.raises(ValueError, match="ffmpeg cannot decode it"),
        readable(tmp_path / "list.m3u8"),
    ):
        pass
