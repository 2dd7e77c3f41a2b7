"""The facts about a source: its format, and defects of its content.

Facts are a function of content, selection and decoder, and are cached by these. A record that is
damaged or has another version is a miss.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

from .cache import user_cache

VERSION = 1
"""The version of the facts; raised when their set or their computation changes."""

_known: dict[str, SourceFacts] = {}
_MOST_KNOWN = 10_000


@frozen
class SourceFacts:
    """What a source is.

    Attributes:
        digest: of the content that they are about.
        codec: container and coding.
        rate, channels, frames: of what is played: counted, not believed.
        streams: every audio stream of the file, in words, where ffmpeg decodes it.
        stream: which of them is played, from 1.
        matrix: gains from its channels to those that are played, row by row; none: as they are.
        silence: samples of silence kept in it where the stream is late or has gaps.
        damage: what is wrong with the file, in words; "": nothing.
        broken_at: the first sample that the damage concerns.
        declared: how many samples the file says that it has, where it says more than there are.
        spoilt, first_spoilt: how many samples are not finite; the first.
    """

    digest: str
    codec: str
    rate: int
    channels: int
    frames: int
    streams: tuple[str, ...] = ()
    stream: int = 1
    matrix: tuple[float, ...] = ()
    silence: int = 0
    damage: str = ""
    broken_at: int = 0
    declared: int = 0
    spoilt: int = 0
    first_spoilt: int = 0


def kept(key: str, establish: Callable[[], SourceFacts]) -> SourceFacts:
    """The cached facts of a key; otherwise establish and cache them.

    They are cached in this process, and on disk if there is a cache.
    """
    key = f"facts {VERSION} {key}"
    if key not in _known:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = _kept(key, establish)
    return _known[key]


def _kept(key: str, establish: Callable[[], SourceFacts]) -> SourceFacts:
    cache = user_cache()
    if cache is None:
        return establish()
    with tempfile.TemporaryDirectory() as directory:
        record = Path(directory, "facts.json")
        if cache.take(key, record) and (found := _read(record)) is not None:
            return found
        record.unlink(missing_ok=True)
        facts = establish()
        record.write_text(json.dumps(asdict(facts)), "utf-8")
        cache.keep(key, record)
    return facts


def _read(record: Path) -> SourceFacts | None:
    try:
        held: dict[str, Any] = json.loads(record.read_text("utf-8"))
        for name, value in held.items():
            held[name] = tuple(value) if isinstance(value, list) else value
        return SourceFacts(**held)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None
