"""Pieces: sums and joins, and one channel that serves as all."""

from __future__ import annotations

import numpy as np
from mixdown.audio import is_dual
from mixdown.backends.native.engine.piece import Piece, add, dual, joined, silence, whole

MONO = np.random.default_rng(1).standard_normal((1, 100))
STEREO = np.random.default_rng(2).standard_normal((2, 60))


def spread(piece: Piece, end: int = 200) -> np.ndarray:
    """The piece with silence around it, its channels in memory of their own."""
    samples = np.zeros((2, end))
    samples[:, piece.start : piece.end] = piece.samples
    return samples


def test_sums_and_joins_of_one_channel_stay_one_channel():
    pieces = [Piece(10, dual(MONO, 2)), Piece(40, dual(2.0 * MONO, 2))]
    total = add(pieces)
    assert total is not None
    assert is_dual(total.samples)
    assert np.array_equal(spread(total), spread(pieces[0]) + spread(pieces[1]))
    apart = [pieces[0], Piece(110, dual(MONO, 2))]
    line = joined(apart, 0, 220)
    assert is_dual(line)
    assert np.array_equal(line, spread(apart[0], 220) + spread(apart[1], 220))
    assert is_dual(whole(pieces[0], 0, 200, 2))


def test_a_sum_with_channels_that_differ_has_them():
    pieces = [Piece(10, dual(MONO, 2)), Piece(30, STEREO)]
    total = add(pieces)
    assert total is not None
    assert not is_dual(total.samples)
    assert np.array_equal(spread(total), spread(pieces[0]) + spread(pieces[1]))


def test_silence_is_one_channel():
    assert is_dual(silence(2, 50))
    assert not is_dual(silence(1, 50))
    assert is_dual(whole(None, 0, 50, 2))
