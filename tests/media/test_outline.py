"""Outlines of sources: the waveform and the dropouts, whatever type the samples have."""

from __future__ import annotations

import base64
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import pytest
import soundfile
from attrs import evolve
from mixdown.ir.nodes import Source
from mixdown.media.ingest import establish
from mixdown.media.outline import MOST_COLUMNS, outline_of, outlines

RATE = 8000


def written(path: Path, samples: np.ndarray, subtype: str, rate: int = RATE) -> Source:
    soundfile.write(path, samples, rate, subtype=subtype)
    facts = establish(path, path.name)
    return facts.source(path.name, path.name)


class Unread(AbstractContextManager[Path]):
    """A file that must not be opened."""

    def __enter__(self) -> Path:
        raise AssertionError("it is read again")

    def __exit__(self, *_: object) -> None:
        """Never reached."""


@pytest.mark.parametrize(
    ("name", "subtype"),
    [("a.wav", "PCM_16"), ("b.wav", "PCM_24"), ("c.flac", "PCM_24"), ("d.wav", "FLOAT")],
)
def test_an_outline_has_the_peaks_and_the_dropouts_of_both_channels(tmp_path, name, subtype):
    at = np.arange(40 * RATE)
    sound = 0.4 * np.cos(2 * np.pi * 200 * at / RATE)[:, None] * [1.0, 0.5]
    sound[3 * RATE : 3 * RATE + 80] = 0.0
    sound[5 * RATE : 5 * RATE + 80, 1] = 0.0  # the other channel goes on
    sound[6 * RATE : 6 * RATE + 80] = np.linspace(sound[6 * RATE], sound[6 * RATE + 80], 80)
    sound[7 * RATE, 1] = -1.0
    source = written(tmp_path / name, sound, subtype)
    found = outline_of(source, nullcontext(tmp_path / name))
    peaks = np.frombuffer(base64.b64decode(found.peaks), np.uint8)
    assert (found.step, len(peaks)) == (80, 4000)
    assert found.dropouts == ((3 * RATE, 3 * RATE + 80),)
    assert list(np.flatnonzero(peaks == 255)) == [700]
    assert (peaks[300], peaks[0]) == (0, round(255 * 0.4**0.5))
    assert outline_of(source, Unread()) == found


def test_a_long_source_has_longer_columns_and_one_that_has_changed_has_none(tmp_path):
    sound = np.random.default_rng(1).uniform(-0.5, 0.5, 30 * MOST_COLUMNS + 7)
    source = written(tmp_path / "long.wav", sound, "PCM_16", 1000)
    (found,) = outlines({"long": source}, tmp_path).values()
    stored, _ = soundfile.read(tmp_path / "long.wav")
    peaks = np.frombuffer(base64.b64decode(found.peaks), np.uint8)
    assert (found.step, len(peaks)) == (31, -(-len(sound) // 31))
    loudest = np.maximum.reduceat(np.abs(stored), np.arange(0, len(sound), 31))
    assert np.array_equal(peaks, np.rint(255 * np.sqrt(loudest)).astype(np.uint8))
    assert outlines({"other": evolve(source, digest="sha256:0")}, tmp_path) == {}
