"""Reads the samples of plain files once, whole, to know what is in them.

Promises: blocks of bounded memory; libsndfile is asked only for files whose header `headers` knows,
so that nothing of its decoders reaches a terminal. Heavy: import it only to read something.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from attrs import frozen

from ..audio import FloatArray
from .headers import Header

LIBSNDFILE: str = soundfile.__libsndfile_version__
"""The version of what reads FLAC."""

_BLOCK_SAMPLES = 1 << 20


@frozen
class Scan:
    """What reading a file found.

    Attributes:
        frames: how many there are.
        spoilt, first: how many frames have a sample that is not finite; the first of them.
        fault: why it could not be read further; "": nothing.
    """

    frames: int
    spoilt: int = 0
    first: int = 0
    fault: str = ""


def agrees(path: Path, header: Header) -> bool:
    """Whether libsndfile sees in the file what we see."""
    try:
        info = soundfile.info(str(path))
    except (soundfile.SoundFileError, OSError, RuntimeError):
        return False
    seen = f"{info.format}/{info.subtype}".lower(), info.samplerate, info.channels, info.frames
    return seen == (header.codec, header.rate, header.channels, header.frames)


def scan_floats(path: Path) -> Scan:
    """Look for samples that are not finite.

    Raises:
        soundfile.SoundFileError, OSError: the file cannot be read.
    """
    frames = spoilt = first = 0
    with soundfile.SoundFile(path) as file:
        for block in _blocks(file):
            finite = np.isfinite(block).all(axis=1)
            if not finite.all():
                first = first if spoilt else frames + int(np.argmin(finite))
                spoilt += int(np.count_nonzero(~finite))
            frames += len(block)
    return Scan(frames, spoilt, first)


def scan_flac(path: Path) -> Scan:
    """Decode a FLAC of 16 or 24 bits, count it, and compare it with its MD5 where it has one."""
    with path.open("rb") as file:
        expected = file.read(42)[26:]
    frames, digest = 0, hashlib.md5(usedforsecurity=False)
    try:
        with soundfile.SoundFile(path) as flac:
            wide = flac.subtype == "PCM_24"
            step = max(1, _BLOCK_SAMPLES // flac.channels)
            while len(block := flac.read(step, "int32" if wide else "int16", always_2d=True)):
                # 24 bits are in the upper bytes of 32.
                raw = block.view(np.uint8).reshape(-1, 4)[:, 1:] if wide else block
                digest.update(raw.tobytes())
                frames += len(block)
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        return Scan(frames, fault=str(error).rpartition(": ")[2].rstrip("."))
    if any(expected) and digest.digest() != expected:
        return Scan(frames, fault="its samples are not those that its MD5 was made of")
    return Scan(frames)


def _blocks(file: soundfile.SoundFile) -> Iterator[FloatArray]:
    step = max(1, _BLOCK_SAMPLES // file.channels)
    while len(block := file.read(step, "float64", always_2d=True)):
        yield block
