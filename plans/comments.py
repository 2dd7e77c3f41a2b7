"""The comment of an MP3 as the frame that players show.

ffmpeg writes the tag `comment` as TXXX, the frame of a user's own texts, and has no way to write
COMM (https://id3.org/id3v2.3.0, 4.2.2 and 4.11). `mixdown step comment` changes the one into the
other, and nothing else; the tag keeps its size.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

_HEAD = 10
"""Bytes of the head of a tag, and of a frame."""
_LANGUAGE = b"eng"  # as LAME and iTunes write it, whatever the text is in
_DESCRIPTIONS = {0: b"comment\0", 1: "\ufeffcomment\0".encode("utf-16-le")}
"""How a TXXX frame of this name begins, by its encoding: Latin-1 or UTF-16."""
_NONE = {0: b"\0", 1: "\ufeff\0".encode("utf-16-le")}
"""The same with no description, as players expect it of a COMM."""


def run_comment(arguments: Sequence[str], progress: Callable[[float], None]) -> dict[str, float]:
    """`mixdown step comment MP3 OUT`: a copy of a file by ffmpeg, its comment in a COMM frame.

    Raises:
        OSError: a file cannot be read or written, or the first has no tag of ID3v2.3.
    """
    source, target = map(Path, arguments)
    with source.open("rb") as read, target.open("wb") as written:
        head = read.read(_HEAD)
        if len(head) < _HEAD or head[:4] != b"ID3\x03":
            raise OSError(None, f"{source}: no tag of ID3v2.3")
        written.write(head + with_comment(read.read(_tag_size(head))))
        shutil.copyfileobj(read, written)
    return {}


def with_comment(frames: bytes) -> bytes:
    """The frames of a tag with TXXX:comment as COMM, padded to the same length."""
    return b"".join(map(_commented, _frames(frames))).ljust(len(frames), b"\0")


def _commented(frame: bytes) -> bytes:
    encoding = frame[_HEAD] if len(frame) > _HEAD else None
    described = _DESCRIPTIONS.get(encoding) if encoding is not None else None
    text = frame[_HEAD + 1 :]
    if frame[:4] != b"TXXX" or encoding is None or not described or not text.startswith(described):
        return frame
    content = bytes([encoding]) + _LANGUAGE + _NONE[encoding] + text.removeprefix(described)
    return b"COMM" + struct.pack(">I", len(content)) + frame[8:_HEAD] + content


def _frames(tag: bytes) -> Iterator[bytes]:
    """Each frame with its head; padding is left out."""
    at = 0
    while at + _HEAD <= len(tag) and tag[at]:
        (size,) = struct.unpack(">I", tag[at + 4 : at + 8])
        yield tag[at : at + _HEAD + size]
        at += _HEAD + size


def _tag_size(head: bytes) -> int:
    """The size of a tag after its head: four bytes of 7 bits."""
    size = 0
    for byte in head[6:_HEAD]:
        size = size << 7 | byte & 0x7F
    return size
