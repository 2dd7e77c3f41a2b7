"""What the compiler must know of the files that clips play: shape and content digest.

Promises: a probe reads a file's header by libsndfile and its bytes for the digest, and decodes
nothing. Only a file that libsndfile does not read is decoded once by ffmpeg, for its length, which
is then kept (`backends.cache`) for the next time. All problems are collected: a missing file is
MIX214, an unreadable one MIX215, each at the place in the document that names it.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePath

from attrs import asdict

from ..backends import probe
from ..backends.cache import user_cache
from ..backends.probe import Shape
from ..backends.tools import find_ffmpeg
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError
from ..ir.nodes import Source
from ..ir.origin import Origin
from .timeline.model import Timeline
from .timeline.sources import source_speed


def probe_sources(timeline: Timeline) -> tuple[Mapping[str, Source], tuple[Diagnostic, ...]]:
    """The source behind every name or path that a clip uses, and what is wrong with the others.

    A clip's `source` is a name from the timeline's `sources`, or else a path; both count from the
    document's directory.
    """
    found: dict[str, Source] = {}
    problems: list[Diagnostic] = []
    for name, origin in _uses(timeline).items():
        path = timeline.sources.get(name, name)
        result = _probe(timeline.root / path)
        if isinstance(result, str):
            missing = result == _MISSING
            problems.append(
                Diagnostic(
                    Code.MEDIA_MISSING if missing else Code.MEDIA_UNREADABLE,
                    f"media file {path!r} " + ("does not exist" if missing else "cannot be read"),
                    origin=origin,
                    help=_where(timeline) if missing else result,
                )
            )
            continue
        digest, rate, channels, frames, codec = result
        found[name] = Source(
            name=name,
            path=PurePath(path).as_posix(),
            digest=digest,
            rate=rate,
            channels=channels,
            frames=frames,
            codec=codec,
            speed=source_speed(timeline, name),
        )
    return found, tuple(problems)


def _uses(timeline: Timeline) -> dict[str, Origin]:
    """Each name or path in use with the place that names it, in the order of first use."""
    uses: dict[str, Origin] = {}
    for t, track in enumerate(timeline.tracks):
        for c, clip in enumerate(track.clips):
            if clip.source not in uses:
                uses[clip.source] = (
                    timeline.origin("sources", clip.source)
                    if clip.source in timeline.sources
                    else timeline.origin("tracks", t, "clips", c, "source")
                )
    return uses


def _where(timeline: Timeline) -> str:
    document = timeline.document.name if timeline.document else "the timeline"
    return f"paths count from the directory of {document}"


_MISSING = "missing"
Probe = tuple[str, int, int, int, str]


def _probe(path: Path) -> Probe | str:
    """Digest, rate, channels, frames and codec; or what is wrong."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return _MISSING
    if not path.is_file():
        return "it is not a file"
    return _probe_content(str(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _probe_content(path: str, size: int, mtime_ns: int) -> Probe | str:
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
        shape = Shape(info.samplerate, info.channels, info.frames, codec)
    if shape.frames <= 0:
        return "it holds no samples"
    return digest, shape.rate, shape.channels, shape.frames, shape.codec


def _shape(path: Path, digest: str) -> Shape | str:
    """What ffmpeg tells of a file, or why it does not; decoded once for each version of ffmpeg."""
    try:
        ffmpeg = find_ffmpeg()
    except RenderError as error:
        return error.diagnostics[0].message
    cache, key = user_cache(), f"shape {digest} {ffmpeg.version_text}"
    with tempfile.TemporaryDirectory() as directory:
        note = Path(directory, "shape.json")
        if cache is not None and cache.take(key, note):
            return Shape(**json.loads(note.read_text("utf-8")))
        found = probe.shape(ffmpeg.program, path)
        if cache is not None and isinstance(found, Shape):
            note.write_text(json.dumps(asdict(found)), "utf-8")
            cache.keep(key, note)
    return found
