"""Runs a graph into files, in spans of time; those made before are taken from earlier files.

With a store, the record of a span is kept under its key (`spans`): where its samples are in the
files, what their meters found, and the memory of streams and meters at its end. The next span needs
that memory for its own key, and to be rendered. So a render makes the same files, byte by byte,
whatever is in the store.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, NamedTuple, Protocol

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

_BEHIND = 3
"""Blocks: some take longer to make or to measure than others, and neither thread should wait."""


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
        making = pool_of(chosen, stack)
        written = [
            stack.enter_context(
                _FileStream.open(
                    graph, output, files[output.name], tags, meters, is_ahead=making is not None
                )
            )
            for output in graph.outputs
            if output.name in files
        ]
        if store is not None and not all(file.has_memory for file in written):
            store = None
        for file in written:
            file.keeps_parts(store is not None)
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
        block = block_size(self._graph, self._settings)
        facts = (*span, block, *kinds, self._windows.digest(span))
        return hashlib.sha256(repr((*facts, digest(self._memory))).encode()).hexdigest()

    def _reuse(self, span: TimeSpan, key: str) -> bool:
        """Take a span from the files of an earlier render; False if they are not there."""
        record = self._store.find(key) if self._store is not None else None
        if self._store is None or record is None:
            return False
        with ExitStack() as stack:
            open_ = partial(self._store.open, stack=stack)
            files = list(zip(self._files, record["parts"], strict=True))
            held = [file.find(part, span, open_) for file, part in files]
            found = [each for each in held if each is not None]
            if len(found) < len(files):
                return False
            for (file, part), each in zip(files, found, strict=True):
                file.adopt(part, each)
        self._run, self._memory = None, record["memory"]
        self._store.keep(key, self._record(record["parts"]))  # they are in newer files now
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
        """What is kept of a span, the parts of which are also in the files that are written now.

        The files before them count as well: these may never be complete.
        """
        assert self._store is not None
        for file, part in zip(self._files, parts, strict=True):
            place = {"name": self._store.name(file.path), "at": file.at}
            part["places"] = [place, *part["places"][:1]]
        return {"parts": parts, "memory": self._memory}


class HeldPart(NamedTuple):
    """A stretch of samples in a file that is open."""

    file: BinaryIO
    part: StoredPart


@define
class _FileStream:
    """A file that is being written and measured, on a thread of its own, if there are threads.

    It is at most `_BEHIND` blocks behind the mix. `at` is where its last span begins, as of a
    `StoredPart`.
    """

    value: str
    signal: Signal
    identity: str
    path: Path
    _writer: Writer
    _meter: WrittenMeter | None
    _thread: ThreadPoolExecutor | None
    _under_way: deque[Future[None]] = field(factory=deque, init=False)
    at: int = field(default=0, init=False)

    @classmethod
    @contextmanager
    def open(
        cls,
        graph: Graph,
        output: Output,
        path: Path,
        tags: Tags,
        meters: Mapping[Path, WrittenMeter],
        *,
        is_ahead: bool,
    ) -> Iterator[_FileStream]:
        """The file of an output, which is complete at the end.

        is_ahead: whether blocks are made while others are written.
        """
        signal, meter = graph.signals[output.name], meters.get(path)
        writer = WRITERS[output.container, output.encoding](path, signal, output.encoding, tags)
        measured = ""
        if meter is not None:
            meter.start(signal.rate, signal.channels, signal.length or 0)
            measured = meter.method
        identity = f"{output.container} {output.encoding} {measured}"
        with closing(writer), ExitStack() as stack:
            thread = stack.enter_context(ThreadPoolExecutor(1)) if is_ahead else None
            file = cls(output.operands[0], signal, identity, path, writer, meter, thread)
            yield file
            file.join()

    @property
    def has_memory(self) -> bool:
        """Whether spans of it can be taken from earlier files."""
        return self._meter is None or self._meter.has_memory

    def keeps_parts(self, are_kept: bool) -> None:
        """Say before the first block whether its spans will be kept, which takes checksums."""
        self._writer.has_checks = are_kept

    def take(self, block: Block) -> None:
        """Write the next block, or let it be written; raises what an earlier one raised."""
        end = max(block.start, min(block.end, self.signal.length or 0))
        samples = whole(block.pieces[self.value], block.start, end, self.signal.channels)
        if self._thread is None:
            self._write(samples)
            return
        self._wait(_BEHIND - 1)
        self._under_way.append(self._thread.submit(self._write, samples))

    def join(self) -> None:
        """Wait until all is written; raises what that raised."""
        self._wait(0)

    def _wait(self, left: int) -> None:
        while len(self._under_way) > left:
            self._under_way.popleft().result()

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
        self.at = part.at
        found = None if self._meter is None else self._meter.cut()
        return {"places": [], "check": part.check, "found": found}

    def find(
        self, part: Memory, span: TimeSpan, open_: Callable[[str], BinaryIO | None]
    ) -> HeldPart | None:
        """The first file that holds the samples of a span where its record says, unchanged."""
        count = max(min(span.end, self.signal.length or 0) - span.start, 0)
        for place in part["places"]:
            other, held = open_(place["name"]), StoredPart(place["at"], count, part["check"])
            if other is not None and self._writer.finds(other, held):
                return HeldPart(other, held)
        return None

    def adopt(self, part: Memory, held: HeldPart) -> None:
        """Take a span from a file that holds it."""
        self._writer.adopt(*held)
        self.at = self._writer.mark().at
        if self._meter is not None:
            self._meter.append(part["found"])
