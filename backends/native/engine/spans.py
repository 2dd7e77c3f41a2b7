"""Spans of time: what each is made from, so that one that was made before is not made again.

A key of a span covers what sounds in it, and the memory of streams and meters at its start. All
samples and measurements of the span, and the memory at its end, follow from these. An edit changes
the keys of the spans that it touches, and of those after them until the memory is the same again,
bit by bit: filters forget, in seconds.

What sounds in a span is a digest of the part of the graph in a window of time: values that are
within it by their own digests, and those that extend beyond it by what they do there, and by their
names, which their memories have. So clips, keyframes and fades elsewhere do not count.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from attrs import evolve

from ....audio.biquad import CONTROL_INTERVAL
from ....audio.limiter import look_ahead
from ....ir import nodes as ir
from ....ir.digest import content, digests, encode, source_identity
from ....ir.finish import LONGEST_DITHERED_MS
from ....ir.graph import Graph
from ....ir.units import samples
from .streams import DROPPED

_EXTENTS = frozenset(
    {
        *(("clip", "length"), ("place", "start"), ("mix", "length")),
        *(("slice", "offset"), ("slice", "length")),
        *(("lane", "starts"), ("lane", "length")),
    }
)
"""Attributes, by kind, that say nothing about what a value is within a window."""


class TimeSpan(NamedTuple):
    """The samples [start, end) of every output."""

    start: int
    end: int


def spans_of(length: int, size: float, block: int) -> Sequence[TimeSpan]:
    """The spans of a mix: of about `size` samples, in whole blocks; the last may be shorter."""
    size = max(round(size / block), 1) * block
    return [TimeSpan(start, min(start + size, length)) for start in range(0, length, size)]


class Windows:
    """The digests of parts of a graph.

    Attributes:
        reach: how many samples after its end a span depends on, at most.
    """

    def __init__(self, graph: Graph, values: Iterable[str], block: int) -> None:
        """values: whose parts are of interest. block: the samples that the engine makes at once."""
        self._graph, self._values = graph, tuple(values)
        self._full = digests(graph)
        self._sources = {source.name: source_identity(source) for source in graph.sources}
        self._begins = _begins(graph)
        self.reach = _reach(graph, self._values, block)

    def digest(self, span: TimeSpan) -> str:
        """The digest of what sounds in a span, and shortly after it.

        Before the first span, what a slice leaves out counts too.
        """
        start = span.start if span.start else None
        window = _Window(start, span.end, span.end + self.reach)
        asked = self._asked(window)
        found: dict[tuple[str, int], str] = {}
        for node in self._graph.nodes:
            for origin in asked.get(node.name, ()):
                is_whole = self._is_whole(node, origin, window)
                parts = self._whole(node) if is_whole else self._part(node, origin, window, found)
                made = hashlib.sha256(b"".join(parts))
                found[node.name, origin] = made.hexdigest()
        ends = (found.get((value, 0), "") for value in self._values)
        return hashlib.sha256(encode(tuple(ends))).hexdigest()

    def _asked(self, window: _Window) -> Mapping[str, dict[int, None]]:
        """The origins of each value that sounds in a window."""
        asked: dict[str, dict[int, None]] = {}
        for value in self._values:
            if window.meets(self._begins[value], self._length(value)):
                asked[value] = {0: None}
        for node in reversed(self._graph.nodes):
            for origin in asked.get(node.name, ()):
                if not self._is_whole(node, origin, window):
                    for operand, start in self._sounding(node, origin, window):
                        asked.setdefault(operand, {})[start] = None
        return asked

    def _sounding(self, node: ir.Node, origin: int, window: _Window) -> Iterator[tuple[str, int]]:
        """The operands that sound in a window, with their origins."""
        for operand, start in zip(node.audio_operands, node.starts, strict=True):
            at = origin + start
            if window.meets(at + self._begins[operand], at + self._length(operand)):
                yield operand, at

    def _length(self, value: str) -> int:
        return self._graph.signals[value].length or 0

    def _is_whole(self, node: ir.Node, origin: int, window: _Window) -> bool:
        return window.contains(origin, origin + self._length(node.name))

    def _whole(self, node: ir.Node) -> Iterator[bytes]:
        yield encode(self._full[node.name])

    def _part(
        self,
        node: ir.Node,
        origin: int,
        window: _Window,
        found: Mapping[tuple[str, int], str],
    ) -> Iterator[bytes]:
        """What a node does in a window, with its name: memories are kept by names."""
        signal = self._graph.signals[node.name]
        end = min(origin + (signal.length or 0), window.end)
        yield encode((node.kind, node.name, signal.rate, signal.channels, origin, end))
        if isinstance(node, ir.Fade | ir.Crossfade):
            yield encode(signal.length or 0)  # from which a fade-out counts
        for attribute, value in content(node):
            if (node.kind, attribute.name) not in _EXTENTS:
                yield attribute.encoded
                if attribute.is_symbol:
                    yield self._sources.get(value, b"?")
                else:
                    is_line = attribute.name == "points"
                    yield encode(_points(value, origin, window) if is_line else value)
        for operand, start in self._sounding(node, origin, window):
            yield encode((start, found[operand, start]))


class _Window(NamedTuple):
    """The positions that a span depends on.

    Attributes:
        start: of the span; None: everything before its end.
        over: the end of the span, at which the memory is taken.
        end: up to which what is ahead of the span is read.
    """

    start: int | None
    over: int
    end: int

    def meets(self, start: int, end: int) -> bool:
        """Whether a range has positions in it."""
        return start < self.end and (self.start is None or end > self.start)

    def contains(self, start: int, end: int) -> bool:
        """Whether a range is over at the end of the span, and began in it."""
        return end <= self.over and (self.start is None or start >= self.start)


def _points(points: tuple[ir.Point, ...], origin: int, window: _Window) -> tuple[ir.Point, ...]:
    """The keyframes that decide the values in a window, in which coefficients begin earlier.

    Where a constant begins before the window, or ends after it, is of no account.
    """
    places = [point.at for point in points]
    begin, end = places[0], window.end - origin
    if window.start is not None:
        begin = window.start - origin - CONTROL_INTERVAL
    first = max(bisect_right(places, begin) - 1, 0)
    found = list(points[first : bisect_left(places, end) + 1])
    if found[0].at < begin and _is_constant(*found[:2]):
        found[0] = evolve(found[0], at=begin)
    if found[-1].at > end and len(found) > 1 and _is_constant(*found[-2:]):
        found[-1] = evolve(found[-1], at=end)
    return tuple(found)


def _is_constant(point: ir.Point, following: ir.Point | None = None) -> bool:
    """Whether an automation stays at the value of a point up to the one that follows, if any."""
    return following is None or (point.aim is None and point.value == following.value)


def _begins(graph: Graph) -> Mapping[str, int]:
    """Before which of its samples each value is silent."""
    filters = (ir.Filter, ir.FilterAutomation)
    found: dict[str, int] = {}
    for node in graph.nodes:
        found[node.name] = 0
        if node.operands and (node.linear_without_memory or isinstance(node, filters)):
            starts = zip(node.audio_operands, node.starts, strict=True)
            found[node.name] = max(min(start + found[name] for name, start in starts), 0)
    return found


def _reach(graph: Graph, values: Iterable[str], block: int) -> int:
    """How far ahead of the samples of values the engine reads, at most.

    Tracks are made in whole blocks; what looks ahead is fed as many samples at once as it is asked
    for, which are more than a block where a slice drops what precedes it.
    """
    if any(isinstance(node, ir.Slice) for node in graph.nodes):
        block = max(block, DROPPED)
    ahead = dict.fromkeys(values, 0)
    for node in reversed(graph.nodes):
        if node.name in ahead:
            reached = ahead[node.name] + _read_ahead(node, graph.signals[node.name].rate, block)
            for operand in node.operands:
                ahead[operand] = max(ahead.get(operand, 0), reached)
    return max(ahead.values()) + block


def _read_ahead(node: ir.Node, rate: int, block: int) -> int:
    if isinstance(node, ir.Dither):
        return samples(LONGEST_DITHERED_MS, rate)
    if isinstance(node, ir.Limiter):
        return block + look_ahead(rate)
    if node.follows_level:
        return block + getattr(node, "look_ahead", rate)  # a de-esser: 2.5 ms
    return 0
