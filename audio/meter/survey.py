"""Measures loudness, peaks, statistics, clipping and silence in one pass over the samples.

The levels equal those of `measure`, bit for bit, and results are the same for any division of the
stream into blocks. Memory is 18 MB for 3 hours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from os import PathLike

import attrs
import soundfile

from .. import FloatArray
from .clipping import Clipping, ClippingMeter
from .loudness import Loudness, LoudnessMeter
from .measure import FILE_BLOCK, Measurement, levels_of
from .silence import SilenceMeter, SilentEnds
from .statistics import Statistics, StatisticsMeter
from .truepeak import PeakLevels, TruePeakMeter


@attrs.frozen
class Survey:
    """The measurements of one programme.

    Attributes:
        rate: Hz.
        channels: the number of channels.
        levels: loudness and peaks.
        statistics: RMS, noise floor, DC offset, correlation.
        clipping: runs of samples at full scale.
        silence: at head and tail, samples.
        peaks: the true peak of each channel, and the position of the highest.
        loudness: with its series at 10 Hz; None if they were not kept.
        short_term_max_s: the start of the loudest 3 s, s, to a tenth; None for a shorter programme.
    """

    rate: int
    channels: int
    levels: Measurement
    statistics: Statistics
    clipping: Clipping
    silence: SilentEnds
    peaks: PeakLevels
    loudness: Loudness | None = attrs.field(repr=False)
    short_term_max_s: float | None

    @property
    def duration_s(self) -> float:
        """The duration, s."""
        return self.levels.duration_samples / self.rate


def survey(
    blocks: Iterable[FloatArray], rate: int, channels: int, *, full_scale: float = 1.0
) -> Survey:
    """Survey consecutive blocks at `rate` Hz, each float64 of shape (channels, n).

    `full_scale` is the lowest magnitude that counts as clipped. Raises ValueError like `measure`.
    """
    loudness_meter, peak_meter = LoudnessMeter(rate, channels), TruePeakMeter(rate, channels)
    statistics_meter = StatisticsMeter(rate, channels)
    clipping_meter, silence_meter = ClippingMeter(channels, full_scale), SilenceMeter()
    duration = 0
    for block in blocks:
        loudness_meter.feed(block)
        peak_meter.feed(block)
        statistics_meter.feed(block)
        clipping_meter.feed(block)
        silence_meter.feed(block)
        duration += block.shape[1]
    loudness, peaks = loudness_meter.result(), peak_meter.result()
    return Survey(
        rate=rate,
        channels=channels,
        levels=levels_of(loudness, peaks, duration),
        statistics=statistics_meter.result(),
        clipping=clipping_meter.result(),
        silence=silence_meter.result(),
        peaks=peaks,
        loudness=loudness,
        short_term_max_s=_loudest(loudness.short_term),
    )


def survey_file(path: str | PathLike[str]) -> Survey:
    """Survey an audio file that libsndfile reads.

    Raises soundfile.LibsndfileError if it cannot be read, and ValueError like `measure`.
    """
    with soundfile.SoundFile(path) as audio:
        blocks = audio.blocks(blocksize=FILE_BLOCK, dtype="float64", always_2d=True)
        transposed = (block.T for block in blocks)
        full_scale = highest_sample(audio.subtype)
        return survey(transposed, audio.samplerate, audio.channels, full_scale=full_scale)


def highest_sample(subtype: str) -> float:
    """The highest positive sample of a libsndfile subtype, full scale 1.0."""
    integers = re.fullmatch(r"(?:PCM|ALAC)_[SU]?(\d+)", subtype)
    return 1.0 - 2.0 ** (1 - int(integers[1])) if integers else 1.0


def _loudest(short_term: FloatArray) -> float | None:
    """The start of the highest window of a series at 10 Hz, s; None for an empty series."""
    return float(short_term.argmax()) / 10.0 if short_term.size else None
