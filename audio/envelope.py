"""Automation envelopes: evaluates keyframes at every sample.

Between keyframe k (sample n_k, value v_k) and the next, the value at sample n is
v_k + (v_{k+1} - v_k) * s(t), t = (n - n_k) / (n_{k+1} - n_k), with the shape s of keyframe k:

- linear: t
- hold:   0
- smooth: (1 - cos(pi * t)) / 2, half a cosine

A keyframe that aims at sample m and value w has those in place of n_{k+1} and v_{k+1}, and is
followed up to n_{k+1} alone: the segment is cut there, and keeps its shape.

Before the first keyframe and after the last the value is constant. A value depends on its sample's
position alone, so it is bit-identical for any division of the signal into blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from attrs import frozen

from ..ir.curves import Shape
from ..ir.units import NEPERS_PER_DB
from . import FloatArray, IndexArray

_SHAPES: Mapping[Shape, Callable[[FloatArray], FloatArray | float]] = {
    Shape.LINEAR: lambda t: t,
    Shape.HOLD: lambda t: 0.0,
    Shape.SMOOTH: lambda t: (1.0 - np.cos(np.pi * t)) / 2.0,
}


@frozen(eq=False)
class Keyframes:
    """Keyframes as columns: sample positions (strictly increasing), values, shapes.

    `ends` and `targets` are the sample and the value that each segment leads to: those of the next
    keyframe, or of the aim. The last keyframe leads to itself.
    """

    samples: IndexArray
    values: FloatArray
    shapes: tuple[Shape, ...]
    ends: IndexArray
    targets: FloatArray


def keyframes(
    points: Iterable[tuple[int, float, Shape]], aims: Mapping[int, tuple[int, float]] = {}
) -> Keyframes:
    """Keyframes from (sample, value, shape) triples in time order, and their aims by number.

    Raises ValueError if there are none, if samples do not strictly increase, if a value is not
    finite, or if an aim is before the next keyframe.
    """
    samples, values, shapes = zip(*points, strict=True) if (points := tuple(points)) else ((),) * 3
    if not samples:
        raise ValueError("an envelope needs at least one keyframe")
    leads = [*zip(samples[1:], values[1:], strict=True), (samples[-1], values[-1])]
    for k, aim in aims.items():
        if aim[0] < leads[k][0]:
            raise ValueError("an aim must not be before the next keyframe")
        leads[k] = aim
    ends, targets = zip(*leads, strict=True)
    frames = Keyframes(
        np.array(samples, np.int64),
        np.array(values, np.float64),
        tuple(shapes),
        np.array(ends, np.int64),
        np.array(targets, np.float64),
    )
    if np.any(np.diff(frames.samples) <= 0):
        raise ValueError("keyframe samples must strictly increase")
    if not np.all(np.isfinite([frames.values, frames.targets])):
        raise ValueError("keyframe values must be finite")
    return frames


def interpolate(frames: Keyframes, positions: IndexArray) -> FloatArray:
    """Values at the given non-decreasing sample positions, shape (n,), in the keyframes' unit."""
    return _evaluate(frames, positions, lambda v, w, s: v + (w - v) * s)


def gain_envelope(frames: Keyframes, offset: int, count: int) -> FloatArray:
    """Linear gains 10^(dB/20), shape (count,), at samples [offset, offset + count)."""
    positions = np.arange(offset, offset + count)
    return _evaluate(frames, positions, lambda v, w, s: np.exp((v + (w - v) * s) * NEPERS_PER_DB))


def log_frequency_envelope(frames: Keyframes, positions: IndexArray) -> FloatArray:
    """Frequencies in Hz at the given non-decreasing positions, interpolated in log frequency.

    v_k * (v_{k+1} / v_k)^s, exact at the keyframes and where the value is constant. Values must be
    > 0.
    """
    return _evaluate(frames, positions, lambda v, w, s: v * np.exp(np.log(w / v) * s))


def _evaluate(
    frames: Keyframes,
    positions: IndexArray,
    blend: Callable[[float, float, FloatArray | float], FloatArray | float],
) -> FloatArray:
    """blend(v_k, w, s) at each position, w being the value that segment k leads to.

    Evaluated segment by segment, so that a constant stretch costs one evaluation.
    """
    out = np.empty(len(positions))
    if not len(positions):
        return out
    first, last = np.searchsorted(frames.samples, positions[[0, -1]], side="right") - 1
    bounds = np.searchsorted(positions, frames.samples[first + 1 : last + 1]).tolist()
    segments = zip([0, *bounds], [*bounds, len(positions)], strict=True)
    final = len(frames.samples) - 1
    for k, (start, stop) in enumerate(segments, int(first)):
        here = max(k, 0)
        s: FloatArray | float = 0.0
        if 0 <= k < final:
            begin, end = frames.samples[k], frames.ends[k]
            s = _SHAPES[frames.shapes[k]]((positions[start:stop] - begin) / (end - begin))
        out[start:stop] = blend(float(frames.values[here]), float(frames.targets[here]), s)
    return out
