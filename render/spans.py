"""The cache as the store of the native engine's spans (`backends/native/engine/written.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from attrs import define, field

from ..audio.memory import Memory, decode, encode
from ..backends.native.engine.spans import TimeSpan
from ..media.cache import Cache, EntryKind


@define
class CachedSpans:
    """What is kept of the spans of a step.

    Attributes:
        cache: where.
        version: of everything that the samples depend on besides their graph.
        keys: of the files of the step, by their paths.
        spans: that the step has used so far, and whether each was reused.
    """

    cache: Cache
    version: str
    keys: Mapping[Path, str]
    spans: list[tuple[TimeSpan, bool]] = field(factory=list)

    def find(self, key: str) -> Memory | None:
        """The record that was kept under a key."""
        content = self.cache.content(self._key(key))
        if content is not None:
            with suppress(ValueError, TypeError):
                return decode(content)
        return None

    def keep(self, key: str, record: Memory) -> None:
        """Keep a record under a key."""
        self.cache.keep_content(self._key(key), encode(record), EntryKind.FACTS)

    def open(self, name: str, stack: ExitStack) -> BinaryIO | None:
        """The file with a key; unchecked, because the record of a span has its checksum."""
        path = self.cache.file(name)
        with suppress(OSError):
            return None if path is None else stack.enter_context(path.open("rb"))
        return None

    def name(self, path: Path) -> str:
        """The key of a file that is being written."""
        return self.keys[path]

    def used(self, span: TimeSpan, *, reused: bool) -> None:
        """Take note of whether a span was taken from earlier files."""
        self.spans.append((span, reused))

    def made(self, rate: int) -> tuple[tuple[float, float], ...] | None:
        """The stretches that were made, in seconds; None: all."""
        if not any(reused for _, reused in self.spans):
            return None
        made = [span for span, reused in self.spans if not reused]
        joined: list[TimeSpan] = []
        for span in made:
            if joined and joined[-1].end == span.start:
                joined[-1] = TimeSpan(joined[-1].start, span.end)
            else:
                joined.append(span)
        return tuple((span.start / rate, span.end / rate) for span in joined)

    def _key(self, key: str) -> str:
        return f"span {self.version} {key}"
