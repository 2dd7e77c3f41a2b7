"""Writes delivered files: WAV directly, FLAC through libsndfile.

Promises: the bytes depend only on the samples and the tags (libsndfile writes the time into float
WAVs, so it is not used for WAV). A WAV over 4 GiB is an RF64 (EBU Tech 3306; ITU-R BS.2088), which
common readers accept as WAV. Samples are rounded half to even and clipped (docs/semantics.md).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt
import soundfile

from ....audio import FloatArray
from ....audio.dither import quantise
from ....audio.riff import UNKNOWN, Chunk, chunk, wave_head
from ....ir.containers import CONTAINERS, Encoding
from ....ir.node import Signal

Tags = Sequence[tuple[str, str]]
"""Keys and values of metadata, in order."""

PCM, IEEE_FLOAT = 1, 3

_BLOCK = 1 << 16  # frames
_COPIED = 1 << 18  # bytes; more do not fit the cache of a core

INFO_CHUNKS: Mapping[str, bytes] = {
    "title": b"INAM",
    "artist": b"IART",
    "album": b"IPRD",
    "comment": b"ICMT",
    "copyright": b"ICOP",
    "date": b"ICRD",
    "genre": b"IGNR",
    "language": b"ILNG",
    "track": b"IPRT",
}
"""Metadata key -> chunk of a WAV's INFO list (Microsoft, RIFF Multimedia Data Standards, 1994)."""

_FLAC_TAGS: Mapping[str, str] = {
    **{k: k for k in ("title", "artist", "album", "comment", "copyright", "date", "genre")},
    "track": "tracknumber",
}


class StoredPart(NamedTuple):
    """A stretch of the samples of a file.

    Attributes:
        at: where it begins: a byte of a WAV, a frame of a FLAC.
        frames: its length.
        check: the CRC-32 of its samples as they are stored, of a FLAC before they are compressed;
            0 without checksums.
    """

    at: int
    frames: int
    check: int


class Writer(Protocol):
    """A file that is being written.

    What it has in common with another file of its format can be taken from there.

    Attributes:
        has_checks: whether its parts get checksums; set before the first sample.
    """

    has_checks: bool

    def write(self, samples: FloatArray) -> FloatArray:
        """Append samples, shape (channels, n), full scale 1.0; return them as readers get them."""
        ...

    def mark(self) -> StoredPart:
        """The part since the last mark, or what was adopted since."""
        ...

    def finds(self, other: BinaryIO, part: StoredPart) -> bool:
        """Whether another file has a part, unchanged."""
        ...

    def adopt(self, other: BinaryIO, part: StoredPart) -> None:
        """Append a part of another file."""
        ...

    def close(self) -> None:
        """Complete the file and close it."""
        ...


class WavWriter:
    """A WAV of a known length."""

    def __init__(self, path: Path, signal: Signal, encoding: Encoding, tags: Tags) -> None:
        self._file = path.open("wb")
        self._encode = ENCODERS[encoding]
        self._width = signal.channels * encoding.bits // 8
        size = (signal.length or 0) * self._width
        self._at = self._file.write(wav_header(signal, encoding, tags))
        self.has_checks, self._check, self._frames = False, 0, 0
        self._padding = size % 2

    def write(self, samples: FloatArray) -> FloatArray:
        """See `Writer`."""
        content, stored = self._encode(samples)
        if self.has_checks:
            self._check = crc32(content, self._check)
        self._frames += samples.shape[1]
        self._file.write(content)
        return stored

    def mark(self) -> StoredPart:
        """See `Writer`."""
        part = StoredPart(self._at, self._frames, self._check)
        self._at, self._frames, self._check = self._at + self._frames * self._width, 0, 0
        return part

    def finds(self, other: BinaryIO, part: StoredPart) -> bool:
        """See `Writer`."""
        check = 0
        with suppress(OSError):
            for content in self._bytes(other, part):
                check = crc32(content, check)
        return check == part.check

    def adopt(self, other: BinaryIO, part: StoredPart) -> None:
        """See `Writer`."""
        for content in self._bytes(other, part):
            self._file.write(content)
        self._frames, self._check = part.frames, part.check

    def _bytes(self, other: BinaryIO, part: StoredPart) -> Iterator[bytes]:
        other.seek(part.at)
        left = part.frames * self._width
        while left and (content := other.read(min(left, _COPIED))):
            left -= len(content)
            yield content

    def close(self) -> None:
        """See `Writer`."""
        self._file.write(b"\0" * self._padding)
        self._file.close()


