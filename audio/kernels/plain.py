"""The kernels in numpy, and the recursive filters of scipy. `Kernels` describes each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import FloatArray, IndexArray
from ..recursion import RECURSION
from .interface import ROW, CurveBounds, IntegerArray, Key, Quantised

_STRETCH = 16  # rows
_WORDS_PER_COUNT = 4  # Philox-4x64 makes four 64-bit words for each value of its counter


def filtered(
    section: FloatArray, block: FloatArray, state: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """See `Kernels`."""
    return RECURSION.biquad(section, block, state)


def energies(
    sections: FloatArray, block: FloatArray, state: FloatArray, edges: IndexArray
) -> tuple[FloatArray, FloatArray]:
    """See `Kernels`."""
    out, end = RECURSION.cascade(sections, block, state)
    np.square(out, out=out)
    return np.add.reduceat(out, edges[:-1], axis=1), end


def noise(key: Key, channels: int, offset: int, count: int) -> FloatArray:
    """See `Kernels`."""
    first, skip = divmod(offset, _WORDS_PER_COUNT)
    found = np.empty((channels, count))
    for channel, row in enumerate(found):
        generator = np.random.Philox(key=key, counter=[first, channel, 0, 0])
        words = generator.random_raw(skip + count)[skip:]
        # Each word holds two 32-bit numbers, the lower one first.
        one, other = words.astype("<u8", copy=False).view("<u4").reshape(-1, 2).T
        np.subtract(one, other, out=row, dtype=np.float64)
    return found


def dithered(key: Key, block: FloatArray, offset: int, step: float) -> FloatArray:
    """See `Kernels`."""
    found = noise(key, block.shape[0], offset, block.shape[1])
    found *= step
    found += block
    return found


def quantised(block: FloatArray, bits: int) -> Quantised:
    """See `Kernels`."""
    levels = block * 2.0 ** (bits - 1)
    np.rint(levels, out=levels)
    low, high = -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1.0
    seen_low, seen_high = np.min(levels, initial=0.0), np.max(levels, initial=0.0)
    if np.isnan(seen_low):
        raise ValueError("cannot quantise NaN")
    clipped = 0
    if seen_low < low or seen_high > high:
        clipped = int(np.count_nonzero((levels < low) | (levels > high)))
        np.clip(levels, low, high, out=levels)
    frames: IntegerArray = np.empty(levels.shape[::-1], np.int16 if bits == 16 else np.int32)
    for channel, row in enumerate(levels):  # numpy's transposed copy is slower
        frames[:, channel] = row
    levels *= 2.0 ** (1 - bits)
    levels += 0.0  # makes -0.0 the 0.0 that a reader gets
    return Quantised(frames, levels, clipped)


def reaching(
    samples: FloatArray, floor: float, rows: int, bounds: CurveBounds
) -> tuple[npt.NDArray[np.bool_], float]:
    """See `Kernels`."""
    found = np.zeros(rows, np.bool_)
    heights = np.abs(samples)
    # Stretches are judged first: few of them have rows that may exceed the floor.
    top = _stretch_maxima(heights)
    peak = float(top.max())
    if not bounds.gain * peak > floor:
        return found, peak
    bends = np.zeros(len(samples))
    steps = samples[1:] - samples[:-1]
    np.abs(np.subtract(steps[1:], steps[:-1], out=bends[:-2]), out=bends[:-2])
    may_reach = (bounds.gain * top > floor) & (top + bounds.bend * _stretch_maxima(bends) > floor)
    first = np.flatnonzero(may_reach) * _STRETCH
    if not first.size:
        return found, peak
    at = _from_each(first, _STRETCH, rows)
    used = _from_each(first, _STRETCH + bounds.last, len(samples) // ROW)
    loudest, bent = _row_maxima(heights, used), _row_maxima(bends, used)
    windows = at[:, None] + np.arange(bounds.first, bounds.last + 1)
    beside = (loudest[at + (bounds.lead + n) // ROW] for n in (0, ROW))
    curve = np.maximum(*beside) + bounds.bend * bent[windows].max(axis=1)
    found[at] = (bounds.gain * loudest[windows].max(axis=1) > floor) & (curve > floor)
    return found, peak


def extremes(block: FloatArray, starts: IndexArray) -> FloatArray:
    """See `Kernels`."""
    lowest = np.minimum.reduceat(block.min(axis=0), starts)
    highest = np.maximum.reduceat(block.max(axis=0), starts)
    return np.array([lowest, highest]) + 0.0


def _stretch_maxima(values: FloatArray) -> FloatArray:
    """The maximum of each stretch and the next, which the windows of its rows reach into."""
    maxima = np.maximum.reduceat(values, np.arange(0, len(values), _STRETCH * ROW))
    maxima[:-1] = np.maximum(maxima[:-1], maxima[1:])
    return np.asarray(maxima)


def _from_each(first: IndexArray, count: int, end: int) -> IndexArray:
    """The `count` numbers from each of some others on, as far as they are below `end`."""
    numbers = (first[:, None] + np.arange(count)).ravel()
    return np.asarray(numbers[numbers < end])


def _row_maxima(values: FloatArray, used: IndexArray) -> FloatArray:
    """The maximum of each row that is used; 0 for the others."""
    rows = values.reshape(-1, ROW)
    maxima = np.zeros(len(rows))
    maxima[used] = rows[used].max(axis=1)
    return maxima


def held(line: FloatArray, size: int, count: int) -> FloatArray:
    """See `Kernels`."""
    reach = 1
    while 2 * reach <= size:  # the maxima of pairs, of pairs of pairs, ...
        line = np.maximum(line[:-reach], line[reach:])
        reach *= 2
    return np.maximum(line[:count], line[size - reach : size - reach + count])


def released(
    targets: FloatArray, level: float, decays: FloatArray, least: float
) -> tuple[FloatArray, float]:
    """See `Kernels`."""
    # The targets are a staircase. The recursion goes from step to step; the samples within the
    # steps follow at once.
    starts = np.flatnonzero(np.diff(targets, prepend=np.inf))
    lengths = np.diff(starts, append=len(targets))
    factors = decays[lengths - 1]
    excess = np.empty(len(starts))
    for step, (target, factor) in enumerate(zip(targets[starts], factors, strict=True)):
        above = max(level - target, 0.0)
        excess[step] = above
        level = target + above * factor
    since = np.arange(len(targets)) - np.repeat(starts, lengths)
    found = targets + np.repeat(excess, lengths) * decays[since]
    found[found <= least] = 0.0
    return found, level if level > least else 0.0


def smoothed(line: FloatArray, box: int) -> FloatArray:
    """See `Kernels`."""
    padded = np.empty(len(line) + box)
    inner = padded[box // 2 + 1 : box // 2 + 1 + len(line)]
    inner[:] = line
    for _ in range(3):
        padded[: box // 2 + 1], padded[len(padded) - box // 2 :] = inner[0], inner[-1]
        totals = padded[box:] - padded[:-box]
        totals[0] = np.add.accumulate(padded[1 : box + 1])[-1]
        np.add.accumulate(totals, out=totals)
        np.divide(totals, box, out=inner)
    return inner
