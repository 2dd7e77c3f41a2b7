"""Curves of a file over time: waveform, loudness, silent stretches; in one pass, in bounded memory.

A curve has at most `COLUMNS` values at any length. Each value is the extreme of its part of the
file, so no peak is lost. Loudness is measured by mixdown's own meter (ITU-R BS.1770-5).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from attrs import field, frozen

from ...audio import FloatArray
from ...audio.meter.dropouts import EmptyStretches, SampleRange
from ...audio.meter.extremes import ExtremesMeter
from ...audio.meter.framing import checked
from ...audio.meter.loudness import (
    ABSOLUTE_GATE_LUFS,
    MOMENTARY_STEPS,
    SHORT_TERM_STEPS,
    Loudness,
    LoudnessMeter,
    integrated_loudness,
    power_of,
)
from ...audio.meter.spans import SpanMeter
from ...audio.reading import file_blocks
from ...inspection.report import Curve

COLUMNS = 2000
"""The maximum number of values of a curve: about the width of a screen in pixels."""

PARTS = 200
"""The parts of a second whose extremes are found; a column is a whole number of them."""

EMPTY_MASTER_DB = -72.0
"""Above the dither of 16 bits: below this, a stretch of a master is empty."""

STEP_S = 0.1
"""The step of the meter's series, in seconds."""


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

    @property
    def peaks(self) -> Curve:
        """The peak of each column, in full scale."""
        extremes = zip(self.lowest.values, self.highest.values, strict=True)
        peaks = tuple(max(-(low or 0.0), high or 0.0) + 0.0 for low, high in extremes)
        return Curve(self.lowest.start_s, self.lowest.step_s, peaks)

    def integrated(self, start_s: float, stop_s: float) -> float:
        """The integrated loudness between two times, LUFS; -inf for silence."""
        first = int(np.ceil(start_s / STEP_S - 1e-9))
        last = int(np.floor(stop_s / STEP_S + 1e-9)) - MOMENTARY_STEPS + 1
        with np.errstate(over="ignore"):
            powers = power_of(self.blocks[first : max(last, first)])
        return integrated_loudness(powers)


class CurveMeter(SpanMeter):
    """Measures the curves of a stream; blocks may have any length."""

    MEMORY = FINDINGS = ("_loudness", "_extremes", "_empty")

    def __init__(self, rate: int, channels: int, *, finds_empty: bool = True) -> None:
        """finds_empty: whether to look for silent stretches.

        Raises:
            ValueError: the meter has no weights for the number of channels, or the rate is too low.
        """
        self._rate, self._channels, self._finds_empty = rate, channels, finds_empty
        self._loudness = LoudnessMeter(rate, channels)
        self._extremes = ExtremesMeter(rate, channels, PARTS)
        self._empty = EmptyStretches(rate, EMPTY_MASTER_DB)

    def feed(self, block: FloatArray) -> None:
        """Process the next block, shape (channels, n).

        Raises:
            ValueError: it contains NaN or infinity.
        """
        self.add(checked(block, self._channels))

    def add(self, samples: FloatArray) -> None:
        """The same of samples that another meter has checked."""
        self._loudness.add(samples)
        self._extremes.add(samples)
        if self._finds_empty:
            self._empty.feed(samples)

    def loudness(self) -> Loudness:
        """The loudness of everything fed."""
        return self._loudness.result()

    def result(self, loudness: Loudness) -> Curves:
        """The curves of everything fed, of which this is the loudness."""
        lowest, highest = self._extremes.result()
        group = column_width(len(lowest))
        step = group / PARTS
        return Curves(
            rate=self._rate,
            lowest=Curve(0.0, step, rounded(-greatest(-lowest, group), 4)),
            highest=Curve(0.0, step, rounded(greatest(highest, group), 4)),
            momentary=loudness_curve(loudness.momentary, MOMENTARY_STEPS),
            short_term=loudness_curve(loudness.short_term, SHORT_TERM_STEPS),
            blocks=loudness.momentary,
            empty=self._empty.found,
        )


def draw(path: Path) -> Curves:
    """The curves of a file that libsndfile reads.

    Raises:
        soundfile.LibsndfileError: it cannot be read.
        ValueError: the meter has no weights for the number of channels.
    """
    with soundfile.SoundFile(path) as audio:
        meter = CurveMeter(audio.samplerate, audio.channels)
        for block in file_blocks(audio):
            meter.feed(block)
        return meter.result(meter.loudness())


def column_width(values: int) -> int:
    """The number of values per column."""
    return max(-(-values // COLUMNS), 1)


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
