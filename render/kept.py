"""What is kept of the files of steps: a cache, the keys of the files, and what became of each.

Beside a file, what was measured of it as it was written is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ..media.cache import Cache, EntryKind
from ..plans.cache_keys import engine_version
from ..plans.plan import File, Space, Step
from .cache_use import CacheUse, cache_use
from .recording import Tap
from .workspace import Workspace

if TYPE_CHECKING:
    from .spans import CachedSpans

SPANNED_S = 120.0
"""A mix from this length on, in seconds, is kept in spans. Of a shorter one a change of a clip
makes the outputs that it touches, as a whole."""


@frozen
class KeptFiles:
    """The files of a plan's steps in the cache.

    Attributes:
        cache: None: nothing is kept.
        spaces: where files are.
        taps: meters of files as this process writes them, by their paths.
        keys: the cache key of each output of each step that has keys, by the step's id
            (`cache_keys.keys`).
        uses: what became of each file of a step that has run; of several runs, the first.
    """

    cache: Cache | None
    spaces: Workspace
    taps: Mapping[Path, Tap[Any]] = field(factory=dict)
    keys: Mapping[str, tuple[str, ...]] = field(factory=dict)
    uses: dict[tuple[str, File], CacheUse] = field(factory=dict, init=False, eq=False, repr=False)

    def of(self, step: Step) -> Mapping[File, str]:
        """The keys of a step's files."""
        return dict(zip(step.outputs, self.keys.get(step.id, ()), strict=False))

    def spans(self, step: Step, keyed: Mapping[File, str]) -> CachedSpans | None:
        """Where spans of a long mix are kept, unless it is kept as a whole.

        If its first file is, the premaster, nothing in the mix changed: what is missing is new.
        """
        is_long = bool(step.values and keyed) and step.samples >= SPANNED_S * step.rate
        if self.cache is None or not is_long:
            return None
        if self.cache.file(keyed[step.outputs[0]]) is not None:
            return None
        from .spans import CachedSpans  # noqa: PLC0415 (numpy)

        keys = {Path(self.spaces.path(file)): key for file, key in keyed.items()}
        return CachedSpans(self.cache, engine_version(), keys)

    def note(
        self,
        step: Step,
        keyed: Mapping[File, str],
        kept: Collection[File],
        spans: CachedSpans | None,
    ) -> None:
        """Take note of what became of the files of a step that was run for the first time."""
        made = None if spans is None else spans.made(step.rate)
        for file in step.outputs:
            use = cache_use(
                step, file, self.cache, keyed=file in keyed, kept=file in kept, made_s=made
            )
            self.uses.setdefault((step.id, file), use)

    def take(self, key: str, file: File) -> bool:
        """Copy what was kept of a file into its place, with what was measured of it."""
        place = Path(self.spaces.path(file))
        if self.cache is None or not self.cache.take(key, place, link=_is_final(file)):
            return False
        tap = self.taps.get(place)
        if tap is not None:
            with suppress(OSError, ValueError, TypeError, KeyError), self._record(place) as record:
                if self.cache.take(_record_key(key, tap), record):
                    tap.load(record)
        return True

    def keep(self, key: str, file: File) -> None:
        """Keep a file that was made, with what was measured of it, unless it is kept already."""
        place = Path(self.spaces.path(file))
        if self.cache is None or self.cache.file(key) is not None:
            return
        self.cache.keep(key, place, link=_is_final(file))
        tap = self.taps.get(place)
        if tap is not None and tap.has_begun:
            with suppress(OSError, ValueError), self._record(place) as record:
                tap.save(record)
                self.cache.keep(_record_key(key, tap), record, EntryKind.FACTS)

    @contextmanager
    def _record(self, place: Path) -> Iterator[Path]:
        """A file for what was measured of another, until it is in the cache or in its tap."""
        path = self.spaces.work / f"{place.name}.levels"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


def _is_final(file: File) -> bool:
    """Whether nobody changes a file once it is written: steps only read those of the work space.

    A step that writes one of them again removes it first. Delivered files get metadata.
    """
    return file.space is Space.WORK


def _record_key(key: str, tap: Tap[Any]) -> str:
    """The key of what a tap measured of a file, by the key of the file."""
    return f"{key}/{tap.method}"
