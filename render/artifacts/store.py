"""The store of artifact files: a local directory, or any file system with an fsspec URL.

A key holds a complete file or none, even if the process or the machine stops: a file is written
under a temporary name below `.incoming/`, flushed to disk, and renamed. Keys are relative paths
with forward slashes.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from attrs import frozen

from ...ir.codes import Code
from ...ir.diagnostics import MixdownError, RenderError

INCOMING = ".incoming"
_BLOCK = 1 << 20
_ATTEMPTS = 5
# A password may hold "/", "@" and ":" itself, so it ends at the last "@".
_PASSWORD = re.compile(r"(://[^:/@\s]*):\S*@")
_PARAMETER = re.compile(r"(?i)([?&;][^=&;\s]*(?:pass|pwd|secret|token|key)[^=&;\s]*=)[^&;\s]+")


@frozen
class StoredFile:
    """A file in a store: its key, its size in bytes, and its age in seconds."""

    key: str
    size: int
    age_s: float


class Store(Protocol):
    """Keeps files by key. Every method raises RenderError (MIX622) if the store fails."""

    def put(self, key: str, path: Path) -> None:
        """Copy a file to a key, atomically, replacing any previous file."""
        ...

    def digest(self, key: str) -> str | None:
        """The SHA-256 of the file of a key, after "sha256:"; None if there is none."""
        ...

    def read(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to before `stop` of the file of a key, in blocks.

        A missing file is an error before the first block.
        """
        ...

    def files(self) -> Iterator[StoredFile]:
        """Every file, including incomplete ones, in the order of keys."""
        ...

    def delete(self, key: str) -> None:
        """Remove the file of a key, if any."""
        ...


def open_store(place: str | Path) -> Store:
    """Open the store in a directory, or at an fsspec URL (anything with "://").

    Raises:
        RenderError: MIX622, fsspec does not support the URL.
    """
    text = str(place)
    if "://" not in text:
        return LocalStore(Path(text))
    import fsspec  # noqa: PLC0415 (only for a URL)

    with store_failures(text):
        filesystem, root = fsspec.core.url_to_fs(text)
        return RemoteStore(filesystem, str(root).rstrip("/"), text)


def without_secrets(text: str) -> str:
    """A URL, or a message that quotes one, with its passwords, keys and tokens as asterisks."""
    return _PARAMETER.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))


@frozen
class LocalStore:
    """A directory, created with the first file."""

    root: Path

    def put(self, key: str, path: Path) -> None:
        """See `Store`."""
        with store_failures(str(self.root)):
            incoming = self.root / INCOMING / secrets.token_hex(16)
            final = self.root / key
            incoming.parent.mkdir(parents=True, exist_ok=True)
            try:
                with path.open("rb") as source, incoming.open("xb") as copy:
                    shutil.copyfileobj(source, copy, _BLOCK)
                    copy.flush()
                    os.fsync(copy.fileno())
                _rename(incoming, final)
            finally:
                incoming.unlink(missing_ok=True)
            _sync(final.parent, self.root)

    def digest(self, key: str) -> str | None:
        """See `Store`."""
        with store_failures(str(self.root)):
            try:
                with (self.root / key).open("rb") as file:
                    return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
            except FileNotFoundError:
                return None

    def read(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """See `Store`."""
        with store_failures(str(self.root)), (self.root / key).open("rb") as file:
            yield from _blocks(file, start, stop)

    def files(self) -> Iterator[StoredFile]:
        """See `Store`."""
        with store_failures(str(self.root)):
            now = time.time()
            for top in (INCOMING, "renders"):
                for path in sorted((self.root / top).rglob("*")):
                    with suppress(FileNotFoundError):  # another process may have renamed it
                        status = path.stat()
                        if path.is_file():
                            key = path.relative_to(self.root).as_posix()
                            yield StoredFile(key, status.st_size, now - status.st_mtime)

    def delete(self, key: str) -> None:
        """See `Store`; empty directories are removed too."""
        with store_failures(str(self.root)):
            path = self.root / key
            path.unlink(missing_ok=True)
            for parent in path.relative_to(self.root).parents[:-1]:
                try:
                    (self.root / parent).rmdir()
                except OSError:  # not empty, or gone
                    break


@frozen
class RemoteStore:
    """A store in any fsspec file system; `root` is a path in it, `url` its name."""

    filesystem: Any
    root: str
    url: str

    def put(self, key: str, path: Path) -> None:
        """See `Store`."""
        with store_failures(self.url):
            incoming, final = self._path(f"{INCOMING}/{secrets.token_hex(16)}"), self._path(key)
            self.filesystem.makedirs(incoming.rpartition("/")[0], exist_ok=True)
            self.filesystem.makedirs(final.rpartition("/")[0], exist_ok=True)
            self.filesystem.put_file(str(path), incoming)
            if self.filesystem.exists(final):
                self.filesystem.rm_file(final)
            self.filesystem.mv(incoming, final)

    def digest(self, key: str) -> str | None:
        """See `Store`."""
        with store_failures(self.url):
            try:
                with self.filesystem.open(self._path(key), "rb") as file:
                    return f"sha256:{_hashed(file)}"
            except FileNotFoundError:
                return None

    def read(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """See `Store`."""
        with store_failures(self.url), self.filesystem.open(self._path(key), "rb") as file:
            yield from _blocks(file, start, stop)

    def files(self) -> Iterator[StoredFile]:
        """See `Store`; in a file system without times, files have infinite age."""
        with store_failures(self.url):
            for top in (INCOMING, "renders"):
                found = self.filesystem.find(self._path(top), detail=True)
                for path, about in sorted(found.items()):
                    key = str(path).removeprefix(self.root).lstrip("/")
                    yield StoredFile(key, int(about["size"]), self._age(about))

    def delete(self, key: str) -> None:
        """See `Store`."""
        with store_failures(self.url), suppress(FileNotFoundError):
            self.filesystem.rm_file(self._path(key))

    def _path(self, key: str) -> str:
        return f"{self.root}/{key}"

    def _age(self, about: dict[str, Any]) -> float:
        for name in ("mtime", "LastModified", "last_modified", "created"):
            written = about.get(name)
            if written is not None:
                seconds = written.timestamp() if hasattr(written, "timestamp") else float(written)
                return time.time() - seconds
        return float("inf")


def _hashed(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _blocks(file: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    """A part of a file in blocks."""
    file.seek(start)
    while start < stop and (block := file.read(min(_BLOCK, stop - start))):
        start += len(block)
        yield block


def _rename(path: Path, final: Path) -> None:
    """Move a file into its directory, which a concurrent `delete` may be removing."""
    for attempt in range(_ATTEMPTS):
        final.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.replace(final)
            return
        except FileNotFoundError:
            if attempt == _ATTEMPTS - 1:
                raise


def _sync(directory: Path, root: Path) -> None:
    """Flush the names from a directory up to the root of the store to disk."""
    for current in (directory, *directory.parents):
        handle = os.open(current, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if current == root:
            return


@contextmanager
def store_failures(place: str) -> Iterator[None]:
    """Turn every error of a store into MIX622: file systems of fsspec raise whatever they like."""
    try:
        yield
    except MixdownError:
        raise
    except Exception as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RenderError.of(
            Code.STORE_UNUSABLE,
            f"cannot use the store {without_secrets(place)!r}: {without_secrets(reason)}",
            help="give a directory, or a URL that fsspec supports, with --store",
        ) from error
