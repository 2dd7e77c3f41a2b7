"""What ffmpeg tells of a file that libsndfile does not read: AAC in m4a, WMA, the sound of a video.

Promises: the length is what decoding gives, counted, because containers only estimate it. ffmpeg
opens this one file, in one of the formats of `CONTAINERS`, and nothing that the file may name.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from pathlib import Path

from attrs import define, frozen

from ..programs.run import Watch, patience, run_process

CONTAINERS: Mapping[str, str] = {
    "aac": "aac",
    "ac3": "ac3",
    "amr": "amr",
    "ape": "ape",
    "asf": "asf",
    "avi": "avi",
    "dts": "dts",
    "eac3": "eac3",
    "matroska": "matroska",
    "mov": "mov",
    "mpegts": "mpegts",
    "tta": "tta",
    "wv": "wv",
}
"""Containers that only ffmpeg reads, as a source's codec names them -> ffmpeg's demuxer. No
playlists: they name other files."""

_HEADER = struct.Struct(">4s5I")
_INPUT = re.compile(r"^Input #0, (\w+)", re.MULTILINE)
_FRAME_BYTES = 4


@frozen
class StreamShape:
    """Of the first audio stream of a file: Hz, channels, samples, "container/coding"."""

    rate: int
    channels: int
    frames: int
    codec: str


@frozen
class _Header:
    """Of a stream in Sun's format: where its samples begin, Hz, channels."""

    start: int
    rate: int
    channels: int


def shape(ffmpeg: str, path: Path) -> StreamShape | str:
    """The shape of a file, for which all of it is decoded; or what is wrong with it.

    Args:
        ffmpeg: the program.
        path: the file.
    """
    argv = [ffmpeg, "-nostdin", "-hide_banner", "-protocol_whitelist", "file,pipe"]
    argv += ["-format_whitelist", ",".join(CONTAINERS.values()), "-i", f"file:{path.absolute()}"]
    argv += ["-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"]
    counter = _Counter()
    try:
        done = run_process(argv, on_output=counter.take, watch=Watch(patience()))
    except OSError as error:
        return f"ffmpeg does not start: {error.strerror}"
    text = "\n".join(done.errors)
    named = _codec(text)
    if named is None and _INPUT.search(text):
        return "ffmpeg finds no sound in it"
    if done.stuck is not None:
        return f"ffmpeg {done.failure}"
    header = counter.header
    if done.failure is not None or header is None or named is None:
        return f"ffmpeg says: {_reason(text, path)}"
    return StreamShape(header.rate, header.channels, counter.frames(header), named)


@define
class _Counter:
    """Counts a stream of 32-bit floats in Sun's format, without keeping it."""

    _head: bytes = b""
    _size: int = 0

    def take(self, piece: bytes) -> None:
        """Take the next piece."""
        self._head += piece[: _HEADER.size - len(self._head)]
        self._size += len(piece)

    @property
    def header(self) -> _Header | None:
        """What it says of itself; None where it is no such stream."""
        if len(self._head) < _HEADER.size or self._head[:4] != b".snd":
            return None
        _, start, _, _, rate, channels = _HEADER.unpack(self._head)
        return _Header(start, rate, channels)

    def frames(self, header: _Header) -> int:
        """How many samples a channel went by."""
        return (self._size - header.start) // (header.channels * _FRAME_BYTES)


def _codec(text: str) -> str | None:
    """Container and coding, such as mov/aac, from what ffmpeg prints of its input."""
    container = _INPUT.search(text)
    coding = re.search(r"^\s*Stream #0:.*? Audio: (\w+)", text, re.MULTILINE)
    return f"{container[1]}/{coding[1]}" if container and coding else None


def _reason(text: str, path: Path) -> str:
    """The last that ffmpeg said, without the path."""
    lines = (line.replace(f"file:{path.absolute()}", "") for line in text.splitlines())
    tidy = [_GENERIC.sub("", line).strip(" :.") for line in lines]
    return next((line for line in reversed(tidy) if line), "nothing")


_GENERIC = re.compile(r"^\[\S+ @ \S+\] |Error opening (in|out)put( files?)?: |^Error opening .*")
