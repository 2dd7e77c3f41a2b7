"""How much encoder delay and padding a container states: the sound is what is between them.

Versions of ffmpeg differ in what they remove: 5.1 keeps the padding at the end of MP4 and CAF, and
delay and padding of AAC, AC-3 and MP3 in Matroska. `read_trim` reads what the container says, and
the decoding removes just that, so that every version gives the same samples. MP3, Ogg and Opus are
not here, since all versions agree about them.

Sources: ISO 14496-12 (edit lists and sample tables); Apple's iTunSMPB tag and CAF (packet table);
RFC 9559 (Matroska's CodecDelay and DiscardPadding).
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

_Bytes: TypeAlias = "bytes | mmap.mmap"


class Trim(NamedTuple):
    """What is removed from a decoded stream.

    Attributes:
        delay: the samples at the start that ffmpeg is kept from removing; 0: it may remove them.
        frames: the most samples after that, without silence for gaps; 0: all.
        padding: the samples at the end, where these are stated instead.
    """

    delay: int = 0
    frames: int = 0
    padding: int = 0


NOTHING = Trim()


def read_trim(path: Path, codec: str, stream: int, rate: int) -> Trim:
    """What a container states about one of its streams.

    Args:
        path: the file.
        codec: container and coding, as named by ffmpeg.
        stream: the number of the audio stream, from 1.
        rate: of the decoded samples, Hz.

    Raises:
        OSError: the file cannot be read.
    """
    container, _, coding = codec.partition("/")
    if container not in ("mov", "caf", "matroska") or not path.stat().st_size:
        return NOTHING
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            if container == "mov":
                return Trim(frames=_movie(data, stream, rate))
            if container == "caf":
                return Trim(frames=_packet_table(data))
            if coding not in ("opus", "vorbis"):
                return _matroska(data, stream, rate)
        except (struct.error, IndexError):
            pass
    return NOTHING


def _boxes(data: _Bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of the content of each box."""
    while start + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        stop = end if size == 0 else start + size
        if stop < start + head or stop > end:
            return
        yield name, start + head, stop
        start = stop


def _box(data: _Bytes, span: tuple[int, int], *names: bytes) -> tuple[int, int]:
    """Start and end of the content of a nested box; two zeros if there is none."""
    for wanted in names:
        span = next(((a, b) for name, a, b in _boxes(data, *span) if name == wanted), (0, 0))
    return span


