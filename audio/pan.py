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

# ruff: noqa: ANN401 (a law computes with numbers or with arrays)

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from . import FloatArray

Law = Callable[[Any, Any], tuple[Any, Any]]
"""From a position and the library to compute with, math or numpy, to left and right gains."""


def _constant_power(p: Any, m: Any) -> tuple[Any, Any]:
    return m.sin((1.0 - p) * (m.pi / 4.0)), m.sin((1.0 + p) * (m.pi / 4.0))


def _linear(p: Any, m: Any) -> tuple[Any, Any]:
    return (1.0 - p) / 2.0, (1.0 + p) / 2.0


def _compromise(p: Any, m: Any) -> tuple[Any, Any]:
    pairs = zip(_constant_power(p, m), _linear(p, m), strict=True)
    left, right = (m.sqrt(power * linear) for power, linear in pairs)
    return left, right


def _balance(p: Any, m: Any) -> tuple[Any, Any]:
    to_right, to_left = (abs(p) + p) / 2.0, (abs(p) - p) / 2.0  # one is |p|, the other 0
    return m.sin((1.0 - to_right) * (m.pi / 2.0)), m.sin((1.0 - to_left) * (m.pi / 2.0))


PAN_LAWS: Mapping[str, Law] = MappingProxyType(
    {
        "constant_power": _constant_power,
        "linear": _linear,
        "compromise": _compromise,
        "unity": _balance,
    }
)
"""The law for a mono source by its name."""


def position_gains(p: float, law: str, channels: int) -> tuple[float, float]:
    """Left and right gain at a position in [-1, 1], for a source of 1 or 2 channels.

    Raises KeyError on an unknown law, ValueError on another channel count or position.
    """
    if not abs(p) <= 1.0:
        raise ValueError("pan position outside [-1, 1]")
    return _law(law, channels)(p, math)


def gains(p: float | FloatArray, law: str, channels: int) -> FloatArray:
    """Left and right gains for one position, or for one per sample with shape (n,).

    Returns shape (2, 1) or (2, n), to be multiplied with a block; raises as `position_gains` does.
    """
    import numpy as np  # noqa: PLC0415 (heavy; plans need gains of single positions only)

    position = np.atleast_1d(np.asarray(p, np.float64))
    if not np.all(np.abs(position) <= 1.0):
        raise ValueError("pan position outside [-1, 1]")
    return np.stack(_law(law, channels)(position, np))


def _law(name: str, channels: int) -> Law:
    if channels not in (1, 2):
        raise ValueError(f"cannot pan {channels} channels")
    law = PAN_LAWS[name]
    return law if channels == 1 else _balance


def matrix(p: float, law: str, channels: int) -> tuple[tuple[float, ...], ...]:
    """The mixing matrix of a position: a column for a mono source, a diagonal for a stereo one."""
    left, right = position_gains(p, law, channels)
    return ((left,), (right,)) if channels == 1 else ((left, 0.0), (0.0, right))


def pan(block: FloatArray, p: float | FloatArray, law: str) -> FloatArray:
    """Pan a mono block, or balance a stereo one, shape (1 | 2, n), to (2, n); p as in `gains`."""
    return gains(p, law, block.shape[0]) * block


def downmix(block: FloatArray) -> FloatArray:
    """A stereo block, shape (2, n), in a mono session: (L + R) / 2, shape (1, n)."""
    return (block[:1] + block[1:]) / 2.0
