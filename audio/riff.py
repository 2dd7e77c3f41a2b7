"""The frame of a WAV: chunks, and the sizes that stand before the samples.

Promises: a file of 4 GiB or more is an RF64 with its sizes in a `ds64` chunk (EBU Tech 3306; ITU-R
BS.2088), a smaller one a RIFF.
"""

from __future__ import annotations

import struct

FOUR_GIB = 1 << 32
UNKNOWN = FOUR_GIB - 1
"""What stands for a size that is in the ds64 chunk."""


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a name of four bytes, padded to an even length."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def wave_head(chunks: bytes, size: int, frames: int) -> bytes:
    """All of a WAV before the first byte of its samples.

    Args:
        chunks: those that stand before the samples.
        size: of the samples, bytes; an odd one is padded behind them.
        frames: samples a channel.
    """
    total = 4 + len(chunks) + 8 + size + size % 2
    if total < FOUR_GIB:
        head = struct.pack("<4sI4s", b"RIFF", total, b"WAVE")
        return head + chunks + b"data" + struct.pack("<I", size)
    sizes = chunk(b"ds64", struct.pack("<QQQI", total + 36, size, frames, 0))
    head = struct.pack("<4sI4s", b"RF64", UNKNOWN, b"WAVE")
    return head + sizes + chunks + b"data" + struct.pack("<I", UNKNOWN)
