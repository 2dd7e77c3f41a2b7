"""Reads the samples of a file that libsndfile has open, as float64 of full scale 1.0.

Blocks have the shape (channels, n), with the samples of a channel consecutive in memory, as meters
and filters need them. Integers are read as they are stored, which is several times as fast, and
scaled by a power of two, as libsndfile does: the samples are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import soundfile

from . import FloatArray

_INTEGERS: Mapping[str, tuple[str, float]] = {
    "PCM_16": ("int16", 2.0**-15),
    "PCM_24": ("int32", 2.0**-31),
    "PCM_32": ("int32", 2.0**-31),
}
"""See `stored_type`, by subtype."""


def stored_type(file: soundfile.SoundFile) -> tuple[str, float]:
    """The type as which the samples of a file are read unchanged, and the step between values."""
    return _INTEGERS.get(file.subtype, ("float64", 1.0))


def read_block(file: soundfile.SoundFile, count: int) -> FloatArray:
    """The next `count` samples; fewer at the end."""
    stored, scale = stored_type(file)
    frames = np.empty((count, file.channels), stored)
    found = frames[: file.buffer_read_into(frames, stored)]
    return np.multiply(found.T, scale, order="C")


def file_blocks(file: soundfile.SoundFile, count: int | None = None) -> Iterator[FloatArray]:
    """The next `count` samples, or all that remain, in blocks of a second.

    Most meters take a whole second without copying it.
    """
    left = file.frames if count is None else count
    while left > 0 and (block := read_block(file, min(file.samplerate, left))).shape[1]:
        left -= block.shape[1]
        yield block


def window(file: soundfile.SoundFile, start: int, stop: int) -> FloatArray:
    """The samples [start, stop) of a file; silence beyond its ends."""
    samples = np.zeros((file.channels, stop - start))
    first, last = max(start, 0), min(stop, file.frames)
    if first < last:
        file.seek(first)
        block = read_block(file, last - first)
        samples[:, first - start : first - start + block.shape[1]] = block
    return samples


def steps(file: soundfile.SoundFile, start: int, stop: int) -> FloatArray:
    """The magnitude of the step to each sample of [start, stop), shape (channels, n).

    A file is silent before its first sample and after its last.
    """
    return np.abs(np.diff(window(file, start - 1, stop), axis=1))
