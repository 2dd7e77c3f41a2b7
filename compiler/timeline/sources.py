"""The files that clips play, and checks of the files that a document may name.

Promises: the only place that turns a clip's `source` into a path. A document's sources are in its
directory, with links followed, unless the timeline allows others; a path that ffmpeg would read as
a protocol is refused.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from ...documents.values import MAX_SPEED, MAX_TERM, ratio, shown
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, did_you_mean
from .model import MAX_TEXT, Timeline

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

# Words that ffmpeg reads as a protocol before a colon or comma (`ffmpeg -protocols`). Such a name
# is more likely an attack or a pasted URL than a file.
_PROTOCOLS = re.compile(
    r"(async|bluray|cache|concat|concatf|crypto|data|fd|ffrtmpcrypt|ffrtmphttp|file|ftp|gopher|"
    r"gophers|hls|http|httpproxy|https|icecast|ipfs|ipns|librtmp|md5|mmsh|mmst|pipe|prompeg|rtmp|"
    r"rtmpe|rtmps|rtmpt|rtmpte|rtmpts|rtp|sctp|sftp|smb|srt|srtp|subfile|tcp|tee|tls|udp|udplite|"
    r"unix|zmq)[:,]",
    re.IGNORECASE,
)


def source_path(timeline: Timeline, source: str) -> Path:
    """The file of a clip's `source`: its entry in `sources`, or else the path itself."""
    return timeline.root / timeline.sources.get(source, source)


def source_speed(timeline: Timeline, source: str) -> tuple[int, int]:
    """The speed of a clip's `source`, as a reduced ratio."""
    found = ratio(timeline.speeds.get(source, "1"))
    return (found or Fraction(1)).as_integer_ratio()


def validate_sources(timeline: Timeline) -> Iterator[Diagnostic]:
    """The problems of the names, paths and speeds of sources; no file is opened."""
    for name, path in timeline.sources.items():
        yield from _path(timeline, path, ("sources", name))
    for name, speed in timeline.speeds.items():
        yield from _speed(timeline, name, speed)
    seen = set(timeline.sources)
    for t, track in enumerate(timeline.tracks):
        for c, clip in enumerate(track.clips):
            if clip.source not in seen:
                place = ("tracks", t, "clips", c, "source")
                found = list(_path(timeline, clip.source, place) or ())
                if not found:
                    found = list(_misspelt(timeline, clip.source, place))
                if not found:
                    seen.add(clip.source)
                yield from found


def validate_cover(timeline: Timeline) -> Iterator[Diagnostic]:
    """The problems of the cover's path; no file is opened."""
    if timeline.cover is not None:
        yield from _path(timeline, timeline.cover, ("cover",))


def _speed(timeline: Timeline, name: str, speed: str) -> Iterator[Diagnostic]:
    origin = timeline.origin("speeds", name)
    if name not in timeline.sources:
        yield Diagnostic(
            Code.UNKNOWN_SOURCE,
            f"no source is named {shown(name)}",
            origin,
            did_you_mean(name, timeline.sources),
        )
    if ratio(speed) is None:
        yield Diagnostic(
            Code.OUT_OF_RANGE,
            f"{shown(speed)} is no speed to play at",
            origin,
            f"a ratio such as '100/97', or a number such as '1.5', from 1/{MAX_SPEED} to "
            f"{MAX_SPEED}, its terms up to {MAX_TERM:,}",
        )


def _path(timeline: Timeline, path: str, place: tuple[str | int, ...]) -> Iterator[Diagnostic]:
    origin = timeline.origin(*place)
    if not path:
        yield Diagnostic(Code.UNKNOWN_SOURCE, "a source's path is empty", origin)
    elif len(path) > MAX_TEXT:
        yield Diagnostic(
            Code.OUT_OF_RANGE, f"a path has at most {MAX_TEXT:,} characters", origin, None
        )
    elif _URL.match(path) or _PROTOCOLS.match(path):
        yield Diagnostic(
            Code.SOURCE_IS_URL,
            f"{shown(path)} is a URL, not a path",
            origin,
            "download it and use its path; for a file of this name, write ./ before it",
        )
    elif not timeline.allow_outside and _outside(timeline.root, path):
        yield Diagnostic(
            Code.SOURCE_OUTSIDE,
            f"{shown(path)} lies outside the document's directory",
            origin,
            "move it into the directory, or allow it with --allow-outside",
        )


def _outside(root: Path, path: str) -> bool:
    inside = os.path.realpath(root)
    return os.path.commonpath([inside, os.path.realpath(root / path)]) != inside


def _misspelt(
    timeline: Timeline, source: str, place: tuple[str | int, ...]
) -> Iterator[Diagnostic]:
    """A bare word that is not a file is a name; report it if it is close to a known one."""
    if "/" in source or "." in source or not timeline.sources:
        return
    near = difflib.get_close_matches(source[:100], timeline.sources, n=1, cutoff=0.6)
    if near and not source_path(timeline, source).exists():
        yield Diagnostic(
            Code.UNKNOWN_SOURCE,
            f"no source is named {shown(source)}",
            timeline.origin(*place),
            did_you_mean(source, timeline.sources),
        )
