"""The bit rates of an MP3, read from the headers of its frames (ISO/IEC 11172-3, 13818-3).

Promises: every frame counts, but for the one in front that encoders use for facts about the file
(Xing, Info). Nothing is decoded. ID3v2 tags before and other tags after the frames are left out.
"""

from __future__ import annotations

from pathlib import Path

_MPEG_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Hz, by the version of MPEG as the header has it: 1, 2 and 2.5."""


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
    at, rates = _after_tag(data), list[int]()
    while (frame := _frame(data, at)) is not None:
        rate, size = frame
        if rates or not any(name in data[at : at + 64] for name in (b"Xing", b"Info")):
            rates.append(rate)
        at += size
    return (min(rates), max(rates)) if len(rates) > 1 else None


def _after_tag(data: bytes) -> int:
    """Where the frames begin: after the ID3v2 tag, whose size has seven bits a byte."""
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    footer = 10 if data[5] & 0x10 else 0
    return 10 + size + footer


def _frame(data: bytes, at: int) -> tuple[int, int] | None:
    """The bit rate, kbit/s, and the bytes of the frame of layer III at a position."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, index, rate_index = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or index in (0, 15) or rate_index == 3:
        return None
    bit_rate = (_MPEG_1 if version == 3 else _MPEG_2)[index]
    samples = 1152 if version == 3 else 576
    padding = head[2] >> 1 & 1
    return bit_rate, samples * bit_rate * 125 // _RATES[version][rate_index] + padding
