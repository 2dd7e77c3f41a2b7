"""The gain of a fader that follows slow changes of loudness, as keyframes.

The loudness is that of the active parts in a window around each 100 ms, so that a pause has the
loudness of the speech around it and is never lifted against it. The gain leads from this loudness
to that of the whole. It is limited, interpolated where nothing is active, and moves by at most 3 dB
a second. Then keyframes are left out (Ramer, Douglas and Peucker) as long as the gain keeps within
0.5 dB.
"""

from __future__ import annotations

import numpy as np

from . import FloatArray, IndexArray
from .meter.loudness import lufs

STEPS_PER_SECOND = 10
_LEAST_ACTIVE_STEPS = 5.0
_SLEW_DB = 3.0 / STEPS_PER_SECOND
_TOLERANCE_DB = 0.5


def ride_gains(
    powers: FloatArray,
    shares: FloatArray,
    *,
    range_db: float,
    window_s: float,
    strength: float = 1.0,
    boost_db: float = np.inf,
) -> FloatArray:
    """The gain in each 100 ms, dB, shape (n,); 0 throughout if there is too little activity.

    Args:
        powers: the K-weighted mean square of every 100 ms, summed over channels, shape (n,).
        shares: the part of every 100 ms that is active.
        range_db: the greatest gain and the greatest attenuation.
        window_s: the window of the loudness; a Hann window of twice this length.
        strength: the part of each difference that is evened out.
        boost_db: another limit of the gain.
    """
    half = round(window_s * STEPS_PER_SECOND)
    active = np.where(shares > 0.0, powers, 0.0)
    power, share = (
        _smoothed(series, np.hanning(2 * half + 3)[1:-1]) for series in (active, shares)
    )
    enough = _smoothed(shares, np.ones(2 * half + 1)) >= _LEAST_ACTIVE_STEPS
    at = np.flatnonzero(enough & (power > 0.0))
    if not at.size:
        return np.zeros(len(powers))
    whole = lufs(np.array([active.sum() / shares.sum()]))[0]
    wanted = strength * (whole - lufs(power[at] / share[at]))
    wanted = np.clip(wanted, -range_db, min(range_db, boost_db))
    gains = np.interp(np.arange(len(powers)), at, wanted)
    return (_slewed(gains) + _slewed(gains[::-1])[::-1]) / 2.0


def turning_points(gains: FloatArray) -> IndexArray:
    """The fewest steps whose linear interpolation keeps within 0.5 dB, the first and last included.

    By Ramer, Douglas and Peucker: few, not always the fewest possible.
    """
    kept = {0, len(gains) - 1}
    open_parts = [(0, len(gains) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        line = np.linspace(gains[first], gains[last], last - first + 1)
        errors = np.abs(gains[first : last + 1] - line)
        worst = first + int(errors.argmax())
        if errors[worst - first] > _TOLERANCE_DB:
            kept.add(worst)
            open_parts += [(first, worst), (worst, last)]
    return np.array(sorted(kept), dtype=np.int64)


def _smoothed(series: FloatArray, window: FloatArray) -> FloatArray:
    """The series, weighted by a window around each step; 0 beyond its ends."""
    half = len(window) // 2
    return np.convolve(series, window)[half : half + len(series)]


def _slewed(gains: FloatArray) -> FloatArray:
    """The gains, moving by at most the slew rate from each step to the next."""
    moved = gains.copy()
    for step in range(1, len(moved)):
        low, high = moved[step - 1] - _SLEW_DB, moved[step - 1] + _SLEW_DB
        moved[step] = min(max(moved[step], low), high)
    return moved
