"""The kinds of streams that a graph becomes.

Each applies its node's function in `reference` to the piece of a block that is not silent, and
keeps its state for the next. Ranges may have any length of at least one sample. A stream that is
given the memory of another of the same node (audio/memory.py) goes on where that one was.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Protocol

import numpy as np

from ....audio import FloatArray, distinct, is_dual
from ....audio.dither import SilenceGate
from ....ir.nodes import Source
from .piece import Piece, Stream, add, dual, joined, silence, take, whole
from .sources import Reader, Sources

DROPPED = 1 << 16
"""Samples that are made at once to be dropped."""

Change = Callable[[FloatArray, int], FloatArray]
"""(samples, the position of the first, counted from the value's own start) -> samples."""


class Biquad(Protocol):
    """The interface of the filters in audio/biquad.py."""

    @property
    def is_still(self) -> bool:
        """Whether silent input gives silent output."""
        ...

    @property
    def is_alike(self) -> bool:
        """Whether it would filter all channels alike, so that it may receive only one."""
        ...

    def skip(self, count: int) -> None:
        """Skip silence; allowed only if `is_still`."""
        ...

    def process(self, block: FloatArray) -> FloatArray:
        """Filter the next samples."""
        ...


class Processor(Protocol):
    """The interface of the limiter, and of compressor, gate and de-esser."""

    def process(self, block: FloatArray) -> FloatArray:
        """Process the next samples, shape (channels, n); return those ready, (channels, m)."""
        ...

    def flush(self) -> FloatArray:
        """The remaining samples."""
        ...


class Empty:
    """Silence."""

    def __init__(self, channels: int, at: int) -> None:
        self.channels, self.start, self.end = channels, at, at

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        return None


class Played:
    """A range of a source; its file is open only while it plays."""

    def __init__(
        self, sources: Sources, source: Source, rate: int, offset: int, start: int, end: int
    ) -> None:
        """offset: the source sample, at `rate`, that plays at `start`."""
        self.channels, self.start, self.end = source.channels, start, end
        self._open: Callable[[], Reader] = lambda: sources.open(source, rate, offset)
        self._reader: Reader | None = None

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        if self._reader is None:
            self._reader = self._open()
            self._reader.skip(start - self.start)
        samples = self._reader.read(end - start)
        if end == self.end:
            self._reader.close()
            self._reader = None  # a resampler holds half a megabyte
        return Piece(start, samples)


class Changed:
    """A function of each sample, which leaves silence silent."""

    def __init__(
        self,
        operand: Stream,
        change: Change,
        channels: int,
        origin: int,
        end: int,
        *,
        alike: bool = False,
    ) -> None:
        """alike: whether the function is the same for every channel."""
        self._alike = alike
        self.channels, self.start, self.end = channels, operand.start, min(operand.end, end)
        self._operand, self._change, self._origin = operand, change, origin

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        piece = self._operand.pull(start, end)
        if piece is None:
            return None
        samples = distinct(piece.samples) if self._alike else piece.samples
        changed = self._change(samples, piece.start - self._origin)
        return Piece(piece.start, dual(changed, self.channels))


class Filtered:
    """A filter, which rings on after the end of its operand; after its decay it costs nothing."""

    MEMORY = ("_biquad",)

    def __init__(self, operand: Stream, biquad: Biquad, origin: int, end: int) -> None:
        """origin: the position of sample 0 of the value and of the filter."""
        self.channels, self.start = operand.channels, operand.start
        self.end = end if operand.start < operand.end else operand.start
        self._operand, self._biquad = operand, biquad
        biquad.skip(self.start - origin)

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        piece = take(self._operand, start, end)
        if piece is None and self._biquad.is_still:
            self._biquad.skip(end - start)
            return None
        samples = whole(piece, start, end, self.channels)
        if is_dual(samples) and self._biquad.is_alike:
            return Piece(start, dual(self._biquad.process(samples[:1]), self.channels))
        return Piece(start, self._biquad.process(samples))


class Summed:
    """The sum of its operands in their order; silent ones are not read."""

    def __init__(self, operands: Sequence[Stream], channels: int, origin: int, end: int) -> None:
        self._operands = [o for o in operands if o.start < o.end]
        self.channels = channels
        self.start = min((o.start for o in self._operands), default=origin)
        self.end = min(end, max((o.end for o in self._operands), default=origin))
        self._waiting = sorted(
            range(len(self._operands)), key=lambda i: self._operands[i].start, reverse=True
        )
        self._sounding: list[int] = []  # in the order of the sum

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        operands = self._operands
        while self._waiting and operands[self._waiting[-1]].start < end:
            insort(self._sounding, self._waiting.pop())
        pieces = [take(operands[i], start, end) for i in self._sounding]
        self._sounding = [i for i in self._sounding if operands[i].end > end]
        return add([piece for piece in pieces if piece is not None])


class Sliced:
    """A range of its operand, whose samples before the range are made and dropped."""

    MEMORY = ("_at",)

    def __init__(self, operand: Stream, origin: int, end: int) -> None:
        self._operand = operand
        self.channels = operand.channels
        self.start, self.end = max(operand.start, origin), min(operand.end, end)
        self.lead = self._at = min(operand.start, origin)

    def drop(self, end: int) -> None:
        """Read the operand up to a position at or before the range."""
        last = min(end, self.start)
        while self._at < last:
            reached = min(self._at + DROPPED, last)
            take(self._operand, self._at, reached)
            self._at = reached

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        self.drop(start)
        return self._operand.pull(start, end)


class LookAhead:
    """A processor that reads its operand ahead of its output."""

    MEMORY = ("_processor", "_fed", "_ready")

    def __init__(self, operand: Stream, processor: Processor, start: int, end: int) -> None:
        """end: of the whole value, even if only a part is requested."""
        self.channels, self.start, self.end = operand.channels, start, end
        self._operand, self._processor = operand, processor
        self._fed = start
        self._ready = np.zeros((self.channels, 0))

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        count, parts = end - start, [self._ready]
        while sum(part.shape[1] for part in parts) < count:
            if self._fed == self.end:
                parts.append(self._processor.flush())
                break
            last = min(self._fed + count, self.end)
            block = whole(take(self._operand, self._fed, last), self._fed, last, self.channels)
            parts.append(self._processor.process(block))
            self._fed = last
        samples = np.concatenate(parts, axis=1)
        self._ready = samples[:, count:]
        return Piece(start, samples[:, :count])


class Dithered:
    """Adds dither; reads its operand ahead of its output, to see how long a silence is."""

    MEMORY = ("_gate", "_line")

    def __init__(self, operand: Stream, gate: SilenceGate, start: int, end: int) -> None:
        """end: of the whole value, even if only a part is requested."""
        self.channels, self.start, self.end = operand.channels, start, end
        self._operand, self._gate = operand, gate
        self._line = np.zeros((self.channels, 0))  # from the position on

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        fed = start + self._line.shape[1]
        last = min(end + self._gate.reach, self.end)
        piece = take(self._operand, fed, last)
        if piece is None and not self._line.any() and self._gate.skip(end - start, last - end):
            self._line = silence(self.channels, last - end)
            return None
        if fed < last:
            block = whole(piece, fed, last, self.channels)
            self._line = np.concatenate([self._line, block], axis=1)
        samples = self._gate.process(self._line, end - start)
        self._line = self._line[:, end - start :]
        return Piece(start, samples)


class SharedStream:
    """A stream with several readers, or one that is rendered ahead: each range is made once.

    A range is kept until every reader has taken it. Readers may be at different positions and on
    different threads. With a grid, ranges end at its multiples whatever the readers request, so the
    result does not depend on their order.
    """

    MEMORY = ("_made", "held", "positions")

    def __init__(self, stream: Stream, grid: int = 1) -> None:
        self.stream = stream
        self._grid = grid
        self._made = stream.start
        self._pieces: list[Piece] = []
        self._ports: list[Port] = []
        self._making = Lock()
        self._lock = Lock()

    def port(self, end: int) -> Port:
        """A new reader, which takes the stream up to `end`."""
        port = Port(self, min(end, self.stream.end))
        self._ports.append(port)
        return port

    @property
    def held(self) -> list[tuple[int, int, FloatArray]]:
        """What readers have not taken: position, channels, samples (once if channels are equal)."""
        return [(p.start, len(p.samples), distinct(p.samples)) for p in self._pieces]

    @held.setter
    def held(self, pieces: list[tuple[int, int, FloatArray]]) -> None:
        self._pieces = [Piece(start, dual(samples, count)) for start, count, samples in pieces]

    @property
    def positions(self) -> list[int]:
        """Where each reader is."""
        return [port.position for port in self._ports]

    @positions.setter
    def positions(self, positions: list[int]) -> None:
        for port, position in zip(self._ports, positions, strict=True):
            port.position = position

    def make(self, end: int) -> None:
        """Make the stream up to `end`, as far as it is not made yet."""
        with self._making:
            while self._made < min(end, self.stream.end):
                last = min(self._reach(end), self.stream.end)
                piece = self.stream.pull(self._made, last)
                with self._lock:
                    self._made = last
                    if piece is not None:
                        self._pieces.append(piece)

    def _reach(self, end: int) -> int:
        """The end of the next range."""
        return end if self._grid == 1 else (self._made // self._grid + 1) * self._grid

    def give(self, port: Port, start: int, end: int) -> Piece | None:
        """The next range of a port."""
        if end > self._made:
            self.make(end)
        with self._lock:
            parts = [piece.within(start, end) for piece in self._pieces]
            port.position = end
            behind = [p.position for p in self._ports if p.position < p.end]
            kept = min(behind, default=self.stream.end)
            self._pieces = [piece for piece in self._pieces if piece.end > kept]
        return _join([part for part in parts if part is not None])


class Port:
    """One reader's view of a shared stream."""

    def __init__(self, shared: SharedStream, end: int) -> None:
        self.channels, self.start, self.end = shared.stream.channels, shared.stream.start, end
        self.position = self.start
        self._shared = shared

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        return self._shared.give(self, start, end)


def _join(pieces: list[Piece]) -> Piece | None:
    """Joins consecutive pieces."""
    if len(pieces) < 2:
        return pieces[0] if pieces else None
    start, end = pieces[0].start, pieces[-1].end
    return Piece(start, joined(pieces, start, end))
