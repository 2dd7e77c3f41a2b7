"""Curves of a file over time: waveform, loudness, silent stretches; in one pass, in bounded memory.

A curve has at most `COLUMNS` values at any length. Each value is the extreme of its part of the
file, so no peak is lost. Loudness is measured by mixdown's own meter (ITU-R BS.1770-5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path

import numpy as np
import soundfile
from attrs import define, field, frozen

from ...audio import FloatArray
from ...audio.meter.loudness import (
    ABSOLUTE_GATE_LUFS,
    MOMENTARY_STEPS,
    SHORT_TERM_STEPS,
    LoudnessMeter,
    integrated_loudness,
    power_of,
)
from .holes import EMPTY_MASTER_DB, EmptyStretches, SampleRange

COLUMNS = 2000
"""The maximum number of values of a curve: about the width of a screen in pixels."""

STEP_S = 0.1
"""The step of the meter's series, in seconds."""

_BLOCK = 1 << 16


@frozen
class Curve:
    """Values at equal steps of time.

    Attributes:
        start_s: the end of the first value's window; for the waveform, its start.
        step_s: from one value to the next.
        values: None for a level that does not exist, such as the loudness of silence.
    """

    start_s: float
    step_s: float
    values: tuple[float | None, ...]


@frozen(kw_only=True)
class Curves:
    """The curves of a file.

    Attributes:
        rate: Hz.
        lowest, highest: the extreme samples of each column over all channels, in full scale.
        momentary, short_term: the maximum of each column, LUFS.
        blocks: the loudness of every 400 ms at steps of 100 ms, LUFS, not decimated.
        empty: silent stretches directly after loud samples.
    """

    rate: int
    lowest: Curve
    highest: Curve
    momentary: Curve
    short_term: Curve
    blocks: FloatArray = field(eq=False, repr=False)
    empty: tuple[SampleRange, ...]

    def integrated(self, start_s: float, stop_s: float) -> float:
        """The integrated loudness between two times, LUFS; -inf for silence."""
        first = int(np.ceil(start_s / STEP_S - 1e-9))
        last = int(np.floor(stop_s / STEP_S + 1e-9)) - MOMENTARY_STEPS + 1
        with np.errstate(over="ignore"):
            powers = power_of(self.blocks[first : max(last, first)])
        return integrated_loudness(powers)


@define
class ExtremeColumns:
    """The lowest and highest sample of every `width` samples, over all channels."""

    width: int
    lowest: list[FloatArray] = field(factory=list)
    highest: list[FloatArray] = field(factory=list)
    _rest: tuple[FloatArray, FloatArray] = field(factory=lambda: (np.zeros(0), np.zeros(0)))

    def feed(self, low: FloatArray, high: FloatArray) -> None:
        """Add the lowest and highest channel of the next samples, shape (n,)."""
        low, high = np.concatenate([self._rest[0], low]), np.concatenate([self._rest[1], high])
        whole = len(low) // self.width * self.width
        self.lowest.append(low[:whole].reshape(-1, self.width).min(axis=1))
        self.highest.append(high[:whole].reshape(-1, self.width).max(axis=1))
        self._rest = low[whole:], high[whole:]

    def result(self) -> tuple[FloatArray, FloatArray]:
        """The columns of everything fed; the last may be shorter. Call it once."""
        low, high = self._rest
        if len(low):
            self.lowest.append(low.min(keepdims=True))
            self.highest.append(high.max(keepdims=True))
        return np.concatenate([np.zeros(0), *self.lowest]), np.concatenate(
            [np.zeros(0), *self.highest]
        )


def draw(path: Path, progress: Callable[[float], None]) -> Curves:
    """The curves of a file that libsndfile reads.

    Raises:
        soundfile.LibsndfileError: it cannot be read.
        ValueError: the meter has no weights for the number of channels.
    """
    with soundfile.SoundFile(path) as audio:
        rate = audio.samplerate
        meter = LoudnessMeter(rate, audio.channels)
        columns = ExtremeColumns(column_width(audio.frames))
        empty = EmptyStretches(rate, EMPTY_MASTER_DB)
        for block in _blocks(audio, progress):
            meter.feed(block)
            low, high = reduce(np.minimum, block), reduce(np.maximum, block)
            columns.feed(low, high)
            empty.feed(np.maximum(-low, high))
    lowest, highest = columns.result()
    loudness = meter.result()
    step = columns.width / rate
    return Curves(
        rate=rate,
        lowest=Curve(0.0, step, rounded(lowest, 4)),
        highest=Curve(0.0, step, rounded(highest, 4)),
        momentary=loudness_curve(loudness.momentary, MOMENTARY_STEPS),
        short_term=loudness_curve(loudness.short_term, SHORT_TERM_STEPS),
        blocks=loudness.momentary,
        empty=tuple(empty.found),
    )


def peak_columns(path: Path) -> Curve:
    """The peak of each column of a file, in full scale.

    Raises:
        soundfile.LibsndfileError: it cannot be read.
    """
    with soundfile.SoundFile(path) as audio:
        columns = ExtremeColumns(column_width(audio.frames))
        for block in _blocks(audio, lambda done: None):
            columns.feed(reduce(np.minimum, block), reduce(np.maximum, block))
        lowest, highest = columns.result()
        return Curve(
            0.0, columns.width / audio.samplerate, rounded(np.maximum(-lowest, highest), 4)
        )


def column_width(samples: int) -> int:
    """The number of samples per column."""
    return max(-(-samples // COLUMNS), 1)


def loudness_curve(series: FloatArray, steps: int) -> Curve:
    """A series of the meter with windows of `steps` steps, as a curve."""
    group = column_width(len(series))
    return Curve(
        round(steps * STEP_S, 6), round(group * STEP_S, 6), rounded(greatest(series, group), 2)
    )


def greatest(values: FloatArray, group: int) -> FloatArray:
    """The maximum of every `group` values."""
    if not len(values):
        return values
    return np.asarray(np.maximum.reduceat(values, np.arange(0, len(values), group)))


def rounded(values: FloatArray, digits: int) -> tuple[float | None, ...]:
    """The values rounded for JSON; None for a loudness below the absolute gate."""
    return tuple(
        round(value, digits) + 0.0 if value > ABSOLUTE_GATE_LUFS else None
        for value in values.tolist()
    )


def _blocks(audio: soundfile.SoundFile, progress: Callable[[float], None]) -> Iterator[FloatArray]:
    blocks = audio.blocks(blocksize=_BLOCK, dtype="float64", always_2d=True)
    for number, block in enumerate(blocks, 1):
        yield np.ascontiguousarray(block.T)
        progress(min(1.0, number * _BLOCK / max(audio.frames, 1)))
