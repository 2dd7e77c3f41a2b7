"""Whether the files that a plan reads are those that its mix was compiled for.

Promises: the one check of every plan, whether its mix comes from a document or from a graph with
claims of its own. A digest is compared with the content (`media/identity.py`); the shape of a file
that is read in place, with the facts about that content. A step that decodes a file is checked by
what it writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..compiler.declared import DECLARED
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, counted
from ..media.headers import PLAIN
from ..media.identity import digest_of
from ..media.ingest import establish
from ..plans.plan import PlannedSource

_DIGITS = 12
_HELP = "compile and render the mix again, and do not change its files meanwhile"


def source_problems(source: PlannedSource, path: Path) -> Iterator[Diagnostic]:
    """What is wrong with a file before a plan runs, without a place.

    Args:
        source: as the plan has it.
        path: of the file.

    Raises:
        RenderError: MIX601, MIX602, ffmpeg is needed and missing.
    """
    changed = content_problem(source, path)
    if changed is not None:
        yield changed
    elif source.is_plain:
        facts = establish(path, source.file.path)
        if isinstance(facts, Diagnostic):
            yield facts
            return
        wanted = shape(source.frames, source.rate, source.channels)
        found = shape(facts.frames, facts.rate, facts.channels)
        if found != wanted:
            yield other_source(source.file.path, wanted, found)
        elif facts.codec not in PLAIN:
            yield other_source(source.file.path, source.codec, facts.codec)


def content_problem(source: PlannedSource, path: Path) -> Diagnostic | None:
    """What is wrong with the content of a file: that it has changed, or cannot be read any more."""
    if source.digest.startswith(DECLARED):
        message = f"media file {source.file.path!r} was declared, not read, for this plan"
        return Diagnostic(Code.MEDIA_CHANGED, message, help="compile the mix again with its files")
    try:
        found = digest_of(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"media file {source.file.path!r} cannot be read any more: {reason}"
        return Diagnostic(Code.MEDIA_CHANGED, message, help=_HELP)
    if found == source.digest:
        return None
    return other_source(source.file.path, _short(source.digest), _short(found))


def other_source(path: str, expected: str, found: str) -> Diagnostic:
    """The error for a file that is not the one that the mix was compiled for."""
    return Diagnostic(
        Code.MEDIA_CHANGED,
        f"media file {path!r} has changed since the mix was compiled: expected {expected}, "
        f"found {found}",
        help=_HELP,
    )


def shape(frames: int, rate: int, channels: int) -> str:
    """The shape of a file in words."""
    return f"{counted(frames, 'sample')} at {rate:,} Hz, {counted(channels, 'channel')}"


def _short(digest: str) -> str:
    kind, _, digits = digest.partition(":")
    return f"{kind}:{digits[:_DIGITS]}"
