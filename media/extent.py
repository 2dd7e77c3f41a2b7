"""Whether a file is as long as its own structure says: it is read chunk by chunk, frame by frame.

`ends_early` reads headers only, and decodes nothing. It is about the sound: a file that lacks an
index or tags behind the sound does not end early. What cannot be known from a structure is left to
ffmpeg, which reports incomplete packets, and to the declared duration: Matroska, NUT, WavPack, AC-3
and others. Nothing says where a file of G.722, aptX or IRCAM ends, or one of raw frames that ends
between two frames.

Sources: Apple's CAF, AIFF-C and QuickTime; EA's IFF 85; Microsoft's RIFF, AVI and ASF; Sony's
Wave64 and DSF; Sun's AU; NIST's SPHERE; SMPTE 377 (MXF); ISO 13818-1 (MPEG systems); ETSI TS 102
114 (DTS); Bluetooth A2DP (SBC); Adobe's FLV; RFC 3533 (Ogg).
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeAlias

from .mp3 import is_cut
from .ogg import read_outline

_Bytes: TypeAlias = "bytes | mmap.mmap"
_UNKNOWN = (0, 0xFFFFFFFF, -1)
"""The sizes that an interrupted or streaming writer leaves in a header: up to the end."""


def ends_early(path: Path, container: str | None) -> bool:
    """Whether a file ends before the end of the sound that its structure states.

    Args:
        path: the file.
        container: ffmpeg's name of its demuxer.

    Raises:
        OSError: the file cannot be read.
    """
    if container == "ogg":
        outline = read_outline(path)
        return outline is not None and not outline.is_whole
    reads_cut = _READERS.get(container or "")
    if reads_cut is None or not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return reads_cut(data)
        except struct.error:
            return True  # in the middle of a header


class _Chunks(NamedTuple):
    """A container of chunks, each with a name and a size.

    Attributes:
        head: the layout of name and size.
        start: of the first chunk.
        sound: the name of the chunks with sound.
        counted: whether a size includes name and size themselves.
        align: chunks begin at multiples of so many bytes.
    """

    head: str
    start: int
    sound: bytes
    counted: bool = False
    align: int = 1

    def is_cut(self, data: _Bytes) -> bool:
        """Whether the file ends within a chunk of sound."""
        at, length = self.start, struct.calcsize(self.head)
        while at + length <= len(data):
            name, size = struct.unpack_from(self.head, data, at)
            body = size - length * self.counted
            if name == self.sound and size not in _UNKNOWN and at + length + body > len(data):
                return True
            if body < 0 or size in _UNKNOWN[1:]:
                return False
            at += length + body
            at += -at % self.align
        return False


def _steps(data: _Bytes, at: int, size_of: Callable[[_Bytes, int], int]) -> Iterator[int]:
    """The start of each element, and the end of the last; it stops at a size of 0, an unknown."""
    while True:
        yield at
        if at >= len(data):
            return
        size = size_of(data, at)
        if size <= 0:
            return
        at += size


def _ends_within(size_of: Callable[[_Bytes, int], int], data: _Bytes, start: int = 0) -> bool:
    """Whether the last of contiguous elements ends after the end of the file."""
    *_, end = _steps(data, start, size_of)
    return end > len(data)


def _avi(data: _Bytes) -> bool:
    """RIFFs, each with its list of packets."""
    for riff in _steps(data, 0, partial(_chunk_size, "<4xI", 8)):
        inner = riff + 12
        for at in _steps(data, inner, partial(_chunk_size, "<4xI", 8)):
            if data[at : at + 4] == b"LIST" and data[at + 8 : at + 12] == b"movi":
                (size,) = struct.unpack_from("<I", data, at + 4)
                if size not in _UNKNOWN and at + 8 + size > len(data):
                    return True
                break
    return False


def _chunk_size(head: str, length: int, data: _Bytes, at: int) -> int:
    (size,) = struct.unpack_from(head, data, at)
    return 0 if size in _UNKNOWN else int(length + size + size % 2)


def _movie(data: _Bytes) -> bool:
    """QuickTime and MP4: boxes, whose sizes may have 64 bits; the sound is in mdat."""
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
        if name == b"mdat" and at + size > len(data):
            return True
        if size < 8:
            return False
        at += size
    return False


def _real(data: _Bytes) -> bool:
    """RealMedia: the sound is in a counted number of packets."""
    at = 0
    while at + 8 <= len(data):
        name, size = struct.unpack_from(">4sI", data, at)
        if name == b"DATA":
            (count,) = struct.unpack_from(">I", data, at + 10)
            ends = [*islice(_steps(data, at + 18, _packet_size), count + 1)]
            return ends[-1] > len(data) or len(ends) <= count
        if size < 8:
            break
        at += size
    return False


def _packet_size(data: _Bytes, at: int) -> int:
    return int(struct.unpack_from(">H", data, at + 2)[0])


def _au(data: _Bytes) -> bool:
    start, size = struct.unpack_from(">II", data, 4)
    return size not in _UNKNOWN and start + size > len(data)


def _nist(data: _Bytes) -> bool:
    """SPHERE: a header of text with the number of samples; compressed ones are left out."""
    length = re.match(rb"NIST_1A\n *(\d+)\n", data[:16])
    head = data[: int(length[1])] if length else b""
    counts = (rb"sample_count", rb"channel_count", rb"sample_n_bytes")
    found = [re.search(rb"\n" + name + rb" -i (\d+)", head) for name in counts]
    if b"shorten" in head or None in found:
        return False
    samples, channels, width = (int(number[1]) for number in found if number)
    return len(head) + samples * channels * width > len(data)


def _sox(data: _Bytes) -> bool:
    order = "<" if data[:4] == b".SoX" else ">"
    head, samples = struct.unpack_from(f"{order}IQ", data, 4)
    return bool(4 + head + 4 * samples > len(data))


def _adx(data: _Bytes) -> bool:
    """Blocks of 18 bytes a channel, with 32 samples each."""
    offset, _, block, _, channels, _, samples = struct.unpack_from(">HBBBBII", data, 2)
    blocks = -(-samples // 32) * channels
    return bool(offset + 4 + blocks * block > len(data))


def _voc_size(data: _Bytes, at: int) -> int:
    (word,) = struct.unpack("<I", data[at : at + 4].ljust(4, b"\0"))
    return 4 + (word >> 8) if 1 <= word & 255 <= 9 else 0


def _voc(data: _Bytes) -> bool:
    return _ends_within(_voc_size, data, *struct.unpack_from("<H", data, 20))


def _ape(data: _Bytes) -> bool:
    """Monkey's Audio from 3.98 on: a descriptor with the size of each part."""
    magic, version, *sizes = struct.unpack_from("<4sHxx7I", data)
    if magic != b"MAC " or version < 3980:
        return False
    descriptor, header, seeks, wave, low, high, _ = sizes
    return bool(descriptor + header + seeks + wave + low + (high << 32) > len(data))


