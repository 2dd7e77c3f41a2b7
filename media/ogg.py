"""The pages of an Ogg file: what streams it holds, and whether it is whole (RFC 3533).

Promises: `read_outline` reads the heads of pages, whatever their number, in constant memory, and
decodes nothing.
"""

from __future__ import annotations

import struct
from pathlib import Path

from attrs import frozen

_HEAD = struct.Struct("<4sBBqIIIB")
_FIRST, _LAST = 2, 4


@frozen
class Outline:
    """What pages say.

    Attributes:
        streams: how many logical streams there are, side by side or one after the other.
        is_whole: whether pages follow each other to the end of the file, and each stream's last
            page is there.
    """

    streams: int
    is_whole: bool


def read_outline(path: Path) -> Outline | None:
    """The outline of an Ogg file; None where it does not begin as one.

    Raises:
        OSError: the file cannot be read.
    """
    begun = ended = at = 0
    with path.open("rb") as file:
        size = file.seek(0, 2)
        while at < size:
            file.seek(at)
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size or head[:5] != b"OggS\0":
                break
            flags, segments = head[5], head[-1]
            at += _HEAD.size + segments + sum(file.read(segments))
            begun += bool(flags & _FIRST)
            ended += bool(flags & _LAST)
    return Outline(begun, at == size and begun == ended) if begun else None
