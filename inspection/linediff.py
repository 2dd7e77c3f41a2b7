"""Unified diffs of texts, without context, quick for texts in which hardly a line comes twice.

Promises: a diff that `patch` understands, with as few lines as can be where no line is repeated,
which is so for IR: every line begins with a name of its own. There the longest common subsequence
is the longest increasing run of positions, found in O(n log n) (Hunt and Szymanski, CACM 20(5),
1977); difflib, which is quadratic, does the rest.
"""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Iterator, Sequence

# Lines [a, b) of the old text became lines [c, d) of the new one.
Hunk = tuple[int, int, int, int]


def unified(old: str, new: str, names: tuple[str, str] | None = None) -> str:
    """The diff, each line ended by a line feed; "" where the texts are equal.

    Args:
        old: the first text.
        new: the second.
        names: what the two are called, for a head of two lines; None: no head.
    """
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
    """The positions of a longest common subsequence of lines that come once each."""
    place = {line: j for j, line in enumerate(b)}
    pairs = [(i, place[line]) for i, line in enumerate(a) if line in place]
    ends: list[int] = []  # the least last position of a run of each length
    last: list[int] = []  # and the pair that it ends with
    before: list[int] = []  # the pair before each pair in its run; -1: none
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
    """A range of lines as unified diffs write it: counted from 1, the line before where empty."""
    count = end - start
    first = start + 1 if count else start
    return f"{first}" if count == 1 else f"{first},{count}"
