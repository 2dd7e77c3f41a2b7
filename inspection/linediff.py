"""Unified diffs without context, fast for texts without repeated lines.

The output is valid for `patch`, and minimal if no line is repeated, as in IR, where every line
starts with a unique name. Then the longest common subsequence is the longest increasing sequence of
positions, found in O(n log n) (Hunt and Szymanski, CACM 20(5), 1977). Other texts use difflib,
which is quadratic.
"""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Iterator, Sequence

# Lines [a, b) of the old text became lines [c, d) of the new one.
Hunk = tuple[int, int, int, int]


def unified(old: str, new: str, names: tuple[str, str] | None = None) -> str:
    """The diff, with a line feed after each line; "" if the texts are equal."""
    a, b = old.splitlines(), new.splitlines()
    lines: list[str] = []
    for start, end, other, last in hunks(a, b):
        lines.append(f"@@ -{_range(start, end)} +{_range(other, last)} @@")
        lines += [f"-{line}" for line in a[start:end]] + [f"+{line}" for line in b[other:last]]
    if lines and names is not None:
        lines[:0] = [f"--- {names[0]}", f"+++ {names[1]}"]
    return "".join(f"{line}\n" for line in lines)


def hunks(a: Sequence[str], b: Sequence[str]) -> Iterator[Hunk]:
    """The runs of lines that differ, in order."""
    if len(set(a)) < len(a) or len(set(b)) < len(b):
        for tag, *span in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
            if tag != "equal":
                yield span[0], span[1], span[2], span[3]
        return
    start = other = 0
    for i, j in [*_common(a, b), (len(a), len(b))]:
        if (start, other) != (i, j):
            yield start, i, other, j
        start, other = i + 1, j + 1


def _common(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """The positions of a longest common subsequence of lines without repetition."""
    place = {line: j for j, line in enumerate(b)}
    pairs = [(i, place[line]) for i, line in enumerate(a) if line in place]
    ends: list[int] = []  # the smallest last position of a sequence of each length
    last: list[int] = []  # and its last pair
    before: list[int] = []  # the predecessor of each pair in its sequence; -1: none
    for index, (_, j) in enumerate(pairs):
        length = bisect_left(ends, j)
        ends[length : length + 1] = [j]
        last[length : length + 1] = [index]
        before.append(last[length - 1] if length else -1)
    found: list[tuple[int, int]] = []
    index = last[-1] if last else -1
    while index >= 0:
        found.append(pairs[index])
        index = before[index]
    return found[::-1]


def _range(start: int, end: int) -> str:
    """A range of lines in unified diff syntax: counted from 1; if empty, the line before it."""
    count = end - start
    first = start + 1 if count else start
    return f"{first}" if count == 1 else f"{first},{count}"