def _klv_size(data: _Bytes, at: int) -> int:
    """MXF: a key of 16 bytes, and a length in ASN.1's basic encoding."""
    if data[at : at + 4] != b"\x06\x0e\x2b\x34":
        return 0
    (first,) = struct.unpack_from("B", data, at + 16)
    more = first & 0x7F if first & 0x80 else 0
    body = int.from_bytes(data[at + 17 : at + 17 + more], "big") if more else first
    return int(17 + more + body)


def _flv_size(data: _Bytes, at: int) -> int:
    """A tag, and the size of it after it."""
    kind, high, low = struct.unpack_from(">BBH", data, at)
    return int(11 + (high << 16 | low) + 4) if kind in (8, 9, 18) else 0


def _flv(data: _Bytes) -> bool:
    (start,) = struct.unpack_from(">I", data, 5)
    return _ends_within(_flv_size, data, start + 4)


def _transport(data: _Bytes) -> bool:
    """MPEG transport streams: packets of 188 bytes, 4 more before or 16 after each."""
    for size, sync in ((188, 0), (192, 4), (204, 0)):
        if data[sync] == data[sync + size] == data[sync + 2 * size] == 0x47:
            return len(data) % size > 0
    return False


def _program_size(data: _Bytes, at: int) -> int:
    """MPEG program streams: packs, of two versions, and packets."""
    (code,) = struct.unpack_from(">I", data, at)
    if code == 0x1B9:
        return 4
    if code == 0x1BA:
        if data[at + 4 : at + 5] < b"\x40":
            return 12
        return int(14 + (struct.unpack_from("B", data, at + 13)[0] & 7))
    if 0x1BB <= code <= 0x1FF:
        return int(6 + struct.unpack_from(">H", data, at + 4)[0])
    return 0


def _mlp_size(data: _Bytes, at: int) -> int:
    """An access unit of MLP or TrueHD."""
    return int(struct.unpack_from(">H", data, at)[0] & 0xFFF) * 2


def _dts_size(data: _Bytes, at: int) -> int:
    """A core frame of DTS, or an extension substream."""
    sync, bits = struct.unpack(">IQ", data[at : at + 12].ljust(12, b"\0"))
    if sync == 0x7FFE8001:
        return int(bits >> 36 & 0x3FFF) + 1
    if sync == 0x64582025:
        return int((bits >> 21 & 0xFFFFF) if bits >> 53 & 1 else (bits >> 29 & 0xFFFF)) + 1
    return 0


def _sbc_size(data: _Bytes, at: int) -> int:
    """A frame of SBC: scale factors, then the bits of each block."""
    sync, codes, pool = struct.unpack_from("3B", data, at)
    if sync != 0x9C:
        return 0
    blocks, mode, bands = 4 * ((codes >> 4 & 3) + 1), codes >> 2 & 3, 8 if codes & 1 else 4
    channels = 1 if mode == 0 else 2
    bits = blocks * pool * (channels if mode < 2 else 1) + bands * (mode == 3)
    return int(4 + bands * channels // 2 + -(-bits // 8))


_READERS: Mapping[str, Callable[[_Bytes], bool]] = {
    "wav": _Chunks("<4sI", 12, b"data", align=2).is_cut,
    "caf": _Chunks(">4sq", 8, b"data").is_cut,
    "aiff": _Chunks(">4sI", 12, b"SSND", align=2).is_cut,
    "iff": _Chunks(">4sI", 12, b"BODY", align=2).is_cut,
    "w64": _Chunks(
        "<16sQ", 40, b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a"), counted=True, align=8
    ).is_cut,
    "dsf": _Chunks("<4sQ", 28, b"data", counted=True).is_cut,
    "rm": _real,
    "asf": _Chunks(
        "<16sQ", 0, bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c"), counted=True
    ).is_cut,
    "avi": _avi,
    "mov": _movie,
    "au": _au,
    "nistsphere": _nist,
    "sox": _sox,
    "adx": _adx,
    "voc": _voc,
    "ape": _ape,
    "flv": _flv,
    "mpegts": _transport,
    "mxf": partial(_ends_within, _klv_size),
    "mpeg": partial(_ends_within, _program_size),
    "mlp": partial(_ends_within, _mlp_size),
    "truehd": partial(_ends_within, _mlp_size),
    "dts": partial(_ends_within, _dts_size),
    "sbc": partial(_ends_within, _sbc_size),
    "mp3": is_cut,
}
