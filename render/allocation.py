"""Lets a process that is mixdown's own keep the memory that it frees, for the next block.

By default glibc returns the memory of a large array to the system when it is freed. The kernel then
clears every page of the next one again: half a million page faults for 45 minutes of audio, and a
second of CPU time. A program that uses mixdown as a library keeps its own settings.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

# mallopt(3), malloc.h of the GNU C library
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8

_KEPT = 32 << 20  # bytes: what the blocks of a render take together
_LARGE = 8 << 20  # bytes: more than one of them takes


def keep_freed_memory() -> None:
    """Set this for the process; C libraries other than glibc stay as they are."""
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_ARENA_MAX, 1)  # what one thread frees is there for the others
