"""Reads the headers of plain files: WAV, RF64, Wave64, AIFF and FLAC.

`read_header` reads a few hundred bytes for a file of any size. It returns the actual content of the
file, the values declared in the header, and in `oddity` the reason why programs may disagree about
the file, which makes it not plain. Compressed codings and other containers are left to ffmpeg.
Sources: Microsoft's RIFF and WAVEFORMATEXTENSIBLE; EBU Tech 3306 and ITU-R BS.2088 (RF64); Sony's
Wave64; Apple's AIFF-C; RFC 9639 (FLAC).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from attrs import evolve, frozen

from ..ir.units import MAX_RATE

RATES = range(1_000, MAX_RATE + 1)
"""Valid sample rates of a source, Hz; others are not audio, and would need gigabytes of memory."""

PLAIN = frozenset(
    (
        *(
            f"{container}/{coding}"
            for container in ("wav", "wavex", "rf64", "w64")
            for coding in ("pcm_16", "pcm_24", "pcm_32", "float", "double")
        ),
        *("aiff/pcm_16", "aiff/pcm_24", "aiff/pcm_32", "flac/pcm_16", "flac/pcm_24"),
    )
)
"""Codecs of files that every backend reads in place, as named by libsndfile. All other files are
decoded by ffmpeg first, and their codecs are as named by ffmpeg."""

_MAX_CHUNKS = 10_000
_UNKNOWN = 0xFFFFFFFF

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_W64_RIFF = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")

# Bits per sample -> the names of the coding in libsndfile and in ffmpeg.
_INTEGERS: Mapping[int, tuple[str, str]] = {
    16: ("pcm_16", "pcm_s16"),
    24: ("pcm_24", "pcm_s24"),
    32: ("pcm_32", "pcm_s32"),
}
_FLOATS: Mapping[int, tuple[str, str]] = {32: ("float", "pcm_f32"), 64: ("double", "pcm_f64")}

# Codes in the frames of a FLAC; other codes refer to its header or to the frame itself.
_FLAC_RATES: Mapping[int, int] = dict(
    enumerate((88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000), 1)
)
_FLAC_BITS: Mapping[int, int] = {1: 8, 2: 12, 4: 16, 5: 20, 6: 24, 7: 32}


@frozen
class Header:
    """The declared and the actual content of a file.

    Attributes:
        container, coding: as named by libsndfile, such as "wav" and "pcm_16".
        decoder: the coding as named by ffmpeg, such as "pcm_s16le".
        rate: Hz.
        channels: their number.
        frames: in the file; for a FLAC, those declared in its header.
        declared: the frames declared in the header; None if there is no such number.
        oddity: why the file is not plain, as the end of a sentence; None if it is plain.
    """

    container: str
    coding: str
    decoder: str
    rate: int
    channels: int
    frames: int
    declared: int | None = None
    oddity: str | None = None

    @property
    def codec(self) -> str:
        """Container and coding, such as "wav/pcm_16"."""
        return f"{self.container}/{self.coding}"

    @property
    def is_plain(self) -> bool:
        """Whether every backend may read the file in place, as far as the header goes."""
        return self.oddity is None and self.codec in PLAIN


def read_header(path: Path) -> Header | None:
    """The header of a file; None for an unsupported format.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        start = file.read(40)
        file.seek(0)
        for matches, read in _READERS:
            if matches(start):
                try:
                    return read(file, size)
                except (struct.error, _NotPlainError):
                    return None
    return None


@contextmanager
def readable(path: Path, directory: Path | None = None) -> Iterator[Path]:
    """The file itself if it is plain, otherwise a decoded copy that exists within the context.

    Args:
        path: an audio file of any format.
        directory: for the decoded copy if there is no cache; None: the system's temporary one.

    Raises:
        RenderError: MIX601, MIX602, ffmpeg is needed and missing.
        ValueError: the file cannot be decoded; the message has the reason.
        OSError: the file cannot be opened, or the disk is full.
    """
    header = read_header(path)
    if header is not None and header.is_plain:
        yield path
        return
    from .copies import decoded_copy  # noqa: PLC0415 (a plain file needs nothing of it)

    with decoded_copy(path, header, directory) as copy:
        yield copy


