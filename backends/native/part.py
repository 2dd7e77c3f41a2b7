"""`mixdown step part`: some samples of a WAV or FLAC as a file of their own.

Promises: the samples are copied bit by bit, in the encoding that they have. A WAV gets tags.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import soundfile

from ...audio.riff import cut_wave
from .engine.files import info_chunks

_BLOCK = 1 << 16


def run_part(arguments: Sequence[str], progress: Callable[[float], None]) -> dict[str, float]:
    """`mixdown step part FILE OUT FIRST LAST [--tag KEY TEXT]...`: samples [FIRST, LAST).

    Raises:
        OSError: a file cannot be read or written.
    """
    source, target = map(Path, arguments[:2])
    first, last = map(int, arguments[2:4])
    tags = list(zip(arguments[5::3], arguments[6::3], strict=True))
    try:
        if source.suffix == ".wav":
            cut_wave(source, target, first, last, info_chunks(tags))
        else:
            _cut_flac(source, target, first, last)
    except (soundfile.SoundFileError, ValueError) as error:
        raise OSError(None, f"{source}: {error}") from error
    progress(1.0)
    return {}


def _cut_flac(source: Path, target: Path, first: int, last: int) -> None:
    with soundfile.SoundFile(source) as read:
        read.seek(first)
        shape = {"samplerate": read.samplerate, "channels": read.channels}
        with soundfile.SoundFile(target, "w", format="FLAC", subtype=read.subtype, **shape) as made:
            for at in range(first, last, _BLOCK):
                made.write(read.read(min(_BLOCK, last - at), dtype="int32", always_2d=True))
