"""The files that a timeline names, its sources and its cover: what each holds, and its digest.

Promises: all problems are collected, each at the place in the document that names the file: a
missing file is MIX214, an unreadable one MIX215.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import PurePath

from attrs import frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic
from ..ir.nodes import Source
from ..ir.origin import Origin
from ..media.source import MISSING, probe_file
from ..plans.pictures import picture_of
from .timeline.model import Timeline
from .timeline.sources import source_speed, validate_cover


def probe_sources(timeline: Timeline) -> tuple[Mapping[str, Source], tuple[Diagnostic, ...]]:
    """The source behind every name or path that a clip uses, and what is wrong with the others.

    A clip's `source` is a name from the timeline's `sources`, or else a path; paths are relative to
    the document's directory.
    """
    found: dict[str, Source] = {}
    problems: list[Diagnostic] = []
    for name, origin in _uses(timeline).items():
        path = timeline.sources.get(name, name)
        result = probe_file(timeline.root / path)
        if isinstance(result, str):
            missing = result == MISSING
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
    """Each name or path in use with its first place, in the order of first use."""
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
    return f"paths are relative to the directory of {document}"


@frozen
class Cover:
    """A picture for the files: its path from the document, with forward slashes, and its digest."""

    path: str
    digest: str


def probe_cover(timeline: Timeline) -> Cover | Diagnostic | None:
    """The cover, or what is wrong with it; None where there is none, or its path is refused."""
    if timeline.cover is None or any(validate_cover(timeline)):
        return None
    origin = timeline.origin("cover")
    path = timeline.root / timeline.cover
    try:
        data = path.read_bytes() if path.is_file() else None
    except (OSError, ValueError):
        data = b""
    if data is None:
        message = f"cover {timeline.cover!r} does not exist"
        help = "the path is relative to the directory of the document"
        return Diagnostic(Code.MEDIA_MISSING, message, origin, help)
    if picture_of(data) is None:
        message = f"cover {timeline.cover!r} is neither a JPEG nor a PNG"
        return Diagnostic(Code.MEDIA_UNREADABLE, message, origin, "convert it to one of them")
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return Cover(PurePath(timeline.cover).as_posix(), digest)
