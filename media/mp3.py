"""The frames of MPEG audio, read from their headers (ISO/IEC 11172-3, 13818-3); nothing is decoded.

Every frame counts, but for the one in front that encoders use for facts about the file (Xing, Info,
VBRI). ID3v2 tags before and other tags after the frames are left out.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

_Bytes: TypeAlias = "bytes | mmap.mmap"

_HERTZ = (44_100, 48_000, 32_000)
_KBPS: Mapping[tuple[bool, int], tuple[int, ...]] = {
    (True, 1): tuple(range(0, 449, 32)),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates, kbit/s, by the index in a header: of MPEG-1 or not, and of a layer. Layers 2 and 3 of
the others have the same."""


def frame_rates(path: Path) -> tuple[int, int] | None:
    """The lowest and the highest bit rate of the frames of a file, kbit/s; None if it is no MP3.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        begun = file.read(4)
        if begun[:3] != b"ID3" and begun[:1] != b"\xff":
            return None
        data = begun + file.read()
    start = _after_tags(data)
    is_info = any(name in data[start : start + 64] for name in (b"Xing", b"Info"))
    rates = [rate for _, rate in _frames(data, start)][is_info:]
    return (min(rates), max(rates)) if len(rates) > 1 else None


class _Extent(NamedTuple):
    """The contiguous frames of a file: where they start and end, bytes, and how many they are.

    Attributes:
        frames: without the first.
        stated: what the first states of `frames` and of `size`; 0, 0 if nothing.
    """

    start: int
    end: int
    frames: int
    stated: tuple[int, int]

    @property
    def size(self) -> int:
        """Of all frames, bytes; the last may end after the end of the file."""
        return self.end - self.start


def is_cut(data: _Bytes) -> bool:
    """Whether a file ends within a frame, or before the frames that the first one states."""
    extent = _extent(data)
    if extent is None:
        return False
    count, size = extent.stated
    return extent.end > len(data) or (extent.frames < count and extent.size < size)


def is_regular(path: Path) -> bool:
    """Whether a file is contiguous frames, with tags around them, and the first states all of them.

    Raises:
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    extent = _extent(data)
    if extent is None or extent.end > len(data):
        return False
    is_tagged = data[extent.end : extent.end + 3] in (b"", b"TAG", b"APE")
    return is_tagged and extent.stated in ((0, 0), (extent.frames, extent.size))


def _extent(data: _Bytes) -> _Extent | None:
    """The frames of a file; None if it begins with none."""
    start = end = _after_tags(data)
    count = 0
    for at, _ in _frames(data, start):
        end = at + frame_at(data, at)[1]
        count += 1
    if not count:
        return None
    return _Extent(start, end, count - 1, _stated(data[start : start + frame_at(data, start)[1]]))


def frame_at(data: _Bytes, at: int) -> tuple[int, int]:
    """Bit rate, kbit/s, and size, in bytes, of a frame; 0, 0 if there is none that states them."""
    (word,) = struct.unpack(">I", data[at : at + 4].ljust(4, b"\xff"))
    version, layer = word >> 19 & 3, 4 - (word >> 17 & 3)
    index, rate, padding = word >> 12 & 15, word >> 10 & 3, word >> 9 & 1
    if word >> 21 != 0x7FF or version == 1 or layer == 4 or index in (0, 15) or rate == 3:
        return 0, 0
    full = version == 3
    kbps = _KBPS[full, layer if full else min(layer, 2)][index]
    hertz = _HERTZ[rate] >> (0 if full else 1 if version == 2 else 2)
    if layer == 1:
        return kbps, (12_000 * kbps // hertz + padding) * 4
    return kbps, (144_000 if full or layer == 2 else 72_000) * kbps // hertz + padding


def _frames(data: _Bytes, at: int) -> Iterator[tuple[int, int]]:
    """Start and bit rate of each contiguous frame."""
    while at < len(data):
        rate, size = frame_at(data, at)
        if not size:
            return
        yield at, rate
        at += size


def _after_tags(data: _Bytes) -> int:
    """Where the frames begin: after the ID3v2 tags, whose sizes have seven bits a byte."""
    at = 0
    while data[at : at + 3] == b"ID3" and at + 10 <= len(data):
        size = 0
        for byte in data[at + 6 : at + 10]:
            size = size << 7 | byte & 0x7F
        at += 10 + size + (10 if data[at + 5] & 0x10 else 0)
    return at


def _stated(frame: bytes) -> tuple[int, int]:
    """The number of frames after this one, and the size of all in bytes; 0, 0 if not stated."""
    for name in (b"Xing", b"Info"):
        at = frame.find(name, 4, 48)
        if at > 0 and len(frame) >= at + 16:
            flags, frames, size = struct.unpack_from(">III", frame, at + 4)
            return (frames, size) if flags & 3 == 3 else (0, 0)
    if frame[36:40] == b"VBRI" and len(frame) >= 54:
        size, frames = struct.unpack_from(">II", frame, 46)
        return frames, size
    return 0, 0
