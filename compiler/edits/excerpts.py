"""The part of a survey that a clip plays, as the mix plays it, and the loudness of such parts.

Levels are those of the source after the clip's pan, before every filter, fade and automation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Protocol

import numpy as np
from attrs import evolve, frozen

from ...audio import FloatArray
from ...audio.activity import active_blocks
from ...audio.meter.loudness import integrated_loudness, lufs, power_of
from ...audio.pan import gains
from ...ir.nodes import Source
from ...ir.units import power_factor
from ...media.survey import STEP_MS, SourceSurvey
from ...presets.model import BusPreset
from ..geometry import extent
from ..timeline.model import Clip, Timeline
from ..unit import BusDucking
from .targets import ClipNumber

_STEPS_PER_SECOND = 1000 // STEP_MS
FAINTEST_LUFS = -70.0
"""Excerpts below this are silent: the absolute gate of BS.1770."""


class Surveyed(Protocol):
    """What is known of a mix whose sources were surveyed: a unit, or a compilation."""

    @property
    def timeline(self) -> Timeline:
        """Its clips and tracks."""

    @property
    def media(self) -> Mapping[str, Source]:
        """Its sources, by the names that clips use."""

    @property
    def surveys(self) -> Mapping[str, SourceSurvey]:
        """Of these sources, by the same names."""

    @property
    def buses(self) -> tuple[BusPreset, ...]:
        """In the order of their sum."""

    @property
    def routes(self) -> Mapping[str, str]:
        """Track id -> bus id."""

    @property
    def ducking(self) -> Mapping[str, BusDucking]:
        """Bus id -> its ducking."""


@frozen(eq=False)
class Excerpt:
    """What a clip plays, in steps of 100 ms of its source.

    Attributes:
        powers: K-weighted mean squares, summed over the channels of the mix.
        shares: the part of each step in which something is said or played, 0 to 1; 1 throughout
            if the spans of the survey cannot be relied on.
        is_clear: whether they can.
        snr_db: of the source; None if that is not known.
        first: the number of the first step in the source.
        offset_s: where the clip starts in its source, in seconds of the source.
        speed: seconds of the source for a second of the mix.
    """

    powers: FloatArray
    shares: FloatArray
    is_clear: bool
    snr_db: float | None
    first: int
    offset_s: float
    speed: float

    @property
    def active_s(self) -> float:
        """How long something is said or played."""
        return float(self.shares.sum()) / _STEPS_PER_SECOND

    def with_gains(self, gains: FloatArray) -> Excerpt:
        """The excerpt with a gain in each step, dB."""
        return evolve(self, powers=power_of(lufs(self.powers) + gains))

    def clip_ms(self, step: int) -> float:
        """The time of the middle of a step, in ms from the start of the clip."""
        seconds = (self.first + step + 0.5) / _STEPS_PER_SECOND - self.offset_s
        return 1000.0 * seconds / self.speed


def excerpt_of(mix: Surveyed, number: ClipNumber) -> Excerpt | None:
    """The excerpt that a clip plays; None if its source could not be surveyed."""
    timeline = mix.timeline
    clip = timeline.tracks[number[0]].clips[number[1]]
    survey = mix.surveys.get(clip.source)
    if survey is None:
        return None
    source, where = mix.media[clip.source], extent(clip, timeline.sample_rate, mix.media)
    edges = (where.offset, where.offset + where.length)
    start, end = (_seconds(source, at, timeline.sample_rate) for at in edges)
    first, last = math.floor(start * _STEPS_PER_SECOND), math.ceil(end * _STEPS_PER_SECOND)
    powers = _heard(mix, clip, survey)[first:last]
    shares = survey.active_shares[first:last] if survey.is_clear else np.ones(len(powers))
    speed = float(Fraction(*source.speed))
    return Excerpt(powers, shares, survey.is_clear, survey.snr_db, first, float(start), speed)


def loudness(excerpts: Sequence[tuple[Excerpt, float]]) -> float:
    """The gated loudness of excerpts with gains in dB, LUFS; -inf if there is none."""
    blocks = [
        active_blocks(excerpt.powers * power_factor(gain), excerpt.shares)
        for excerpt, gain in excerpts
    ]
    return integrated_loudness(np.concatenate(blocks)) if blocks else -math.inf


def mean_loudness(excerpts: Sequence[tuple[Excerpt, float]]) -> float:
    """The loudness without gates of what is active in excerpts with gains, LUFS."""
    power = sum(float(p.powers @ p.shares) * power_factor(gain) for p, gain in excerpts)
    share = sum(float(p.shares.sum()) for p, _ in excerpts)
    return float(lufs(np.array([power / share]))[0]) if share else -math.inf


def known_loudness(excerpts: Sequence[tuple[Excerpt, float]]) -> float | None:
    """The gated loudness of excerpts with gains, or if they are short, their mean; None: silent."""
    found = loudness(excerpts)
    found = found if math.isfinite(found) else mean_loudness(excerpts)
    return found if found > FAINTEST_LUFS else None


def _seconds(source: Source, at: int, rate: int) -> Fraction:
    """The position in the file of a sample at the session rate, at the source's speed."""
    played, session = source.rates(rate)
    return Fraction(at * played, session * source.rate)


def _heard(mix: Surveyed, clip: Clip, survey: SourceSurvey) -> FloatArray:
    """The power of a source in every 100 ms, summed over the channels of the mix."""
    powers = survey.channel_powers
    if mix.timeline.channels == 1:
        if survey.channels == 1:
            return np.asarray(powers[0])
        both = 2.0 * (survey.correlation or 0.0) * np.sqrt(powers[0] * powers[1])
        return np.asarray((powers.sum(axis=0) + both) / 4.0)
    pair = gains(float(clip.pan), mix.timeline.pan_law, survey.channels)
    if survey.channels == 1:
        return np.asarray(powers[0] * float(np.square(pair).sum()))
    return np.asarray((powers * np.square(pair)).sum(axis=0))
