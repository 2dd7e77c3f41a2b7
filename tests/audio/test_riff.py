"""Chunks go into WAVs of any writer; samples and sizes stay correct, also beyond 4 GiB."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
import wavinfo
from mixdown.audio.riff import Cue, chunk, cue_chunks, put_chunks, read_chunks, wave_head

CUES = [Cue(0, "Intro"), Cue(4_800, "Überblick"), Cue(9_599, "")]


def riff_is_sound(path: Path) -> None:
    """The size in the head is the file's, and chunks fill it to the last byte."""
    data = path.read_bytes()
    assert struct.unpack_from("<4sI4s", data) == (b"RIFF", len(data) - 8, b"WAVE")
    at = 12
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        at += 8 + size + size % 2
    assert at == len(data)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "DOUBLE", "PCM_U8"])
@pytest.mark.parametrize("channels", [1, 2])
def test_samples_stay_and_cues_are_read_back(tmp_path, subtype, channels):
    path = tmp_path / "audio.wav"
    audio = np.random.default_rng(2).uniform(-0.9, 0.9, (9_601, channels))
    soundfile.write(path, audio, 48_000, subtype=subtype)
    before, info = soundfile.read(path), soundfile.info(path)
    put_chunks(path, cue_chunks(CUES))
    riff_is_sound(path)
    assert np.array_equal(soundfile.read(path)[0], before[0])
    assert soundfile.info(path).subtype == info.subtype
    read = wavinfo.WavInfoReader(str(path), info_encoding="utf-8")
    assert [cue.sample_offset for cue in read.cues.cues] == [0, 4_800, 9_599]
    assert [label.text for label in read.cues.labels] == ["Intro", "Überblick", ""]
    assert list(tmp_path.iterdir()) == [path]


def test_chunks_of_the_same_kind_are_replaced_and_others_kept(tmp_path):
    path = tmp_path / "audio.wav"
    with soundfile.SoundFile(path, "w", 8_000, 1, "PCM_16") as file:
        file.title = "A title"
        file.write(np.zeros(101))
    for cues in (CUES, CUES[:1]):
        put_chunks(path, cue_chunks(cues))
        put_chunks(path, [(b"bext", b"x" * 603)])
    riff_is_sound(path)
    found = read_chunks(path)
    assert struct.unpack_from("<I", found[b"cue "])[0] == 1
    assert b"A title" in found[b"LISTINFO"]
    assert found[b"bext"] == b"x" * 603
    once = path.read_bytes()
    put_chunks(path, cue_chunks(CUES[:1]))
    put_chunks(path, [(b"bext", b"x" * 603)])
    assert path.read_bytes() == once
    put_chunks(path, ())
    assert path.read_bytes() == once


def test_places_that_no_cue_point_holds_are_left_out():
    assert cue_chunks([]) == cue_chunks([Cue(1 << 32, "late")]) == ()
    (_, points), _ = cue_chunks([Cue(1, "a"), Cue(1 << 32, "late")])
    assert struct.unpack_from("<I", points)[0] == 1


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"fLaC" * 10, b"RIFF\4\0\0\0WAVE", wave_head(b"", 0, 0)]
)
def test_other_files_than_wavs_are_unchanged(tmp_path, content):
    path = tmp_path / "audio.wav"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a WAV"):
        put_chunks(path, cue_chunks(CUES))
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.soak
@pytest.mark.parametrize("frames", [(1 << 28) - 100, (1 << 28) + 100])
def test_a_file_that_grows_over_four_gibibytes_is_an_rf64(tmp_path, frames):
    """Sparse: 16 bytes a frame, of which only the last is not zero, just under and over 4 GiB."""
    path, size = tmp_path / "long.wav", 16 * frames
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 3, 2, 48_000, 16 * 48_000, 16, 64))
    with path.open("wb") as file:
        file.write(wave_head(form, size, frames))
        start = file.tell()
        file.seek(start + size - 8)
        file.write(struct.pack("<d", 0.5))
    put_chunks(path, (*cue_chunks([Cue(frames - 1, "last")]), (b"bext", b"x" * 2000)))
    with path.open("rb") as file:
        head = file.read(64)
    assert head[:4] == b"RF64"
    sizes = struct.unpack_from("<QQQ", head, 20)
    assert sizes == (path.stat().st_size - 8, size, frames)
    with soundfile.SoundFile(path) as file:
        assert (file.format, file.frames) == ("RF64", frames)
        file.seek(frames - 1)
        assert file.read().tolist() == [[0.0, 0.5]]
    assert struct.unpack_from("<4xII", read_chunks(path)[b"cue "]) == (1, frames - 1)
