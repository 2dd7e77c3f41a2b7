"""Files that libsndfile does not read (AAC in m4a, WMA, ...), decoded by ffmpeg.

Promises: `readable` gives a path that libsndfile reads: the file itself wherever it can, else a
32-bit float WAV (RF64 beyond 4 GiB) that is gone afterwards. What ffmpeg leaves off a lossy file's
head and tail by its own gapless rules (edit lists, pre-skip) is left off here too. ffmpeg opens
this one file and nothing that the file may name.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile

from ..programs.ffmpeg import find_ffmpeg
from ..programs.program import Tool
from ..programs.run import Watch, patience, run_process, size_of


@contextmanager
def readable(path: Path, scratch: Path | None = None) -> Iterator[Path]:
    """The file, or what ffmpeg decodes of it, for as long as the context lasts.

    Args:
        path: an audio file of any format.
        scratch: where a decoded file may stand; None: the system's directory for such files.

    Raises:
        RenderError: MIX601, MIX602, there is no ffmpeg where one is needed.
        ValueError: ffmpeg cannot decode it either; with what it says.
        OSError: it cannot be opened, or there is no room.
    """
    with path.open("rb"):
        pass
    if is_readable(path):
        yield path
        return
    ffmpeg = find_ffmpeg()
    with tempfile.TemporaryDirectory(prefix="mixdown-decoded-", dir=scratch) as directory:
        decoded = Path(directory, "decoded.wav")
        decode(ffmpeg, path, decoded)
        yield decoded


def is_readable(path: Path) -> bool:
    """Whether libsndfile reads a file."""
    try:
        soundfile.info(str(path))
    except soundfile.LibsndfileError:
        return False
    return True


def decode(ffmpeg: Tool, source: Path, target: Path) -> None:
    """Decode the first audio stream of a file to a 32-bit float WAV at its own rate.

    Raises:
        ValueError: ffmpeg cannot; with what it says.
        OSError: ffmpeg cannot be started.
    """
    # "file:" keeps names with a colon from being taken for protocols, and -protocol_whitelist
    # playlists from reaching for others.
    argv = [ffmpeg.program, "-nostdin", "-hide_banner", "-loglevel", "error"]
    argv += ["-protocol_whitelist", "file", "-i", f"file:{source.absolute()}"]
    argv += ["-map", "0:a:0", "-map_metadata", "-1", "-c:a", "pcm_f32le", "-rf64", "auto"]
    argv += ["-bitexact", "-y", f"file:{target.absolute()}"]
    ended = run_process(argv, target.parent, watch=Watch(patience(), lambda: size_of([target])))
    if ended.failure is not None:
        said = ended.errors[-1] if ended.errors and ended.stuck is None else f"it {ended.failure}"
        said = said.replace(f"file:{source.absolute()}: ", "")
        said = said.removeprefix("Error opening input files: ")
        raise ValueError(f"ffmpeg cannot decode it: {said}")
