"""The directories of one render, and the publishing of its files.

Everything is written below one hidden directory inside the output directory, and so on the same
file system. That directory is removed when the render ends or fails; if the process was killed, the
next render into the same directory removes it. Delivered files appear under their own names only
when all of them are complete, each by a rename. If one cannot be put in place, those already there
are removed again and the files that they replaced are restored.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from attrs import frozen

from ..documents.writer import PREFIX, not_writable
from ..plans.plan import File, Space

_MARK = "at-work"


@frozen
class Workspace:
    """The directory of each space of a plan during a render.

    Attributes:
        source: the directory that source paths are relative to; absolute.
        work: for files that only steps read; absolute.
        staging: for files to deliver, under their final names; absolute.
        out: the output directory, as the user gave it.
    """

    source: Path
    work: Path
    staging: Path
    out: Path

    def path(self, file: File) -> str:
        """The path of a file of the plan."""
        return str(self._directories[file.space] / file.path)

    def relative(self, text: str) -> str:
        """A program's message without the directories of this run."""
        for directory in (self.work, self.staging, self.source):
            text = text.replace(f"{directory}{os.sep}", "")
        return text

    @property
    def _directories(self) -> dict[Space, Path]:
        return {Space.SOURCE: self.source, Space.WORK: self.work, Space.OUT: self.staging}


@contextmanager
def workspace(out: Path, source: Path) -> Iterator[Workspace]:
    """Create the directories for one render into `out`, which is created if it does not exist.

    Directories created for a render that fails are removed again.

    Raises:
        RenderError: MIX604, `out` cannot be created or written to.
    """
    made = _make(out)
    try:
        _sweep(out)
        root = Path(tempfile.mkdtemp(prefix=PREFIX, dir=out.resolve()))
        lock = _mark(root)
        spaces = Workspace(source.resolve(), root / "work", root / "staging", out)
        spaces.work.mkdir()
        spaces.staging.mkdir()
    except OSError as error:
        _unmake(made)
        raise not_writable(out, error) from error
    try:
        yield spaces
    finally:
        shutil.rmtree(root, ignore_errors=True)
        lock.close()
        _unmake(made)


def publish(spaces: Workspace, names: Sequence[str]) -> tuple[Path, ...]:
    """Move all the named staged files to the output directory, or none; return their paths there.

    Raises:
        RenderError: MIX604; the output directory is as it was.
    """
    kept = spaces.staging.parent / "replaced"
    moved: list[tuple[Path, Path | None]] = []
    for number, name in enumerate(names):
        final = spaces.out / name
        try:
            _flush(spaces.staging / name)
            final.parent.mkdir(parents=True, exist_ok=True)
            before = _set_aside(final, kept / str(number))
            moved.append((final, before))
            (spaces.staging / name).replace(final)
        except OSError as error:
            for placed, replaced in reversed(moved):
                if replaced is not None:
                    replaced.replace(placed)
                else:
                    placed.unlink(missing_ok=True)
            raise not_writable(final, error) from error
    return tuple(final for final, _ in moved)


def _mark(root: Path) -> IO[bytes]:
    """A locked file that marks an active render; the lock ends with the process.

    The file is locked before it gets its name, so that a concurrent render does not sweep it.
    """
    mark = (root / "new").open("wb")
    with suppress(OSError):  # a file system without locks: a sweep cannot lock it either
        fcntl.flock(mark, fcntl.LOCK_EX)
    (root / "new").rename(root / _MARK)
    return mark


def _sweep(out: Path) -> None:
    """Remove the work directories of renders that were killed."""
    for mark in out.glob(f"{PREFIX}*/{_MARK}"):
        with suppress(OSError), mark.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(mark.parent, ignore_errors=True)


def _make(out: Path) -> list[Path]:
    """Create the directory and its missing parents; return those created, deepest first."""
    missing = [d for d in (out, *out.parents) if not d.exists()]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _unmake(missing)
        raise not_writable(out, error) from error
    return missing


def _unmake(made: list[Path]) -> None:
    """Remove those of the directories that exist and are empty."""
    for directory in made:
        with suppress(OSError):
            directory.rmdir()


def _set_aside(final: Path, kept: Path) -> Path | None:
    """Keep the existing file, if any; a hard link leaves it in place until it is replaced."""
    if final.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not final.exists():
        return None
    kept.parent.mkdir(exist_ok=True)
    try:
        os.link(final, kept)
    except OSError:  # a file system without hard links
        final.replace(kept)
    return kept


def _flush(path: Path) -> None:
    """Write to disk before renaming: a crash must not leave a name without its content."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
