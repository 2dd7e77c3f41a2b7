"""Delivered files: read back by libsndfile they hold what was written, byte for byte the same."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown.audio.dither import quantise
from mixdown.backends.native.engine.files import WRITERS, WavWriter, wav_header
from mixdown.ir.node import Signal
from mixdown.ir.nodes import Encoding
from mixdown.plans.own_steps import FORMATS

SAMPLES = np.random.Generator(np.random.Philox(5)).uniform(-1.2, 1.2, (2, 1001))
SIGNAL = Signal(44100, 2, 1001)
TAGS = (("title", "Ärger: 1"), ("artist", "us"), ("x-unknown", "dropped"))


def written(path: Path, container: str, encoding: Encoding, signal: Signal = SIGNAL) -> Path:
    writer = WRITERS[container, encoding](path, signal, encoding, TAGS)
    for block in np.array_split(SAMPLES[: signal.channels], 7, axis=1):
        writer.write(block)
    writer.close()
    return path


def test_the_backend_knows_what_the_engine_writes():
    assert set(FORMATS) == set(WRITERS)


@pytest.mark.parametrize(("container", "encoding"), FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_files_read_back(tmp_path: Path, container: str, encoding: Encoding, channels: int):
    signal = Signal(44100, channels, 1001)
    path = written(tmp_path / "a", container, encoding, signal)
    with soundfile.SoundFile(path) as file:
        assert (file.samplerate, file.channels, file.frames) == (44100, channels, 1001)
        assert file.title == "Ärger: 1"
        assert file.artist == "us"
        found = file.read(dtype="float64", always_2d=True).T
    samples = SAMPLES[:channels]
    if encoding.is_float:
        expected = samples.astype(f"f{encoding.bits // 8}")
    else:
        expected = quantise(samples, encoding.bits).samples / 2 ** (encoding.bits - 1)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(("container", "encoding"), FORMATS)
def test_the_same_samples_are_the_same_bytes(tmp_path: Path, container: str, encoding: Encoding):
    first, second = (written(tmp_path / name, container, encoding) for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_an_odd_number_of_bytes_is_padded(tmp_path: Path):
    path = written(tmp_path / "a.wav", "wav", Encoding.S24, Signal(44100, 1, 1001))
    content = path.read_bytes()
    (size,) = struct.unpack("<I", content[4:8])
    assert len(content) == size + 8
    assert len(content) % 2 == 0


@pytest.mark.parametrize("frames", [2**28 - 8, 2**28 - 7, 2**30])
def test_four_gigabytes_and_more_are_rf64(tmp_path: Path, frames: int):
    signal = Signal(48000, 2, frames)
    header = wav_header(signal, Encoding.F64, ())
    path = tmp_path / "big.wav"
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + 16 * frames)  # sparse: no disk is used
    assert header[:4] == (b"RIFF" if len(header) - 8 + 16 * frames < 2**32 else b"RF64")
    info = soundfile.info(path)
    assert (info.frames, info.channels, info.samplerate) == (frames, 2, 48000)


def test_a_file_cut_short_still_begins_right(tmp_path: Path):
    writer = WavWriter(tmp_path / "a.wav", Signal(44100, 2, 5000), Encoding.S16, TAGS)
    writer.write(SAMPLES)
    writer.close()
    found, _ = soundfile.read(tmp_path / "a.wav", always_2d=True)
    assert np.array_equal(found.T, quantise(SAMPLES, 16).samples / 2**15)
