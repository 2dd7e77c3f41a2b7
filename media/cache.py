"""The cache: results that are slow to compute, kept from one run to the next.

An entry is a function of its key, so a cache hit changes nothing but the time. Entries are written
atomically, and several processes may share a cache. An entry carries a checksum; one that was
truncated or changed is removed and counts as a miss. Entries are copied in and out, never linked,
so a program that rewrites a file in place (`ffmpeg -y`) cannot change an entry, and the checksum
covers the bytes that were copied. If the cache exceeds its limit, the least recently used entries
are removed; files of others in its directory are never touched. If the directory is not writable,
nothing is kept, without an error. `MIXDOWN_CACHE` names the directory, or is `off`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
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
_SUFFIX = ".mixdown"
# The digest of the key, then the length and CRC-32 of the content. Incomplete entries and scratch
# files start with a dot. Files with any other name belong to someone else.
_NAME = re.compile(rf"([0-9a-f]{{64}}\.\d+-[0-9a-f]{{8}}|\.[0-9a-f]{{64}}){re.escape(_SUFFIX)}")


INPUT, OUTPUT = "\0in{}", "\0out{}"
"""Placeholders in the arguments of a key for the files that are read and written, by number."""


def run_key(words: Iterable[str], version: str, contents: Iterable[str]) -> str:
    """The key of the output of a program.

    Args:
        words: its arguments, with `INPUT` and `OUTPUT` in place of files.
        version: of the program.
        contents: the digest of each file that it reads, in order.
    """
    parts = json.dumps([list(words), version, list(contents)])
    return hashlib.sha256(parts.encode("ascii")).hexdigest()


@frozen
class Cache:
    """A directory of files, named by the digests of their keys.

    Attributes:
        root: the directory; it need not exist.
        limit: its maximum size in bytes.
    """

    root: Path
    limit: int = LIMIT_BYTES

    def take(self, key: str, target: Path) -> bool:
        """Copy the file of a key to `target`; False on a miss, or if `target` exists."""
        for kept in self._kept(key):
            try:
                if _name(key, _copy(kept, target)) == kept.name:
                    with suppress(OSError):  # a read-only cache
                        os.utime(kept)
                    return True
                target.unlink()
                kept.unlink()  # damaged
            except FileExistsError:
                return False
            except OSError:
                target.unlink(missing_ok=True)
        return False

    def keep(self, key: str, source: Path) -> None:
        """Keep a copy of a file under a key."""
        with suppress(OSError):
            if source.stat().st_size > self.limit:
                return
            self.root.mkdir(parents=True, exist_ok=True)
            temporary = self.root / _scratch_name()
            try:
                kept = self.root / _name(key, _copy(source, temporary))
                temporary.replace(kept)
            finally:
                temporary.unlink(missing_ok=True)
            for other in self._kept(key):
                if other != kept:
                    other.unlink(missing_ok=True)
            self._shrink()

    def text(self, key: str) -> str | None:
        """The short text of a key; None on a miss."""
        for kept in self._kept(key):
            try:
                content = kept.read_bytes()
                if _name(key, _checksum(len(content), zlib.crc32(content))) == kept.name:
                    with suppress(OSError):  # a read-only cache
                        os.utime(kept)
                    return content.decode("utf-8")
                kept.unlink()  # damaged
            except (OSError, UnicodeDecodeError):
                continue
        return None

    def keep_text(self, key: str, text: str) -> None:
        """Keep a short text under a key."""
        with tempfile.TemporaryDirectory() as directory:
            record = Path(directory, "text")
            record.write_text(text, "utf-8")
            self.keep(key, record)

    def size(self) -> int:
        """Its size in bytes."""
        return sum(size for _, size, _ in self._entries())

    def _kept(self, key: str) -> list[Path]:
        """The entries of a key: one, or briefly two while another process replaces it."""
        return list(self.root.glob(_name(key, "*")))

    def _files(self) -> Iterator[Path]:
        with suppress(OSError):
            yield from (path for path in self.root.iterdir() if _NAME.fullmatch(path.name))

    def _entries(self) -> list[tuple[float, int, Path]]:
        """The time of last use, size and path of each entry, the least recently used first."""
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
    """The user's cache; None if `MIXDOWN_CACHE` is `off`.

    Args:
        environment: with the variable; None: that of this process.
    """
    named = (os.environ if environment is None else environment).get(VARIABLE)
    if named == OFF:
        return None
    return Cache(Path(named) if named else platformdirs.user_cache_path("mixdown"))


@contextmanager
def scratch(cache: Cache | None, directory: Path | None = None) -> Iterator[Path]:
    """A path for a temporary file: in the cache, whose disk has room for audio.

    A file left there by a killed process is removed like the oldest entries. Without a cache, the
    file is in `directory`; None: the system's temporary directory.
    """
    with ExitStack() as stack:
        try:
            if cache is None:
                raise FileNotFoundError
            cache.root.mkdir(parents=True, exist_ok=True)
            path = cache.root / _scratch_name()
            path.touch(exist_ok=False)
        except OSError:
            folder = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="mixdown-", dir=directory)
            )
            path = Path(folder, "scratch")
        stack.callback(path.unlink, missing_ok=True)
        yield path


def _name(key: str, checksum: str) -> str:
    return f"{hashlib.sha256(key.encode()).hexdigest()}.{checksum}{_SUFFIX}"


def _scratch_name() -> str:
    return f".{secrets.token_hex(32)}{_SUFFIX}"


def _copy(source: Path, target: Path) -> str:
    """Copy to a path that does not exist; return the length and CRC-32 of the content.

    They detect accidental damage and add a third to the time of the copy.
    """
    crc = size = 0
    with source.open("rb") as read, target.open("xb") as written:
        while block := read.read(_BLOCK):
            crc = zlib.crc32(block, crc)
            size += written.write(block)
    return _checksum(size, crc)


def _checksum(size: int, crc: int) -> str:
    return f"{size}-{crc:08x}"
