"""The cache: results that are slow to compute, kept from one run to the next.

An entry is a function of its key, so a cache hit changes nothing but the time. Entries are written
atomically, and several processes may share a cache. An entry carries a checksum, which is checked
at every use; one that was truncated or changed is removed and counts as a miss. Entries are copied
in and out, so a program that rewrites a file in place (`ffmpeg -y`) cannot change an entry. Files
that nobody changes can be linked instead, where the file system allows it: that takes no space and
half the time. If the cache exceeds its limit, the least recently used entries are removed: samples
before records, which are small and save as much, unless records alone take a fifth of it. Files of
others in its directory are never touched. If the directory is not writable, nothing is kept,
without an error. `MIXDOWN_CACHE` names the directory, or is `off`; `MIXDOWN_CACHE_SIZE` is the
limit.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import IO

import platformdirs
from attrs import frozen

from ..ir.codes import Code
from ..ir.diagnostics import MixdownError

VARIABLE = "MIXDOWN_CACHE"
SIZE_VARIABLE = "MIXDOWN_CACHE_SIZE"
OFF = "off"
LIMIT_BYTES = 5 << 30
"""An hour of stereo at 48 kHz is 1.4 GB as 32-bit floats, 2.8 GB as 64-bit ones."""

_BLOCK = 1 << 18
"""Bytes: those of a block must fit the cache of a core, or a copy takes twice the CPU time."""

_SUFFIX = ".mixdown"
# The digest of the key, the kind, and the length and CRC-32 of the content. Incomplete entries and
# scratch files start with a dot. Files with any other name belong to someone else. Older versions
# wrote no kind.
_NAME = re.compile(
    r"(?:[0-9a-f]{64}(?:\.(?P<kind>[a-z]+))?\.(?P<checksum>\d+-[0-9a-f]{8})|\.[0-9a-f]{64})"
    + re.escape(_SUFFIX)
)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B?", re.IGNORECASE)
_PREFIXES = "kmgt"


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


class EntryKind(StrEnum):
    """What an entry holds: samples, facts about content, digests of files; or an unfinished file.

    Entries without a name of their kind are from older versions.
    """

    AUDIO = "audio"
    FACTS = "facts"
    DIGEST = "digest"
    OLDER = "older"
    UNFINISHED = "unfinished"


_RECORDS = frozenset({EntryKind.FACTS, EntryKind.DIGEST})
_AT_WORK_S = 3600.0
_RECORDS_PART = 5
"""Records take at most the fifth part of a cache."""


@frozen
class Entry:
    """A file in a cache.

    Attributes:
        path: of the file.
        kind: of its content.
        size: bytes.
        used: when it was last used, seconds since the epoch.
    """

    path: Path
    kind: EntryKind
    size: int
    used: float

    @property
    def is_in_use(self) -> bool:
        """Whether somebody writes it: unfinished, and changed within the last hour."""
        is_recent = time.time() - self.used < _AT_WORK_S
        return self.kind is EntryKind.UNFINISHED and is_recent

    @property
    def is_intact(self) -> bool:
        """Whether its content is what was kept, which is read; False if it is gone."""
        named = _NAME.fullmatch(self.path.name)
        try:
            with self.path.open("rb") as file:
                return named is not None and named["checksum"] in (None, _checked(file))
        except OSError:
            return False


@frozen
class Cache:
    """A directory of files, named by the digests of their keys.

    Attributes:
        root: the directory; it need not exist.
        limit: its maximum size in bytes.
    """

    root: Path
    limit: int = LIMIT_BYTES

    def take(self, key: str, target: Path, *, link: bool = False) -> bool:
        """Copy the file of a key to `target`; False on a miss, or if `target` exists.

        With `link`, it may become another name of the entry: nobody may change it.
        """
        for kept in self._kept(key):
            try:
                if _is_of(kept, _place(kept, target, link=link)):
                    _use(kept)
                    return True
                target.unlink()
                kept.unlink()  # damaged
            except FileExistsError:
                return False
            except OSError:
                target.unlink(missing_ok=True)
        return False

    def keep(
        self, key: str, source: Path, kind: EntryKind = EntryKind.AUDIO, *, link: bool = False
    ) -> None:
        """Keep a copy of a file under a key, or with `link` the file itself, as of `take`."""
        with suppress(OSError):
            if source.stat().st_size > self.limit:
                return
            self.root.mkdir(parents=True, exist_ok=True)
            temporary = self.root / _scratch_name()
            try:
                kept = self.root / _name(key, f"{kind}.{_place(source, temporary, link=link)}")
                temporary.replace(kept)
            finally:
                temporary.unlink(missing_ok=True)
            for other in self._kept(key):
                if other != kept:
                    other.unlink(missing_ok=True)
            self._shrink()

    def content(self, key: str) -> bytes | None:
        """The short content of a key; None on a miss."""
        for kept in self._kept(key):
            with suppress(OSError):
                content = kept.read_bytes()
                if _is_of(kept, _checksum(len(content), zlib.crc32(content))):
                    _use(kept)
                    return content
                kept.unlink()  # damaged
        return None

    def file(self, key: str) -> Path | None:
        """The file of a key, unchecked: it may be damaged, and removed at any time."""
        for kept in self._kept(key):
            _use(kept)
            return kept
        return None

    def keep_content(self, key: str, content: bytes, kind: EntryKind) -> None:
        """Keep a short content under a key."""
        with suppress(OSError), tempfile.TemporaryDirectory() as directory:
            record = Path(directory, "content")
            record.write_bytes(content)
            self.keep(key, record, kind)

    def size(self) -> int:
        """Its size in bytes."""
        return sum(entry.size for entry in self.entries())

    def entries(self) -> list[Entry]:
        """Every entry, the least recently used first."""
        found: list[Entry] = []
        for path in self._files():
            with suppress(OSError):
                status = path.stat()
                found.append(Entry(path, _kind(path), status.st_size, status.st_mtime))
        return sorted(found, key=lambda entry: (entry.used, entry.path))

    def remove(self, entries: Iterable[Entry]) -> list[Entry]:
        """Remove entries that are not in use, and return those that could be removed."""
        removed = []
        for entry in entries:
            if entry.is_in_use:
                continue
            with suppress(OSError):
                entry.path.unlink()
                removed.append(entry)
        return removed

    def _kept(self, key: str) -> list[Path]:
        """The entries of a key: one, or briefly two while another process replaces it."""
        return list(self.root.glob(_name(key, "*")))

    def _files(self) -> Iterator[Path]:
        with suppress(OSError):
            yield from (path for path in self.root.iterdir() if _NAME.fullmatch(path.name))

    def _shrink(self) -> None:
        entries = self.entries()
        records = [entry for entry in entries if entry.kind in _RECORDS]
        left = _shrunk(records, self.limit // _RECORDS_PART)
        _shrunk([entry for entry in entries if entry not in records], self.limit - left)


def user_cache(environment: Mapping[str, str] | None = None) -> Cache | None:
    """The user's cache; None if `MIXDOWN_CACHE` is `off`.

    Args:
        environment: with the variables; None: that of this process.

    Raises:
        MixdownError: MIX307, `MIXDOWN_CACHE_SIZE` is not a size.
    """
    variables = os.environ if environment is None else environment
    named = variables.get(VARIABLE)
    if named == OFF:
        return None
    root = Path(named) if named else platformdirs.user_cache_path("mixdown")
    return Cache(root, _limit(variables.get(SIZE_VARIABLE)))


def _limit(text: str | None) -> int:
    """The number of bytes in a text such as "20 GB" or "500MiB"; of no text, the default."""
    if not text:
        return LIMIT_BYTES
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        message = f"{SIZE_VARIABLE} is {text!r}, which is not a size"
        raise MixdownError.of(Code.BAD_REQUEST, message, help="such as 20GB, 500MB or 2GiB")
    number, prefix, binary = found.groups()
    power = _PREFIXES.index(prefix.lower()) + 1 if prefix else 0
    return int(float(number) * (1024 if binary else 1000) ** power)


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


def _use(kept: Path) -> None:
    """Make an entry the most recently used."""
    with suppress(OSError):  # a read-only cache
        os.utime(kept)


def _shrunk(entries: list[Entry], limit: int) -> int:
    """Remove the first entries until the others have at most this size; return their size."""
    size = sum(entry.size for entry in entries)
    for entry in entries:
        if size <= limit:
            break
        if entry.is_in_use:
            continue
        entry.path.unlink(missing_ok=True)
        size -= entry.size
    return size


def _name(key: str, checksum: str) -> str:
    return f"{hashlib.sha256(key.encode()).hexdigest()}.{checksum}{_SUFFIX}"


def _is_of(kept: Path, checksum: str) -> bool:
    """Whether an entry's name has this checksum."""
    return kept.name.endswith(f".{checksum}{_SUFFIX}")