class _NotPlainError(Exception):
    """The format of the file is left to ffmpeg."""


class _Form(NamedTuple):
    """The content of a fmt chunk."""

    coding: str
    decoder: str
    rate: int
    channels: int
    block: int
    container: str = ""
    oddity: str | None = None


def _wav(file: BinaryIO, size: int) -> Header:
    """RIFF and RF64: chunks with 32-bit sizes, which a ds64 chunk may override."""
    kind, whole = struct.unpack("<4sI4x", file.read(12))
    container = "wav" if kind == b"RIFF" else "rf64"
    form: _Form | None = None
    beyond = 0
    for name, start, length in _chunks(file, size, "<4sI", 12):
        if name == b"ds64" and kind == b"RF64":
            _, beyond = struct.unpack("<QQ", file.read(16))
        elif name == b"fmt ":
            form = _fmt(file.read(min(length, 40)), container)
        elif name == b"data":
            long = kind == b"RF64" and length == _UNKNOWN
            taken = beyond if long else length
            # An interrupted recorder leaves sizes of 0 or 0xFFFFFFFF, in more than one place.
            open_ended = taken in (0, _UNKNOWN) and whole + 8 != size
            return _counted(form, None if open_ended else taken, size - start)
    raise _NotPlainError


def _w64(file: BinaryIO, size: int) -> Header:
    """Wave64: chunks with GUIDs and 64-bit sizes that count their own headers."""
    form: _Form | None = None
    at = 40
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        guid, length = struct.unpack("<16sQ", file.read(24))
        if guid[4:] != _W64_TAIL or length < 24:
            raise _NotPlainError
        if guid[:4] == b"fmt ":
            form = _fmt(file.read(min(length - 24, 40)), "w64")
        elif guid[:4] == b"data":
            return _counted(form, length - 24, size - at - 24)
        at += length + -length % 8
    raise _NotPlainError


def _aiff(file: BinaryIO, size: int) -> Header:
    """AIFF, and uncompressed AIFF-C."""
    kind = file.read(12)[8:12]
    form: _Form | None = None
    declared = 0
    for name, start, length in _chunks(file, size, ">4sI", 12):
        if name == b"COMM":
            form, declared = _comm(file.read(min(length, 22)), kind)
        elif name == b"SSND" and form is not None:
            offset, _ = struct.unpack(">II", file.read(8))
            there = min(size - start, length) - 8 - offset
            header = _counted(form, declared * form.block, there)
            return header if offset == 0 else evolve(header, oddity="its sound begins at an offset")
    raise _NotPlainError


def _flac(file: BinaryIO, size: int) -> Header:
    """The STREAMINFO of a FLAC; the actual content is known only after decoding."""
    kind, info = struct.unpack(">4xB3x10x8s", file.read(26))
    if kind & 0x7F:
        raise _NotPlainError
    (word,) = struct.unpack(">Q", info)
    rate, channels = word >> 44, (word >> 41 & 7) + 1
    bits, total = (word >> 36 & 31) + 1, word & (1 << 36) - 1
    header = Header("flac", f"pcm_{bits}", "flac", rate, channels, total, total or None)
    if not _first_frame_agrees(file, header, bits):
        return evolve(header, oddity="its frames have another format")
    if bits not in (16, 24):
        return evolve(header, oddity=f"it has {bits} bits")
    return header if total else evolve(header, oddity="its header does not say how long it is")


