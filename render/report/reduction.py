"""Measures the gain reduction of the limiter by comparing the premaster with the master.

It works for the limiter of any backend. A window of `WINDOW_S` has `PARTS` parts; in each, the gain
from the premaster, after the loudness gain, to the master is fitted by least squares, so dither and
rounding average out. The reduction of a window is that of its most reduced part. Parts quieter than
`QUIET_DB` and reductions below `LEAST_DB` count as no reduction.

Where the premaster was measured, only blocks of 400 ms in which a limiter may have worked are read
(`limited_steps`): those that a peak is near, and whose loudness is not that of the premaster with
the gain.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...audio import FloatArray
from ...audio.meter.loudness import MOMENTARY_STEPS, SLICES_PER_STEP, power_of, window_powers
from ...audio.meter.premaster import PEAKS_PER_SECOND, PremasterLevels
from ...ir.units import gain_factor
from ...media.samples import SequentialFile

WINDOW_S = 0.01
PARTS = 10
"""Parts per window."""

QUIET_DB = -60.0
LEAST_DB = 0.05

NEAR_DB = 4.0
"""How far under the ceiling a peak of samples may be if the waveform between them exceeds it."""
REACH_S = 0.5
"""No limiter works longer before or after a peak."""

SAME = 1e-4
"""The relative difference of the powers of a block that shows no limiting: 0.0004 dB."""
DITHER_POWER = 1e-8
"""Above the K-weighted power of the dither of 16 bits."""

_STEPS_PER_SECOND = 10
_WINDOWS = 32  # per block, which the cache holds


def reduction(
    premaster: Path,
    master: Path,
    gain_db: float,
    progress: Callable[[float], None],
    steps: npt.NDArray[np.bool_] | None = None,
) -> FloatArray:
    """The gain reduction in dB, 0 or more, of each 10 ms of the master, shape (n,).

    Args:
        premaster: the input of the loudness gain, at the master's rate and channel count.
        master: the delivered file.
        gain_db: the loudness gain.
        progress: called with the share done, 0 to 1.
        steps: whether each 100 ms is compared, and all after them (`limited_steps`); None: all are.

    Raises:
        soundfile.LibsndfileError: a file cannot be read.
    """
    factor = gain_factor(gain_db)
    with SequentialFile(premaster) as before, SequentialFile(master) as after:
        size = round(WINDOW_S * after.samplerate)
        count = min(before.frames, after.frames)
        found = np.zeros(-(-count // size))
        compared = np.ones(len(found), np.bool_)
        if steps is not None:
            held = np.repeat(steps, round(1 / (_STEPS_PER_SECOND * WINDOW_S)))[: len(found)]
            compared[: len(held)] = held
        for first in range(0, len(found), _WINDOWS):
            windows, start = slice(first, first + _WINDOWS), first * size
            if not compared[windows].any():
                continue
            length, pair = min(_WINDOWS * size, count - start), []
            for audio in (before, after):
                if audio.tell() != start:
                    audio.seek(start)
                pair.append(audio.read(length, dtype="float64", always_2d=True))
            found[windows] = _reduced(factor * pair[0], pair[1], size) * compared[windows]
            progress(min(1.0, (start + length) / count))
    return found


def limited_steps(
    levels: PremasterLevels, blocks: FloatArray, gain_db: float, ceiling_db: float
) -> npt.NDArray[np.bool_]:
    """Whether the limiter may have worked in each whole 100 ms, shape (n,).

    Args:
        levels: of the premaster.
        blocks: the loudness of the master in every 400 ms at steps of 100 ms, LUFS.
        gain_db: the loudness gain.
        ceiling_db: of the limiter.
    """
    factor = gain_factor(gain_db)
    with np.errstate(over="ignore"):  # what is too loud for a float32 is hot
        hot = levels.peaks > np.float32(gain_factor(ceiling_db - NEAR_DB) / factor)
    before = factor**2 * window_powers(levels.powers, MOMENTARY_STEPS)[::SLICES_PER_STEP]
    count = min(len(before), len(blocks))
    before, after = before[:count], power_of(blocks[:count])
    moved = np.abs(after - before) > SAME * before + DITHER_POWER
    moved &= _around(hot, np.arange(count) / _STEPS_PER_SECOND)
    steps = np.zeros(count + MOMENTARY_STEPS - 1 if count else 0, np.bool_)
    for step in range(MOMENTARY_STEPS):
        steps[step : step + count] |= moved
    return steps


def _around(hot: npt.NDArray[np.bool_], times: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether a millisecond is hot within `REACH_S` of the block at each time, in seconds."""
    counted = np.concatenate([[0], np.cumsum(hot, dtype=np.int32)], dtype=np.int32)
    edges = (times - REACH_S, times + MOMENTARY_STEPS / _STEPS_PER_SECOND + REACH_S)
    first, last = (np.clip(np.rint(PEAKS_PER_SECOND * e), 0, len(hot)).astype(int) for e in edges)
    return np.asarray(counted[last] > counted[first])


def _reduced(before_gain: FloatArray, after_gain: FloatArray, size: int) -> FloatArray:
    """The reduction of each window of a block."""
    edges = np.unique(np.linspace(0, size, PARTS, endpoint=False).astype(int))
    starts = (np.arange(0, len(before_gain), size)[:, None] + edges).reshape(-1)
    starts = starts[starts < len(before_gain)]
    # The channels of a part are interleaved.
    places = starts * before_gain.shape[1]
    power = np.add.reduceat(np.square(before_gain).reshape(-1), places)
    common = np.add.reduceat((before_gain * after_gain).reshape(-1), places)
    quiet = gain_factor(QUIET_DB) ** 2 * np.diff(starts, append=len(before_gain))
    loud = (power > quiet) & (common > 0.0)
    parts = np.zeros(-(-len(starts) // len(edges)) * len(edges))
    parts[: len(starts)][loud] = -20.0 * np.log10(common[loud] / power[loud])
    windows: FloatArray = parts.reshape(-1, len(edges)).max(axis=1)
    windows[windows < LEAST_DB] = 0.0
    return windows
