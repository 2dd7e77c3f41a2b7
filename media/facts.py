"""The facts about a source: its format, and defects of its content; and why a file has none.

Facts are a function of content, selection and decoder, and are cached under these three (`kept`).
A record that is damaged or has another version counts as a miss.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from attrs import AttrsInstance, asdict, frozen

from ..ir.codes import Code
from ..ir.node import Repair, Source
from ..ir.units import MAX_CHANNELS
from .cache import EntryKind, user_cache
from .headers import RATES

VERSION = 5
"""The version of the facts; raised when the attributes or their computation change."""

_Record = TypeVar("_Record", bound=AttrsInstance)

_known: dict[str, Any] = {}
_MOST_KNOWN = 10_000


class UnfitError(Exception):
    """The file cannot be used as a source."""

    def __init__(self, code: Code, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help_text


def unreadable(reason: str) -> UnfitError:
    """The error for a file that cannot be read."""
    return UnfitError(Code.MEDIA_UNREADABLE, "cannot be read", reason)


@contextmanager
def file_errors() -> Iterator[None]:
    """Raise what the system or a reader says of a file as an UnfitError."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise unreadable(getattr(error, "strerror", None) or str(error)) from error


def check_shape(rate: int, channels: int) -> None:
    """Raise an UnfitError for a rate or a number of channels that mixdown does not read."""
    if rate not in RATES:
        raise unreadable(f"its rate of {rate:,} Hz is not from {RATES[0]:,} to {RATES[-1]:,} Hz")
    if not 1 <= channels <= MAX_CHANNELS:
        raise unreadable(f"it has {channels:,} channels; 1 to {MAX_CHANNELS} can be read")


@frozen
class SourceFacts:
    """The facts about a source.

    Attributes:
        digest: of the content of the file.
        codec: container and coding.
        rate, channels, frames: of the audio that is played, counted and not merely declared.
        streams: descriptions of the audio streams of the file, if ffmpeg decodes it.
        stream: the number of the stream that is played, from 1.
        matrix: gains from the channels of the stream to those that are played, row by row; empty:
            the channels are unchanged.
        silence: samples of silence kept for a late start and gaps of the stream.
        damage: a description of what is wrong with the file; "" if nothing is.
        broken_at: the first damaged sample.
        declared: the samples that the file declares, if it declares more than it has.
        nonfinite: the number of samples that are not finite in the file.
        first_nonfinite: the first of these samples.
        nonfinite_value: its value, such as "NaN" or "1e+200".
        repaired: whether these samples are played as zero.
        delay: samples of the encoder's delay that the decoding removes.
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
    nonfinite: int = 0
    first_nonfinite: int = 0
    nonfinite_value: str = ""
    repaired: bool = False
    delay: int = 0

    def source(self, name: str, path: str, speed: tuple[int, int] = (1, 1)) -> Source:
        """The source of a graph that plays this audio."""
        return Source(
            name=name,
            path=path,
            digest=self.digest,
            rate=self.rate,
            channels=self.channels,
            frames=self.frames,
            codec=self.codec,
            speed=speed,
            stream=self.stream,
            matrix=self.matrix,
            silence=self.silence,
            repair=Repair.ZERO if self.repaired else Repair.NONE,
            delay=self.delay,
        )


def kept(kind: type[_Record], key: str, establish: Callable[[], _Record]) -> _Record:
    """The cached record of a key; otherwise establish and cache it.

    It is cached in this process, and on disk if there is a cache.

    Args:
        kind: a frozen class of texts, numbers and tuples, nested in any way.
        key: what the record is a function of, with the version of its attributes.
        establish: makes the record.
    """
    if key not in _known:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = _kept(kind, key, establish)
    found: _Record = _known[key]
    return found


def _kept(kind: type[_Record], key: str, establish: Callable[[], _Record]) -> _Record:
    cache = user_cache()
    if cache is None:
        return establish()
    record = cache.content(key)
    if record is not None and (found := _read(kind, record)) is not None:
        return found
    made = establish()
    cache.keep_content(key, json.dumps(asdict(made)).encode(), EntryKind.FACTS)
    return made


def _read(kind: type[_Record], record: bytes) -> _Record | None:
    try:
        held: dict[str, Any] = json.loads(record)
        return kind(**{name: tupled(value) for name, value in held.items()})
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def tupled(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    """A JSON value with tuples in place of lists."""
    return tuple(map(tupled, value)) if isinstance(value, list) else value
