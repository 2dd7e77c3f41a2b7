"""Exact arithmetic of bars, beats and ticks.

Promises: every time is a Fraction of milliseconds, so that nothing drifts in long pieces or after
many tempo changes; each time is rounded to a sample once, half to even. A position is
bar:beat:tick; bars and beats count from 1, ticks from 0, 960 to a quarter note. The lower number of
the time signature is the note value of a beat; a tempo is in quarter notes per minute, as in
Standard MIDI Files and sequencers.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from attrs import frozen

from ...ir.units import milliseconds

TICKS = 960
UNITS = (1, 2, 4, 8, 16, 32)
MAX_BEATS = 64
_MINUTE = 60_000

_SIGNATURE = re.compile(r"(\d{1,2})/(\d{1,2})", re.ASCII)
_POSITION = re.compile(r"(\d{1,6})(?::(\d{1,3}))?(?::(\d{1,5}))?", re.ASCII)


@frozen
class Signature:
    """A time signature: `beats` beats a bar, each a `unit`-th note."""

    beats: int = 4
    unit: int = 4

    @property
    def beat(self) -> Fraction:
        """A beat, in quarter notes."""
        return Fraction(4, self.unit)

    @property
    def bar(self) -> Fraction:
        """A bar, in quarter notes."""
        return self.beats * self.beat

    @property
    def ticks(self) -> int:
        """Ticks to a beat."""
        return TICKS * 4 // self.unit

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"


def signature(text: str) -> Signature | None:
    """The time signature that a text such as 6/8 names."""
    found = _SIGNATURE.fullmatch(text)
    if found is None:
        return None
    beats, unit = int(found[1]), int(found[2])
    return Signature(beats, unit) if 1 <= beats <= MAX_BEATS and unit in UNITS else None


@frozen
class Position:
    """bar:beat:tick."""

    bar: int
    beat: int = 1
    tick: int = 0

    def of_bar(self, bar: int) -> Position:
        """The same place in another bar."""
        return Position(bar, self.beat, self.tick)


def position(text: str | int) -> Position | None:
    """The position that a text such as 33, 33:2 or 33:2:480 names."""
    found = _POSITION.fullmatch(str(text))
    if found is None:
        return None
    made = Position(int(found[1]), int(found[2] or 1), int(found[3] or 0))
    return made if made.bar and made.beat else None


@frozen
class TempoSegment:
    """Bars of one tempo and time signature, from `bar` on.

    Attributes:
        bar: its first, counted from 1.
        quarter: quarter notes before it.
        ms: time before it.
        tempo: quarter notes per minute.
        signature: of each bar.
    """

    bar: int
    quarter: Fraction
    ms: Fraction
    tempo: Fraction
    signature: Signature


@frozen
class TempoMap:
    """The tempo map: segments in the order of their bars, the first from bar 1."""

    segments: tuple[TempoSegment, ...]

    def at_bar(self, bar: int) -> TempoSegment:
        """The segment that a bar is in."""
        return self.segments[bisect_right(self.segments, bar, key=lambda s: s.bar) - 1]

    def at(self, quarter: Fraction) -> TempoSegment:
        """The segment in force from a moment on."""
        return self.segments[bisect_right(self.segments, quarter, key=lambda s: s.quarter) - 1]

    def bar(self, bar: int) -> Fraction:
        """The start of a bar, in quarter notes."""
        segment = self.at_bar(bar)
        return segment.quarter + (bar - segment.bar) * segment.signature.bar

    def quarter(self, place: Position) -> Fraction | None:
        """A position in quarter notes; None if its bar has no such beat or tick."""
        meter = self.at_bar(place.bar).signature
        if place.beat > meter.beats or place.tick >= meter.ticks:
            return None
        return self.bar(place.bar) + (place.beat - 1) * meter.beat + Fraction(place.tick, TICKS)

    def after_bars(self, quarter: Fraction, bars: Fraction) -> Fraction:
        """The moment `bars` bars after another, in quarter notes."""
        while True:
            segment = self.at(quarter)
            following = [s.quarter for s in self.segments if s.quarter > quarter]
            end = quarter + bars * segment.signature.bar
            if not following or end <= following[0]:
                return end
            bars -= (following[0] - quarter) / segment.signature.bar
            quarter = following[0]

    def ms(self, quarter: Fraction) -> Fraction:
        """The time of a moment."""
        segment = self.at(quarter)
        return segment.ms + (quarter - segment.quarter) * _MINUTE / segment.tempo

    def quarter_at(self, ms: Fraction) -> Fraction:
        """The moment at a time, in quarter notes: the inverse of `ms`."""
        segment = self.segments[bisect_right(self.segments, ms, key=lambda s: s.ms) - 1]
        return segment.quarter + (ms - segment.ms) * segment.tempo / _MINUTE

    def steady(self, begin: Fraction, end: Fraction) -> Fraction | None:
        """The tempo between two moments, if it does not change."""
        inside = {s.tempo for s in self.segments if begin < s.quarter < end}
        tempo = self.at(begin).tempo
        return tempo if inside <= {tempo} else None


def tempo_map(changes: Iterable[tuple[int, Fraction, Signature]]) -> TempoMap:
    """The map of changes (bar, tempo, time signature), in the order of their bars.

    Raises:
        ValueError: the first is not at bar 1, or two are at the same bar.
    """
    segments: list[TempoSegment] = []
    for bar, tempo, meter in changes:
        if not segments:
            if bar != 1:
                raise ValueError("the first change must be at bar 1")
            segments.append(TempoSegment(1, Fraction(0), Fraction(0), tempo, meter))
            continue
        before = TempoMap(tuple(segments[-1:]))
        if bar <= segments[-1].bar:
            raise ValueError("changes must be in the order of their bars")
        quarter = before.bar(bar)
        segments.append(TempoSegment(bar, quarter, before.ms(quarter), tempo, meter))
    return TempoMap(tuple(segments))


def sample(ms: Fraction, rate: int) -> int:
    """The sample of a time, rounded half to even."""
    return round(ms * rate / 1000)


def decimal_ms(ms: Fraction, rate: int) -> Decimal:
    """The time of that sample, as a decimal that rounds to the same sample (`ir.units.samples`)."""
    return milliseconds(sample(ms, rate), rate)
