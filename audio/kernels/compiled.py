"""The kernels compiled by numba, for x86-64. `Kernels` describes each.

Promises: every operation on floats is that of `plain`, in the same order, so every result is the
same to the last bit. That excludes `fastmath` and fused multiplications and additions, which numba
does not make by itself. numba keeps machine code beside this file if it may write there, otherwise
in the user's cache folder; both are trusted as the code itself is. It compiles again when this file
changes and does not see changes of others, so nothing here calls a compiled function of another
file.

An operation of a recursive filter waits for the one before it, so two channels take the time of
one, and are filtered together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from numba import njit, types
from numba.extending import intrinsic

from .. import FloatArray, IndexArray
from .interface import ROW, CurveBounds, IntegerArray, Key, Quantised

_Function = TypeVar("_Function", bound=Callable[..., Any])

_COUNT, _FLOAT, _WORD = types.int64, types.float64, types.uint64


def _given(dtype: types.Type, dimensions: int, layout: str = "C") -> types.Array:
    """The type of an array that is only read."""
    return types.Array(dtype, dimensions, layout, readonly=True)


def _changed(dtype: types.Type, dimensions: int) -> types.Array:
    """The type of an array that is written."""
    return types.Array(dtype, dimensions, "C")


_BLOCK = _given(_FLOAT, 2, "A")  # any strides


def _compiled(*arguments: Any) -> Callable[[_Function], _Function]:
    """Compile now, for arguments of these types; for each of several tuples of types."""
    forms = list(arguments) if isinstance(arguments[0], tuple) else [arguments]
    made: Callable[[_Function], _Function] = njit(
        forms, nogil=True, cache=True, error_model="numpy"
    )
    return made


def _pairs(channels: int) -> Iterator[tuple[int, int]]:
    """Channels two by two; the last of an odd number comes twice, which does no harm."""
    return ((one, min(one + 1, channels - 1)) for one in range(0, channels, 2))


def filtered(
    section: FloatArray, block: FloatArray, state: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """See `Kernels`."""
    out, end = np.empty(block.shape), state.copy()
    for one, other in _pairs(len(block)):
        _filter(section, block, one, other, end, out)
    return out, end


@_compiled(_given(_FLOAT, 1), _BLOCK, _COUNT, _COUNT, _changed(_FLOAT, 2), _changed(_FLOAT, 2))
def _filter(
    section: FloatArray, block: FloatArray, one: int, other: int, state: FloatArray, out: FloatArray
) -> None:
    b0, b1, b2, a1, a2 = section[0], section[1], section[2], section[4], section[5]
    s0, s1 = state[one, 0], state[one, 1]
    t0, t1 = state[other, 0], state[other, 1]
    for n in range(block.shape[1]):
        u, v = block[one, n], block[other, n]
        y = s0 + b0 * u
        s0 = s1 + u * b1 - y * a1
        s1 = u * b2 - y * a2
        z = t0 + b0 * v
        t0 = t1 + v * b1 - z * a1
        t1 = v * b2 - z * a2
        out[one, n] = y
        out[other, n] = z
    state[one, 0], state[one, 1] = s0, s1
    state[other, 0], state[other, 1] = t0, t1


def energies(
    sections: FloatArray, block: FloatArray, state: FloatArray, edges: IndexArray
) -> tuple[FloatArray, FloatArray]:
    """See `Kernels`."""
    sums, end = np.empty((len(block), len(edges) - 1)), state.copy()
    for one, other in _pairs(len(block)):
        _energies(sections, block, one, other, end, edges, sums)
    return sums, end


@_compiled(_given(_FLOAT, 1), _COUNT, _COUNT)
def _pairwise(values: FloatArray, start: int, count: int) -> float:
    """The sum in numpy's order: eight sums of up to 128 values, halves of more."""
    if count > 128:
        half = count // 2
        half -= half % 8
        return _pairwise(values, start, half) + _pairwise(values, start + half, count - half)
    if count < 8:
        total = 0.0
        for n in range(start, start + count):
            total += values[n]
        return total
    r0, r1, r2, r3 = values[start], values[start + 1], values[start + 2], values[start + 3]
    r4, r5, r6, r7 = values[start + 4], values[start + 5], values[start + 6], values[start + 7]
    last = start + count - count % 8
    for n in range(start + 8, last, 8):
        r0 += values[n]
        r1 += values[n + 1]
        r2 += values[n + 2]
        r3 += values[n + 3]
        r4 += values[n + 4]
        r5 += values[n + 5]
        r6 += values[n + 6]
        r7 += values[n + 7]
    total = ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7))
    for n in range(last, start + count):
        total += values[n]
    return float(total)


