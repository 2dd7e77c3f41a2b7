"""Waits for files to change.

Promises: a change is seen within a second, whatever made it: files are compared by their state on
disk, which works on every file system. Files that are being written are waited for. Those that do
not exist count, too: that one appears is a change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from ..media.identity import Identity, identify

_BETWEEN_S = 0.25
_AT_REST_S = 0.2


def changes(files: Callable[[], Collection[Path]]) -> Iterator[None]:
    """Yield at once, and again whenever one of the files has changed and is at rest.

    Args:
        files: which; called before each yield, and again if they are not at rest, because a
            document that is being written does not name all of its files.
    """
    while True:
        watched = files()
        seen = _states(watched)
        time.sleep(_AT_REST_S)
        if list(files()) != list(watched) or seen != _states(watched):
            continue
        yield
        while seen == _states(watched):
            time.sleep(_BETWEEN_S)


def _states(files: Collection[Path]) -> list[Identity | None]:
    return [_state(file) for file in files]


def _state(file: Path) -> Identity | None:
    try:
        return identify(file)
    except (OSError, ValueError):
        return None