class FlacWriter:
    """A FLAC file."""

    def __init__(self, path: Path, signal: Signal, encoding: Encoding, tags: Tags) -> None:
        self._file = soundfile.SoundFile(
            path, "w", signal.rate, signal.channels, format="FLAC", subtype=f"PCM_{encoding.bits}"
        )
        for key, value in tags:
            if key in _FLAC_TAGS:
                setattr(self._file, _FLAC_TAGS[key], value)
        self._bits = encoding.bits
        self.has_checks = False
        self._at = self._frames = self._check = 0

    def write(self, samples: FloatArray) -> FloatArray:
        """See `Writer`."""
        stored = quantise(samples, self._bits)
        # libsndfile expects 32-bit integers with the sample in the upper bits.
        self._append(stored.frames.astype(np.int32) << (32 - self._bits))
        return stored.levels

    def _append(self, frames: npt.NDArray[np.int32]) -> None:
        self._file.write(frames)
        if self.has_checks:
            self._check = crc32(np.ascontiguousarray(frames).data, self._check)
        self._frames += len(frames)

    def mark(self) -> StoredPart:
        """See `Writer`."""
        part = StoredPart(self._at, self._frames, self._check)
        self._at, self._frames, self._check = self._at + self._frames, 0, 0
        return part

    def finds(self, other: BinaryIO, part: StoredPart) -> bool:
        """See `Writer`."""
        check = 0
        with suppress(OSError, soundfile.SoundFileError):
            for frames in _blocks(other, part):
                check = crc32(frames.data, check)
        return check == part.check

    def adopt(self, other: BinaryIO, part: StoredPart) -> None:
        """See `Writer`."""
        for frames in _blocks(other, part):
            self._append(frames)

    def close(self) -> None:
        """See `Writer`."""
        self._file.close()


def _blocks(other: BinaryIO, part: StoredPart) -> Iterator[npt.NDArray[np.int32]]:
    """The frames of a part of a file, block by block."""
    other.seek(0)
    with soundfile.SoundFile(other) as file:
        file.seek(part.at)
        yield from file.blocks(_BLOCK, frames=part.frames, dtype="int32", always_2d=True)


WRITERS: Mapping[tuple[str, Encoding], Callable[[Path, Signal, Encoding, Tags], Writer]] = {
    **{("wav", encoding): WavWriter for encoding in CONTAINERS["wav"].encodings},
    ("flac", Encoding.S16): FlacWriter,
    ("flac", Encoding.S24): FlacWriter,
}
"""Container and encoding -> its writer."""


def wav_header(signal: Signal, encoding: Encoding, tags: Tags) -> bytes:
    """Everything before the samples. Tags precede them, so that a truncated file keeps its tags."""
    width = encoding.bits // 8
    frame = signal.channels * width
    frames = signal.length or 0
    size = frames * frame
    code = IEEE_FLOAT if encoding.is_float else PCM
    form = struct.pack(
        "<HHIIHH", code, signal.channels, signal.rate, signal.rate * frame, frame, encoding.bits
    )
    body = chunk(b"fmt ", form)
    if encoding.is_float:
        body += chunk(b"fact", struct.pack("<I", min(frames, UNKNOWN)))
    body += b"".join(chunk(name, content) for name, content in info_chunks(tags))
    return wave_head(body, size, frames)


def info_chunks(tags: Tags) -> Sequence[Chunk]:
    """The INFO list of a WAV with these tags; nothing without one that it can hold."""
    info = b"".join(
        chunk(INFO_CHUNKS[key], value.encode() + b"\0") for key, value in tags if key in INFO_CHUNKS
    )
    return ((b"LIST", b"INFO" + info),) if info else ()


Encoded: TypeAlias = tuple[bytes | memoryview, FloatArray]
"""Samples as interleaved little-endian bytes, and the samples that a reader makes of those."""


def _interleaved(samples: npt.NDArray[Any], dtype: str) -> npt.NDArray[Any]:
    """Frames, shape (n, channels); channel by channel, as numpy's transposed copy is slower."""
    frames = np.empty(samples.shape[::-1], dtype)
    for channel, row in enumerate(samples):
        frames[:, channel] = row
    return frames


def _int16(samples: FloatArray) -> Encoded:
    stored = quantise(samples, 16)
    return stored.frames.astype("<i2", copy=False).data, stored.levels


def _int24(samples: FloatArray) -> Encoded:
    stored = quantise(samples, 24)
    words = stored.frames.astype("<i4", copy=False)
    return words.view(np.uint8).reshape(-1, 4)[:, :3].tobytes(), stored.levels


def _float32(samples: FloatArray) -> Encoded:
    short = samples.astype("<f4")
    return _interleaved(short, "<f4").data, short.astype(np.float64)


def _float64(samples: FloatArray) -> Encoded:
    return _interleaved(samples, "<f8").data, samples


ENCODERS: Mapping[Encoding, Callable[[FloatArray], Encoded]] = {
    Encoding.S16: _int16,
    Encoding.S24: _int24,
    Encoding.F32: _float32,
    Encoding.F64: _float64,
}
"""Encoding -> what it makes of samples, shape (channels, n)."""
