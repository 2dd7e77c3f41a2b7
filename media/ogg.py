"""The pages of an Ogg file: the number of its streams, and whether it is complete (RFC 3533).

`read_outline` reads only the page headers, in constant memory, and decodes nothing.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

_HEAD = struct.Struct("<4sBBqIIIB")
_FIRST, _LAST = 2, 4


class Outline(NamedTuple):
    """The structure of an Ogg file.

    Attributes:
        streams: the number of logical streams, multiplexed or chained.
        is_whole: whether the pages are contiguous to the end of the file, and the last page of each
            stream is present.
    """

    streams: int
    is_whole: bool


def read_outline(path: Path) -> Outline | None:
    """The structure of an Ogg file; None for a file of another format.

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
