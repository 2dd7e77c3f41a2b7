"""What is kept from one run to the next, because it is slow to find out anew.

Promises: an entry is a function of its key, so whether it was kept or made changes nothing but the
time; it appears whole or not at all, and several processes may share a cache. An entry carries its
own checksum: one that was cut short or changed since counts as not kept. The oldest unused go first
when the cache outgrows its limit; files of others in its directory are never touched. Where nothing
can be written, nothing is kept, and that is no error. `MIXDOWN_CACHE` names the directory, or is
`off`.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import platformdirs
from attrs import frozen

VARIABLE = "MIXDOWN_CACHE"
OFF = "off"
LIMIT_BYTES = 5 << 30
"""An hour of stereo at 48 kHz is 1.4 GB as 32-bit floats, 2.8 GB as 64-bit ones."""

_BLOCK = 1 << 20
# The key's digest, then length and CRC-32 of the content. Entries that are being written begin with
# a dot; those of earlier versions have no checksum, are never taken and go with time.
_NAME = re.compile(r"\.?[0-9a-f]{64}([.-].*)?")


def run_key(words: Iterable[str], version: str, contents: Iterable[str]) -> str:
    """The key of what a run of a program makes.

    Args:
        words: its arguments, with names in place of the files that it reads and writes.
        version: of the program.
        contents: the digest of each file that it reads, in order.
    """
    parts = ("\0".join(words), version, *contents)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


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
        for kept in self._kept(key):
            try:
                _link_or_copy(kept, target)
                if _sum(target) == kept.name.partition(".")[2]:
                    os.utime(kept)
                    return True
                kept.unlink()  # it is damaged
            except OSError:
                pass
            target.unlink(missing_ok=True)
        return False

    def keep(self, key: str, source: Path) -> None:
        """Keep a file under a key. The file must not be written to afterwards, only replaced."""
        with suppress(OSError):
            if source.stat().st_size > self.limit:
                return
            kept = self.root / f"{_digest(key)}.{_sum(source)}"
            temporary = self.root / f".{kept.name}-{secrets.token_hex(8)}"
            self.root.mkdir(parents=True, exist_ok=True)
            try:
                _link_or_copy(source, temporary)
                temporary.replace(kept)
            finally:
                temporary.unlink(missing_ok=True)
            for other in self._kept(key):
                if other != kept:
                    other.unlink(missing_ok=True)
            self._shrink()

    def size(self) -> int:
        """How many bytes it holds."""
        return sum(size for _, size, _ in self._entries())

    def _kept(self, key: str) -> list[Path]:
        """The entries of a key: one, or two for a moment in which another process replaces it."""
        return list(self.root.glob(f"{_digest(key)}.*"))

    def _files(self) -> Iterator[Path]:
        with suppress(OSError):
            yield from (path for path in self.root.iterdir() if _NAME.fullmatch(path.name))

    def _entries(self) -> list[tuple[float, int, Path]]:
        """When each was last used, its bytes and its path; the longest unused first."""
        found: list[tuple[float, int, Path]] = []
        for path in self._files():
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
    """The user's cache; None where `MIXDOWN_CACHE` is `off`.

    Args:
        environment: where the variable is looked up; None: this process's.
    """
    named = (os.environ if environment is None else environment).get(VARIABLE)
    if named == OFF:
        return None
    return Cache(Path(named) if named else platformdirs.user_cache_path("mixdown"))


@contextmanager
def scratch(cache: Cache | None) -> Iterator[Path]:
    """A path for a file that is gone afterwards: beside what is kept, so that it can be linked.

    One that a killed process leaves there goes as the oldest entries do.
    """
    with ExitStack() as stack:
        try:
            if cache is None:
                raise FileNotFoundError
            cache.root.mkdir(parents=True, exist_ok=True)
            path = cache.root / f".{secrets.token_hex(32)}"
            path.touch(exist_ok=False)
        except OSError:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mixdown-"))
            path = Path(folder, "scratch")
        stack.callback(path.unlink, missing_ok=True)
        yield path


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _sum(path: Path) -> str:
    """Length and CRC-32 of a file: enough against accidents, and 2 GB/s."""
    crc = size = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            crc = zlib.crc32(block, crc)
            size += len(block)
    return f"{size}-{crc:08x}"


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
