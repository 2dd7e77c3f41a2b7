"""Establishes the facts about a media file: from its actual content, once for each content.

A plain file is read in place. Any other file is decoded completely, once (copies.py), and the facts
describe the result. Defects are returned as a diagnostic that names the file and has no position in
a document.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic
from ..programs.ffmpeg import find_ffmpeg
from ..programs.packages import version_of
from .facts import VERSION, SourceFacts, UnfitError, check_shape, file_errors, kept, unreadable
from .headers import Header, read_header
from .identity import check_unchanged, digest_of
from .selection import WHOLE, Selection

if TYPE_CHECKING:
    from ..audio import FloatArray

    Heard = Callable[[Header, FloatArray], None]  # receives blocks of shape (channels, n)


def establish(
    path: Path, named: str, selection: Selection = WHOLE, heard: Heard | None = None
) -> SourceFacts | Diagnostic:
    """The facts about a file, or a diagnostic if it cannot be used.

    Args:
        path: a file that `gate` accepted.
        named: its name in messages.
        selection: the part of it that is played.
        heard: receives the samples of a FLAC file if they have to be decoded to know it.

    Raises:
        RenderError: MIX601, MIX602, ffmpeg is needed and missing.
    """
    try:
        return _established(path, selection, heard)
    except UnfitError as error:
        return Diagnostic(error.code, f"media file {named!r} {error.message}", help=error.help)


def _established(path: Path, selection: Selection, heard: Heard | None) -> SourceFacts:
    with file_errors():
        if not path.exists():
            raise UnfitError(Code.MEDIA_MISSING, "does not exist")
        if not path.is_file():
            raise unreadable("it is not a file")
        digest = digest_of(path)
        header = read_header(path)
    doubt = ""
    if header is not None:
        check_shape(header.rate, header.channels)
        if header.declared == header.frames == 0:
            raise unreadable("it holds no samples")
        if header.is_plain:
            facts = _plain(path, header, digest, heard)
            doubt = facts.damage
            if selection.is_all(facts.channels, facts.nonfinite) and not doubt:
                return facts
    ffmpeg = find_ffmpeg()
    key = f"facts {VERSION} {digest} {selection!r} ffmpeg {ffmpeg.version_text}"

    def decoded() -> SourceFacts:
        # Facts that are in the cache need none of these.
        from .copies import decoded_facts  # noqa: PLC0415
        from .job import DecodingJob  # noqa: PLC0415

        return decoded_facts(DecodingJob(path, header, selection, digest, ffmpeg, doubt))

    return kept(SourceFacts, key, decoded)


def _plain(path: Path, header: Header, digest: str, heard: Heard | None) -> SourceFacts:
    """The facts of a plain file; if it has to be decoded after all, `damage` has the reason."""
    key = f"facts {VERSION} {digest} soundfile {version_of('soundfile')}"

    def confirmed() -> SourceFacts:
        facts = _read(path, header, digest, heard)
        with file_errors():
            check_unchanged(path, digest)
        return facts

    return kept(SourceFacts, key, confirmed)


def _read(path: Path, header: Header, digest: str, heard: Heard | None) -> SourceFacts:
    """The facts of a plain file after libsndfile has read it."""
    from . import samples  # noqa: PLC0415 (numpy and soundfile)

    facts = SourceFacts(digest, header.codec, header.rate, header.channels, header.frames)
    if not samples.agrees(path, header):
        return evolve(facts, damage="libsndfile reads its header differently")
    if header.container == "flac":
        feed = None if heard is None else partial(heard, header)
        found = samples.scan_flac(path, feed)
    elif header.coding in ("float", "double"):
        found = samples.scan_floats(path)
    else:
        return facts
    counted = found.frames == header.frames
    fault = found.fault or ("" if counted else "its header declares a different length")
    return found.noted_in(evolve(facts, damage=fault))
