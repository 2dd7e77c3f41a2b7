"""Cover art: the type and size of a picture, and the tag that holds it in an Ogg file.

Promises: this reads only the head of a JPEG or PNG and decodes nothing. In Ogg a picture is a tag,
METADATA_BLOCK_PICTURE, which ffmpeg does not write by itself: a FLAC picture block (RFC 9639, 8.8)
in base64 (https://wiki.xiph.org/VorbisComment).
"""

from __future__ import annotations

import os
import struct
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .ffmetadata import HEADER

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}  # by colour type; a palette's colours are RGB
# Start-of-frame markers; C4, C8 and CC are tables and reserved (ITU-T T.81, table B.1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_NO_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
_FRONT_COVER = 3

MOST_BYTES = 20_000_000
"""The largest picture; players read a cover whole, and Ogg holds it as text of a third more."""


class Picture(NamedTuple):
    """A picture: its media type, width and height in pixels, bits per pixel."""

    mime: str
    width: int
    height: int
    depth: int


def read_picture(path: Path) -> bytes:
    """The content of a file that may be a picture; of one that is too large, nothing is read.

    Raises:
        OSError: it cannot be read.
        ValueError: it has more than `MOST_BYTES`; the message has its size.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > MOST_BYTES:
            raise ValueError(f"it has {size:,} bytes")
        return file.read(MOST_BYTES)


def picture_of(data: bytes) -> Picture:
    """The picture in these bytes, by their header.

    Raises:
        ValueError: they are neither a JPEG nor a PNG.
    """
    found: Picture | None = None
    with suppress(struct.error, IndexError, KeyError):
        if data.startswith(_PNG) and data[12:16] == b"IHDR":
            width, height, bits, colour = struct.unpack(">IIBB", data[16:26])
            found = Picture("image/png", width, height, bits * _PNG_CHANNELS[colour])
        elif data.startswith(_JPEG):
            found = _jpeg(data)
    if found is None:
        raise ValueError("it is neither a JPEG nor a PNG")
    return found


def picture_block(data: bytes) -> str:
    """A picture as the value of METADATA_BLOCK_PICTURE, a front cover without a description.

    Raises:
        ValueError: the bytes are neither a JPEG nor a PNG.
    """
    found = picture_of(data)
    mime = found.mime.encode("ascii")
    head = struct.pack(">II", _FRONT_COVER, len(mime)) + mime + struct.pack(">I", 0)
    shape = struct.pack(">IIII", found.width, found.height, found.depth, 0)
    return b64encode(head + shape + struct.pack(">I", len(data)) + data).decode("ascii")


def run_picture(arguments: Sequence[str], progress: Callable[[float], None]) -> dict[str, float]:
    """`mixdown step picture PICTURE OUT`: the picture as a tag, in a text for ffmpeg.

    Raises:
        OSError: a file cannot be read or written, or the first is not a picture.
    """
    picture, out = map(Path, arguments)
    try:
        block = picture_block(read_picture(picture))
    except ValueError as error:
        raise OSError(None, f"{picture}: {error}") from error
    value = block.replace("=", "\\=")  # base64 may end in "="
    out.write_text(f"{HEADER}METADATA_BLOCK_PICTURE={value}\n", encoding="ascii", newline="\n")
    return {}


def _jpeg(data: bytes) -> Picture | None:
    """The picture, from its first frame header, which follows tables and application data."""
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _FRAMES:
            bits, height, width, components = struct.unpack(">BHHB", data[at + 4 : at + 10])
            return Picture("image/jpeg", width, height, bits * components)
        if marker == 0xFF:  # a fill byte
            at += 1
        else:
            (length,) = struct.unpack(">H", data[at + 2 : at + 4])
            at += 2 if marker in _NO_LENGTH else 2 + length
    return None
