"""Measures loudness and peaks of a stream or a file in one pass; 9 MB of memory for 3 hours."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike

import attrs
import soundfile

from ...ir.finish import Reading
from .. import FloatArray
from ..reading import file_blocks
from .loudness import Loudness, LoudnessMeter
from .statistics import RmsMeter
from .truepeak import PeakLevels, TruePeakMeter


@attrs.frozen
class Measurement:
    """The levels of one programme.

    integrated, momentary_max, short_term_max: LUFS (ITU-R BS.1770-5, EBU Tech 3341); range: LU (EBU
    Tech 3342); true_peak_dbtp: dBTP; sample_peak_dbfs, rms_dbfs: dBFS; duration_samples: per
    channel. Levels are -inf for silence; loudness is also -inf if the programme is shorter than the
    window (400 ms; 3 s for short-term). padded: integrated, with silence appended to a programme
    shorter than that.
    """

    integrated: float
    padded: float
    range: float
    momentary_max: float
    short_term_max: float
    true_peak_dbtp: float
    sample_peak_dbfs: float
    rms_dbfs: float
    duration_samples: int


def measure(blocks: Iterable[FloatArray], rate: int, channels: int) -> Measurement:
    """Measure consecutive blocks at `rate` Hz, each float64 of shape (channels, n), full scale 1.0.

    Raises ValueError for a channel count without BS.1770 weights (known: 1, 2, 5 and 6), a block of
    another shape, and NaN or infinite samples.
    """
    loudness_meter = LoudnessMeter(rate, channels)
    peak_meter = TruePeakMeter(rate, channels)
    rms_meter = RmsMeter(rate, channels)
    duration = 0
    for block in blocks:
        loudness_meter.feed(block)
        peak_meter.add(block)
        rms_meter.add(block)
        duration += block.shape[1]
    return levels_of(loudness_meter.result(), peak_meter.result(), rms_meter.result(), duration)


def levels_of(loudness: Loudness, peaks: PeakLevels, rms: float, duration: int) -> Measurement:
    """The results of the meters over `duration` samples."""
    return Measurement(
        integrated=loudness.integrated,
        padded=loudness.padded,
        range=loudness.range,
        momentary_max=loudness.momentary_max,
        short_term_max=loudness.short_term_max,
        true_peak_dbtp=peaks.true_peak_dbtp,
        sample_peak_dbfs=peaks.sample_peak_dbfs,
        rms_dbfs=rms,
        duration_samples=duration,
    )


def measure_file(path: str | PathLike[str]) -> Measurement:
    """Measure an audio file that libsndfile reads.

    Raises soundfile.LibsndfileError if it cannot be read, and ValueError like `measure`.
    """
    with soundfile.SoundFile(path) as audio:
        return measure(file_blocks(audio), audio.samplerate, audio.channels)


class LevelMeter:
    """The one level that a loudness goal reads; errors as of the meter in use."""

    def __init__(self, reading: Reading, rate: int, channels: int) -> None:
        self._reading = reading
        self._rms = RmsMeter(rate, channels) if reading is Reading.RMS else None
        self._loudness = None if self._rms else LoudnessMeter(rate, channels)

    def feed(self, block: FloatArray) -> None:
        """Process the next block, float64 of shape (channels, n), any n."""
        if self._rms:
            self._rms.feed(block)
        if self._loudness:
            self._loudness.feed(block)

    def result(self) -> float:
        """LUFS or dBFS, as the reading says; -inf for silence."""
        if self._rms:
            return self._rms.result()
        assert self._loudness is not None
        found = self._loudness.result()
        return found.padded if self._reading is Reading.MOMENTARY else found.integrated
