"""Finds the spans of a programme in which something is said or played.

The input is the K-weighted power of every 10 ms, which `LoudnessMeter` yields. A frame is active if
its level exceeds the noise floor around it by 6 dB and is at most 40 dB below the loud passages. It
stays active until the level falls below the floor plus 3 dB. The floor is a percentile of the
levels within 10 s, so it follows a noise that changes slowly and is not raised by speech. Words
often begin and end with sounds that are hardly above the noise; a span is widened by them.

The detector compares levels, so it cannot distinguish speech from music. Material without pauses
has no contrast to a floor; `Activity.contrast` then says so, and a caller should treat all of it
alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from attrs import frozen
from numpy.lib.stride_tricks import sliding_window_view

from ..ir.units import power_decibels
from . import FloatArray
from .meter.loudness import MOMENTARY_STEPS, integrated_loudness, lufs

FRAME_MS = 10
"""The length of a frame."""

_QUIETEST_LUFS = -75.0
"""Levels below this count as this: digital silence is no noise floor."""
_FAINTEST_LUFS = -60.0
"""Loud passages below this level are not a programme."""
_FLOOR_EVERY, _FLOOR_REACH = 500, 1000
"""The floor is estimated every 5 s, from the levels within 10 s, in frames."""
_FLOOR_PERCENTILE, _LOW_PERCENTILE, _LOW_MARGIN_DB = 20, 5, 3.0
_LOUD_OVER_FLOOR_DB, _LOUD_PERCENTILE, _LOUD_FRAMES = 10.0, 95, 30
_ON_DB, _OFF_BELOW_ON_DB, _ON_BELOW_LOUD_DB = 6.0, 3.0, 40.0
_SHORTEST_GAP, _SHORTEST_RUN = 20, 5
"""Frames: shorter gaps between active frames are filled, shorter runs of them are dropped."""
_EDGE_DB, _EDGE_FRAMES, _EDGE_FRAME_DB = 1.5, 21, 0.5
"""A weak sound: 210 ms whose mean, and frames whose own level, exceed the floor by so much."""
_EDGE_REACH = 40
"""Frames by which a span is widened at most, at each end."""
_CLEAR_SNR_DB = 8.0
_ACTIVE_BLOCK = 0.5
"""The part of a block that makes it active."""


class Contrast(StrEnum):
    """How far the active spans of a programme exceed the rest of it.

    clear: by at least 8 dB. unsure: by less; the spans are unreliable. none: there are no spans,
    because nothing exceeds the noise floor, or because everything does.
    """

    CLEAR = "clear"
    UNSURE = "unsure"
    NONE = "none"


@frozen
class Activity:
    """The active spans of a programme.

    Attributes:
        contrast: whether they can be relied on.
        spans: the first frame of each, and the first frame after it, in order, never touching.
        snr_db: the power in the spans above that outside of them, dB; None without both.
    """

    contrast: Contrast
    spans: tuple[tuple[int, int], ...] = ()
    snr_db: float | None = None


def find_activity(powers: FloatArray) -> Activity:
    """The active spans of a programme.

    Args:
        powers: the K-weighted mean square of each frame, summed over channels, shape (n,).
    """
    if not powers.size:
        return Activity(Contrast.NONE)
    padded = np.pad(powers, 1, mode="edge")
    levels = lufs((padded[:-2] + padded[1:-1] + padded[2:]) / 3.0)
    floor = _noise_floor(np.maximum(levels, _QUIETEST_LUFS))
    above = levels[levels > floor + _LOUD_OVER_FLOOR_DB]
    if above.size < _LOUD_FRAMES:
        return Activity(Contrast.NONE)
    loud = float(np.percentile(above, _LOUD_PERCENTILE))
    if loud < _FAINTEST_LUFS:
        return Activity(Contrast.NONE)
    on = np.maximum(floor + _ON_DB, loud - _ON_BELOW_LOUD_DB)
    off = on - _OFF_BELOW_ON_DB
    active = _cleaned(_hysteresis(levels, on, off))
    snr = _snr_db(powers, active)
    contrast = Contrast.UNSURE if snr is not None and snr < _CLEAR_SNR_DB else Contrast.CLEAR
    around = np.convolve(np.pad(powers, _EDGE_FRAMES // 2, mode="edge"), np.ones(_EDGE_FRAMES))
    mean = lufs(around[_EDGE_FRAMES - 1 : 1 - _EDGE_FRAMES] / _EDGE_FRAMES)
    faintest = loud - _ON_BELOW_LOUD_DB - _OFF_BELOW_ON_DB
    weak = (mean > floor + _EDGE_DB) & (levels > np.maximum(floor + _EDGE_FRAME_DB, faintest))
    active = _cleaned(_widened(active, weak))
    return Activity(contrast if active.any() else Contrast.NONE, spans_of(active), snr)


def active_frames(spans: Iterable[tuple[int, int]], count: int) -> npt.NDArray[np.bool_]:
    """Whether each of `count` frames is in one of the spans."""
    active = np.zeros(count, dtype=bool)
    for start, end in spans:
        active[start:end] = True
    return active


def active_blocks(powers: FloatArray, shares: FloatArray) -> FloatArray:
    """The powers of the 400 ms blocks, at steps of 100 ms, that are at least half active.

    Args:
        powers: the K-weighted mean square of every 100 ms, summed over channels.
        shares: the part of every 100 ms that is active.
    """
    if len(powers) < MOMENTARY_STEPS:
        return np.zeros(0)
    blocks, active = (
        sliding_window_view(series, MOMENTARY_STEPS).mean(axis=1) for series in (powers, shares)
    )
    return np.asarray(blocks[active >= _ACTIVE_BLOCK])


def active_loudness(powers: FloatArray, shares: FloatArray) -> float:
    """The gated loudness of the `active_blocks`, LUFS; -inf if there are none.

    Pauses do not count at all, unlike in integrated loudness, whose gate lets noise pass. So two
    speakers with different pauses and noise can be compared.
    """
    return integrated_loudness(active_blocks(powers, shares))


def _noise_floor(levels: FloatArray) -> FloatArray:
    """The level of the noise around each frame, LUFS."""
    centres = np.arange(0, len(levels) + _FLOOR_EVERY, _FLOOR_EVERY)
    floors = np.empty(len(centres))
    for number, centre in enumerate(map(int, centres)):
        near = levels[max(0, min(centre, len(levels)) - _FLOOR_REACH) : centre + _FLOOR_REACH]
        usual, low = np.percentile(near, [_FLOOR_PERCENTILE, _LOW_PERCENTILE])
        floors[number] = min(usual, low + _LOW_MARGIN_DB)
    return np.asarray(np.interp(np.arange(len(levels)), centres, floors))


def _hysteresis(levels: FloatArray, on: FloatArray, off: FloatArray) -> npt.NDArray[np.bool_]:
    """Active from a frame that reaches `on` to the next that falls below `off`."""
    decided = np.where(levels >= on, 1, np.where(levels < off, 0, -1))
    decided[0] = max(decided[0], 0)
    latest = np.maximum.accumulate(np.where(decided >= 0, np.arange(len(levels)), 0))
    return np.asarray(decided[latest] == 1)


def _cleaned(active: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Without short gaps, apart from those at the ends, and then without short runs."""
    cleaned = active.copy()
    for start, end in spans_of(~active):
        if end - start < _SHORTEST_GAP and start > 0 and end < len(active):
            cleaned[start:end] = True
    for start, end in spans_of(cleaned):
        if end - start < _SHORTEST_RUN:
            cleaned[start:end] = False
    return cleaned


def _widened(active: npt.NDArray[np.bool_], weak: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Also active at weak frames without a break before and after each run of active ones."""
    widened = active.copy()
    for start, end in spans_of(active):
        before, after = (
            weak[max(start - _EDGE_REACH, 0) : start][::-1],
            weak[end : end + _EDGE_REACH],
        )
        widened[start - _run(before) : end + _run(after)] = True
    return widened


def _run(chosen: npt.NDArray[np.bool_]) -> int:
    """The number of chosen frames before the first that is not."""
    return len(chosen) if chosen.all() else int(np.argmin(chosen))


def spans_of(chosen: npt.NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """Each run of chosen frames: the first frame, and the first frame after it."""
    edges = np.flatnonzero(np.diff(chosen.astype(np.int8), prepend=0, append=0))
    return tuple((int(start), int(end)) for start, end in edges.reshape(-1, 2))


def _snr_db(powers: FloatArray, active: npt.NDArray[np.bool_]) -> float | None:
    """The power of the signal above that of the noise; None if either is missing."""
    if active.all() or not active.any():
        return None
    noise = float(powers[~active].mean())
    signal = float(powers[active].mean()) - noise
    return power_decibels(signal / noise) if noise and signal > 0 else None