@_compiled(
    *(_given(_FLOAT, 2), _BLOCK, _COUNT, _COUNT),
    *(_changed(_FLOAT, 3), _given(_COUNT, 1), _changed(_FLOAT, 2)),
)
def _energies(
    sections: FloatArray,
    block: FloatArray,
    one: int,
    other: int,
    state: FloatArray,
    edges: IndexArray,
    sums: FloatArray,
) -> None:
    b0, b1, b2 = sections[0, 0], sections[0, 1], sections[0, 2]
    a1, a2 = sections[0, 4], sections[0, 5]
    d0, d1, d2 = sections[1, 0], sections[1, 1], sections[1, 2]
    c1, c2 = sections[1, 4], sections[1, 5]
    p0, p1, q0, q1 = state[0, one, 0], state[0, one, 1], state[1, one, 0], state[1, one, 1]
    r0, r1, s0, s1 = state[0, other, 0], state[0, other, 1], state[1, other, 0], state[1, other, 1]
    longest = np.max(edges[1:] - edges[:-1])
    left, right = np.empty(longest), np.empty(longest)
    for k in range(len(edges) - 1):
        start, count = edges[k], edges[k + 1] - edges[k]
        for n in range(count):
            u, v = block[one, start + n], block[other, start + n]
            w = b0 * u + p0
            p0 = b1 * u - a1 * w + p1
            p1 = b2 * u - a2 * w
            x = b0 * v + r0
            r0 = b1 * v - a1 * x + r1
            r1 = b2 * v - a2 * x
            y = d0 * w + q0
            q0 = d1 * w - c1 * y + q1
            q1 = d2 * w - c2 * y
            z = d0 * x + s0
            s0 = d1 * x - c1 * z + s1
            s1 = d2 * x - c2 * z
            left[n] = y * y
            right[n] = z * z
        sums[one, k] = left[0] + _pairwise(left, 1, count - 1)
        sums[other, k] = right[0] + _pairwise(right, 1, count - 1)
    state[0, one, 0], state[0, one, 1], state[1, one, 0], state[1, one, 1] = p0, p1, q0, q1
    state[0, other, 0], state[0, other, 1] = r0, r1
    state[1, other, 0], state[1, other, 1] = s0, s1


