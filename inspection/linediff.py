"""Unified diffs without context, fast for texts in which most lines come once.

The output is valid for `patch`, and minimal if no line is repeated, as in IR, where every line
starts with a unique name. The lines that come once in both texts are matched first: of them, the
longest common subsequence is the longest increasing sequence of positions, found in O(n log n)
(Hunt and Szymanski, CACM 20(5), 1977). Between two of these, difflib compares what is left, which
is quadratic.
"""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter
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
    start = other = 0
    for i, j in [*_common(a, b), (len(a), len(b))]:
        yield from _between(a[start:i], b[other:j], start, other)
        start, other = i + 1, j + 1


def _between(a: Sequence[str], b: Sequence[str], start: int, other: int) -> Iterator[Hunk]:
    """The hunks of a part of each text, which begin at these lines."""
    if not (a and b):
        if a or b:
            yield start, start + len(a), other, other + len(b)
        return
    for tag, *span in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag != "equal":
            yield start + span[0], start + span[1], other + span[2], other + span[3]


def _common(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """The positions of a longest common subsequence of the lines that come once in each."""
    once, place = _once(a), _once(b)
    pairs = [(i, place[line]) for line, i in once.items() if line in place]
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


def _once(lines: Sequence[str]) -> dict[str, int]:
    """The lines that are not repeated, with their positions, in order."""
    counts = Counter(lines)
    return {line: number for number, line in enumerate(lines) if counts[line] == 1}


def _range(start: int, end: int) -> str:
    """A range of lines in unified diff syntax: counted from 1; if empty, the line before it."""
    count = end - start
    first = start + 1 if count else start
    return f"{first}" if count == 1 else f"{first},{count}"
