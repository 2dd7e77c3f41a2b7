"""Chunks of a WAV: its header, and markers and metadata written into a finished file.

A file of 4 GiB or more is an RF64 with its sizes in a `ds64` chunk (EBU Tech 3306; ITU-R BS.2088),
a smaller one a RIFF. `put_chunks` leaves the samples untouched: it writes the new file beside the
old one and renames it when it is complete. New chunks precede the samples, where ingest systems
look for them; they replace chunks of the same kind, and others are kept.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from attrs import frozen

FOUR_GIB = 1 << 32
UNKNOWN = FOUR_GIB - 1
"""The placeholder for a size that is in the ds64 chunk."""

Chunk = tuple[bytes, bytes]
"""A chunk: the four bytes of its name, and its content."""

_COPIED = 1 << 20
_REPLACED = {b"JUNK", b"ds64", b"FLLR"}
"""Chunks of padding and of sizes; they are rewritten or dropped."""


def chunk(name: bytes, content: bytes) -> bytes:
    """The bytes of a chunk with a name of four bytes, padded to an even length."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def wave_head(chunks: bytes, size: int, frames: int) -> bytes:
    """Everything in a WAV before the first byte of its samples.

    Args:
        chunks: the chunks before the samples.
        size: of the samples, bytes; the caller pads an odd one.
        frames: samples per channel.
    """
    total = 4 + len(chunks) + 8 + size + size % 2
    if total < FOUR_GIB:
        head = struct.pack("<4sI4s", b"RIFF", total, b"WAVE")
        return head + chunks + b"data" + struct.pack("<I", size)
    sizes = chunk(b"ds64", struct.pack("<QQQI", total + 36, size, frames, 0))
    head = struct.pack("<4sI4s", b"RF64", UNKNOWN, b"WAVE")
    return head + sizes + chunks + b"data" + struct.pack("<I", UNKNOWN)


@frozen
class Cue:
    """A marker: its position in samples, its label, the length of its region and whether it loops.

    A marker of no length is a point.
    """

    position: int
    label: str
    length: int = 0
    loops: bool = False


def cue_chunks(cues: Iterable[Cue]) -> tuple[Chunk, ...]:
    """`cue ` and its labels in a `LIST adtl` (Microsoft, Multimedia Data Standards Update, 1994).

    Labels are UTF-8. Positions beyond 2^32 samples, a day at 48 kHz, are left out.
    """
    held = [cue for cue in cues if 0 <= cue.position <= UNKNOWN]
    if not held:
        return ()
    points = struct.pack("<I", len(held))
    labels = b"adtl"
    for number, cue in enumerate(held, 1):
        points += struct.pack("<II4sIII", number, cue.position, b"data", 0, 0, cue.position)
        labels += chunk(b"labl", struct.pack("<I", number) + cue.label.encode() + b"\0")
        if cue.length:
            # Length and purpose, without a country, a language, a dialect, a code page or text.
            region = struct.pack("<II4s4H", number, cue.length, b"rgn ", 0, 0, 0, 0)
            labels += chunk(b"ltxt", region)
    return (b"cue ", points), (b"LIST", labels)


def loop_chunks(cues: Iterable[Cue], rate: int) -> tuple[Chunk, ...]:
    """A `smpl` chunk with a forward loop for each region that loops; none without one.

    Its unity note is middle C. The last sample of a loop is played (Microsoft, Multimedia Data
    Standards Update, 1994). `rate` is Hz.
    """
    held = [cue for cue in cues if cue.loops and cue.position + cue.length <= UNKNOWN]
    if not held:
        return ()
    head = struct.pack("<9I", 0, 0, round(1e9 / rate), 60, 0, 0, 0, len(held), 0)
    loops = (
        struct.pack("<6I", number, 0, cue.position, cue.position + cue.length - 1, 0, 0)
        for number, cue in enumerate(held)
    )
    return ((b"smpl", head + b"".join(loops)),)


def put_chunks(path: Path, chunks: Sequence[Chunk]) -> None:
    """Write chunks into a WAV file.

    Raises:
        ValueError: it is not a WAV file.
        OSError: it cannot be read or written.
    """
    if not chunks:
        return
    replaced = _REPLACED | {_kind(name, content) for name, content in chunks}
    with path.open("rb") as file:
        kept, start, size = _read(file)
        form = next((content for name, content in kept if name == b"fmt "), b"")
        if len(form) < 16:
            raise ValueError("not a WAV file: it has no format chunk")
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


def cut_wave(source: Path, target: Path, first: int, last: int, chunks: Sequence[Chunk]) -> None:
    """Write samples [first, last) of a WAV file as another one, with chunks of its own.

    Raises:
        ValueError: it is not a WAV file, or has not so many samples.
        OSError: it cannot be read, or the other cannot be written.
    """
    with source.open("rb") as file:
        kept, start, size = _read(file)
        form = next((content for name, content in kept if name == b"fmt "), b"")
        if len(form) < 16:
            raise ValueError("not a WAV file: it has no format chunk")
        frame = max(1, struct.unpack_from("<H", form, 12)[0])
        if not 0 <= first < last <= size // frame:
            raise ValueError(f"no samples {first} to {last} in a file of {size // frame}")
        wanted = (last - first) * frame
        body = chunk(b"fmt ", form)
        if any(name == b"fact" for name, _ in kept):
            body += chunk(b"fact", struct.pack("<I", min(last - first, UNKNOWN)))
        body += b"".join(chunk(name, content) for name, content in chunks)
        with target.open("wb") as made:
            made.write(wave_head(body, wanted, last - first))
            file.seek(start + first * frame)
            _copy(file, made, wanted)
            made.write(b"\0" * (wanted % 2))


def read_chunks(path: Path) -> dict[bytes, bytes]:
    """The chunks of a WAV by kind ("LIST" followed by the kind of list), without the samples.

    Raises:
        ValueError: it is not a WAV file.
    """
    with path.open("rb") as file:
        return {_kind(name, content): content for name, content in _read(file)[0]}


def _kind(name: bytes, content: bytes) -> bytes:
    """The name of a chunk; for a list, followed by the kind of list."""
    return name + content[:4] if name == b"LIST" else name


def _read(file: IO[bytes]) -> tuple[list[Chunk], int, int]:
    """Every chunk except the samples, then the start and the size of the samples in bytes."""
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        raise ValueError("not a WAV file")
    kept: list[Chunk] = []
    samples: tuple[int, int] | None = None
    for name, size, start in _chunks(file):
        if name == b"data":
            samples = (start, size)
        else:
            kept.append((name, file.read(size)))
    if samples is None:
        raise ValueError("not a WAV file: it has no data chunk")
    return kept, *samples


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Name, size and start of each chunk's content, with the file positioned there."""
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
