"""Runs a graph: block by block through its streams, into files or into the caller's hands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from os import cpu_count
from pathlib import Path
from typing import NamedTuple

from attrs import field, frozen

from ....ir.graph import Graph
from ....ir.nodes import Bus, Output
from ..dsp.arrays import FloatArray
from .build import build
from .files import WRITERS, Tags, Writer
from .piece import Piece, take, whole
from .sources import Locate, Sources, open_sources

BLOCK = 1 << 15
"""Samples of a block: big enough that Python's part in the work is small."""


@frozen
class Settings:
    """How a run is done; none of it changes a sample by more than rounding.

    Attributes:
        block: samples of a block.
        threads: how many make tracks ahead of time; 0: everything is done on the caller's thread.
        scratch: where big intermediates may lie; None: the system's directory for such.
    """

    block: int = BLOCK
    threads: int = field(factory=lambda: min(4, cpu_count() or 1))
    scratch: Path | None = None


class Block(NamedTuple):
    """What sounds of each value in [start, end)."""

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

    Args:
        graph: a sound graph.
        locate: from a source to its path.
        files: where to write each output, by its name.
        tags: metadata for every file.
        settings: of the run; None: the usual.
        progress: is told how much is done, 0 to 1.

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
    """Whole values, shape (channels, n), as `reference.evaluate` gives them."""
    names = tuple(values)
    found = {}
    for name in names:
        signal = graph.signals[name]
        found[name] = whole(None, 0, signal.length or 0, signal.channels)
    for block in blocks(graph, locate, names, settings=settings):
        for name, piece in block.pieces.items():
            if piece is not None:
                found[name][:, piece.start : piece.end] = piece.samples
    return found


def blocks(
    graph: Graph, locate: Locate, values: Iterable[str], *, settings: Settings | None = None
) -> Iterator[Block]:
    """What sounds of each value, block after block, to the end of the longest."""
    names = tuple(values)
    chosen = settings or Settings()
    with open_sources(locate, chosen.scratch) as sources:
        yield from _run(graph, sources, names, chosen)


def _run(
    graph: Graph, sources: Sources, names: tuple[str, ...], settings: Settings
) -> Iterator[Block]:
    length = max(graph.signals[name].length or 0 for name in names)
    tracks = {o for node in graph.nodes if isinstance(node, Bus) for o in node.operands}
    built = build(graph, names, sources, tracks if settings.threads else ())
    ranges = [(a, min(a + settings.block, length)) for a in range(0, length, settings.block)]
    with ExitStack() as stack:
        pool = None
        if settings.threads:
            pool = stack.enter_context(ThreadPoolExecutor(settings.threads))
        for start, end in ranges:
            if pool is not None:
                made = [pool.submit(shared.make, end) for shared in built.ahead]
                wait(made)
                for future in made:
                    future.result()
            pieces = {name: take(stream, start, end) for name, stream in built.streams.items()}
            yield Block(start, end, pieces)


def _writer(graph: Graph, output: Output, path: Path, tags: Tags) -> Writer:
    make = WRITERS[output.container, output.encoding]
    return make(path, graph.signals[output.name], output.encoding, tags)
