"""Which content a file has, and whether it still has it.

Promises: `digest_of` reads a file once for each state that it is in: as long as size, times, inode
and device are the same, so is the digest. A state that is younger than clocks can tell apart from
the next one is not remembered. A file that changes while it is read has no digest.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path

from attrs import frozen

_TICK_NS = 50_000_000
"""Two writes within this time may get the same time from the kernel."""

_known: dict[tuple[str, Identity], str] = {}
_lock = threading.Lock()
_MOST_KNOWN = 100_000


@frozen
class Identity:
    """What tells one state of a file from another without reading it."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    @property
    def is_settled(self) -> bool:
        """Whether a later write must show."""
        return time.time_ns() - max(self.modified_ns, self.changed_ns) > _TICK_NS


def identify(path: Path) -> Identity:
    """The state that a file is in.

    Raises:
        OSError, ValueError: there is no such file.
    """
    status = path.stat()
    return _identity(status)


def digest_of(path: Path) -> str:
    """The digest of a file's content: "sha256:" and hex digits.

    Raises:
        OSError: it cannot be read, or it changes meanwhile.
        ValueError: the path is none.
    """
    key = str(path.absolute()), identify(path)
    if (found := _known.get(key)) is not None:
        return found
    with path.open("rb") as file:
        before = _identity(os.fstat(file.fileno()))
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        after = _identity(os.fstat(file.fileno()))
    if before != after:
        raise OSError(None, "it changes while it is read")
    if after.is_settled:
        with _lock:
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            _known[key[0], after] = digest
    return digest


def _identity(status: os.stat_result) -> Identity:
    return Identity(
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    )
