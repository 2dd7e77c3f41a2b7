"""The kernels in numpy and scipy. `Kernels` describes each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, uniform_filter1d
from scipy.signal import lfilter, sosfilt

from .. import FloatArray, IndexArray
from .interface import ROW, CurveBounds, IntegerArray, Key, Quantised

_WORDS_PER_COUNT = 4  # Philox-4x64 makes four 64-bit words for each value of its counter


def filtered(
    section: FloatArray, block: FloatArray, state: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """See `Kernels`."""
    out, end = lfilter(section[:3], section[3:], block, axis=1, zi=state)
    return out, end


def energies(
    sections: FloatArray, block: FloatArray, state: FloatArray, edges: IndexArray
) -> tuple[FloatArray, FloatArray]:
    """See `Kernels`."""
    out, end = sosfilt(sections, block, axis=1, zi=state)
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
) -> npt.NDArray[np.bool_]:
    """See `Kernels`."""
    loudest = _row_maxima(np.abs(samples))
    if not bounds.gain * loudest.max() > floor:
        return np.zeros(rows, np.bool_)
    reach = bounds.gain * _over_window(loudest, rows, bounds)
    bends = np.zeros(len(samples))
    steps = samples[1:] - samples[:-1]
    np.abs(np.subtract(steps[1:], steps[:-1], out=bends[:-2]), out=bends[:-2])
    beside = (loudest[(bounds.lead + n) // ROW :][:rows] for n in (0, ROW))
    bent = np.maximum(*beside) + bounds.bend * _over_window(_row_maxima(bends), rows, bounds)
    return np.asarray(np.minimum(reach, bent) > floor)


def _over_window(maxima: FloatArray, rows: int, bounds: CurveBounds) -> FloatArray:
    """The maximum of what each row depends on, of the maxima of rows of samples."""
    starts = range(bounds.first, bounds.last + 1)
    return np.asarray(np.maximum.reduce([maxima[n : n + rows] for n in starts]))


def _row_maxima(magnitudes: FloatArray) -> FloatArray:
    """The maximum of each row; halving is faster than numpy's reduction of short rows."""
    for _ in range(ROW.bit_length() - 1):
        magnitudes = np.maximum(magnitudes[0::2], magnitudes[1::2])
    return magnitudes


def held(line: FloatArray, size: int, count: int) -> FloatArray:
    """See `Kernels`."""
    return np.asarray(maximum_filter1d(line, size)[size // 2 : size // 2 + count])


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
    for _ in range(3):
        line = uniform_filter1d(line, box, mode="nearest")
    return line
