"""The gate that every path of every document passes before anything is opened.

Promises: what passes is a path below the document's directory, links followed, unless files outside
are allowed; nothing that ffmpeg would take for a protocol passes. Nothing is opened or read, and
what is refused is refused in the same words whether it exists or not.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic

MAX_PATH = 4096
"""Characters of a path: what file systems allow."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

# Words that ffmpeg takes for a protocol before a colon or comma (`ffmpeg -protocols`). Such a name
# is likelier an attack, or a paste, than that of a file.
_PROTOCOLS = re.compile(
    r"(async|bluray|cache|concat|concatf|crypto|data|fd|ffrtmpcrypt|ffrtmphttp|file|ftp|gopher|"
    r"gophers|hls|http|httpproxy|https|icecast|ipfs|ipns|librtmp|md5|mmsh|mmst|pipe|prompeg|rtmp|"
    r"rtmpe|rtmps|rtmpt|rtmpte|rtmpts|rtp|sctp|sftp|smb|srt|srtp|subfile|tcp|tee|tls|udp|udplite|"
    r"unix|zmq)[:,]",
    re.IGNORECASE,
)


def refused(root: Path, path: str, *, allow_outside: bool) -> Diagnostic | None:
    """Why a path may not be opened, without a place; None: it may.

    Args:
        root: the directory that the document's paths count from.
        path: as the document has it.
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
            help="fetch it first, and name the file; a file of that very name is './' + its name",
        )
    if not allow_outside and not is_inside(root, path):
        return Diagnostic(
            Code.SOURCE_OUTSIDE,
            f"{shown} is outside the document's directory",
            help="move it there, or allow it with --allow-outside",
        )
    return None


def is_inside(root: Path, path: str) -> bool:
    """Whether a path that counts from a directory stays in it, links followed."""
    inside = os.path.realpath(root)
    return os.path.commonpath([inside, os.path.realpath(root / path)]) == inside
