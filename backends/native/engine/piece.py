"""Pieces, which streams of the engine pass to each other: the part of a block that is not silent.

Positions are absolute: samples from the start of the graph's timeline, not of the value. Silence
needs no memory: a silent block is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from attrs import frozen

from ....audio import FloatArray, is_dual


@frozen(eq=False)
class Piece:
    """Samples from `start` on, shape (channels, n >= 1); never changed once they are in a piece."""

    start: int
    samples: FloatArray

    @property
    def end(self) -> int:
        """The first position after it."""
        return self.start + int(self.samples.shape[1])

    def within(self, start: int, end: int) -> Piece | None:
        """The part of it in [start, end)."""
        first, last = max(start, self.start), min(end, self.end)
        if first >= last:
            return None
        if (first, last) == (self.start, self.end):
            return self
        return Piece(first, self.samples[:, first - self.start : last - self.start])


class Stream(Protocol):
    """A value, read from its start to its end; each range begins at the end of the previous one.

    Attributes:
        channels: 1 or 2.
        start: the first position that may not be silent.
        end: the position after the last that may not be; the stream is empty unless end > start.
    """

    channels: int
    start: int
    end: int

    def pull(self, start: int, end: int) -> Piece | None:
        """The piece in [start, end), which is within the stream and not empty; None if silent."""
        ...


def take(stream: Stream, start: int, end: int) -> Piece | None:
    """The piece of a stream in [start, end), which may extend beyond the stream."""
    first, last = max(start, stream.start), min(end, stream.end)
    return stream.pull(first, last) if first < last else None


def whole(piece: Piece | None, start: int, end: int, channels: int) -> FloatArray:
    """A piece with the silence around it: all of [start, end), shape (channels, end - start).

    Read-only: silence is the same array each time.
    """
    if piece is None:
        return silence(channels, end - start)
    if piece.start == start and piece.end == end:
        return piece.samples
    return joined((piece,), start, end)


@lru_cache(maxsize=8)
def silence(channels: int, count: int) -> FloatArray:
    """Zeros, shape (channels, count), read-only."""
    zeros = np.zeros((1, count))
    zeros.flags.writeable = False
    return dual(zeros, channels)


def add(pieces: Sequence[Piece]) -> Piece | None:
    """The sum of the pieces, in their order."""
    if len(pieces) < 2:
        return pieces[0] if pieces else None
    start, end = min(p.start for p in pieces), max(p.end for p in pieces)
    channels, pieces = _singled(pieces)
    first, second, *rest = pieces
    if (first.start, first.end) == (second.start, second.end) == (start, end):
        total = first.samples + second.samples
    else:
        rest = list(pieces)
        total = np.zeros((first.samples.shape[0], end - start))
    for piece in rest:
        total[:, piece.start - start : piece.end - start] += piece.samples
    return Piece(start, dual(total, channels))


def joined(pieces: Sequence[Piece], start: int, end: int) -> FloatArray:
    """All of [start, end): pieces that do not overlap, with silence around them."""
    channels, pieces = _singled(pieces)
    samples = np.zeros((pieces[0].samples.shape[0], end - start))
    for piece in pieces:
        samples[:, piece.start - start : piece.end - start] = piece.samples
    return dual(samples, channels)


def dual(samples: FloatArray, channels: int) -> FloatArray:
    """The samples in this number of channels; one channel serves as all of them, read-only."""
    if len(samples) == channels:
        return samples
    return np.broadcast_to(samples, (channels, samples.shape[1]))


def _singled(pieces: Sequence[Piece]) -> tuple[int, Sequence[Piece]]:
    """The number of channels, and the pieces: one channel of each if none has different ones."""
    channels = pieces[0].samples.shape[0]
    if all(is_dual(piece.samples) for piece in pieces):
        pieces = [Piece(piece.start, piece.samples[:1]) for piece in pieces]
    return channels, pieces
