"""Reads the samples of files with libsndfile, once, whole and in order.

Promises: blocks of bounded memory; libsndfile is asked only for plain files and for Vorbis, so that
nothing of its decoders reaches a terminal. Nothing seeks: python-soundfile does after each block,
and libsndfile's seeks in Vorbis miss. Heavy: import it only to read something.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile
from attrs import frozen

from ..audio import FloatArray
from ..audio.riff import chunk, wave_head
from .decoder import Decoding, decoding_by
from .headers import Header

LIBSNDFILE: str = soundfile.__libsndfile_version__
"""The version of what reads FLAC."""

UNREADABLE = (soundfile.SoundFileError, OSError)
"""What reading a file may raise."""

_BLOCK_SAMPLES = 1 << 20


class _Stream(soundfile.SoundFile):  # type: ignore[misc]  # it has no types
    """A file that is read from its beginning to its end."""

    def seekable(self) -> bool:
        """No: python-soundfile then leaves the position alone."""
        return False


@frozen
class Scan:
    """What reading a file found.

    Attributes:
        frames: how many there are.
        spoilt, first: how many frames have a sample that is not finite; the first of them.
        fault: why it could not be read further; "": nothing.
    """

    frames: int
    spoilt: int = 0
    first: int = 0
    fault: str = ""


def agrees(path: Path, header: Header) -> bool:
    """Whether libsndfile sees in the file what we see."""
    try:
        info = soundfile.info(str(path))
    except (soundfile.SoundFileError, OSError, RuntimeError):
        return False
    seen = f"{info.format}/{info.subtype}".lower(), info.samplerate, info.channels, info.frames
    return seen == (header.codec, header.rate, header.channels, header.frames)


def scan_floats(path: Path) -> Scan:
    """Look for samples that are not finite.

    Raises:
        soundfile.SoundFileError, OSError: the file cannot be read.
    """
    frames = spoilt = first = 0
    with _Stream(path) as file:
        for block in _blocks(file):
            finite = np.isfinite(block).all(axis=1)
            if not finite.all():
                first = first if spoilt else frames + int(np.argmin(finite))
                spoilt += int(np.count_nonzero(~finite))
            frames += len(block)
    return Scan(frames, spoilt, first)


def scan_flac(path: Path) -> Scan:
    """Decode a FLAC of 16 or 24 bits, count it, and compare it with its MD5 where it has one."""
    with path.open("rb") as file:
        expected = file.read(42)[26:]
    frames, digest = 0, hashlib.md5(usedforsecurity=False)
    try:
        with _Stream(path) as flac:
            wide = flac.subtype == "PCM_24"
            step = max(1, _BLOCK_SAMPLES // flac.channels)
            while len(block := flac.read(step, "int32" if wide else "int16", always_2d=True)):
                # 24 bits are in the upper bytes of 32.
                raw = block.view(np.uint8).reshape(-1, 4)[:, 1:] if wide else block
                digest.update(raw.tobytes())
                frames += len(block)
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        return Scan(frames, fault=str(error).rpartition(": ")[2].rstrip("."))
    if any(expected) and digest.digest() != expected:
        return Scan(frames, fault="its samples are not those that its MD5 was made of")
    return Scan(frames)


def decode_vorbis(source: Path, target: Path, decoding: Decoding) -> Iterator[float]:
    """Decode an Ogg Vorbis to a float WAV; yields how much is done, 0 to 1, after each block.

    Raises:
        soundfile.SoundFileError, OSError: it cannot be decoded, or written.
    """
    width = decoding.bits // 8
    with _Stream(source) as file, target.open("wb") as out:
        channels = decoding.channels or file.channels
        gains = np.reshape(decoding.matrix, (channels, -1)) if decoding.matrix else None

        def head(frames: int) -> bytes:
            frame = channels * width
            form = struct.pack("<HHIIHH", 3, channels, file.samplerate, 0, frame, 8 * width)
            return wave_head(chunk(b"fmt ", form), frames * frame, frames)

        out.write(head(file.frames))
        frames = 0
        for block in _blocks(file):
            if decoding.repair:
                block[~np.isfinite(block)] = 0.0
            samples = block if gains is None else block @ gains.T
            out.write(np.ascontiguousarray(samples, f"<f{width}").tobytes())
            frames += len(block)
            yield min(1.0, frames / max(file.frames, 1))
        if frames != file.frames:
            raise OSError(None, f"{source}: it holds {frames} samples, and says {file.frames}")


def run_decode(arguments: Sequence[str], progress: Callable[[float], None]) -> Mapping[str, float]:
    """`mixdown step decode SOURCE TARGET [--channels N --gains TEXT] [--repair]`.

    Raises:
        OSError: the source cannot be decoded, or the target written; or the words are none of its.
    """
    try:
        source, target, *options = arguments
        decoding = decoding_by(options)
    except ValueError as error:
        raise OSError(None, f"not a command line of decode: {error}") from error
    try:
        for done in decode_vorbis(Path(source), Path(target), decoding):
            progress(done)
    except soundfile.SoundFileError as error:
        raise OSError(None, f"{source}: {error}") from error
    return {}


def _blocks(file: soundfile.SoundFile) -> Iterator[FloatArray]:
    step = max(1, _BLOCK_SAMPLES // file.channels)
    while len(block := file.read(step, "float64", always_2d=True)):
        yield block
