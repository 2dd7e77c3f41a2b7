"""What is kept from one run to the next, because it is slow to find out anew.

Promises: an entry is a function of its key, so whether it was kept or made changes nothing but the
time; it appears whole or not at all, and several processes may share a cache. The oldest unused go
first when the cache outgrows its limit. Where nothing can be written, nothing is kept, and that is
no error. `MIXDOWN_CACHE` names the directory, or says `off`.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import platformdirs
from attrs import frozen

VARIABLE = "MIXDOWN_CACHE"
OFF = "off"
LIMIT_BYTES = 5 << 30
"""An hour of stereo at 48 kHz is 1.4 GB as 32-bit floats, 2.8 GB as 64-bit ones."""


@frozen
class Cache:
    """A directory of files under the digests of their keys.

    Attributes:
        root: the directory; need not exist.
        limit: bytes that it may hold.
    """

    root: Path
    limit: int = LIMIT_BYTES

    def take(self, key: str, target: Path) -> bool:
        """Put the file of a key at `target`; False where it is not kept."""
        kept = self._place(key)
        try:
            _link_or_copy(kept, target)
            os.utime(kept)
        except OSError:
            target.unlink(missing_ok=True)
            return False
        return True

    def keep(self, key: str, source: Path) -> None:
        """Keep a copy of a file under a key. The file must not be written to afterwards."""
        kept = self._place(key)
        temporary = kept.with_name(f".{kept.name}-{secrets.token_hex(8)}")
        with suppress(OSError):
            if source.stat().st_size > self.limit:
                return
            kept.parent.mkdir(parents=True, exist_ok=True)
            try:
                _link_or_copy(source, temporary)
                temporary.replace(kept)
            finally:
                temporary.unlink(missing_ok=True)
            self._shrink()

    def size(self) -> int:
        """How many bytes it holds."""
        return sum(size for _, size, _ in self._entries())

    def _place(self, key: str) -> Path:
        return self.root / hashlib.sha256(key.encode()).hexdigest()

    def _entries(self) -> list[tuple[float, int, Path]]:
        """When each was last used, its bytes and its path; the longest unused first."""
        found: list[tuple[float, int, Path]] = []
        with suppress(OSError):
            for path in self.root.iterdir():
                with suppress(OSError):
                    status = path.stat()
                    found.append((status.st_mtime, status.st_size, path))
        return sorted(found)

    def _shrink(self) -> None:
        entries = self._entries()
        excess = sum(size for _, size, _ in entries) - self.limit
        for _, size, path in entries:
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= size


def user_cache(environment: Mapping[str, str] | None = None) -> Cache | None:
    """The user's cache; None where `MIXDOWN_CACHE` says `off`.

    Args:
        environment: where the variable is looked up; None: this process's.
    """
    named = (os.environ if environment is None else environment).get(VARIABLE)
    if named == OFF:
        return None
    return Cache(Path(named) if named else platformdirs.user_cache_path("mixdown"))


def _link_or_copy(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where the file system has no such thing."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        if not source.is_file():
            raise
        shutil.copyfile(source, target)
