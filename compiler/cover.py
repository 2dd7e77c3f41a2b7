"""The timeline's cover art: which file it is, and whether it can be put into files.

Promises: the file is read once, for its digest and its head; what is wrong is MIX214 or MIX215 at
the place in the document that names it, as for sources.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePath

from attrs import frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic
from ..plans.pictures import picture_of
from .timeline.model import Timeline
from .timeline.sources import validate_cover


@frozen
class Cover:
    """A picture to put into files: its path from the document, with forward slashes; its digest."""

    path: str
    digest: str


def probe_cover(timeline: Timeline) -> Cover | Diagnostic | None:
    """The cover, or what is wrong with it; None where there is none, or no path to look at."""
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
        help = "it is a path that counts from the document's directory"
        return Diagnostic(Code.MEDIA_MISSING, message, origin, help)
    if picture_of(data) is None:
        message = f"cover {timeline.cover!r} is neither a JPEG nor a PNG"
        return Diagnostic(Code.MEDIA_UNREADABLE, message, origin, "convert it to one of them")
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return Cover(PurePath(timeline.cover).as_posix(), digest)
