"""Runs a graph block by block through its streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from os import cpu_count
from pathlib import Path
from typing import NamedTuple

import numpy as np
from attrs import field, frozen

from ....audio import FloatArray
from ....audio.memory import Memory, memory_of, restored
from ....ir.graph import Graph
from ....ir.nodes import Bus
from .build import build
from .piece import Piece, take
from .sources import Locate, Sources, open_sources
from .streams import SharedStream

BLOCK = 1 << 17
"""Samples of a block: large enough that Python's overhead, and the waits of threads for each other,
are small; a few blocks fit the cache that cores share. Whole seconds if that is one or more, which
meters take without copies."""

MANY_TRACKS = 8
"""Above this number of tracks blocks are shorter, which limits the memory of the lookahead."""

SHORTEST = 1 << 11


@frozen
class Settings:
    """Settings of a run; none of them changes a sample by more than rounding.

    Attributes:
        block: samples of a block; None: chosen by the number of tracks.
        threads: how many render tracks ahead; 0: everything is done on the caller's thread.
        scratch: the directory for large intermediates; None: the system's temporary directory.
        span_s: seconds of a span, which is taken as a whole from earlier files: long enough that
            the memory at its end is little beside its samples, short enough that an edit costs
            little.
    """

    block: int | None = None
    threads: int = field(factory=lambda: min(4, cpu_count() or 1))
    scratch: Path | None = None
    span_s: float = 60.0


class Block(NamedTuple):
    """The piece of each value in [start, end)."""

    start: int
    end: int
    pieces: Mapping[str, Piece | None]


def evaluate(
    graph: Graph, locate: Locate, values: Iterable[str], settings: Settings | None = None
) -> dict[str, FloatArray]:
    """Whole values, shape (channels, n), as `reference.evaluate` returns them."""
    names = tuple(values)
    found = {}
    for name in names:
        signal = graph.signals[name]
        found[name] = np.zeros((signal.channels, signal.length or 0))
    for block in blocks(graph, locate, names, settings=settings):
        for name, piece in block.pieces.items():
            if piece is not None:
                found[name][:, piece.start : piece.end] = piece.samples
    return found


def blocks(
    graph: Graph,
    locate: Locate,
    values: Iterable[str],
    *,
    settings: Settings | None = None,
    begin: int | None = None,
) -> Iterator[Block]:
    """The pieces of each value, block by block, to the end of the longest.

    With `begin`, from this sample on: filters and dynamics begin there as if silence preceded.
    """
    names = tuple(values)
    chosen = settings or Settings()
    with open_sources(locate, chosen.scratch) as sources:
        yield from _run(graph, sources, names, chosen, begin)


def _run(
    graph: Graph, sources: Sources, names: tuple[str, ...], settings: Settings, begin: int | None
) -> Iterator[Block]:
    length = max(graph.signals[name].length or 0 for name in names)
    with ExitStack() as stack:
        run = EngineRun(graph, names, sources, settings, pool_of(settings, stack), begin=begin)
        yield from run.blocks(begin or 0, length)


class EngineRun:
    """The streams of some values, read block by block from one position on."""

    def __init__(
        self,
        graph: Graph,
        names: Sequence[str],
        sources: Sources,
        settings: Settings,
        pool: ThreadPoolExecutor | None,
        *,
        begin: int | None = None,
        memory: Memory = None,
    ) -> None:
        """begin: see `blocks`. memory: of another run, which this one goes on with."""
        self.block = block_size(graph, settings)
        self._built = build(graph, names, sources, tracks_of(graph), self.block, begin)
        self._workers = _Workers(self._built.ahead, pool)
        self._lead = self._built.lead if memory is None else 0
        for name, part in (memory or {}).items():
            restored(self._built.parts[name], part)

    def blocks(self, start: int, end: int) -> Iterator[Block]:
        """The blocks of [start, end), where the last ones ended, and what precedes a slice."""
        ranges = [
            *((a, min(a + self.block, 0)) for a in range(self._lead, 0, self.block)),
            *((a, min(a + self.block, end)) for a in range(start, end, self.block)),
        ]
        self._lead = 0
        self._workers.start(ranges[0][1] if ranges else start)
        for (first, last), (_, after) in zip(ranges, [*ranges[1:], *ranges[-1:]], strict=True):
            self._workers.join()
            self._workers.start(after)  # renders the next block's tracks during this one's mix
            if last <= 0:
                for each in self._built.sliced:
                    each.drop(last)
                continue
            streams = self._built.streams.items()
            yield Block(first, last, {name: take(stream, first, last) for name, stream in streams})
        self._workers.join()

    def memory(self, start: int, end: int) -> Memory:
        """What the streams that sound in [start, end) know of what was before `start`."""
        known: dict[str, Memory] = {}
        seen: set[int] = set()
        for name, part in self._built.parts.items():
            stream = part.stream if isinstance(part, SharedStream) else part
            has_memory = hasattr(part, "MEMORY") and stream.start < end and stream.end > start
            if has_memory and id(part) not in seen:
                seen.add(id(part))
                known[name] = memory_of(part)
        return known


def tracks_of(graph: Graph) -> Sequence[str]:
    """The values that can be made ahead of the mix: those of which buses are the sum."""
    return tuple({o: None for node in graph.nodes if isinstance(node, Bus) for o in node.operands})


def block_size(graph: Graph, settings: Settings) -> int:
    """The samples of a block."""
    rate = graph.signals[graph.nodes[0].name].rate
    return settings.block or block_for(len(tracks_of(graph)), rate)


def block_for(tracks: int, rate: int) -> int:
    """The default size of a block for a number of tracks at a rate, in samples."""
    most = max(SHORTEST, BLOCK * MANY_TRACKS // max(MANY_TRACKS, tracks))
    return most // rate * rate or most


class _Workers:
    """Threads that render tracks ahead of the master; numpy, scipy and soxr release the GIL."""

    def __init__(self, tracks: Sequence[SharedStream], pool: ThreadPoolExecutor | None) -> None:
        self._tracks, self._pool = tracks, pool
        self._under_way: list[Future[None]] = []

    def start(self, end: int) -> None:
        """Start rendering up to `end`."""
        if self._pool is not None:
            self._under_way = [self._pool.submit(track.make, end) for track in self._tracks]

    def join(self) -> None:
        """Wait until the started work is done; raises what a track raised."""
        for future in self._under_way:
            future.result()


def pool_of(settings: Settings, stack: ExitStack) -> ThreadPoolExecutor | None:
    """The threads of a run, which end with the stack."""
    return stack.enter_context(ThreadPoolExecutor(settings.threads)) if settings.threads else None
