"""Runs a graph into files, in spans of time; those made before are taken from earlier files.

With a store, the record of a span is kept under its key (`spans`): where its samples are in the
files, what their meters found, and the memory of streams and meters at its end. The next span needs
that memory for its own key, and to be rendered. So a render makes the same files, byte by byte,
whatever is in the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Protocol

from attrs import define, field

from ....audio import FloatArray
from ....audio.memory import Memory, digest
from ....ir.graph import Graph
from ....ir.node import Signal
from ....ir.nodes import Output
from .files import WRITERS, StoredPart, Tags, Writer
from .piece import whole
from .render import Block, EngineRun, Settings, block_size, pool_of
from .sources import Locate, Sources, open_sources
from .spans import TimeSpan, Windows, spans_of


class WrittenMeter(Protocol):
    """Measures a file as it is written."""

    @property
    def method(self) -> str:
        """What it measures, and how."""
        ...

    @property
    def has_memory(self) -> bool:
        """Whether its memory can be taken, once it was started; not after it refused samples."""
        ...

    def start(self, rate: int, channels: int, samples: int) -> None:
        """Begin a file of this type."""
        ...

    def feed(self, block: FloatArray) -> None:
        """Process the next samples, shape (channels, n), as readers of the file will get them."""
        ...

    def memory(self) -> Memory:
        """What it must know of the past to go on."""
        ...

    def restore(self, memory: Memory) -> None:
        """Go on where another meter was."""
        ...

    def cut(self) -> Memory:
        """What was found since the last cut, on which nothing later depends."""
        ...

    def append(self, found: Memory) -> None:
        """Add what another meter found in the next span."""
        ...


class SpanStore(Protocol):
    """Keeps what was made of spans."""

    def find(self, key: str) -> Memory | None:
        """The record that was kept under a key."""
        ...

    def keep(self, key: str, record: Memory) -> None:
        """Keep a record under a key."""
        ...

    def open(self, name: str, stack: ExitStack) -> BinaryIO | None:
        """A file that is kept, by the name that a record has for it, until the stack is closed."""
        ...

    def name(self, path: Path) -> str:
        """The name under which a file that is being written will be kept."""
        ...

    def used(self, span: TimeSpan, *, reused: bool) -> None:
        """Take note of whether a span was taken from earlier files."""
        ...


def render(
    graph: Graph,
    locate: Locate,
    files: Mapping[str, Path],
    *,
    tags: Tags = (),
    meters: Mapping[Path, WrittenMeter] = MappingProxyType({}),
    settings: Settings | None = None,
    store: SpanStore | None = None,
    progress: Callable[[float], None] = lambda done: None,
) -> None:
    """Write the outputs of a graph in which every gain is known.

    Raises:
        OSError, soundfile.LibsndfileError: a file cannot be read or written.
    """
    chosen = settings or Settings()
    with ExitStack() as stack:
        sources = stack.enter_context(open_sources(locate, chosen.scratch))
        writing, making = pool_of(chosen, stack), pool_of(chosen, stack)
        written = [
            stack.enter_context(
                _FileStream.open(graph, output, files[output.name], tags, meters, writing)
            )
            for output in graph.outputs
            if output.name in files
        ]
        if store is not None and not all(file.has_memory for file in written):
            store = None
        _SpannedRender(graph, sources, written, chosen, making, store).run(progress)


@define
class _SpannedRender:
    """Renders spans, or takes them from files; the memory passes from each to the next."""

    _graph: Graph
    _sources: Sources
    _files: Sequence[_FileStream]
    _settings: Settings
    _pool: ThreadPoolExecutor | None
    _store: SpanStore | None
    _windows: Windows = field(init=False)
    _run: EngineRun | None = field(default=None, init=False)
    _memory: Memory = field(default=None, init=False)

    @_windows.default
    def _make_windows(self) -> Windows:
        return Windows(self._graph, self._values, block_size(self._graph, self._settings))

    @property
    def _values(self) -> Sequence[str]:
        return tuple(dict.fromkeys(file.value for file in self._files))

    def run(self, progress: Callable[[float], None]) -> None:
        """Complete the files."""
        length = max(file.signal.length or 0 for file in self._files)
        block, rate = block_size(self._graph, self._settings), self._files[0].signal.rate
        for span in spans_of(length, self._settings.span_s * rate, block):
            key = self._key(span) if self._store is not None else ""
            is_known = self._reuse(span, key)
            if not is_known:
                self._render(span, lambda end: progress(end / length))
                self._keep(span, key)
            if self._store is not None:
                self._store.used(span, reused=is_known)
            progress(span.end / length)
        self._restore_meters()

    def _key(self, span: TimeSpan) -> str:
        kinds = [file.identity for file in self._files]
        facts = (*span, self._settings.block, *kinds, self._windows.digest(span))
        return hashlib.sha256(repr((*facts, digest(self._memory))).encode()).hexdigest()

    def _reuse(self, span: TimeSpan, key: str) -> bool:
        """Take a span from the files of an earlier render; False if they are not there."""
        record = self._store.find(key) if self._store is not None else None
        if self._store is None or record is None:
            return False
        with ExitStack() as stack:
            earlier = [self._store.open(part["name"], stack) for part in record["parts"]]
            parts = list(zip(self._files, earlier, record["parts"], strict=True))
            if not all(file.finds(other, part, span) for file, other, part in parts):
                return False
            adopted = [file.adopt(other, part, span) for file, other, part in parts if other]
        self._run, self._memory = None, record["memory"]
        self._store.keep(key, self._record(adopted))  # they are in newer files now
        return True

    def _render(self, span: TimeSpan, progress: Callable[[int], None]) -> None:
        if self._run is None:
            self._restore_meters()
            streams = None if self._memory is None else self._memory["streams"]
            self._run = EngineRun(
                self._graph, self._values, self._sources, self._settings, self._pool, memory=streams
            )
        for block in self._run.blocks(*span):
            for file in self._files:
                file.take(block)
            progress(block.end)
        for file in self._files:
            file.join()

    def _restore_meters(self) -> None:
        """Let the meters go on after spans that they were not fed."""
        if self._run is None and self._memory is not None:
            for file, memory in zip(self._files, self._memory["meters"], strict=True):
                file.restore(memory)

    def _keep(self, span: TimeSpan, key: str) -> None:
        """Cut the files at the end of a span, and keep its record."""
        parts = [file.cut() for file in self._files]
        if self._store is None or self._run is None:
            return
        self._memory = {
            "streams": self._run.memory(span.end, span.end + self._windows.reach),
            "meters": [file.memory() for file in self._files],
        }
        if all(file.has_memory for file in self._files):
            self._store.keep(key, self._record(parts))

    def _record(self, parts: Sequence[Memory]) -> Memory:
        """What is kept of a span whose parts are in the files that are being written."""
        assert self._store is not None
        names = [self._store.name(file.path) for file in self._files]
        named = [{**part, "name": name} for part, name in zip(parts, names, strict=True)]
        return {"parts": named, "memory": self._memory}


@define
class _FileStream:
    """A file that is being written and measured: a block behind the mix, on another thread."""

    value: str
    signal: Signal
    identity: str
    path: Path
    _writer: Writer
    _meter: WrittenMeter | None
    _pool: ThreadPoolExecutor | None
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
        pool: ThreadPoolExecutor | None,
    ) -> Iterator[_FileStream]:
        """The file of an output, which is complete at the end."""
        signal, meter = graph.signals[output.name], meters.get(path)
        writer = WRITERS[output.container, output.encoding](path, signal, output.encoding, tags)
        measured = ""
        if meter is not None:
            meter.start(signal.rate, signal.channels, signal.length or 0)
            measured = meter.method
        identity = f"{output.container} {output.encoding} {measured}"
        file = cls(output.operands[0], signal, identity, path, writer, meter, pool)
        try:
            yield file
            file.join()
        finally:
            writer.close()

    @property
    def has_memory(self) -> bool:
        """Whether spans of it can be taken from earlier files."""
        return self._meter is None or self._meter.has_memory

    def take(self, block: Block) -> None:
        """Write the next block, once the one before is written; raises what that raised."""
        end = max(block.start, min(block.end, self.signal.length or 0))
        samples = whole(block.pieces[self.value], block.start, end, self.signal.channels)
        self.join()
        if self._pool is None:
            self._write(samples)
        else:
            self._under_way = self._pool.submit(self._write, samples)

    def join(self) -> None:
        """Wait for the block that is being written; raises what it raised."""
        if self._under_way is not None:
            self._under_way.result()

    def _write(self, samples: FloatArray) -> None:
        stored = self._writer.write(samples)
        if self._meter is not None:
            self._meter.feed(stored)

    def memory(self) -> Memory:
        """That of its meter."""
        return None if self._meter is None else self._meter.memory()

    def restore(self, memory: Memory) -> None:
        """Let its meter go on where another was."""
        if self._meter is not None:
            self._meter.restore(memory)

    def cut(self) -> Memory:
        """The record of the span that ends here: where it is, and what was found in it."""
        part = self._writer.mark()
        found = None if self._meter is None else self._meter.cut()
        return {"at": part.at, "check": part.check, "found": found}

    def finds(self, other: BinaryIO | None, part: Memory, span: TimeSpan) -> bool:
        """Whether a file holds the samples of a span where its record says, unchanged."""
        held = StoredPart(part["at"], self._count(span), part["check"])
        return other is not None and self._writer.finds(other, held)

    def adopt(self, other: BinaryIO, part: Memory, span: TimeSpan) -> Memory:
        """Take a span from a file that holds it, and return its record in this file."""
        self._writer.adopt(other, StoredPart(part["at"], self._count(span), part["check"]))
        if self._meter is not None:
            self._meter.append(part["found"])
        return {**part, "at": self._writer.mark().at}

    def _count(self, span: TimeSpan) -> int:
        return max(min(span.end, self.signal.length or 0) - span.start, 0)
