"""Panning mono into stereo, balancing stereo, and mixing stereo down to mono.

Position p runs from -1 (left) through 0 (centre) to 1 (right). The gains (left, right) of a mono
source depend on the law:

- constant_power: sin((1-p)*pi/4), sin((1+p)*pi/4); -3.01 dB each at the centre
- linear:         (1-p)/2, (1+p)/2; -6.02 dB
- compromise:     the geometric mean of the two; -4.52 dB
- unity:          the balance below; 0 dB

A stereo source is balanced under every law: the side panned away from has the gain cos(|p|*pi/2),
the other 1. The code uses sines instead of the usual cosines because they are exactly 0 at the far
side and exactly equal at the centre in floating point. The laws follow J. Eargle, Handbook of
Recording Engineering.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from . import FloatArray

Law = Callable[[FloatArray], FloatArray]


def _constant_power(p: FloatArray) -> FloatArray:
    return np.stack([np.sin((1.0 - p) * (np.pi / 4.0)), np.sin((1.0 + p) * (np.pi / 4.0))])


def _linear(p: FloatArray) -> FloatArray:
    return np.stack([(1.0 - p) / 2.0, (1.0 + p) / 2.0])


def _compromise(p: FloatArray) -> FloatArray:
    return np.sqrt(_constant_power(p) * _linear(p))


def _balance(p: FloatArray) -> FloatArray:
    left = np.sin((1.0 - np.maximum(p, 0.0)) * (np.pi / 2.0))
    right = np.sin((1.0 + np.minimum(p, 0.0)) * (np.pi / 2.0))
    return np.stack([left, right])


PAN_LAWS: Mapping[str, Law] = MappingProxyType(
    {
        "constant_power": _constant_power,
        "linear": _linear,
        "compromise": _compromise,
        "unity": _balance,
    }
)
"""Law name -> function from positions, shape s, to gains of a mono source, shape (2, *s)."""


def gains(p: float | FloatArray, law: str, channels: int) -> FloatArray:
    """Left and right gains for a source of 1 or 2 channels.

    p: one position, or one per sample with shape (n,), each in [-1, 1]. Returns shape (2, 1) or
    (2, n), to be multiplied with a block. Raises KeyError on an unknown law, ValueError on another
    channel count or a position out of range.
    """
    position = np.atleast_1d(np.asarray(p, np.float64))
    if not np.all(np.abs(position) <= 1.0):
        raise ValueError("pan position outside [-1, 1]")
    if channels not in (1, 2):
        raise ValueError(f"cannot pan {channels} channels")
    shape = PAN_LAWS[law]
    return shape(position) if channels == 1 else _balance(position)


def matrix(p: float, law: str, channels: int) -> FloatArray:
    """`gains` as a mixing matrix, shape (2, channels): a column for mono, a diagonal for stereo."""
    pair = gains(p, law, channels)
    return pair if channels == 1 else np.diagflat(pair)


def pan(block: FloatArray, p: float | FloatArray, law: str) -> FloatArray:
    """Pan a mono block, or balance a stereo one, shape (1 | 2, n), to (2, n); p as in `gains`."""
    return gains(p, law, block.shape[0]) * block


def downmix(block: FloatArray) -> FloatArray:
    """A stereo block, shape (2, n), in a mono session: (L + R) / 2, shape (1, n)."""
    return (block[:1] + block[1:]) / 2.0
