"""duck: gain automation on buses, from the positions of the clips of some roles.

Promises: the automation is exact in samples and depends only on the timeline, never on levels, so
it is the same in every backend; in the graph it is `<bus>.duck`. The pass relies on routed tracks
and clamped crossfades. docs/semantics.md defines the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise

from attrs import evolve, frozen

from ...ir.nodes import Point
from ...ir.units import samples
from ...presets.model import Duck
from ..geometry import crossfades, extent, mix_length
from ..timeline.model import Track
from ..unit import Unit
from .base import Pass

Span = tuple[int, int]
"""Samples [start, end) of the timeline."""


@frozen
class Ramp:
    """A `Duck` at a sample rate: its depth in dB; attack and release of 1 or more samples; hold."""

    depth_db: float
    attack: int
    release: int
    hold: int


@frozen
class Ducking(Pass):
    """Adds gain automation to every bus that ducks, from the clips that it ducks under.

    The gain goes down before a clip of the given roles starts, and up again after its end and the
    hold.
    """

    name = "duck"
    requires = ("valid", "routed", "clamped")
    establishes = ("ducked",)

    def run(self, unit: Unit) -> Unit:
        """The unit with the gain automation of every bus that ducks."""
        length = mix_length(unit.timeline, unit.media)
        found: dict[str, tuple[Point, ...]] = {}
        for bus in unit.buses:
            if bus.duck is None or not bus.duck.gain_db:
                continue
            rate = unit.timeline.sample_rate
            spans = sounding(unit, bus.duck.by, length)
            points = automation(spans, in_samples(bus.duck, rate))
            if points:
                found[bus.id] = points
        return evolve(unit, ducking=found)


def in_samples(preset: Duck, rate: int) -> Ramp:
    """The ducking at a sample rate; a ramp without length takes one sample."""
    attack, release, hold = (
        samples(ms, rate) for ms in (preset.attack_ms, preset.release_ms, preset.hold_ms)
    )
    return Ramp(float(preset.gain_db), max(attack, 1), max(release, 1), hold)


def sounding(unit: Unit, roles: Iterable[str], length: int) -> tuple[Span, ...]:
    """The spans of the unmuted clips of the roles, within the mix, in start order."""
    wanted = frozenset(roles)
    solo = any(track.solo for track in unit.timeline.tracks)
    audible = (
        track
        for track in unit.timeline.tracks
        if track.role in wanted and not track.mute and (track.solo or not solo)
    )
    spans = (
        (start, min(end, length))
        for t in audible
        for start, end in _clips(unit, t)
        if start < length
    )
    return tuple(sorted(spans))


def _clips(unit: Unit, track: Track) -> Iterator[Span]:
    """The spans in which the clips of a track sound, up to the end of a crossfade."""
    rate = unit.timeline.sample_rate
    extents = [extent(clip, rate, unit.media) for clip in track.clips]
    joined = crossfades(track, extents, rate)
    for number, (clip, where) in enumerate(zip(track.clips, extents, strict=True)):
        cut = joined[number].length if number in joined else None
        if not clip.mute:
            yield where.start, where.start + (where.length if cut is None else cut)


def automation(spans: Iterable[Span], ramp: Ramp) -> tuple[Point, ...]:
    """Keyframes in dB: down before each start, up after each end and the hold.

    Spans less than the hold apart are one. In a gap that is too short for release and attack the
    gain rises only until it must fall again. If the mix starts within an attack, so does the
    automation.

    Args:
        spans: in start order; may overlap.
        ramp: in samples.
    """
    stays = list(_stays(spans, ramp.hold))
    if not stays:
        return ()
    depth, points = ramp.depth_db, list(_attack(stays[0][0], ramp))
    for (start, end), (following, _) in pairwise(stays):
        points += _level(start, end, depth)
        if following - end >= ramp.attack + ramp.release:
            points += [Point(end + ramp.release, 0.0)]
            if following - ramp.attack > end + ramp.release:
                points += [Point(following - ramp.attack, 0.0)]
            continue
        both = ramp.attack + ramp.release
        turn = round(Fraction(end * ramp.attack + following * ramp.release, both))
        turn = min(max(turn, end + 1), following - 1)
        up = (turn - end) / ramp.release
        down = (following - turn) / ramp.attack
        points += [Point(turn, depth * (1 - min(up, down)))]
    start, end = stays[-1]
    return (*points, *_level(start, end, depth), Point(end + ramp.release, 0.0))


def _stays(spans: Iterable[Span], hold: int) -> Iterator[Span]:
    """The spans of full depth: each span with its hold, merged if they touch."""
    current: Span | None = None
    for start, end in spans:
        if current is None:
            current = (start, end + hold)
        elif start <= current[1] + 1:  # one sample is too short for a rise
            current = (current[0], max(current[1], end + hold))
        else:
            yield current
            current = (start, end + hold)
    if current is not None:
        yield current


def _attack(start: int, ramp: Ramp) -> Iterator[Point]:
    """The ramp down to the first start, cut off at sample 0."""
    if start >= ramp.attack:
        yield Point(start - ramp.attack, 0.0)
    elif start > 0:
        yield Point(0, ramp.depth_db * (1 - start / ramp.attack))


def _level(start: int, end: int, depth: float) -> tuple[Point, ...]:
    return (Point(start, depth), Point(end, depth)) if end > start else (Point(start, depth),)
