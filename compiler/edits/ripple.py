"""Ripple: the map between the time of a timeline before its cuts and the time after them.

Promises: exact in samples, in both directions. The removed ranges are sorted, disjoint and not
adjacent, within the mix, and leave something of it. A crossfade is centred on the join and plays
removed samples only as far as it reaches; crossfades never meet in what is kept between two cuts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from attrs import evolve, frozen

Place = tuple[str | int, ...]

_RANGE = "range"
"""In place of the key of a cut, of what is left out because only a range is wanted."""


@frozen
class Removed:
    """Samples [start, end) of the old time, which are taken out.

    Attributes:
        start: the first sample.
        end: the first sample after it.
        fade: the length of the crossfade at the join, samples.
        reach: how far the crossfade is on either side of the join, samples; 0 where the mix fades
            in or out instead.
        cause: what removed it, such as "cut 3".
        place: of that in the timeline, by the keys that lead to it.
    """

    start: int
    end: int
    fade: int
    cause: str
    place: Place
    reach: int = 0

    @property
    def length(self) -> int:
        """How many samples are taken out."""
        return self.end - self.start


class Kept(NamedTuple):
    """Samples [start, end) of the old time, which stay, and what is removed on either side."""

    before: Removed | None
    start: int
    end: int
    after: Removed | None


@frozen
class Ripple:
    """The map of a timeline of `length` samples; `removed` as `ripple` makes it."""

    length: int
    removed: tuple[Removed, ...]

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        return tuple(each.start for each in self.removed)

    @cached_property
    def _joins(self) -> tuple[int, ...]:
        """Where each join is in the new time."""
        return tuple(r.start - gone for r, gone in zip(self.removed, self._gone, strict=False))

    @cached_property
    def _gone(self) -> tuple[int, ...]:
        """How much is removed before each removed range, and before the end."""
        return (0, *accumulate(each.length for each in self.removed))

    def new(self, at: int) -> int:
        """The new time of an old one; all of a removed range is at its join."""
        index = bisect_right(self._starts, at)
        if index == 0:
            return at
        last = self.removed[index - 1]
        return max(at, last.end) - self._gone[index]

    def old(self, at: int) -> int:
        """The old time of a new one; of a join, the time after what was removed."""
        return at + self._gone[bisect_right(self._joins, at)]

    def last(self, at: int) -> Removed | None:
        """What was removed last before a new time."""
        index = bisect_right(self._joins, at)
        return self.removed[index - 1] if index else None

    @property
    def new_length(self) -> int:
        """The length of the mix after the cuts."""
        return self.length - self._gone[-1]

    def touching(self, start: int, end: int) -> tuple[Removed, ...]:
        """The removed ranges that have samples in [start, end) of the old time."""
        first = bisect_right(self._starts, start)
        if first and self.removed[first - 1].end > start:
            first -= 1
        return self.removed[first : bisect_left(self._starts, end)]

    def kept(self, start: int, end: int) -> Iterator[Kept]:
        """The kept ranges that have samples in [start, end) of the old time, in order."""
        first = bisect_right(self._starts, start)
        for index in range(max(first - 1, 0), len(self.removed) + 1):
            before = self.removed[index - 1] if index else None
            after = self.removed[index] if index < len(self.removed) else None
            kept = Kept(
                before,
                0 if before is None else before.end,
                self.length if after is None else after.start,
                after,
            )
            if kept.start >= end:
                return
            if kept.end > max(kept.start, start):
                yield kept


def ripple(removed: Iterable[Removed], length: int) -> Ripple:
    """The map of removed ranges in any order, which may overlap or leave the mix.

    Ranges that overlap or touch become one. A crossfade is at most as long as what is removed, and
    takes at most half of what is kept on either side. At the start or the end of the mix there is
    no join: the mix fades in or out over the crossfade.
    """
    merged: list[Removed] = []
    within = (evolve(r, start=max(r.start, 0), end=min(r.end, length)) for r in removed)
    for each in sorted((r for r in within if r.length > 0), key=lambda r: (r.start, r.end)):
        if merged and each.start <= merged[-1].end:
            last = merged[-1]
            merged[-1] = evolve(
                last,
                end=max(last.end, each.end),
                fade=max(last.fade, each.fade),
                cause=last.cause if each.cause == last.cause else f"{last.cause}, {each.cause}",
            )
        else:
            merged.append(each)
    starts = [*(each.start for each in merged[1:]), length]
    ends = [0, *(each.end for each in merged)]
    return Ripple(
        length,
        tuple(
            _joined(each, each.start - before, after - each.end, length)
            for each, before, after in zip(merged, ends, starts, strict=False)
        ),
    )


def only(first: int, last: int, length: int, cause: str) -> Ripple:
    """The map that keeps samples [first, last) of a mix, without fades."""
    return ripple(outside(first, last, length, cause), length)


def outside(first: int, last: int, length: int, cause: str) -> Iterator[Removed]:
    """What is before samples [first, last) of a mix, and after them."""
    yield Removed(0, first, 0, cause, (_RANGE,))
    yield Removed(last, length, 0, cause, (_RANGE,))


def _joined(each: Removed, before: int, after: int, length: int) -> Removed:
    """A removed range with its crossfade, between kept ranges of these lengths."""
    most = min((kept // 2 for kept in (before, after) if kept), default=0)
    if each.start == 0 or each.end == length:
        return evolve(each, fade=min(each.fade, most))
    reach = min(each.fade // 2, each.length // 2, most)
    return evolve(each, fade=2 * reach, reach=reach)
