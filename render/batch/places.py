"""Documents and results behind URLs, as files of this machine while a job is at work.

Promises: a document is fetched with what it includes and every file that it names, as far as its
sources may be opened; the results of an earlier run are fetched before a render, so that it can see
that nothing has changed. Files of a result are uploaded after it is complete, its manifest last: at
no time does a manifest describe files that are not there. Paths that are no URLs are used in place.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...compiler.inputs import input_files
from ...ir.codes import Code
from ...ir.diagnostics import TimelineError
from ...media.gate import is_inside
from ..artifacts.store import store_failures, without_secrets
from ..result import MANIFEST


def is_url(place: str) -> bool:
    """Whether a place is a URL, which fsspec opens, and not a path."""
    return "://" in place


@contextmanager
def fetched(
    document: str, *, allow_outside: bool, variables: Mapping[str, object]
) -> Iterator[Path]:
    """A document and its files, in a directory for the time of the block if it is behind a URL.

    Raises:
        TimelineError: MIX101, there is no such document.
        RenderError: MIX622, its place cannot be read.
    """
    if not is_url(document):
        yield Path(document)
        return
    with tempfile.TemporaryDirectory(prefix="mixdown-") as folder, store_failures(document):
        filesystem, remote = _opened(document)
        parent, _, name = remote.rpartition("/")
        root = Path(folder).resolve()
        if not filesystem.isfile(remote):
            message = f"no file {without_secrets(document)!r}"
            raise TimelineError.of(Code.FILE_NOT_FOUND, message, help="check the URL")
        filesystem.get_file(remote, str(root / name))
        tried = {root / name}
        while new := _missing(root, root / name, tried, variables):
            for path in new:
                there = f"{parent}/{path.relative_to(root).as_posix()}"
                if filesystem.isfile(there):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    filesystem.get_file(there, str(path))
            tried.update(new)
        yield root / name


def _missing(
    root: Path, document: Path, tried: Collection[Path], variables: Mapping[str, object]
) -> list[Path]:
    """The files that a fetched document needs, as far as it is known, and that were not tried."""
    found = input_files(document, variables=variables)
    return [path for path in found if path not in tried and is_inside(root, str(path))]


@contextmanager
def delivered(out: str, name: str) -> Iterator[Path]:
    """The directory of a job in the output directory; behind a URL, a copy that is uploaded.

    Raises:
        RenderError: MIX622, the place cannot be read or written.
    """
    if not is_url(out):
        yield Path(out) / name
        return
    with tempfile.TemporaryDirectory(prefix="mixdown-") as folder:
        directory = Path(folder) / "out"
        directory.mkdir()
        with store_failures(out):
            filesystem, remote = _opened(f"{out.rstrip('/')}/{name}")
            for path in filesystem.find(remote, maxdepth=1) if filesystem.exists(remote) else ():
                filesystem.get_file(path, str(directory / path.rpartition("/")[2]))
        before = _digests(directory)
        yield directory
        after = _digests(directory)
        changed = [file for file in after if after[file] != before.get(file)]
        if not changed:
            return
        with store_failures(out):
            filesystem.makedirs(remote, exist_ok=True)
            if MANIFEST in before:
                filesystem.rm_file(f"{remote}/{MANIFEST}")
            for file in sorted(changed, key=lambda file: file == MANIFEST):
                filesystem.put_file(str(directory / file), f"{remote}/{file}")


def stamp(url: str) -> str:
    """A text that changes when the file of a URL does; "" if there is none."""
    with store_failures(url):
        filesystem, remote = _opened(url)
        return str(filesystem.checksum(remote)) if filesystem.isfile(remote) else ""


def write_text(out: str, name: str, text: str) -> None:
    """Write a file into an output directory behind a URL.

    Raises:
        RenderError: MIX622.
    """
    with store_failures(out):
        filesystem, remote = _opened(out)
        filesystem.makedirs(remote, exist_ok=True)
        filesystem.pipe_file(f"{remote}/{name}", text.encode())


def _opened(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it."""
    import fsspec  # noqa: PLC0415 (only for a URL)

    filesystem, path = fsspec.core.url_to_fs(url)
    return filesystem, str(path).rstrip("/")


def _digests(directory: Path) -> Mapping[str, str]:
    """The digest of each file in a directory, by its name."""
    found = {}
    for path in sorted(directory.iterdir()):
        if path.is_file():
            with path.open("rb") as file:
                found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
