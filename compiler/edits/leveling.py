"""Computes the gains of the level pass."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from attrs import define, evolve, field

from ...audio import FloatArray
from ...audio.ride import ride_gains, turning_points
from ...documents.models import put
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Severity
from ...ir.origin import Origin
from ..timeline.automation import Keyframe, Target
from ..timeline.model import Clip, Timeline, clip_id
from ..unit import Unit
from .excerpts import FAINTEST_LUFS, Excerpt, excerpt_of, loudness, mean_loudness
from .targets import ClipNumber, LevelGroup

ENOUGH_S = 3.0
"""Excerpts with this much activity are measured on their own."""
LEAST_S = 0.4
"""Excerpts with less activity have no loudness."""
LEAST_SNR_DB = 8.0
"""A ride raises nothing at this signal-to-noise ratio."""
_CAUTIOUS_DB = 6.0
"""The greatest gain, up or down, of a excerpt that is shorter than `ENOUGH_S`."""


def levelled(unit: Unit, groups: Sequence[LevelGroup]) -> tuple[Timeline, tuple[Diagnostic, ...]]:
    """The timeline with the gains of all groups, and warnings."""
    levels = _Levels(unit)
    absolute = [group for group in groups if group.target.below is None]
    for group in (*absolute, *(group for group in groups if group.target.below is not None)):
        levels.decide(group)
    return levels.timeline(), tuple(levels.warnings)


def boost_limit(snr_db: float | None) -> float:
    """The most that a ride raises, dB, so that noise stays below speech.

    It is half of what the signal-to-noise ratio exceeds 8 dB by: 6 dB at 20 dB.
    """
    return math.inf if snr_db is None else max(snr_db - LEAST_SNR_DB, 0.0) / 2.0


@define
class _Levels:
    """The decisions about one timeline.

    Attributes:
        unit: the compilation.
        excerpts: what clips play, by number, as far as it was needed.
        gains: the gain that each clip gets, dB.
        rides: the keyframes that it gets.
        origins: where each of them comes from, by the pointer into the timeline.
        warnings: what could not be done.
    """

    unit: Unit
    excerpts: dict[ClipNumber, Excerpt | None] = field(factory=dict)
    gains: dict[ClipNumber, Decimal] = field(factory=dict)
    rides: dict[ClipNumber, tuple[Keyframe, ...]] = field(factory=dict)
    origins: dict[str, Origin] = field(factory=dict)
    warnings: list[Diagnostic] = field(factory=list)

    def decide(self, group: LevelGroup) -> None:
        """Find the gain of a group, and its ride."""
        target = group.target
        wanted, aim = self._wanted(group)
        if wanted is None:
            return
        rides = dict(self._rides(group))
        measured, cautious = self._measured(group, rides)
        if measured is None:
            surveyed = any(self._excerpt(number) is not None for number in group.clips)
            why = f"it is silent, or less than {LEAST_S:g} s of it sounds"
            why = why if surveyed else "its file could not be read"
            self._warn(Code.NOT_LEVELLED, group, f"has no loudness to level: {why}")
            return
        high, low = float(target.max_gain_db), -float(target.max_cut_db)
        if cautious:
            high, low = min(high, _CAUTIOUS_DB), max(low, -_CAUTIOUS_DB)
        gain = Decimal(str(round(min(max(wanted - measured, low), high), 2)))
        cause = f"levelled to {aim}, measured {measured:.1f}"
        if not low - 0.01 <= wanted - measured <= high + 0.01:
            cause += f", limited to {gain:+g} dB"
            help = "raise max_gain_db or max_cut_db, or record it at another level"
            reach = f"would need {wanted - measured:+.1f} dB to be at {aim}, and gets {gain:+g} dB"
            self._warn(Code.LEVEL_LIMITED, group, reach, help)
        for number in group.clips:
            self.gains[number] = gain
            self._note(number, ("gain_db",), group, cause)
            if number in rides:
                self.rides[number] = self._keyframes(number, rides[number])
                most = float(target.ride.range_db) if target.ride is not None else 0.0
                ridden = f"rides the loudness by at most {most:g} dB, {aim}"
                self._note(number, ("automation", "gain"), group, ridden)

    def timeline(self) -> Timeline:
        """The timeline with all gains and rides."""
        before = self.unit.timeline
        tracks = tuple(
            put(
                track, clips=tuple(self._edited((t, c), clip) for c, clip in enumerate(track.clips))
            )
            for t, track in enumerate(before.tracks)
        )
        return put(before, tracks=tracks, via={**before.via, **self.origins})

    def _edited(self, number: ClipNumber, clip: Clip) -> Clip:
        gain, ride = self.gains.get(number), self.rides.get(number)
        if gain is not None:
            clip = put(clip, gain_db=clip.gain_db + gain)
        return clip if ride is None else put(clip, automation=put(clip.automation, gain=ride))

    def _wanted(self, group: LevelGroup) -> tuple[float | None, str]:
        """The loudness that a group is to have, and what to call it."""
        target = group.target
        if target.to is not None:
            return float(target.to), f"{float(target.to):g} LUFS"
        assert target.below is not None
        role, lu = target.below.role, float(target.below.lu)
        reference = loudness(list(self._of_role(role)))
        if reference == -math.inf:
            self._warn(Code.NOT_LEVELLED, group, f"has no {role} to be below: none sounds")
            return None, ""
        duck = group.bus.duck
        ducked = float(duck.gain_db) if duck is not None and role in duck.by else 0.0
        aim = f"{lu:g} LU below {role} at {reference:.1f} LUFS"
        if ducked:
            aim += f" when ducked {-ducked:g} dB"
        return reference - lu - ducked, aim

    def _of_role(self, role: str) -> Iterator[tuple[Excerpt, float]]:
        """The excerpts of a role with all of their static gains."""
        timeline, buses = self.unit.timeline, {bus.id: bus for bus in self.unit.buses}
        for t, track in enumerate(timeline.tracks):
            if track.role != role or track.mute:
                continue
            bus = buses[self.unit.routes[track.id]]
            for c, clip in enumerate(track.clips):
                excerpt = None if clip.mute else self._excerpt((t, c))
                if excerpt is not None:
                    added = float(self.gains.get((t, c), Decimal(0)))
                    yield excerpt, added + float(clip.gain_db + track.gain_db) + bus.gain_db

    def _measured(
        self, group: LevelGroup, rides: Mapping[ClipNumber, FloatArray]
    ) -> tuple[float | None, bool]:
        """The loudness of a group with its rides, and whether it is that of a short excerpt."""
        own = self._played(group.clips, rides)
        every = (own, *(self._played(clips, {}) for clips in group.wider))
        for excerpts in every:
            if sum(excerpt.active_s for excerpt, _ in excerpts) >= ENOUGH_S:
                found = loudness(excerpts)
                if found > FAINTEST_LUFS:
                    return found, False
        longest = max(every, key=lambda excerpts: sum(excerpt.active_s for excerpt, _ in excerpts))
        if sum(excerpt.active_s for excerpt, _ in longest) < LEAST_S:
            return None, True
        found = mean_loudness(longest)
        return (found if found > FAINTEST_LUFS else None), True

    def _played(
        self, numbers: Sequence[ClipNumber], rides: Mapping[ClipNumber, FloatArray]
    ) -> list[tuple[Excerpt, float]]:
        """The excerpts of clips with their rides, without static gains."""
        excerpts = {number: self._excerpt(number) for number in numbers}
        return [
            (excerpt.with_gains(rides[number]) if number in rides else excerpt, 0.0)
            for number, excerpt in excerpts.items()
            if excerpt is not None
        ]

    def _rides(self, group: LevelGroup) -> Iterator[tuple[ClipNumber, FloatArray]]:
        """The gain in every step of each clip of a group that is ridden."""
        ride = group.target.ride
        if ride is None:
            return
        for number in group.clips:
            excerpt = self._excerpt(number)
            moved = self._clip(number).automation
            if excerpt is None:
                continue
            if not excerpt.is_clear:
                why = "its speech cannot be told from its noise"
                self._warn(Code.NOT_LEVELLED, group, f"is not ridden: {why}")
            elif moved.gain or any(region.target is Target.GAIN for region in moved.regions):
                self._warn(Code.NOT_LEVELLED, group, "is not ridden: it has gain automation")
            else:
                yield (
                    number,
                    ride_gains(
                        excerpt.powers,
                        excerpt.shares,
                        range_db=float(ride.range_db),
                        window_s=float(ride.window_ms) / 1000,
                        strength=float(ride.strength),
                        boost_db=boost_limit(excerpt.snr_db),
                    ),
                )

    def _keyframes(self, number: ClipNumber, gains: FloatArray) -> tuple[Keyframe, ...]:
        """The keyframes of a ride, on the clock of its clip."""
        excerpt = self._excerpt(number)
        assert excerpt is not None
        found: dict[Decimal, Keyframe] = {}
        for step in turning_points(gains):
            at = max(Decimal(0), Decimal(str(round(excerpt.clip_ms(int(step)), 1))))
            value = Decimal(str(round(float(gains[step]), 2)))
            found.setdefault(at, Keyframe(at, value))
        return tuple(found.values())

    def _excerpt(self, number: ClipNumber) -> Excerpt | None:
        if number not in self.excerpts:
            self.excerpts[number] = excerpt_of(self.unit, number)
        return self.excerpts[number]

    def _clip(self, number: ClipNumber) -> Clip:
        return self.unit.timeline.tracks[number[0]].clips[number[1]]

    def _note(
        self, number: ClipNumber, tail: tuple[str, ...], group: LevelGroup, cause: str
    ) -> None:
        """Note where a value of a clip comes from."""
        timeline = self.unit.timeline
        place = Origin("").child("tracks", number[0], "clips", number[1], *tail)
        self.origins[place.pointer] = evolve(timeline.origin(*group.place), cause=cause)

    def _warn(self, code: Code, group: LevelGroup, what: str, help: str | None = None) -> None:
        t, c = group.clips[0]
        track = self.unit.timeline.tracks[t]
        one = len(group.clips) == 1
        name = f"clip {track.id}/{clip_id(track.clips[c], c)}" if one else f"track {track.id}"
        origin = self.unit.timeline.origin(*group.place)
        self.warnings.append(
            Diagnostic(code, f"{name} {what}", origin, help, severity=Severity.WARNING)
        )
