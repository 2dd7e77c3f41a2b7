"""duck: gain automation on buses, from the clips of some roles, or from what is said in them.

Promises: the automation is exact in samples, and a function of the timeline and, with
`detect: activity`, of the surveys of the triggers, so it is the same in every backend; in the graph
it is `<bus>.duck`. The pass relies on routed tracks and clamped crossfades. docs/semantics.md
defines the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from attrs import evolve, frozen

from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Severity
from ...ir.nodes import Point, Source
from ...ir.units import samples
from ...presets.model import Duck
from ..geometry import Extent, crossfades, extent, mix_length, played_spans
from ..timeline.model import clip_id
from ..unit import BusDucking, Trigger, Unit
from .base import Pass

PRE_ROLL_MS, HANGOVER_MS = 150, 250
"""How much earlier than its span a trigger begins, and how much later it ends: an onset is found up
to 0.1 s late at a signal-to-noise ratio of 20 dB, and a quiet ending is lost."""
BREATH_MS = 500
"""The shortest time at full level that is worth a whole release and attack."""

Span = tuple[int, int]
"""Samples [start, end) of the timeline."""


class Ramp(NamedTuple):
    """A `Duck` at a sample rate: its depth in dB; attack and release of 1 or more samples; hold."""

    depth_db: float
    attack: int
    release: int
    hold: int


@frozen
class Ducking(Pass):
    """Adds gain automation to every bus that ducks, from the clips that it ducks under.

    The gain goes down before a clip of the given roles starts, and up again after its end and the
    hold; with `detect: activity` before something is said in it, and after that.
    """

    name = "duck"
    requires = ("valid", "routed", "clamped", "cut")
    establishes = ("ducked",)

    def run(self, unit: Unit) -> Unit:
        """The unit with the gain automation of every bus that ducks."""
        length = mix_length(unit.timeline, unit.media)
        rate = unit.timeline.sample_rate
        found: dict[str, BusDucking] = {}
        warnings: dict[str, Diagnostic] = {}
        for bus in unit.buses:
            if bus.duck is None or not bus.duck.gain_db:
                continue
            triggers = tuple(t for t in sounding(unit, bus.duck, warnings) if t.start < length)
            ramp = in_samples(bus.duck, rate)
            spans: Iterable[Span] = [(t.start, min(t.end, length)) for t in triggers]
            if bus.duck.listens:
                breath = samples(BREATH_MS, rate)
                spans = _stays(spans, ramp.hold + ramp.release + breath + ramp.attack, tail=0)
            points = automation(spans, ramp)
            if points:
                cause = f"ducks {-ramp.depth_db:g} dB under {', '.join(bus.duck.by)}"
                tail = ramp.hold + ramp.release
                found[bus.id] = BusDucking(points, triggers, ramp.attack, tail, cause)
        return evolve(unit, ducking=found).report(*warnings.values())


def in_samples(preset: Duck, rate: int) -> Ramp:
    """The ducking at a sample rate; a ramp without length takes one sample."""
    attack, release, hold = (
        samples(ms, rate) for ms in (preset.attack_ms, preset.release_ms, preset.hold_ms)
    )
    return Ramp(float(preset.gain_db), max(attack, 1), max(release, 1), hold)


def sounding(unit: Unit, duck: Duck, warnings: dict[str, Diagnostic]) -> tuple[Trigger, ...]:
    """The unmuted clips of the roles, or what is said in them, in start order.

    Args:
        unit: the compilation.
        duck: the ducking.
        warnings: receives one for each source without reliable spans, by its name; their clips
            trigger it from start to end.
    """
    solo = any(track.solo for track in unit.timeline.tracks)
    rate, found = unit.timeline.sample_rate, []
    for t, track in enumerate(unit.timeline.tracks):
        if track.role not in duck.by or track.mute or (solo and not track.solo):
            continue
        extents = [extent(clip, rate, unit.media) for clip in track.clips]
        joined = crossfades(track, extents, rate)
        for c, (clip, where) in enumerate(zip(track.clips, extents, strict=True)):
            if clip.mute:
                continue
            cut = joined[c].length if c in joined else None
            heard = evolve(where, length=where.length if cut is None else cut)
            spans: Iterable[Span] = [(heard.start, heard.end)]
            survey = unit.surveys.get(clip.source) if duck.listens else None
            if survey is not None and survey.is_clear:
                spans = _said(survey.spans, heard, unit.media[clip.source], rate)
            elif survey is not None:
                place = unit.timeline.origin("tracks", t, "clips", c, "source")
                warnings[clip.source] = Diagnostic(
                    Code.DUCKED_BY_CLIPS,
                    f"speech cannot be told from noise in {clip.source!r}, so its clips duck other "
                    "buses from start to end",
                    place,
                    severity=Severity.WARNING,
                )
            name = f"{track.id}/{clip_id(clip, c)}"
            found += [Trigger(start, end, name) for start, end in spans]
    return tuple(sorted(found, key=lambda trigger: (trigger.start, trigger.end)))


def _said(
    spans: Iterable[tuple[int, int]], heard: Extent, source: Source, rate: int
) -> Iterator[Span]:
    """The spans of a survey with some time around them, as far as they are played."""
    for at, end in played_spans(spans, heard, source, rate):
        early, late = at - samples(PRE_ROLL_MS, rate), end + samples(HANGOVER_MS, rate)
        yield max(early, heard.start), min(late, heard.end)


def automation(spans: Iterable[Span], ramp: Ramp) -> tuple[Point, ...]:
    """Keyframes in dB: down before each start, up after each end and the hold.

    Spans less than the hold apart are one. In a gap that is too short for release and attack the
    gain rises only until it must fall again. If the mix starts within an attack, so does the
    automation.

    Args:
        spans: in start order; may overlap.
        ramp: in samples.
    """
    stays = list(_stays(spans, ramp.hold, tail=ramp.hold))
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


def _stays(spans: Iterable[Span], gap: int, *, tail: int) -> Iterator[Span]:
    """The spans, each with a tail, merged if no more than a gap is between them."""
    current: Span | None = None
    for start, end in spans:
        if current is None:
            current = (start, end)
        elif start <= current[1] + gap + 1:  # one sample is too short for a rise
            current = (current[0], max(current[1], end))
        else:
            yield current[0], current[1] + tail
            current = (start, end)
    if current is not None:
        yield current[0], current[1] + tail


def _attack(start: int, ramp: Ramp) -> Iterator[Point]:
    """The ramp down to the first start, cut off at sample 0."""
    if start >= ramp.attack:
        yield Point(start - ramp.attack, 0.0)
    elif start > 0:
        yield Point(0, ramp.depth_db * (1 - start / ramp.attack))


def _level(start: int, end: int, depth: float) -> tuple[Point, ...]:
    return (Point(start, depth), Point(end, depth)) if end > start else (Point(start, depth),)
