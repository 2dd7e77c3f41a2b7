"""The kinds of streams that a graph becomes.

Each does what its node's function in `reference` does, to the piece of a block that sounds, and
carries what it must remember to the next. Ranges may have any length, one sample included.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Protocol

import numpy as np

from ....audio import FloatArray
from ....audio.dither import TpdfNoise
from ....audio.limiter import TruePeakLimiter
from ....audio.shaping import NoiseShaper
from ....ir.nodes import Source
from .piece import Piece, Stream, add, take, whole
from .sources import Reader, Sources

Change = Callable[[FloatArray, int], FloatArray]
"""From samples and the position of the first, counted from the value's own start, to samples."""


class Biquad(Protocol):
    """What `Filtered` needs of dsp/biquad.py's filters."""

    @property
    def is_still(self) -> bool:
        """Whether silence in gives silence out."""
        ...

    def skip(self, count: int) -> None:
        """Pass over silence while still."""
        ...

    def process(self, block: FloatArray) -> FloatArray:
        """Filter the next samples."""
        ...


class Empty:
    """Silence."""

    def __init__(self, channels: int, at: int) -> None:
        self.channels, self.start, self.end = channels, at, at

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        return None


class Played:
    """A stretch of a source; its file is open only while it sounds."""

    def __init__(
        self, sources: Sources, source: Source, rate: int, offset: int, start: int, end: int
    ) -> None:
        """offset: into the source, at `rate`, of what sounds at `start`."""
        self.channels, self.start, self.end = source.channels, start, end
        self._open: Callable[[], Reader] = lambda: sources.open(source, rate, offset)
        self._reader: Reader | None = None

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        if self._reader is None:
            self._reader = self._open()
        samples = self._reader.read(end - start)
        if end == self.end:
            self._reader.close()
            self._reader = None  # a resampler holds half a megabyte
        return Piece(start, samples)


class Changed:
    """Something done to each sample that sounds, which leaves silence silent."""

    def __init__(
        self, operand: Stream, change: Change, channels: int, origin: int, end: int
    ) -> None:
        self.channels, self.start, self.end = channels, operand.start, min(operand.end, end)
        self._operand, self._change, self._origin = operand, change, origin

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        piece = self._operand.pull(start, end)
        if piece is None:
            return None
        return Piece(piece.start, self._change(piece.samples, piece.start - self._origin))


class Filtered:
    """A filter, which rings on after its operand; once it has rung out it costs nothing."""

    def __init__(self, operand: Stream, biquad: Biquad, origin: int, end: int) -> None:
        """origin: where the value's own samples count from, and the filter's with them."""
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
        return Piece(start, self._biquad.process(whole(piece, start, end, self.channels)))


class Summed:
    """The sum of its operands in their order; only those that sound in a range are asked."""

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


class Limited:
    """A limiter, which looks ahead: it pulls its operand sooner than it is pulled itself."""

    def __init__(self, operand: Stream, limiter: TruePeakLimiter, origin: int, end: int) -> None:
        """end: of the whole value, however little of it is wanted."""
        self.channels, self.start, self.end = operand.channels, origin, end
        self._operand, self._limiter = operand, limiter
        self._fed = origin
        self._ready = np.zeros((self.channels, 0))

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        count, parts = end - start, [self._ready]
        while sum(part.shape[1] for part in parts) < count:
            if self._fed == self.end:
                parts.append(self._limiter.flush())
                break
            last = min(self._fed + count, self.end)
            block = whole(take(self._operand, self._fed, last), self._fed, last, self.channels)
            parts.append(self._limiter.process(block))
            self._fed = last
        samples = np.concatenate(parts, axis=1)
        self._ready = samples[:, count:]
        return Piece(start, samples[:, :count])


class Dithered:
    """Noise added, to silence too."""

    def __init__(
        self, operand: Stream, dither: TpdfNoise, bits: int, origin: int, end: int
    ) -> None:
        self.channels, self.start, self.end = operand.channels, origin, end
        self._operand, self._dither, self._step = operand, dither, 2.0 ** (1 - bits)

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        noise = self._dither.noise(self.channels, start - self.start, end - start)
        samples = whole(take(self._operand, start, end), start, end, self.channels)
        return Piece(start, samples + noise * self._step)


class Shaped:
    """Quantised, its error shaped; silence too."""

    def __init__(self, operand: Stream, shaper: NoiseShaper, origin: int, end: int) -> None:
        self.channels, self.start, self.end = operand.channels, origin, end
        self._operand, self._shaper = operand, shaper

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        samples = whole(take(self._operand, start, end), start, end, self.channels)
        return Piece(start, self._shaper.process(samples))


class SharedStream:
    """A stream that several others hear, or that is made ahead of time: each range is made once.

    What was made is kept until everyone has taken it. Hearers may be at different positions and on
    different threads. With a grid, ranges end at its multiples whoever asks for how much: what is
    made does not depend on who came first.
    """

    def __init__(self, stream: Stream, grid: int = 1) -> None:
        self.stream = stream
        self._grid = grid
        self._made = stream.start
        self._pieces: list[Piece] = []
        self._ports: list[Port] = []
        self._making = Lock()
        self._keeping = Lock()

    def port(self, end: int) -> Port:
        """A new hearer, who takes what sounds before `end`."""
        port = Port(self, min(end, self.stream.end))
        self._ports.append(port)
        return port

    def make(self, end: int) -> None:
        """Make what sounds before `end`, as far as that is not done."""
        with self._making:
            while self._made < min(end, self.stream.end):
                last = min(self._reach(end), self.stream.end)
                piece = self.stream.pull(self._made, last)
                with self._keeping:
                    self._made = last
                    if piece is not None:
                        self._pieces.append(piece)

    def _reach(self, end: int) -> int:
        """Up to where the next range is made."""
        return end if self._grid == 1 else (self._made // self._grid + 1) * self._grid

    def give(self, port: Port, start: int, end: int) -> Piece | None:
        """What a port takes next."""
        if end > self._made:
            self.make(end)
        with self._keeping:
            parts = [piece.within(start, end) for piece in self._pieces]
            port.position = end
            behind = [p.position for p in self._ports if p.position < p.end]
            kept = min(behind, default=self.stream.end)
            self._pieces = [piece for piece in self._pieces if piece.end > kept]
        return _join([part for part in parts if part is not None])


class Port:
    """One hearer's view of a shared stream."""

    def __init__(self, shared: SharedStream, end: int) -> None:
        self.channels, self.start, self.end = shared.stream.channels, shared.stream.start, end
        self.position = self.start
        self._shared = shared

    def pull(self, start: int, end: int) -> Piece | None:
        """See `Stream`."""
        return self._shared.give(self, start, end)


def _join(pieces: list[Piece]) -> Piece | None:
    """Pieces that follow one another as one."""
    if len(pieces) < 2:
        return pieces[0] if pieces else None
    start, end = pieces[0].start, pieces[-1].end
    samples = np.zeros((pieces[0].samples.shape[0], end - start))
    for piece in pieces:
        samples[:, piece.start - start : piece.end - start] = piece.samples
    return Piece(start, samples)
