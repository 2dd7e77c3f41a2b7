"""How far the limiter turned the master down, found by comparing what went in and what came out.

Promises: it holds for every backend's limiter, for it knows nothing of any: in each `PART_S` of
`WINDOW_S` the gain between the premaster, moved by the loudness gain, and the master is the one
that explains the master best (least squares), so dither and rounding average out. What is reported
of a window is the deepest part's. Parts quieter than `QUIET_DB` say nothing and count as not
reduced; so does a reduction of less than `LEAST_DB`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from ...audio import FloatArray
from ...ir.units import gain_factor

WINDOW_S = 0.01
PARTS = 10
"""Parts of a window."""

QUIET_DB = -60.0
LEAST_DB = 0.05

_WINDOWS = 512  # of one block


def reduction(
    premaster: Path, master: Path, gain_db: float, progress: Callable[[float], None]
) -> FloatArray:
    """The gain reduction in dB, 0 or more, of each 10 ms of the master, shape (n,).

    Args:
        premaster: what entered the loudness gain, at the master's rate and with its channels.
        master: what was delivered.
        gain_db: the loudness gain.
        progress: is told how much is done, 0 to 1.

    Raises:
        soundfile.LibsndfileError: a file cannot be read.
    """
    factor = gain_factor(gain_db)
    found = [np.zeros(0)]
    with soundfile.SoundFile(premaster) as before, soundfile.SoundFile(master) as after:
        size = round(WINDOW_S * after.samplerate)
        count = min(before.frames, after.frames)
        for start in range(0, count, _WINDOWS * size):
            length = min(_WINDOWS * size, count - start)
            went_in, came_out = (
                audio.read(length, dtype="float64", always_2d=True) for audio in (before, after)
            )
            found.append(_reduced(factor * went_in, came_out, size))
            progress(min(1.0, (start + length) / count))
    return np.concatenate(found)


def _reduced(went_in: FloatArray, came_out: FloatArray, size: int) -> FloatArray:
    """The reduction of each window of a block."""
    edges = np.unique(np.linspace(0, size, PARTS, endpoint=False).astype(int))
    starts = (np.arange(0, len(went_in), size)[:, None] + edges).reshape(-1)
    starts = starts[starts < len(went_in)]
    # All channels of a part lie side by side.
    places = starts * went_in.shape[1]
    power = np.add.reduceat(np.square(went_in).reshape(-1), places)
    common = np.add.reduceat((went_in * came_out).reshape(-1), places)
    quiet = gain_factor(QUIET_DB) ** 2 * np.diff(starts, append=len(went_in))
    loud = (power > quiet) & (common > 0.0)
    parts = np.zeros(-(-len(starts) // len(edges)) * len(edges))
    parts[: len(starts)][loud] = -20.0 * np.log10(common[loud] / power[loud])
    windows: FloatArray = parts.reshape(-1, len(edges)).max(axis=1)
    windows[windows < LEAST_DB] = 0.0
    return windows
