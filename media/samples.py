"""Reads the samples of files with libsndfile, from beginning to end.

Files are read in blocks, with bounded memory. Only plain files, Vorbis and whole MP3s are read with
libsndfile, because its other decoders, and that of damaged MP3s, may print to the terminal. Nothing
seeks: python-soundfile would seek after each block, and libsndfile's seeks in Vorbis are not exact.
The imports are slow, so import this module only where samples are read.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile
from attrs import evolve, frozen

from ..audio import FloatArray
from ..audio.riff import chunk, wave_head
from .decoder import LARGEST, Decoding, parse_own_arguments
from .facts import SourceFacts
from .headers import Header

LIBSNDFILE: str = soundfile.__libsndfile_version__
"""The version of libsndfile."""

UNREADABLE = (soundfile.SoundFileError, OSError)
"""The exceptions that reading a file may raise."""

_BLOCK_SAMPLES = 1 << 16

_FROM_VORBIS: Mapping[int, Sequence[int]] = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 5, 3, 4),
    7: (0, 2, 1, 6, 5, 3, 4),
    8: (0, 2, 1, 7, 5, 6, 3, 4),
}
"""The number of channels -> the Vorbis channel at each place of ffmpeg's layout. In Vorbis, the
centre is second and the LFE last (Vorbis I specification, section 4.3.9)."""


class SequentialFile(soundfile.SoundFile):  # type: ignore[misc]  # it has no types
    """A file that is read from where it is: python-soundfile seeks after each read of others."""

    def seekable(self) -> bool:
        """Always False, so that python-soundfile does not seek."""
        return False


@frozen
class Scan:
    """The result of reading a file.

    Attributes:
        frames: their number.
        nonfinite: the number of frames with a sample that is not finite, or above `LARGEST`.
        first: the first of these frames.
        value: of its sample, such as "NaN" or "1e+200"; "" if there is no such frame.
        fault: what is wrong with the file; "" if nothing is.
    """

    frames: int
    nonfinite: int = 0
    first: int = 0
    value: str = ""
    fault: str = ""

    def noted_in(self, facts: SourceFacts) -> SourceFacts:
        """Facts completed by the frames that are not finite."""
        return evolve(
            facts,
            nonfinite=self.nonfinite,
            first_nonfinite=self.first,
            nonfinite_value=self.value,
        )


def agrees(path: Path, header: Header) -> bool:
    """Whether libsndfile reads the same from the file's header as mixdown."""
    try:
        info = soundfile.info(str(path))
    except (soundfile.SoundFileError, OSError, RuntimeError):
        return False
    seen = f"{info.format}/{info.subtype}".lower(), info.samplerate, info.channels, info.frames
    return seen == (header.codec, header.rate, header.channels, header.frames)


def scan_floats(path: Path) -> Scan:
    """Look for samples that are not finite, or above `LARGEST`.

    Raises:
        soundfile.SoundFileError, OSError: the file cannot be read.
    """
    frames = nonfinite = first = 0
    value = ""
    with SequentialFile(path) as file:
        for block in _blocks(file):
            usable = np.abs(block) <= LARGEST
            finite = usable.all(axis=1)
            if not finite.all():
                if not nonfinite:
                    first = frames + int(np.argmin(finite))
                    value = f"{block[~usable][0]:.6g}".replace("nan", "NaN")
                nonfinite += int(np.count_nonzero(~finite))
            frames += len(block)
    return Scan(frames, nonfinite, first, value)


def scan_flac(path: Path, heard: Callable[[FloatArray], None] | None = None) -> Scan:
    """Decode a FLAC of 16 or 24 bits, count its frames, and check its MD5 if it has one.

    `heard` receives its samples, in blocks of shape (channels, n).
    """
    with path.open("rb") as file:
        expected = file.read(42)[26:]
    frames, digest = 0, hashlib.md5(usedforsecurity=False)
    try:
        with SequentialFile(path) as flac:
            wide = flac.subtype == "PCM_24"
            step = max(1, _BLOCK_SAMPLES // flac.channels)
            while len(block := flac.read(step, "int32" if wide else "int16", always_2d=True)):
                # 24 bits are in the upper bytes of 32.
                raw = block.view(np.uint8).reshape(-1, 4)[:, 1:] if wide else block
                digest.update(np.ascontiguousarray(raw).data)
                if heard is not None:
                    heard(np.ascontiguousarray(block.T) * 2.0 ** -(31 if wide else 15))
                frames += len(block)
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        return Scan(frames, fault=str(error).rpartition(": ")[2].rstrip("."))
    if any(expected) and digest.digest() != expected:
        return Scan(frames, fault="its samples do not match its MD5")
    return Scan(frames)


def decode_file(source: Path, target: Path, decoding: Decoding) -> Iterator[float]:
    """Decode a file of Vorbis or MP3 to a float WAV; yields the progress, 0 to 1, after each block.

    Raises:
        soundfile.SoundFileError, OSError: it cannot be decoded, or written.
    """
    width = decoding.bits // 8
    with SequentialFile(source) as file, target.open("wb") as out:
        channels = decoding.channels or file.channels
        gains = np.reshape(decoding.matrix, (channels, -1)) if decoding.matrix else None
        order = _FROM_VORBIS.get(file.channels) if file.format == "OGG" else None

        def head(frames: int) -> bytes:
            frame = channels * width
            form = struct.pack("<HHIIHH", 3, channels, file.samplerate, 0, frame, 8 * width)
            return wave_head(chunk(b"fmt ", form), frames * frame, frames)

        out.write(head(file.frames))
        frames = 0
        for block in _blocks(file):
            if decoding.repair:
                block[~(np.abs(block) <= LARGEST)] = 0.0
            samples = block if order is None else block[:, order]
            samples = samples if gains is None else samples @ gains.T
            out.write(np.ascontiguousarray(samples, f"<f{width}").tobytes())
            frames += len(block)
            yield min(1.0, frames / max(file.frames, 1))
        if file.format == "MP3":
            # It may not say how long it is; libsndfile then estimates.
            out.seek(0)
            out.write(head(frames))
        elif frames != file.frames:
            raise OSError(None, f"{source}: it has {frames} samples, but declares {file.frames}")


def run_decode(arguments: Sequence[str], progress: Callable[[float], None]) -> Mapping[str, float]:
    """`mixdown step decode SOURCE TARGET [--channels N --gains TEXT] [--repair]`.

    Raises:
        OSError: the arguments are invalid, the source cannot be decoded, or the target cannot be
            written.
    """
    try:
        source, target, *options = arguments
        decoding = parse_own_arguments(options)
    except ValueError as error:
        raise OSError(None, f"invalid arguments for decode: {error}") from error
    try:
        for done in decode_file(Path(source), Path(target), decoding):
            progress(done)
    except soundfile.SoundFileError as error:
        raise OSError(None, f"{source}: {error}") from error
    return {}


def _blocks(file: soundfile.SoundFile) -> Iterator[FloatArray]:
    step = max(1, _BLOCK_SAMPLES // file.channels)
    while len(block := file.read(step, "float64", always_2d=True)):
        yield block
