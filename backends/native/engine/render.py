"""Runs a graph block by block through its streams, into files or into arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from os import cpu_count
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np
from attrs import define, field, frozen

from ....audio import FloatArray
from ....ir.graph import Graph
from ....ir.node import Signal
from ....ir.nodes import Bus, Output
from .build import build
from .files import WRITERS, Tags, Writer
from .piece import Piece, take, whole
from .sources import Locate, Sources, open_sources
from .streams import SharedStream

BLOCK = 1 << 16
"""Samples of a block: large enough that Python's overhead, and the waits of threads for each other,
are small; a few blocks fit the cache that cores share."""

MANY_TRACKS = 16
"""Above this number of tracks blocks are shorter, which limits the memory of the lookahead."""

SHORTEST = 1 << 11


@frozen
class Settings:
    """Settings of a run; none of them changes a sample by more than rounding.

    Attributes:
        block: samples of a block; None: chosen by the number of tracks.
        threads: how many render tracks ahead; 0: everything is done on the caller's thread.
        scratch: the directory for large intermediates; None: the system's temporary directory.
    """

    block: int | None = None
    threads: int = field(factory=lambda: min(4, cpu_count() or 1))
    scratch: Path | None = None


class WrittenMeter(Protocol):
    """Measures a file as it is written."""

    def start(self, rate: int, channels: int, samples: int) -> None:
        """Begin a file of this type."""
        ...

    def feed(self, block: FloatArray) -> None:
        """Process the next samples, shape (channels, n), as readers of the file will get them."""
        ...


class Block(NamedTuple):
    """The piece of each value in [start, end)."""

    start: int
    end: int
    pieces: Mapping[str, Piece | None]


def render(
    graph: Graph,
    locate: Locate,
    files: Mapping[str, Path],
    *,
    tags: Tags = (),
    meters: Mapping[Path, WrittenMeter] = MappingProxyType({}),
    settings: Settings | None = None,
    progress: Callable[[float], None] = lambda done: None,
) -> None:
    """Write the outputs of a graph in which every gain is known.

    Raises:
        OSError, soundfile.LibsndfileError: a file cannot be read or written.
    """
    chosen = settings or Settings()
    with ExitStack() as stack:
        written = [
            stack.enter_context(_FileStream.open(graph, output, files[output.name], tags, meters))
            for output in graph.outputs
            if output.name in files
        ]
        length = max(file.signal.length or 0 for file in written)
        pool = _pool(chosen.threads, stack)
        values = dict.fromkeys(file.value for file in written)
        for block in blocks(graph, locate, values, settings=chosen):
            for file in written:
                file.take(block, pool)
            progress(block.end / length)


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
    tracks = {o: None for node in graph.nodes if isinstance(node, Bus) for o in node.operands}
    block = settings.block or block_for(len(tracks))
    built = build(graph, names, sources, tracks, block, begin)
    lead = [(a, min(a + block, 0)) for a in range(built.lead, 0, block)]
    ranges = [*lead, *((a, min(a + block, length)) for a in range(begin or 0, length, block))]
    with ExitStack() as stack:
        workers = _Workers(built.ahead, settings.threads, stack)
        workers.start(ranges[0][1])
        for (start, end), (_, after) in zip(ranges, [*ranges[1:], ranges[-1]], strict=True):
            workers.join()
            workers.start(after)  # renders the next block's tracks during this one's mix
            if end <= 0:
                for each in built.sliced:
                    each.drop(end)
                continue
            pieces = {name: take(stream, start, end) for name, stream in built.streams.items()}
            yield Block(start, end, pieces)
        workers.join()


def block_for(tracks: int) -> int:
    """The default size of a block for a number of tracks, in samples."""
    return max(SHORTEST, BLOCK * MANY_TRACKS // max(MANY_TRACKS, tracks))


class _Workers:
    """Threads that render tracks ahead of the master; numpy, scipy and soxr release the GIL."""

    def __init__(self, tracks: Sequence[SharedStream], threads: int, stack: ExitStack) -> None:
        self._tracks, self._pool = tracks, None
        self._under_way: list[Future[None]] = []
        if tracks:
            self._pool = _pool(threads, stack)

    def start(self, end: int) -> None:
        """Start rendering up to `end`."""
        if self._pool is not None:
            self._under_way = [self._pool.submit(track.make, end) for track in self._tracks]

    def join(self) -> None:
        """Wait until the started work is done; raises what a track raised."""
        for future in self._under_way:
            future.result()


def _pool(threads: int, stack: ExitStack) -> ThreadPoolExecutor | None:
    return stack.enter_context(ThreadPoolExecutor(threads)) if threads else None


@define
class _FileStream:
    """A file that is being written and measured: a block behind the mix, on another thread."""

    value: str
    signal: Signal
    _writer: Writer
    _meter: WrittenMeter | None
    _under_way: Future[None] | None = field(default=None, init=False)

    @classmethod
    @contextmanager
    def open(
        cls,
        graph: Graph,
        output: Output,
        path: Path,
        tags: Tags,
        meters: Mapping[Path, WrittenMeter],
    ) -> Iterator[_FileStream]:
        """The file of an output, which is complete at the end."""
        signal, meter = graph.signals[output.name], meters.get(path)
        writer = WRITERS[output.container, output.encoding](path, signal, output.encoding, tags)
        if meter is not None:
            meter.start(signal.rate, signal.channels, signal.length or 0)
        file = cls(output.operands[0], signal, writer, meter)
        try:
            yield file
            file.join()
        finally:
            writer.close()

    def take(self, block: Block, pool: ThreadPoolExecutor | None) -> None:
        """Write the next block, once the one before is written; raises what that raised."""
        end = max(block.start, min(block.end, self.signal.length or 0))
        samples = whole(block.pieces[self.value], block.start, end, self.signal.channels)
        self.join()
        if pool is None:
            self._write(samples)
        else:
            self._under_way = pool.submit(self._write, samples)

    def join(self) -> None:
        """Wait for the block that is being written; raises what it raised."""
        if self._under_way is not None:
            self._under_way.result()

    def _write(self, samples: FloatArray) -> None:
        stored = self._writer.write(samples)
        if self._meter is not None:
            self._meter.feed(stored)
