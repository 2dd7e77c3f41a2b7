"""The shapes of sources that a document declares: used in place of files, or checked against them.

A compilation with `media="declared"` opens no file. Its sources are as their entries declare them,
in the format that the extension of the path stands for, whole and without defects. A compilation
with files refuses a declaration that is wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import PurePath

from ..documents.models import plain
from ..documents.values import shown
from ..documents.writer import json_text
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, TimelineError, counted, did_you_mean
from ..ir.nodes import Source
from ..media.facts import SourceFacts
from ..media.gate import normal
from ..media.selection import matrix
from .timeline.entry import SourceEntry, selection_of
from .timeline.model import Timeline
from .timeline.sources import entry_of, entry_origin


class MediaMode(StrEnum):
    """The origin of the facts about sources: their files, or their entries alone."""

    FILES = "files"
    DECLARED = "declared"


def media_mode(name: str) -> MediaMode:
    """The mode of a name.

    Raises:
        TimelineError: MIX307, there is none.
    """
    if name not in tuple(MediaMode):
        message, help = f"media cannot be {shown(name)}", did_you_mean(str(name), MediaMode)
        raise TimelineError.of(Code.BAD_REQUEST, message, help=help)
    return MediaMode(name)


DECLARED = "declared:"
"""The start of the digest of a source whose file was not opened."""

_PLAIN = "wav/pcm_24"
_CODECS: Mapping[str, str] = {
    ".aif": "aiff/pcm_24",
    ".aiff": "aiff/pcm_24",
    ".flac": "flac/pcm_24",
    ".m4a": "mov/aac",
    ".m4b": "mov/aac",
    ".mka": "matroska/aac",
    ".mkv": "matroska/aac",
    ".mov": "mov/aac",
    ".mp3": "mp3/mp3",
    ".mp4": "mov/aac",
    ".ogg": "ogg/vorbis",
    ".opus": "ogg/opus",
    ".w64": "w64/pcm_24",
    ".webm": "matroska/opus",
}
"""The extension of a path -> the usual codec of such a file; all others are WAVs."""


def declared_source(timeline: Timeline, name: str) -> Source | Diagnostic:
    """The source that an entry declares, or what keeps it from being one."""
    entry = entry_of(timeline, name)
    selection = selection_of(entry, timeline.channels)
    channels = _channels(entry, timeline.channels)
    if entry.rate is None or entry.frames is None or channels is None:
        return _no_shape(timeline, name, entry, channels)
    mixed = matrix(selection, f"{channels} channels", channels)
    if isinstance(mixed, str):
        key = "channels" if selection.downmix is None else "downmix"
        message = f"{entry.path!r} cannot be played like this: {mixed}"
        origin = entry_origin(timeline, name, key)
        return Diagnostic(Code.UNSUPPORTED_CHANNELS, message, origin)
    identity = hashlib.sha256(json_text(plain(entry)).encode()).hexdigest()
    return Source(
        name=name,
        path=normal(timeline.root, entry.path),
        digest=DECLARED + identity,
        rate=entry.rate,
        channels=mixed[0] or channels,
        frames=entry.frames,
        codec=_CODECS.get(PurePath(entry.path).suffix.lower(), _PLAIN),
        speed=entry.ratio.as_integer_ratio(),
        stream=entry.stream if isinstance(entry.stream, int) else 1,
        matrix=mixed[1],
    )


def differences(timeline: Timeline, name: str, facts: SourceFacts) -> Iterator[Diagnostic]:
    """What an entry declares otherwise than it is in the file."""
    entry = entry_of(timeline, name)
    channels = entry.channels if isinstance(entry.channels, int) else None
    of_stream = len(facts.matrix) // facts.channels if facts.matrix else facts.channels
    for key, declared, found, has in (
        ("rate", entry.rate, facts.rate, f"a rate of {facts.rate:,} Hz"),
        ("channels", channels, of_stream, counted(of_stream, "channel")),
        ("frames", entry.frames, facts.frames, counted(facts.frames, "sample")),
    ):
        if declared is not None and declared != found:
            help = f"write {key}: {found}, or leave {key} out"
            if key == "channels" and declared < found:
                help += "; to select channels: left, right, mid, or a list such as [0]"
            yield Diagnostic(
                Code.SHAPE_DIFFERS,
                f"media file {entry.path!r} has {has}, not {declared:,}",
                entry_origin(timeline, name, key),
                help,
            )


def _channels(entry: SourceEntry, session: int) -> int | None:
    """The channels of the file: declared, or the fewest that its selection is possible with."""
    if isinstance(entry.channels, int):
        return entry.channels
    if isinstance(entry.channels, str):
        return 2
    if entry.channels:
        return max(2, *(number + 1 for number in entry.channels))
    return session if entry.downmix is not None else None


def _no_shape(
    timeline: Timeline, name: str, entry: SourceEntry, channels: int | None
) -> Diagnostic:
    shape = {"rate": entry.rate, "channels": channels, "frames": entry.frames}
    missing = [key for key, value in shape.items() if value is None]
    example = {"rate": 48000, "channels": 2, "frames": 480000}
    wanted = ", ".join(f"{key}: {example[key]}" for key in missing)
    return Diagnostic(
        Code.NO_SHAPE,
        f"{name!r} declares no {' and no '.join(missing)}",
        entry_origin(timeline, name) if name in timeline.sources else None,
        f"without files, its entry in sources declares them: {{path: {entry.path}, {wanted}}}",
    )
