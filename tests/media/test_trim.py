"""Every version of ffmpeg gives the same samples: those that the container says are the sound."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown.media import facts as facts_module
from mixdown.media.cache import VARIABLE
from mixdown.media.copies import playable
from mixdown.media.facts import SourceFacts
from mixdown.media.ingest import establish
from mixdown.media.trim import NOTHING, Trim, read_trim
from odd_media import RATE, encode, write_tone


def decoded(
    path: Path, ffmpeg: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[SourceFacts, np.ndarray]:
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpeg)
    monkeypatch.setenv(VARIABLE, "off")
    monkeypatch.setattr(facts_module, "_known", {})
    facts = establish(path, path.name)
    assert isinstance(facts, SourceFacts), facts
    with playable(path, facts.source("s", path.name)) as played:
        return facts, soundfile.read(played, always_2d=True)[0]


# Options of ffmpeg, and the samples of half a second at 44.1 kHz.
ENCODED = {
    "aac.m4a": (("-c:a", "aac"), 22_050),
    "mono.mp4": (("-c:a", "aac", "-ar", "8000"), 4_000),
    "alac.m4a": (("-c:a", "alac"), 22_050),
    "mp3.mov": (("-c:a", "libmp3lame"), 22_050),
    "ac3.mp4": (("-c:a", "ac3"), 22_050),
    "opus.mp4": (("-c:a", "libopus", "-ar", "48000"), 24_000),
    "ima.caf": (("-c:a", "adpcm_ima_qt"), 22_050),
    "opus.webm": (("-c:a", "libopus", "-ar", "48000"), 24_000),
    "opus.opus": (("-c:a", "libopus", "-ar", "48000"), 24_000),
    "lame.mp3": (("-c:a", "libmp3lame"), 22_050),
    "ac3.mkv": (("-c:a", "ac3"), 22_050),
    "mp3.mkv": (("-c:a", "libmp3lame"), 22_050),
    # For AAC, ffmpeg's Matroska states the delay, but no padding.
    "aac.mkv": (("-c:a", "aac"), 22_528),
    "slow.mkv": (("-c:a", "aac", "-ar", "22050"), 11_264),
}


@pytest.mark.requires("ffmpeg_debian")
@pytest.mark.parametrize("name", ENCODED)
def test_both_versions_play_the_same_samples(
    tmp_path: Path, embedded_ffmpeg: str, monkeypatch: pytest.MonkeyPatch, name: str
):
    options, frames = ENCODED[name]
    source = write_tone(tmp_path / "tone.wav", 0.5, 44_100)
    path = encode(embedded_ffmpeg, source, tmp_path / name, *options)
    new, theirs = decoded(path, embedded_ffmpeg, monkeypatch)
    old, ours = decoded(path, str(shutil.which("ffmpeg")), monkeypatch)
    assert new == old
    assert new.frames == len(theirs) == len(ours) == frames
    assert np.abs(theirs - ours).max() < 1e-5


@pytest.fixture
def m4a(tmp_path: Path, embedded_ffmpeg: str) -> bytearray:
    """Half a second of AAC: 1,024 samples of delay, 24,000 of sound, and 576 of padding."""
    source = write_tone(tmp_path / "tone.wav", 0.5)
    options = ("-c:a", "aac", "-movie_timescale", "1000")
    return bytearray(encode(embedded_ffmpeg, source, tmp_path / "a.m4a", *options).read_bytes())


def trim_of(tmp_path: Path, data: bytes, codec: str = "mov/aac", rate: int = RATE) -> Trim:
    path = tmp_path / "trimmed"
    path.write_bytes(data)
    return read_trim(path, codec, 1, rate)


def test_the_sample_table_and_the_edit_list_state_the_length(tmp_path: Path, m4a: bytearray):
    assert trim_of(tmp_path, m4a) == Trim(frames=24_000)
    assert trim_of(tmp_path, m4a, rate=2 * RATE) == Trim(frames=48_000)
    assert trim_of(tmp_path, m4a, rate=44_100) == NOTHING
    at = m4a.index(b"elst") + 12
    m4a[at : at + 4] = (250).to_bytes(4, "big")
    # 250 ms on a clock of 1 ms, which may be rounded.
    assert trim_of(tmp_path, m4a) == Trim(frames=251 * 48)
    m4a[at - 8 : at - 4] = b"free"
    assert trim_of(tmp_path, m4a.replace(b"edts", b"free")) == Trim(frames=25_024)
    assert trim_of(tmp_path, m4a.replace(b"stts", b"free")) == NOTHING


def test_the_tag_of_itunes_states_the_length(tmp_path: Path, m4a: bytearray):
    text = b" 00000000 00000840 000001CA 0000000000003E80 00000000" + b" 00000000" * 7
    tag = b"iTunSMPB" + struct.pack(">I", 16 + len(text)) + b"data" + bytes(8) + text
    at = m4a.index(b"moov") - 4
    (size,) = struct.unpack_from(">I", m4a, at)
    m4a[at : at + 4] = struct.pack(">I", size + 8 + len(tag))
    box = struct.pack(">I", 8 + len(tag)) + b"free" + tag
    assert trim_of(tmp_path, m4a[: at + size] + box + m4a[at + size :]) == Trim(frames=16_000)


def test_other_files_state_nothing(tmp_path: Path, m4a: bytearray):
    for codec in ("wav/pcm_alaw", "mov/aac", "caf/alac", "matroska/aac", "matroska/opus"):
        for data in (b"", b"\0", b"caff\0\1\0\0", bytes(300), b"\xff" * 300, m4a[:40]):
            assert trim_of(tmp_path, data, codec) == NOTHING


def test_a_gap_beyond_the_hour_that_is_kept_is_reported(
    tmp_path: Path, ffmpegs: str, embedded_ffmpeg: str, monkeypatch: pytest.MonkeyPatch
):
    source = write_tone(tmp_path / "tone.wav", 0.5)
    path = tmp_path / "late.mkv"
    argv = [embedded_ffmpeg, "-v", "error", "-f", "lavfi", "-i", "color=s=32x32:r=5:d=1"]
    argv += ["-itsoffset", "4000", "-i", str(source), "-map", "0", "-map", "1", "-c:v", "mpeg4"]
    subprocess.run([*argv, "-c:a", "flac", str(path)], check=True)
    facts, _ = decoded(path, ffmpegs, monkeypatch)
    assert facts.damage == "a gap of 4000.000 s there is too long to keep"
    assert (facts.broken_at, facts.frames) == (0, RATE // 2)


def test_the_gap_that_brings_the_silence_above_an_hour_is_reported(
    tmp_path: Path, ffmpegs: str, embedded_ffmpeg: str, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "gaps.mkv"
    argv = [embedded_ffmpeg, "-v", "error", "-f", "lavfi", "-i", "color=s=32x32:r=5:d=1"]
    argv += ["-f", "lavfi", "-i", "sine=r=8000:d=1:samples_per_frame=800", "-map", "0", "-map", "1"]
    gaps = "asetpts=PTS+2000*SR*(gte(N\\,3200)+gte(N\\,6400))"  # after 0.4 s and after 0.8 s
    argv += ["-c:v", "mpeg4", "-af", gaps, "-c:a", "flac", "-frame_size", "800"]
    subprocess.run([*argv, str(path)], check=True)
    facts, _ = decoded(path, ffmpegs, monkeypatch)
    assert facts.silence == 2000 * 8000 and facts.frames == 8000 + facts.silence
    assert facts.damage == "a gap of 2000.000 s there is too long to keep"
    assert facts.broken_at == 2000 * 8000 + 6400
