"""Chunks of a finished WAV: markers and broadcast metadata are put in, samples stay untouched.

Promises: the file is written anew beside itself and takes its own name when it is whole. New chunks
stand before the samples, where ingest systems look for them; chunks of the same kind that were
there are replaced, others kept; sizes are right up to 2^64 bytes (`riff.wave_head`).
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from attrs import frozen

from .riff import UNKNOWN, chunk, wave_head

Chunk = tuple[bytes, bytes]
"""The four bytes of its name, and its content."""

_COPIED = 1 << 20
_REPLACED = {b"JUNK", b"ds64", b"FLLR"}
"""What holds room or sizes and is made anew."""


@frozen
class Cue:
    """A marker: its place in samples, and what it is called."""

    position: int
    label: str


def cue_chunks(cues: Iterable[Cue]) -> tuple[Chunk, ...]:
    """`cue ` and its labels in a `LIST adtl` (Microsoft, Multimedia Data Standards Update, 1994).

    Labels are UTF-8. A place beyond 2^32 samples, a day at 48 kHz, has no cue point.
    """
    held = [cue for cue in cues if 0 <= cue.position <= UNKNOWN]
    if not held:
        return ()
    points = struct.pack("<I", len(held))
    labels = b"adtl"
    for number, cue in enumerate(held, 1):
        points += struct.pack("<II4sIII", number, cue.position, b"data", 0, 0, cue.position)
        labels += chunk(b"labl", struct.pack("<I", number) + cue.label.encode() + b"\0")
    return (b"cue ", points), (b"LIST", labels)


def put_chunks(path: Path, chunks: Sequence[Chunk]) -> None:
    """Put chunks into a WAV.

    Raises:
        ValueError: it is no WAV.
        OSError: it cannot be read or written.
    """
    if not chunks:
        return
    replaced = _REPLACED | {_kind(name, content) for name, content in chunks}
    with path.open("rb") as file:
        kept, start, size = _read(file)
        form = next((content for name, content in kept if name == b"fmt "), b"")
        if len(form) < 16:
            raise ValueError("it is no WAV: it says nothing of its samples")
        before = [(n, c) for n, c in kept if _kind(n, c) not in replaced]
        body = b"".join(chunk(n, c) for n, c in (*before, *chunks))
        written = path.with_name(f".{path.name}.chunks")
        try:
            with written.open("wb") as target:
                frame = max(1, struct.unpack_from("<H", form, 12)[0])
                target.write(wave_head(body, size, size // frame))
                file.seek(start)
                _copy(file, target, size)
                target.write(b"\0" * (size % 2))
            shutil.copymode(path, written)
            written.replace(path)
        finally:
            written.unlink(missing_ok=True)


def read_chunks(path: Path) -> dict[bytes, bytes]:
    """The chunks of a WAV by kind ("LIST" with that of the list behind it), without the samples.

    Raises:
        ValueError: it is no WAV.
    """
    with path.open("rb") as file:
        return {_kind(name, content): content for name, content in _read(file)[0]}


def _kind(name: bytes, content: bytes) -> bytes:
    """Lists are told apart by what they list."""
    return name + content[:4] if name == b"LIST" else name


def _read(file: IO[bytes]) -> tuple[list[Chunk], int, int]:
    """Every chunk but the samples; where these start, and their bytes."""
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        raise ValueError("it is no WAV")
    kept: list[Chunk] = []
    samples: tuple[int, int] | None = None
    for name, size, start in _chunks(file):
        if name == b"data":
            samples = (start, size)
        else:
            kept.append((name, file.read(size)))
    if samples is None:
        raise ValueError("it is no WAV: it holds no samples")
    return kept, *samples


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Name, size and start of each chunk, the file standing at its start."""
    end = file.seek(0, 2)
    at, long_size = 12, None
    while at + 8 <= end:
        file.seek(at)
        name, size = struct.unpack("<4sI", file.read(8))
        if name == b"ds64":
            long_size = struct.unpack("<QQ", file.read(16))[1]
            file.seek(at + 8)
        if name == b"data" and size == UNKNOWN and long_size is not None:
            size = long_size
        size = min(size, end - at - 8)
        yield name, size, at + 8
        at += 8 + size + size % 2


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size and (block := source.read(min(_COPIED, size))):
        target.write(block)
        size -= len(block)
