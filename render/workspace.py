"""The directories of one render, and the publishing of its files.

Everything is written below one hidden directory inside the output directory, and so on the same
file system. That directory is removed when the render ends or fails; if the process was killed, the
next render into the same directory removes it. Delivered files appear under their own names only
when all of them are complete and on disk, each by a rename, while the directory is locked. Whatever
ends that early, an interrupt too, the files already there are removed again and those that they
replaced are restored.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from attrs import evolve, field, frozen

from ..documents.writer import PREFIX, not_writable
from ..plans.plan import File, Space

_MARK = "at-work"
_RENDER = f"{PREFIX}render-"
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@frozen
class Workspace:
    """The directory of each space of a plan during a render.

    Attributes:
        source: the directory that source paths are relative to; absolute.
        work: for files that only steps read; absolute.
        staging: for files to deliver, under their final names; absolute.
        out: the output directory, as the user gave it.
        elsewhere: where files of the plan are that are not in the directory of their space.
    """

    source: Path
    work: Path
    staging: Path
    out: Path
    elsewhere: Mapping[File, Path] = field(factory=dict)

    def path(self, file: File) -> str:
        """The path of a file of the plan."""
        placed = self.elsewhere.get(file)
        return str(self._directories[file.space] / file.path if placed is None else placed)

    def part(self, number: int, elsewhere: Mapping[File, Path]) -> Workspace:
        """The same with a work space of its own, for one of several plans of a render."""
        work = self.work / str(number)
        work.mkdir()
        return evolve(self, work=work, elsewhere=elsewhere)

    def relative(self, text: str) -> str:
        """A program's message without the directories of this run."""
        for directory in (self.work, self.staging, self.source):
            text = text.replace(f"{directory}{os.sep}", "")
        return text

    @property
    def _directories(self) -> dict[Space, Path]:
        return {
            Space.SOURCE: self.source,
            Space.ROOT: Path("/"),
            Space.WORK: self.work,
            Space.OUT: self.staging,
        }


@contextmanager
def workspace(out: Path, source: Path) -> Iterator[Workspace]:
    """Create the directories for one render into `out`, which is created if it does not exist.

    Directories created for a render that fails are removed again.

    Raises:
        RenderError: MIX604, `out` cannot be created or written to.
    """
    made = [directory for directory in (out, *out.parents) if not directory.exists()]
    root = out.resolve() / f"{_RENDER}{secrets.token_hex(8)}"
    spaces = Workspace(source.resolve(), root / "work", root / "staging", out)
    with ExitStack() as stack:
        # Before anything exists, so that an interrupt at any moment leaves nothing.
        stack.callback(_clear, root, made)
        try:
            out.mkdir(parents=True, exist_ok=True)
            with _locked(out) as alone:
                if alone:
                    _sweep(out)
                root.mkdir(mode=0o700)
                stack.enter_context(_mark(root))
            spaces.work.mkdir()
            spaces.staging.mkdir()
        except OSError as error:
            raise not_writable(out, error) from error
        yield spaces


def publish(spaces: Workspace, names: Sequence[str]) -> tuple[Path, ...]:
    """Move all the named staged files to the output directory, or none; return their paths there.

    The last of them describes the others. An older file of its name goes before the first is
    replaced, so that it never describes other files, even if the process is killed. Renders into
    one directory publish one after the other.

    Raises:
        RenderError: MIX604; the output directory is as it was, as after any other exception.
    """
    kept = [spaces.staging.parent / "replaced" / str(number) for number in range(len(names))]
    moves = [(spaces.staging / n, spaces.out / n, k) for n, k in zip(names, kept, strict=True)]
    final = spaces.out
    try:
        with _locked(spaces.out):
            for staged, final, _ in moves:
                _flush(staged)
                if final.is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            try:
                _place(moves)
            except BaseException:
                with _uninterrupted():
                    _restore(moves)
                raise
    except OSError as error:
        raise not_writable(final, error) from error
    return tuple(final for _, final, _ in moves)


def _place(moves: Sequence[tuple[Path, Path, Path]]) -> None:
    """Rename staged files to their final names, the older files of those names aside."""
    *_, (_, described, kept) = moves
    kept.parent.mkdir()
    with suppress(FileNotFoundError):
        described.replace(kept)
    for staged, final, kept in moves:
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.exists():
            try:
                os.link(final, kept)  # the file stays in place until it is replaced
            except OSError:  # a file system without hard links
                final.replace(kept)
        staged.replace(final)


def _restore(moves: Sequence[tuple[Path, Path, Path]]) -> None:
    """Undo `_place`, however far it came."""
    for staged, final, kept in moves:
        if kept.exists():
            kept.replace(final)
        elif not staged.exists():
            final.unlink(missing_ok=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back the signals that end a render; only the main thread receives them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    handlers = {n: signal.signal(n, lambda number, _: held.append(number)) for n in _ENDING}
    try:
        yield
    finally:
        for ending, handler in handlers.items():
            signal.signal(ending, handler)
        for number in held[:1]:
            signal.raise_signal(number)


@contextmanager
def _locked(out: Path) -> Iterator[bool]:
    """Hold the lock of an output directory; False where the file system has no locks."""
    directory = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(directory)


def _mark(root: Path) -> IO[bytes]:
    """A locked file that marks an active render; the lock ends with the process."""
    mark = (root / _MARK).open("wb")
    with suppress(OSError):  # a file system without locks
        fcntl.flock(mark, fcntl.LOCK_EX)
    return mark


def _sweep(out: Path) -> None:
    """Remove the work directories of renders that were killed.

    Under the lock of the output directory, one without a mark is of a render that was killed before
    it had one.
    """
    for root in out.glob(f"{_RENDER}*/"):
        with suppress(OSError):
            try:
                with (root / _MARK).open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except FileNotFoundError:
                pass
            shutil.rmtree(root, ignore_errors=True)


def _clear(root: Path, made: list[Path]) -> None:
    """Remove the directory of a render, and those made for it that are empty, deepest first."""
    with _uninterrupted():
        shutil.rmtree(root, ignore_errors=True)
        for directory in made:
            with suppress(OSError):
                directory.rmdir()


def _flush(path: Path) -> None:
    """Write to disk before renaming: a crash must not leave a name without its content."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
