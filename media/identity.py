"""Digests of files, computed again only if a file changes.

`digest_of` reads a file once per state: while size, times, inode and device are unchanged, so is
the digest. The digests of large files are in the user's cache, too. A state so recent that the next
write could have the same time is not remembered. A file that changes while it is read has no
digest.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path

from attrs import frozen

from .cache import Cache, EntryKind, user_cache

_TICK_NS = 50_000_000
"""Two writes within this time may have the same file time."""

_LARGE = 1 << 22
"""Bytes from which reading a file takes longer than looking its digest up on disk."""

_known: dict[tuple[str, Identity], str] = {}
_lock = threading.Lock()
_MOST_KNOWN = 100_000


@frozen
class Identity:
    """The state of a file, known without reading it."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    @property
    def is_settled(self) -> bool:
        """Whether any later write changes it."""
        return time.time_ns() - max(self.modified_ns, self.changed_ns) > _TICK_NS


def identify(path: Path) -> Identity:
    """The state of a file.

    Raises:
        OSError, ValueError: there is no such file.
    """
    status = path.stat()
    return _identity(status)


def digest_of(path: Path) -> str:
    """The digest of a file's content: "sha256:" and hex digits.

    Raises:
        OSError: it cannot be read, or it changes while it is read.
        ValueError: the path is invalid.
    """
    key = str(path.absolute()), identify(path)
    digest = _known.get(key) or _kept(key)
    if digest is None:
        digest, after = _read(path)
        if not after.is_settled:
            return digest
        key = key[0], after
        if (cache := _cache(after)) is not None:
            cache.keep_content(_record(key), digest.encode("ascii"), EntryKind.DIGEST)
    with _lock:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = digest
    return digest


def _read(path: Path) -> tuple[str, Identity]:
    """The digest of the content of a file, and the state in which it was read."""
    with path.open("rb") as file:
        before = _identity(os.fstat(file.fileno()))
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        after = _identity(os.fstat(file.fileno()))
    if before != after:
        raise OSError(None, "it changed while it was read")
    return digest, after


def _kept(key: tuple[str, Identity]) -> str | None:
    cache = _cache(key[1])
    content = None if cache is None else cache.content(_record(key))
    return None if content is None else content.decode("ascii")


def _cache(state: Identity) -> Cache | None:
    """The cache, for a file that is worth it."""
    return user_cache() if state.size >= _LARGE else None


def _record(key: tuple[str, Identity]) -> str:
    """The key of a digest in the cache."""
    return f"digest {key!r}"


def check_unchanged(path: Path, digest: str) -> None:
    """What was read of a file may be kept under its digest only if it still has that digest.

    Raises:
        OSError: the content is another one, or the file cannot be read.
        ValueError: the path is invalid.
    """
    if digest_of(path) != digest:
        raise OSError(None, "it changed while it was read")


def _identity(status: os.stat_result) -> Identity:
    return Identity(
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    )