def _first_frame_agrees(file: BinaryIO, header: Header, bits: int) -> bool:
    """Whether the first frame of a FLAC has the format in its header (RFC 9639, section 9.1)."""
    at = 4
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        (block,) = struct.unpack(">I", file.read(4))
        at += 4 + (block & 0xFFFFFF)
        if block >> 31:
            break
    file.seek(at)
    _, codes, layout = struct.unpack(">HBB", file.read(4))
    channels = (layout >> 4) + 1
    return (
        _FLAC_RATES.get(codes & 15, header.rate) == header.rate
        and (channels if channels <= 8 else 2) == header.channels
        and _FLAC_BITS.get(layout >> 1 & 7, bits) == bits
    )


_READERS: tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO, int], Header]], ...] = (
    (lambda start: start[:4] in (b"RIFF", b"RF64") and start[8:12] == b"WAVE", _wav),
    (lambda start: start[:16] == _W64_RIFF and start[24:28] == b"wave", _w64),
    (lambda start: start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"), _aiff),
    (lambda start: start[:4] == b"fLaC", _flac),
)


def _chunks(file: BinaryIO, size: int, head: str, at: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and length of each chunk, with the file positioned at its start."""
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        name, length = struct.unpack(head, file.read(8))
        yield name, at + 8, length
        at += 8 + length + length % 2
        if at >= size:
            return


def _fmt(text: bytes, container: str) -> _Form:
    """WAVEFORMAT of PCM or floats, extensible or not."""
    tag, channels, rate, _, block, bits = struct.unpack("<HHIIHH", text[:16])
    valid = bits
    if tag == _EXTENSIBLE:
        valid, tag = struct.unpack("<H4xH", text[18:26])
        if text[26:40] != _GUID_TAIL:
            raise _NotPlainError
        container = "wavex" if container == "wav" else container
    held = block // channels * 8 if channels else 0
    known = {_PCM: {8: ("pcm_u8", "pcm_u"), **_INTEGERS}, _FLOAT: _FLOATS}.get(tag, {})
    if held not in known or block != channels * held // 8:
        raise _NotPlainError
    coding, decoder = known[held]
    decoder = "pcm_u8" if held == 8 else f"{decoder}le"
    oddity = None if bits == valid == held else f"it keeps {valid} bits in {held}"
    return _Form(coding, decoder, rate, channels, block, container, oddity)


def _comm(text: bytes, kind: bytes) -> tuple[_Form, int]:
    """AIFF's common chunk, and the number of frames that it declares."""
    channels, declared, bits, exponent, mantissa = struct.unpack(">HIHHQ", text[:18])
    compression = text[18:22] if kind == b"AIFC" else b"NONE"
    if compression not in (b"NONE", b"twos", b"sowt") or bits not in (8, *_INTEGERS):
        raise _NotPlainError
    # The rate is an 80-bit float; only integers are supported.
    shift = 16383 + 63 - exponent
    if not 0 <= shift <= 63 or mantissa & (1 << shift) - 1:
        raise _NotPlainError
    coding, decoder = _INTEGERS.get(bits, ("pcm_s8", "pcm_s8"))
    if bits > 8:
        decoder += "le" if compression == b"sowt" else "be"
    block = channels * bits // 8
    return _Form(coding, decoder, mantissa >> shift, channels, block, "aiff"), declared


def _counted(form: _Form | None, length: int | None, there: int) -> Header:
    """The header, given the declared size of the samples and the actual size, in bytes."""
    if form is None or not form.block:
        raise _NotPlainError
    held = there if length is None else min(length, there)
    oddity = form.oddity
    if length is None:
        oddity = oddity or "its header does not say how long it is"
    elif length > there:
        oddity = oddity or "its header says more than there is"
    elif held % form.block:
        oddity = oddity or "it ends within a sample"
    return Header(
        container=form.container,
        coding=form.coding,
        decoder=form.decoder,
        rate=form.rate,
        channels=form.channels,
        frames=max(held, 0) // form.block,
        declared=None if length is None else length // form.block,
        oddity=oddity,
    )
