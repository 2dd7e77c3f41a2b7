"""Checks every path of a document before any file is opened.

A path must be below the document's directory, with links resolved, unless files outside are
allowed. It must not be an unfinished upload, nor look like a protocol to ffmpeg. Nothing is opened
or read, and the message does not reveal whether a rejected file exists.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic

MAX_PATH = 4096
"""The maximum length of a path in characters, as in file systems."""

UPLOADS = ".mixdown-uploads"
"""The directory of a server's unfinished uploads, which no document can name."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

# Words that ffmpeg treats as a protocol before a colon or comma (`ffmpeg -protocols`). Such a name
# is more likely an attack, or pasted text, than a file.
_PROTOCOLS = re.compile(
    r"(async|bluray|cache|concat|concatf|crypto|data|fd|ffrtmpcrypt|ffrtmphttp|file|ftp|gopher|"
    r"gophers|hls|http|httpproxy|https|icecast|ipfs|ipns|librtmp|md5|mmsh|mmst|pipe|prompeg|rtmp|"
    r"rtmpe|rtmps|rtmpt|rtmpte|rtmpts|rtp|sctp|sftp|smb|srt|srtp|subfile|tcp|tee|tls|udp|udplite|"
    r"unix|zmq)[:,]",
    re.IGNORECASE,
)


def refused(root: Path, path: str, *, allow_outside: bool) -> Diagnostic | None:
    """The reason why a path must not be opened, without a place; None if it may be opened.

    Args:
        root: the directory that the document's paths are relative to.
        path: as written in the document.
        allow_outside: whether it may lead out of that directory.
    """
    shown = repr(path if len(path) <= 80 else f"{path[:79]}…")
    if not path:
        return Diagnostic(Code.UNKNOWN_SOURCE, "a source's path is empty")
    if len(path) > MAX_PATH or "\0" in path:
        return Diagnostic(
            Code.OUT_OF_RANGE, f"a path has at most {MAX_PATH:,} characters, none of them a null"
        )
    if _URL.match(path) or _PROTOCOLS.match(path):
        return Diagnostic(
            Code.SOURCE_IS_URL,
            f"{shown} is a URL, not a path",
            help="download it and use its path; for a file of this name, write ./ before it",
        )
    real = os.path.realpath(root / path)
    if UPLOADS in Path(real.casefold()).parts:
        return Diagnostic(
            Code.SOURCE_OUTSIDE,
            f"{shown} is in the directory of unfinished uploads",
            help="complete the upload, and use its digest as the path",
        )
    if not allow_outside and not _holds(root, real):
        return Diagnostic(
            Code.SOURCE_OUTSIDE,
            f"{shown} is outside the document's directory",
            help="move it into the directory, or allow it with --allow-outside",
        )
    return None


def normal(root: Path, path: str) -> str:
    """A path as graphs and plans have it: forward slashes, absolute only if it leaves `root`."""
    if Path(path).is_absolute() and is_inside(root, path):
        path = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
    return PurePath(path).as_posix()


def is_inside(root: Path, path: str) -> bool:
    """Whether a path relative to a directory stays in it, with links resolved."""
    return _holds(root, os.path.realpath(root / path))


def _holds(root: Path, real: str) -> bool:
    """Whether a path with links resolved is in a directory."""
    inside = os.path.realpath(root)
    return os.path.commonpath([inside, real]) == inside