def _movie(data: _Bytes, stream: int, rate: int) -> int:
    """The samples of a track of MP4 or QuickTime after its delay; 0 if it is not stated exactly."""
    movie = _box(data, (0, len(data)), b"moov")
    tracks = [(a, b) for name, a, b in _boxes(data, *movie) if name == b"trak"]
    handlers = [_box(data, track, b"mdia", b"hdlr") for track in tracks]
    sounds = [
        t for t, (a, _) in zip(tracks, handlers, strict=True) if data[a + 8 : a + 12] == b"soun"
    ]
    if stream > len(sounds):
        return 0
    tag = re.search(
        rb"iTunSMPB.{4}data.{8}((?: ?[0-9A-Fa-f]{8}){3}) ?([0-9A-Fa-f]{16})",
        data[slice(*movie)],
        re.DOTALL,
    )
    if tag and len(sounds) == 1:
        return int(tag[2], 16)
    track = sounds[stream - 1]
    scale = _scale(data, *_box(data, track, b"mdia", b"mdhd"))
    ticks = _duration(data, *_box(data, track, b"mdia", b"minf", b"stbl", b"stts"))
    if not scale or rate % scale or not ticks:
        return 0
    beat = _scale(data, *_box(data, movie, b"mvhd"))
    edits = [e for e in _edits(data, *_box(data, track, b"edts", b"elst")) if e[1] >= 0]
    if len(edits) > 1:
        return 0
    for length, start in edits:
        ticks -= start
        if length and beat:
            # Durations of edits are rounded to the clock of the movie.
            ticks = min(ticks, (length + 1) * scale // beat)
    return max(ticks, 0) * (rate // scale)


def _is_sound(data: _Bytes, track: tuple[int, int]) -> bool:
    handler, _ = _box(data, track, b"mdia", b"hdlr")
    return data[handler + 8 : handler + 12] == b"soun"


def _scale(data: _Bytes, start: int, end: int) -> int:
    """The ticks per second in a header of a movie or of its media."""
    if start == end:
        return 0
    return int(struct.unpack_from(">I", data, start + (20 if data[start] else 12))[0])


def _duration(data: _Bytes, start: int, end: int) -> int:
    """The ticks of all samples of a table."""
    if start == end:
        return 0
    (count,) = struct.unpack_from(">I", data, start + 4)
    table = data[start + 8 : min(start + 8 + 8 * count, end)]
    return sum(n * each for n, each in struct.iter_unpack(">II", table[: len(table) // 8 * 8]))


def _edits(data: _Bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Duration, and start in the media, of each edit; an empty one starts at -1."""
    if start == end:
        return
    form = ">Qq4x" if data[start] else ">Ii4x"
    (count,) = struct.unpack_from(">I", data, start + 4)
    width = struct.calcsize(form)
    for number in range(min(count, (end - start) // width)):
        yield struct.unpack_from(form, data, start + 8 + width * number)


def _packet_table(data: _Bytes) -> int:
    """The valid samples in the packet table of a CAF; 0 if it has none."""
    at = 8
    while at + 12 <= len(data):
        name, size = struct.unpack_from(">4sq", data, at)
        if name == b"pakt":
            return max(0, int(struct.unpack_from(">q", data, at + 20)[0]))
        if size < 0:
            break
        at += 12 + size
    return 0


_SEGMENT, _TRACKS, _ENTRY = 0x18538067, 0x1654AE6B, 0xAE
_NUMBER, _TYPE, _DELAY = 0xD7, 0x83, 0x56AA
_CLUSTER, _GROUP, _BLOCK, _PADDING = 0x1F43B675, 0xA0, 0xA1, 0x75A2
_AUDIO = 2


def _matroska(data: _Bytes, stream: int, rate: int) -> Trim:
    """The delay of a track, and the padding of its last block; none without a delay."""
    sounds: list[dict[int, int]] = []
    padding = 0
    for number, start, end in _elements(data, 0, len(data)):
        if number != _SEGMENT:
            continue
        for inner, a, b in _elements(data, start, end):
            if inner == _TRACKS:
                sounds = [entry for entry in _entries(data, a, b) if entry.get(_TYPE) == _AUDIO]
                if not sounds[stream - 1].get(_DELAY):
                    return NOTHING
            elif inner == _CLUSTER and sounds:
                track = sounds[stream - 1].get(_NUMBER, 0)
                padding = _last_padding(data, a, b, track) or padding
    if not sounds:
        return NOTHING
    samples = (round(ns * rate / 1e9) for ns in (sounds[stream - 1][_DELAY], padding))
    return Trim(delay=next(samples), padding=next(samples))


def _entries(data: _Bytes, start: int, end: int) -> Iterator[dict[int, int]]:
    """The elements of each track, as integers."""
    for name, *span in _elements(data, start, end):
        if name == _ENTRY:
            yield {n: int.from_bytes(data[a:b], "big") for n, a, b in _elements(data, *span)}


def _last_padding(data: _Bytes, start: int, end: int, track: int) -> int:
    """The padding of the last group of a track in a cluster that states any, ns."""
    padding = 0
    for name, *span in _elements(data, start, end):
        if name == _GROUP:
            group = {n: (a, b) for n, a, b in _elements(data, *span)}
            block = group.get(_BLOCK, (0, 0))[0]
            if _PADDING in group and data[block] & 0x7F == track:
                padding = int.from_bytes(data[slice(*group[_PADDING])], "big", signed=True)
    return max(padding, 0)


def _elements(data: _Bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, and start and end of the content, of each element of EBML."""
    while at < end:
        width = 9 - data[at].bit_length()
        number = int.from_bytes(data[at : at + width], "big")
        at += width
        width = 9 - data[at].bit_length()
        size = int.from_bytes(data[at : at + width], "big") & (1 << 7 * width) - 1
        at += width
        unknown = size == (1 << 7 * width) - 1
        stop = end if unknown else min(at + size, end)
        yield number, at, stop
        at = stop
