"""What ffmpeg tells of a file that libsndfile does not read: AAC in m4a, WMA, the sound of a video.

Promises: the length is what decoding gives, counted, because containers only estimate it. ffmpeg
opens this one file, in one of the formats of `CONTAINERS`, and nothing that the file may name.
"""

from __future__ import annotations

import re
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from attrs import frozen

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

_BLOCK = 1 << 20
_INPUT = re.compile(r"^Input #0, (\w+)", re.MULTILINE)
_FRAME_BYTES = 4


@frozen
class Shape:
    """Of the first audio stream of a file: Hz, channels, samples, "container/coding"."""

    rate: int
    channels: int
    frames: int
    codec: str


def shape(ffmpeg: str, path: Path) -> Shape | str:
    """The shape of a file, for which all of it is decoded; or what is wrong with it.

    Args:
        ffmpeg: the program.
        path: the file.
    """
    argv = [ffmpeg, "-nostdin", "-hide_banner", "-protocol_whitelist", "file,pipe"]
    argv += ["-format_whitelist", ",".join(CONTAINERS.values()), "-i", f"file:{path.absolute()}"]
    argv += ["-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"]
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
            )
        except OSError as error:
            return f"ffmpeg does not start: {error.strerror}"
        with process:
            assert process.stdout is not None
            counted = _count(process.stdout)
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    named = _codec(text)
    if named is None and _INPUT.search(text):
        return "ffmpeg finds no sound in it"
    if process.returncode != 0 or counted is None or named is None:
        return f"ffmpeg says: {_reason(text, path)}"
    rate, channels, frames = counted
    return Shape(rate, channels, frames, named)


def _count(stream: IO[bytes]) -> tuple[int, int, int] | None:
    """Hz, channels and samples of a stream of 32-bit floats in Sun's format; None if it is none."""
    head = stream.read(24)
    if len(head) < 24 or head[:4] != b".snd":
        return None
    start, _, _, rate, channels = struct.unpack(">5I", head[4:])
    size = len(head) - start
    while block := stream.read(_BLOCK):
        size += len(block)
    return rate, channels, size // (channels * _FRAME_BYTES)


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