def _kind(path: Path) -> EntryKind:
    if path.name.startswith("."):
        return EntryKind.UNFINISHED
    named = _NAME.fullmatch(path.name)
    known = named["kind"] if named else None
    return EntryKind(known) if known in set(EntryKind) else EntryKind.OLDER


def _scratch_name() -> str:
    return f".{secrets.token_hex(32)}{_SUFFIX}"


def _place(source: Path, target: Path, *, link: bool) -> str:
    """Copy, or link, to a path that does not exist; return the length and CRC-32 of the content.

    They detect accidental damage and add a third to the time of a copy.
    """
    if link:
        try:
            os.link(source, target)
        except FileExistsError:
            raise
        except OSError:  # another file system, or one without hard links
            pass
        else:
            with target.open("rb") as read:
                return _checked(read)
    with source.open("rb") as read, target.open("xb") as written:
        return _checked(read, written.write)


def _checked(read: IO[bytes], write: Callable[[bytes], object] = lambda block: None) -> str:
    """The length and CRC-32 of the rest of a file, each block of which is passed to `write`."""
    crc = size = 0
    while block := read.read(_BLOCK):
        crc = zlib.crc32(block, crc)
        size += len(block)
        write(block)
    return _checksum(size, crc)


def _checksum(size: int, crc: int) -> str:
    return f"{size}-{crc:08x}"
