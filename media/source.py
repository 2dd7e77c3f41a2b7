"""What a file holds: its shape and the digest of its content.

Promises: a probe reads a file's header by libsndfile and its bytes for the digest, and decodes
nothing. Only a file that libsndfile does not read is decoded once by ffmpeg, for its length, which
is then kept (`media.cache`) for the next time.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from functools import lru_cache
from pathlib import Path

from attrs import asdict

from ..ir.diagnostics import RenderError
from ..programs.ffmpeg import find_ffmpeg
from . import probe
from .cache import user_cache
from .probe import StreamShape

MISSING = "missing"
Probe = tuple[str, int, int, int, str]


def probe_file(path: Path) -> Probe | str:
    """Digest, rate, channels, frames and codec; or what is wrong."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return MISSING
    if not path.is_file():
        return "it is not a file"
    return _content(str(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _content(path: str, size: int, mtime_ns: int) -> Probe | str:
    """Keyed by size and time too, so that a file that changed is read again."""
    import soundfile  # noqa: PLC0415 (heavy)

    try:
        with Path(path).open("rb") as file:
            digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        info = soundfile.info(path)
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        reason = str(error).rpartition(": ")[2].rstrip(".")
        if isinstance(error, OSError):
            return reason
        shape = _shape(Path(path), digest)
        if isinstance(shape, str):
            return f"libsndfile says: {reason}; {shape}"
    else:
        codec = f"{info.format}/{info.subtype}".lower()
        shape = StreamShape(info.samplerate, info.channels, info.frames, codec)
    if shape.frames <= 0:
        return "it holds no samples"
    return digest, shape.rate, shape.channels, shape.frames, shape.codec


def _shape(path: Path, digest: str) -> StreamShape | str:
    """What ffmpeg tells of a file, or why it does not; decoded once for each version of ffmpeg."""
    try:
        ffmpeg = find_ffmpeg()
    except RenderError as error:
        return error.diagnostics[0].message
    cache, key = user_cache(), f"shape {digest} {ffmpeg.version_text}"
    with tempfile.TemporaryDirectory() as directory:
        note = Path(directory, "shape.json")
        if cache is not None and cache.take(key, note):
            return StreamShape(**json.loads(note.read_text("utf-8")))
        found = probe.shape(ffmpeg.program, path)
        if cache is not None and isinstance(found, StreamShape):
            note.write_text(json.dumps(asdict(found)), "utf-8")
            cache.keep(key, note)
    return found