def _multiplied(_: Any, one: Any, other: Any) -> tuple[Any, Callable[..., Any]]:
    """The upper and the lower word of the product of two words."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = arguments[0].type
        wide = type(word)(128)
        product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
        upper = builder.trunc(builder.lshr(product, wide(64)), word)
        halves = [upper, builder.trunc(product, word)]
        return context.make_tuple(builder, signature.return_type, halves)

    return types.UniTuple(_WORD, 2)(_WORD, _WORD), made


_product = intrinsic(_multiplied)


@_compiled(_WORD)
def _difference(word: np.uint64) -> float:
    return np.float64(np.int64(word & np.uint64(0xFFFFFFFF)) - np.int64(word >> np.uint64(32)))


def noise(key: Key, channels: int, offset: int, count: int) -> FloatArray:
    """See `Kernels`."""
    return dithered(key, np.broadcast_to(0.0, (channels, count)), offset, 1.0)


def dithered(key: Key, block: FloatArray, offset: int, step: float) -> FloatArray:
    """See `Kernels`."""
    out = np.empty(block.shape)
    for channel, samples in enumerate(block):
        _dither(key, channel, np.ascontiguousarray(samples), offset, step, out[channel])
    return out


@_compiled(_given(_WORD, 1), _COUNT, _given(_FLOAT, 1), _COUNT, _FLOAT, _changed(_FLOAT, 1))
def _dither(
    key: Key, channel: int, samples: FloatArray, offset: int, step: float, out: FloatArray
) -> None:
    """Adds the four words of each counter of Philox-4x64, which has ten rounds."""
    keys = np.empty((10, 2), np.uint64)
    for k in range(10):
        keys[k, 0] = key[0] + np.uint64(k) * np.uint64(0x9E3779B97F4A7C15)
        keys[k, 1] = key[1] + np.uint64(k) * np.uint64(0xBB67AE8584CAA73B)
    at = -(offset % 4)
    counter = np.uint64(offset // 4)
    while at < len(samples):
        counter += np.uint64(1)
        x0, x1, x2, x3 = counter, np.uint64(channel), np.uint64(0), np.uint64(0)
        for k in range(10):
            upper0, lower0 = _product(np.uint64(0xD2E7470EE14C6C93), x0)
            upper1, lower1 = _product(np.uint64(0xCA5A826395121157), x2)
            x0, x1, x2, x3 = upper1 ^ x1 ^ keys[k, 0], lower1, upper0 ^ x3 ^ keys[k, 1], lower0
        if at >= 0 and at + 4 <= len(samples):
            out[at] = _difference(x0) * step + samples[at]
            out[at + 1] = _difference(x1) * step + samples[at + 1]
            out[at + 2] = _difference(x2) * step + samples[at + 2]
            out[at + 3] = _difference(x3) * step + samples[at + 3]
        else:
            words = (x0, x1, x2, x3)
            for n in range(max(0, -at), min(4, len(samples) - at)):
                out[at + n] = _difference(words[n]) * step + samples[at + n]
        at += 4


def quantised(block: FloatArray, bits: int) -> Quantised:
    """See `Kernels`."""
    frames: IntegerArray = np.empty(block.shape[::-1], np.int16 if bits == 16 else np.int32)
    levels, clipped = np.empty(block.shape), 0
    for channel, samples in enumerate(block):
        found = _quantise(np.ascontiguousarray(samples), 2.0 ** (bits - 1), levels[channel])
        if found < 0:
            raise ValueError("cannot quantise NaN")
        clipped += found
    _interleave(levels, 2.0 ** (bits - 1), frames)
    return Quantised(frames, levels, clipped)


@_compiled(_given(_FLOAT, 1), _FLOAT, _changed(_FLOAT, 1))
def _quantise(samples: FloatArray, full: float, levels: FloatArray) -> int:
    """The number of clipped samples; -1 if one is NaN."""
    clipped, wrong, step = 0, 0, 1.0 / full
    low, high = -full, full - 1.0
    for n in range(len(samples)):
        level = np.rint(samples[n] * full)
        bounded = level if level > low else low
        bounded = bounded if bounded < high else high
        clipped += level != bounded
        wrong += np.isnan(level)
        levels[n] = bounded * step + 0.0  # -0.0 becomes the 0.0 that a reader gets
    return -1 if wrong else clipped


@_compiled(
    (_given(_FLOAT, 2), _FLOAT, _changed(types.int16, 2)),
    (_given(_FLOAT, 2), _FLOAT, _changed(types.int32, 2)),
)
def _interleave(levels: FloatArray, full: float, frames: IntegerArray) -> None:
    for channel in range(levels.shape[0]):
        for n in range(levels.shape[1]):
            frames[n, channel] = np.int32(levels[channel, n] * full)


def reaching(
    samples: FloatArray, floor: float, rows: int, bounds: CurveBounds
) -> tuple[npt.NDArray[np.bool_], float]:
    """See `Kernels`."""
    found = np.zeros(rows, np.bool_)
    return found, _reach(samples, floor, *bounds, found)


@_compiled(_changed(_FLOAT, 1))
def _folded(row: FloatArray) -> float:
    """The largest of the values of a row, which are changed; by halves, as vector operations."""
    half = ROW // 2
    while half:
        for n in range(half):
            row[n] = row[n] if row[n] > row[n + half] else row[n + half]
        half //= 2
    return float(row[0])


@_compiled(_given(_FLOAT, 1), _COUNT, _COUNT)
def _largest(values: FloatArray, start: int, stop: int) -> float:
    largest: float = values[start]
    for n in range(start + 1, stop):
        largest = max(largest, values[n])
    return largest


@_compiled(
    *(_given(_FLOAT, 1), _FLOAT, _FLOAT, _FLOAT, _COUNT, _COUNT, _COUNT),
    _changed(types.boolean, 1),
)
def _reach(
    samples: FloatArray,
    floor: float,
    gain: float,
    bend: float,
    lead: int,
    first: int,
    last: int,
    found: npt.NDArray[np.bool_],
) -> float:
    row, loudest = np.empty(ROW), np.empty(len(samples) // ROW)
    for k in range(len(loudest)):
        for n in range(ROW):
            row[n] = abs(samples[k * ROW + n])
        loudest[k] = _folded(row)
    peak = float(np.max(loudest))
    if not gain * peak > floor:
        return peak
    bent = np.full(len(loudest), -1.0)  # unknown
    for k in range(len(found)):
        if not gain * _largest(loudest, k + first, k + last + 1) > floor:
            continue
        for at in range(k + first, k + last + 1):
            if bent[at] < 0.0:
                row[:] = 0.0
                for n in range(min(ROW, len(samples) - 2 - at * ROW)):
                    one, middle, other = samples[at * ROW + n : at * ROW + n + 3]
                    row[n] = abs((other - middle) - (middle - one))
                bent[at] = _folded(row)
        beside = max(loudest[lead // ROW + k], loudest[(lead + ROW) // ROW + k])
        found[k] = beside + bend * _largest(bent, k + first, k + last + 1) > floor
    return peak


def extremes(block: FloatArray, starts: IndexArray) -> FloatArray:
    """See `Kernels`."""
    out = np.empty((2, len(starts)))
    out[0], out[1] = np.inf, -np.inf
    for samples in block:
        _bound(np.ascontiguousarray(samples), starts, *out)
    return out + 0.0


@_compiled(_given(_FLOAT, 1), _given(_COUNT, 1), _changed(_FLOAT, 1), _changed(_FLOAT, 1))
def _bound(
    samples: FloatArray, starts: IndexArray, lowest: FloatArray, highest: FloatArray
) -> None:
    """Four samples at a time, which do not wait for each other."""
    for k in range(len(starts)):
        stop = starts[k + 1] if k + 1 < len(starts) else len(samples)
        fours = stop - (stop - starts[k]) % 4
        l0 = l1 = l2 = l3 = lowest[k]
        h0 = h1 = h2 = h3 = highest[k]
        for n in range(starts[k], fours, 4):
            s0, s1, s2, s3 = samples[n], samples[n + 1], samples[n + 2], samples[n + 3]
            l0, h0 = s0 if s0 < l0 else l0, s0 if s0 > h0 else h0
            l1, h1 = s1 if s1 < l1 else l1, s1 if s1 > h1 else h1
            l2, h2 = s2 if s2 < l2 else l2, s2 if s2 > h2 else h2
            l3, h3 = s3 if s3 < l3 else l3, s3 if s3 > h3 else h3
        for n in range(fours, stop):
            l0, h0 = min(l0, samples[n]), max(h0, samples[n])
        lowest[k], highest[k] = min(l0, l1, l2, l3), max(h0, h1, h2, h3)


def held(line: FloatArray, size: int, count: int) -> FloatArray:
    """See `Kernels`."""
    out = np.empty(count)
    _hold(line, size, out)
    return out


@_compiled(_given(_FLOAT, 1), _COUNT, _changed(_FLOAT, 1))
def _hold(line: FloatArray, size: int, out: FloatArray) -> None:
    """Keeps the positions that may become a maximum, with falling values."""
    candidates = np.empty(len(line), np.int64)
    head = tail = 0
    for n in range(len(out) + size - 1):
        while tail > head and line[candidates[tail - 1]] <= line[n]:
            tail -= 1
        candidates[tail] = n
        tail += 1
        start = n - size + 1
        if start >= 0:
            if candidates[head] < start:
                head += 1
            out[start] = line[candidates[head]]


def released(
    targets: FloatArray, level: float, decays: FloatArray, least: float
) -> tuple[FloatArray, float]:
    """See `Kernels`."""
    out = np.empty(len(targets))
    return out, _release(targets, level, decays, least, out)


@_compiled(_given(_FLOAT, 1), _FLOAT, _given(_FLOAT, 1), _FLOAT, _changed(_FLOAT, 1))
def _release(
    targets: FloatArray, level: float, decays: FloatArray, least: float, out: FloatArray
) -> float:
    start = 0
    while start < len(targets):
        target = targets[start]
        stop = start + 1
        while stop < len(targets) and targets[stop] == target:
            stop += 1
        excess = max(level - target, 0.0)
        for n in range(start, stop):
            value = target + excess * decays[n - start]
            out[n] = value if value > least else 0.0
        level = target + excess * decays[stop - start - 1]
        start = stop
    return level if level > least else 0.0


def smoothed(line: FloatArray, box: int) -> FloatArray:
    """See `Kernels`."""
    for _ in range(3):
        out = np.empty(len(line))
        _average(line, box, out)
        line = out
    return line


@_compiled(_given(_FLOAT, 1), _COUNT, _changed(_FLOAT, 1))
def _average(line: FloatArray, box: int, out: FloatArray) -> None:
    half, end = box // 2, len(line) - 1
    total = 0.0
    for n in range(-half, half + 1):
        total += line[min(max(n, 0), end)]
    out[0] = total / box
    for n in range(1, len(line)):
        total += line[min(n + half, end)] - line[max(n - half - 1, 0)]
        out[n] = total / box
