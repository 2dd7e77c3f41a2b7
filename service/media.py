"""Media that documents refer to by digest: uploads in parts, and imports from allowed URLs.

Promises: a file named `sha256:...` in the directory of sources has that content, complete and on
disk. A part of an upload is in a directory that no document can name until the whole has the right
digest. A document that others play or include has its ending in its name. One request at a time
writes an upload. Nothing is fetched but URLs below a prefix that the operator allows.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from attrs import frozen

from ..compiler.timeline.entry import document_suffix
from ..media.gate import UPLOADS
from .operations import CONTENT_RANGE, MEDIA_NAME
from .problems import ProblemError
from .settings import ServiceSettings

_BLOCK = 1 << 20
_WEEK_S = 7 * 24 * 3600.0
OFFSET = "Upload-Offset"
"""The header with how many bytes of an upload there are."""


@frozen
class UploadPart:
    """A part of a file: its first byte, the byte after its last, and the size of the whole.

    Without an end and a size it is all of a body, whose length is not known before.
    """

    start: int = 0
    stop: int | None = None
    size: int | None = None


def part_of(header: str | None) -> UploadPart:
    """The part that a Content-Range names; without one the whole file.

    Raises:
        ProblemError: it is none, or is not inside its file.
    """
    if header is None:
        return UploadPart()
    found = re.fullmatch(CONTENT_RANGE, header)
    first, last, size = map(int, re.findall("[0-9]+", header)) if found else (1, 0, 0)
    if not first <= last < size:
        raise ProblemError("part-differs", "write Content-Range: bytes FIRST-LAST/SIZE")
    return UploadPart(first, last + 1, size)


def media_name(text: str) -> str:
    """The name of a file in a URL.

    Raises:
        ProblemError: it is none.
    """
    if not re.fullmatch(MEDIA_NAME, text):
        message = "a digest is sha256: and 64 hex digits in lower case; a document's ending follows"
        raise ProblemError("bad-request", message)
    return text


@frozen
class MediaFolder:
    """The uploaded media of a server."""

    settings: ServiceSettings

    def sweep(self) -> None:
        """Remove unfinished uploads that nothing was added to for a week."""
        old = time.time() - _WEEK_S
        for path in (self.settings.sources / UPLOADS).glob("*"):
            with suppress(OSError):
                if path.stat().st_mtime < old:
                    path.unlink()

    def size(self, name: str) -> int | None:
        """The bytes of a complete file; None if there is none."""
        with suppress(OSError):
            return self._final(name).stat().st_size
        return None

    def offset(self, name: str) -> int:
        """How many bytes of an unfinished upload there are."""
        with suppress(OSError):
            return self._partial(name).stat().st_size
        return 0

    async def receive(self, name: str, part: UploadPart, body: AsyncIterator[bytes]) -> bool:
        """Add a part to an upload; whether the file is complete now.

        Raises:
            ProblemError: the part does not begin where the upload ends, another request is writing
                it, it is too large, the disk is full, or the whole has another digest.
        """
        if self.size(name) is not None:
            return True
        most = self._most(name)
        self._check_room(part.size or 0, most)
        with self._locked(name) as file:
            there = file.seek(0, os.SEEK_END)
            if part.size is None and there:
                file.truncate(0)  # the whole is sent again
            elif part.start != there:
                raise ProblemError(
                    "conflict",
                    f"the upload has {there:,} bytes, and this part begins at {part.start:,}",
                    headers={OFFSET: str(there)},
                )
            await self._write(file, part, body, most)
            done = part.size is None or file.tell() == part.size
            if done:
                await asyncio.to_thread(self._complete, name, file)
            return done

    async def _write(
        self, file: BinaryIO, part: UploadPart, body: AsyncIterator[bytes], most: int
    ) -> None:
        """Append a body, as far as it comes: what has arrived is kept if it breaks off."""
        most = part.stop if part.stop is not None else most
        at = file.seek(0, os.SEEK_END)
        async for block in body:
            at += len(block)
            if at > most:
                kind = "too-large" if part.stop is None else "part-differs"
                raise ProblemError(kind, f"the body is longer than {most - part.start:,} bytes")
            await asyncio.to_thread(file.write, block)
        file.flush()
        if part.stop is not None and at != part.stop:
            raise ProblemError("part-differs", f"the body ended {part.stop - at:,} bytes early")

    def import_file(self, url: str) -> str:
        """Fetch the file at a URL; its name: the digest, and the ending of a document.

        Raises:
            ProblemError: the URL is not allowed, cannot be read, or its file is too large or slow.
        """
        import fsspec  # noqa: PLC0415 (only for a URL)

        if not any(url.startswith(p) for p in self.settings.prefixes) or _climbs(url):
            raise ProblemError(
                "not-allowed", "no prefix that this server imports from has this URL"
            )
        most = self._most(url)
        self._check_room(0, most)
        with self._locked(f"import-{secrets.token_hex(16)}") as file:
            try:
                with fsspec.open(url, "rb") as source:
                    self._copy(source, file, most)
            except ProblemError:
                self._discard(file)
                raise
            except Exception as error:  # file systems of fsspec raise whatever they like
                self._discard(file)
                raise ProblemError("not-found", "the file at this URL cannot be read") from error
            name = f"sha256:{_hashed(file)}{document_suffix(url)}"
            self._publish(name, file)
        return name

    def _copy(self, source: BinaryIO, file: BinaryIO, most: int) -> None:
        at, end = 0, time.monotonic() + self.settings.limits.media_s
        while block := source.read(_BLOCK):
            at += len(block)
            if at > most:
                raise ProblemError("too-large", f"the file is longer than {most:,} bytes")
            if time.monotonic() > end:
                raise ProblemError("unavailable", "the file arrives too slowly", retry_after_s=60)
            file.write(block)

    def _most(self, name: str) -> int:
        """The largest size of a file with this name."""
        limits = self.settings.limits
        return (limits.body_mb if document_suffix(name) else limits.media_mb) << 20

    def _check_room(self, size: int, most: int) -> None:
        if size > most:
            raise ProblemError("too-large", f"a file has at most {most:,} bytes")
        if not self.settings.has_room():
            raise ProblemError("unavailable", "the disk is nearly full", retry_after_s=300)

    @contextmanager
    def _locked(self, name: str) -> Iterator[BinaryIO]:
        """The file of an unfinished upload, for one request at a time."""
        path = self._partial(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise ProblemError(
                    "conflict", "another request is writing this upload", retry_after_s=5
                ) from None
            yield file

    def _complete(self, name: str, file: BinaryIO) -> None:
        """Publish an upload that has its digest; discard any other."""
        file.flush()
        if f"sha256:{_hashed(file)}" != name.partition(".")[0]:
            self._discard(file)
            raise ProblemError("digest-differs", "the upload was discarded; send it again")
        self._publish(name, file)

    def _publish(self, name: str, file: BinaryIO) -> None:
        file.flush()
        os.fsync(file.fileno())
        Path(file.name).replace(self._final(name))

    @staticmethod
    def _discard(file: BinaryIO) -> None:
        Path(file.name).unlink(missing_ok=True)

    def _final(self, name: str) -> Path:
        return self.settings.sources / name

    def _partial(self, name: str) -> Path:
        return self.settings.sources / UPLOADS / name


def _climbs(url: str) -> bool:
    """Whether a URL may lead out of its prefix."""
    return re.search(r"(^|[/\\])(\.|%2e){2}([/\\]|$)|::|[\x00-\x20]|%2f|%5c", url, re.I) is not None


def _hashed(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
