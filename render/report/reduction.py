"""Measures the gain reduction of the limiter by comparing the premaster with the master.

It works for the limiter of any backend. A window of `WINDOW_S` has `PARTS` parts; in each, the gain
from the premaster, after the loudness gain, to the master is fitted by least squares, so dither and
rounding average out. The reduction of a window is that of its most reduced part. Parts quieter than
`QUIET_DB` and reductions below `LEAST_DB` count as no reduction.

Where the peaks of the premaster are known, only the surroundings of those that come near the
ceiling are read: no limiter works longer before or after a peak than `REACH_S`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...audio import FloatArray
from ...audio.meter.extremes import ExtremeArray
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

_WINDOWS = 32  # per block, which the cache holds


def reduction(
    premaster: Path,
    master: Path,
    gain_db: float,
    progress: Callable[[float], None],
    *,
    peaks: ExtremeArray | None = None,
    ceiling_db: float = 0.0,
) -> FloatArray:
    """The gain reduction in dB, 0 or more, of each 10 ms of the master, shape (n,).

    Args:
        premaster: the input of the loudness gain, at the master's rate and channel count.
        master: the delivered file.
        gain_db: the loudness gain.
        progress: called with the share done, 0 to 1.
        peaks: of each millisecond of the premaster (`PremasterLevels`); None: unknown.
        ceiling_db: of the limiter.

    Raises:
        soundfile.LibsndfileError: a file cannot be read.
    """
    factor = gain_factor(gain_db)
    with SequentialFile(premaster) as before, SequentialFile(master) as after:
        size = round(WINDOW_S * after.samplerate)
        count = min(before.frames, after.frames)
        found = np.zeros(-(-count // size))
        near = np.ones(len(found), np.bool_)
        if peaks is not None:
            hot = peaks > np.float64(gain_factor(ceiling_db - NEAR_DB) / factor)  # may exceed f4
            near = _around(hot, np.arange(len(found)) * size / after.samplerate)
        for first in range(0, len(found), _WINDOWS):
            windows, start = slice(first, first + _WINDOWS), first * size
            length = min(_WINDOWS * size, count - start)
            if near[windows].any():
                pair = []
                for audio in (before, after):
                    if audio.tell() != start:
                        audio.seek(start)
                    pair.append(audio.read(length, dtype="float64", always_2d=True))
                found[windows] = _reduced(factor * pair[0], pair[1], size)
            progress(min(1.0, (start + length) / count))
    return found


def _around(hot: npt.NDArray[np.bool_], times: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether a millisecond is hot within `REACH_S` of each time, in seconds."""
    counted = np.concatenate([[0], np.cumsum(hot, dtype=np.int32)], dtype=np.int32)
    edges = (times - REACH_S, times + WINDOW_S + REACH_S)
    first, last = (np.clip(np.rint(1000.0 * e), 0, len(hot)).astype(int) for e in edges)
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
