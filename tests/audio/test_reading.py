"""Blocks of files hold what libsndfile reads as float64, to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown.audio.reading import file_blocks, read_block

RATE = 8000
KINDS = [
    ("WAV", "PCM_U8"),
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "PCM_32"),
    ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"),
    ("WAV", "ULAW"),
    ("AIFF", "PCM_16"),
    ("AIFF", "PCM_S8"),
    ("CAF", "PCM_24"),
    ("W64", "PCM_32"),
    ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"),
    ("OGG", "VORBIS"),
]


@pytest.mark.parametrize(("container", "subtype"), KINDS)
def test_samples_are_those_of_libsndfile(tmp_path: Path, container: str, subtype: str) -> None:
    path = tmp_path / f"sound.{container.lower()}"
    samples = np.random.default_rng(5).uniform(-1.0, 1.0, (2 * RATE + 7, 2))
    samples[:4] = [[1.0, -1.0], [0.0, -0.0], [2.0**-15, -(2.0**-23)], [2.0**-31, 1.0]]
    soundfile.write(path, samples, RATE, subtype, format=container)
    expected = soundfile.read(path, dtype="float64", always_2d=True)[0].T
    with soundfile.SoundFile(path) as file:
        blocks = list(file_blocks(file))
    assert [block.shape[1] for block in blocks] == [RATE, RATE, 7]
    assert all(block.flags.c_contiguous for block in blocks)
    assert np.array_equal(np.concatenate(blocks, axis=1).view(np.int64), expected.view(np.int64))


def test_a_count_ends_the_blocks(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.linspace(0.0, 0.5, 3 * RATE), RATE, "PCM_16")
    with soundfile.SoundFile(path) as file:
        assert [block.shape for block in file_blocks(file, RATE + 5)] == [(1, RATE), (1, 5)]
        assert read_block(file, 3 * RATE).shape == (1, 2 * RATE - 5)
        assert read_block(file, RATE).shape == (1, 0)
