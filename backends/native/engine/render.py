"""Runs a graph block by block through its streams, into files or into arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from os import cpu_count
from pathlib import Path
from typing import NamedTuple

import numpy as np
from attrs import field, frozen

from ....audio import FloatArray
from ....ir.graph import Graph
from ....ir.nodes import Bus, Output
from .build import build
from .files import WRITERS, Tags, Writer
from .piece import Piece, take, whole
from .sources import Locate, Sources, open_sources
from .streams import SharedStream

BLOCK = 1 << 15
"""Samples of a block: large enough that Python's overhead is small."""

MANY_TRACKS = 32
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
    settings: Settings | None = None,
    progress: Callable[[float], None] = lambda done: None,
) -> None:
    """Write the outputs of a graph in which every gain is known.

    Raises:
        OSError, soundfile.LibsndfileError: a file cannot be read or written.
    """
    outputs: dict[str, list[Writer]] = {o.operands[0]: [] for o in graph.outputs if o.name in files}
    with ExitStack() as stack:
        for output in graph.outputs:
            if output.name in files:
                writer = _writer(graph, output, files[output.name], tags)
                stack.callback(writer.close)
                outputs[output.operands[0]].append(writer)
        length = max(graph.signals[name].length or 0 for name in outputs)
        for block in blocks(graph, locate, outputs, settings=settings):
            for name, writers in outputs.items():
                signal = graph.signals[name]
                end = max(block.start, min(block.end, signal.length or 0))
                samples = whole(block.pieces[name], block.start, end, signal.channels)
                for writer in writers:
                    writer.write(samples)
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
    graph: Graph, locate: Locate, values: Iterable[str], *, settings: Settings | None = None
) -> Iterator[Block]:
    """The pieces of each value, block by block, to the end of the longest."""
    names = tuple(values)
    chosen = settings or Settings()
    with open_sources(locate, chosen.scratch) as sources:
        yield from _run(graph, sources, names, chosen)


def _run(
    graph: Graph, sources: Sources, names: tuple[str, ...], settings: Settings
) -> Iterator[Block]:
    length = max(graph.signals[name].length or 0 for name in names)
    tracks = {o: None for node in graph.nodes if isinstance(node, Bus) for o in node.operands}
    block = settings.block or block_for(len(tracks))
    built = build(graph, names, sources, tracks, block)
    ranges = [(a, min(a + block, length)) for a in range(0, length, block)]
    with ExitStack() as stack:
        workers = _Workers(built.ahead, settings.threads, stack)
        workers.start(ranges[0][1])
        for (start, end), (_, after) in zip(ranges, [*ranges[1:], ranges[-1]], strict=True):
            workers.join()
            workers.start(after)  # renders the next block's tracks during this one's mix
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
        if threads and len(tracks) > 0:
            self._pool = stack.enter_context(ThreadPoolExecutor(threads))

    def start(self, end: int) -> None:
        """Start rendering up to `end`."""
        if self._pool is not None:
            self._under_way = [self._pool.submit(track.make, end) for track in self._tracks]

    def join(self) -> None:
        """Wait until the started work is done; raises what a track raised."""
        for future in self._under_way:
            future.result()


def _writer(graph: Graph, output: Output, path: Path, tags: Tags) -> Writer:
    make = WRITERS[output.container, output.encoding]
    return make(path, graph.signals[output.name], output.encoding, tags)
