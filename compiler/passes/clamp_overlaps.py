"""clamp-overlaps: shorten crossfades, regions and fades that do not fit, with a warning.

It shortens crossfade hints that are longer than the overlap of the clips or than the room that the
clips' other edges leave, automation regions that overlap, and, in the lenient mode of a document,
fades longer than their clip. Each warning names both sides, and the old and the new value. After
the pass automation is plain keyframes in time order; a keyframe whose ramp is cut off has the next
keyframe of its region as its `aim`, and no hint is longer than its room.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from attrs import define, evolve, field, frozen

from ...documents.models import put
from ...ir.codes import Code
from ...ir.curves import Shape
from ...ir.diagnostics import Diagnostic, Related, Severity
from ...ir.units import milliseconds, samples
from ..geometry import Extent, Junction, Media, extent, junctions, start_order
from ..timeline.automation import STILL, Automation, Keyframe, Region, Target
from ..timeline.model import ZERO, Clip, Timeline, Track, clip_id
from ..unit import Unit
from .base import Pass

Place = tuple[str | int, ...]
Changes = dict[str, Decimal]


def clamp_overlaps(timeline: Timeline, media: Media) -> tuple[Timeline, tuple[Diagnostic, ...]]:
    """The timeline with everything clamped, and a warning for each clamp.

    Args:
        timeline: valid, with its media.
        media: by the clips' `source`.
    """
    clamp = _Clamp(timeline, media)
    tracks = tuple(clamp.track(track, ("tracks", t)) for t, track in enumerate(timeline.tracks))
    if tracks == timeline.tracks:
        return timeline, ()
    return put(timeline, tracks=tracks), tuple(clamp.warnings)


@define
class _Clamp:
    """One run of the pass: its input, and its warnings so far."""

    timeline: Timeline
    media: Media
    warnings: list[Diagnostic] = field(factory=list)

    def track(self, track: Track, place: Place) -> Track:
        """A track with its clips clamped."""
        rate = self.timeline.sample_rate
        extents = [extent(clip, rate, self.media) for clip in track.clips]
        changes = self._crossfades(track, extents, place)
        if self.timeline.lenient:
            for c, clip in enumerate(track.clips):
                changes.setdefault(c, {}).update(
                    self._fades(clip, c, extents[c].length, (*place, "clips", c))
                )
        clips = tuple(
            self._clip(clip, changes.get(c, {}), (*place, "clips", c))
            for c, clip in enumerate(track.clips)
        )
        automation = self._automation(track.automation, (*place, "automation"))
        if clips == track.clips and automation is track.automation:
            return track
        return put(track, clips=clips, automation=automation)

    def _clip(self, clip: Clip, changes: Changes, place: Place) -> Clip:
        automation = self._automation(clip.automation, (*place, "automation"))
        if not changes and automation is clip.automation:
            return clip
        return put(clip, automation=automation, **changes)

    def _warn(self, code: Code, message: str, place: Place, help: str, other: Place | None) -> None:
        related = () if other is None else (Related(self.timeline.origin(*other), "this one"),)
        origin = self.timeline.origin(*place)
        self.warnings.append(Diagnostic(code, message, origin, help, related, Severity.WARNING))

    # Crossfades.

    def _crossfades(self, track: Track, extents: list[Extent], place: Place) -> dict[int, Changes]:
        """New crossfade hints by the number of the clip, for hints longer than their room."""
        changes: dict[int, Changes] = {}
        order = start_order(extents)
        met: dict[tuple[int | None, int | None], Junction] = {
            (j.before, j.after): j for j in junctions(track, extents, self.timeline.sample_rate)
        }
        for before, after in pairwise([None, *order, None]):
            junction = met.get((before, after))
            for clip, name, other in (
                (before, "crossfade_out_ms", after),
                (after, "crossfade_in_ms", before),
            ):
                if clip is not None:
                    new = self._hint(track, clip, name, other, junction, place)
                    changes.setdefault(clip, {}).update(new)
        return changes

    def _hint(
        self,
        track: Track,
        c: int,
        name: str,
        other: int | None,
        junction: Junction | None,
        place: Place,
    ) -> Changes:
        rate = self.timeline.sample_rate
        room = junction.room if junction else 0
        hint: Decimal | None = getattr(track.clips[c], name)
        if hint is None or samples(hint, rate) <= room:
            return {}
        new = milliseconds(room, rate)
        this = clip_id(track.clips[c], c)
        if other is None or junction is None:
            edge = "after" if name == "crossfade_out_ms" else "before"
            problem = f"and no clip comes {edge} it"
        elif junction.limit is None:
            problem = f"but overlaps {clip_id(track.clips[other], other)!r} by {_ms(new)}"
        else:
            limit = clip_id(track.clips[junction.limit], junction.limit)
            problem = f"but the other edge of {limit!r} leaves room for {_ms(new)}"
        self._warn(
            Code.CROSSFADE_CLAMPED,
            f"clip {this!r} asks for a crossfade of {_ms(hint)}, {problem}",
            (*place, "clips", c, name),
            f"it now has {_ms(new)} instead of {_ms(hint)}",
            None if other is None else (*place, "clips", other),
        )
        return {name: new}

    # Fades.

    def _fades(self, clip: Clip, c: int, length: int, place: Place) -> Changes:
        """Shorter fades for a clip that is shorter than its fades: the fade-in is kept first."""
        whole = milliseconds(length, self.timeline.sample_rate)
        fade_in = min(clip.fade_in_ms, whole)
        fade_out = min(clip.fade_out_ms, whole - fade_in)
        changes: Changes = {}
        for name, old, new in (
            ("fade_in_ms", clip.fade_in_ms, fade_in),
            ("fade_out_ms", clip.fade_out_ms, fade_out),
        ):
            if new < old:
                changes[name] = new
                self._warn(
                    Code.FADE_CLAMPED,
                    f"clip {clip_id(clip, c)!r} lasts {_ms(whole)}, less than its fades",
                    (*place, name),
                    f"{name} is now {_ms(new)} instead of {_ms(old)}",
                    None,
                )
        return changes

    # Automation.

    def _automation(self, automation: Automation, place: Place) -> Automation:
        if automation is STILL:
            return automation
        moves = {target.value: self._merged(automation, target, place) for target in Target}
        return put(STILL, **moves)

    def _merged(self, automation: Automation, target: Target, place: Place) -> tuple[Keyframe, ...]:
        """The keyframes of one target in time order, including those of its regions.

        A run counts from its start, where it has the value of its first keyframe, to the start of
        the next run: it keeps its shape up to there, or holds the value of its last keyframe.
        """
        rate = self.timeline.sample_rate
        runs = sorted(_runs(automation, target, place), key=lambda run: (run.start, run.order))
        kept: list[Keyframe] = []
        for run, after in pairwise([*runs, None]):
            assert run is not None
            kept += run.until(None if after is None else samples(after.start, rate), rate)
            if after is not None and run.end > after.start:
                self._warn(
                    Code.AUTOMATION_CLAMPED,
                    f"{run.name} ends at {_ms(run.end)}, and {after.name} starts at "
                    f"{_ms(after.start)}",
                    run.place,
                    f"the earlier one now ends at {_ms(after.start)} instead of {_ms(run.end)}",
                    after.place,
                )
        # Two keyframes can round to one sample: the later one is kept.
        return tuple({samples(k.at_ms, rate): k for k in kept}.values())


@define
class _Run:
    """Keyframes of one target that belong together, in the time of their track or clip."""

    start: Decimal
    end: Decimal
    order: int
    keyframes: list[Keyframe]
    name: str
    place: Place

    def until(self, cut: int | None, rate: int) -> Iterator[Keyframe]:
        """Its keyframes before the sample at which the next run starts; None: all."""
        begin = put(self.keyframes[0], at_ms=self.start, curve=Shape.HOLD, aim=None)
        every = [begin, *self.keyframes]
        for here, after in zip(every, [*every[1:], None], strict=True):
            if cut is not None and samples(here.at_ms, rate) >= cut:
                return
            if cut is None or (after is not None and samples(after.at_ms, rate) < cut):
                yield here
            elif after is None or here.curve is Shape.HOLD:
                yield put(here, curve=Shape.HOLD, aim=None)
            else:
                yield put(here, aim=here.aim or (after.at_ms, after.value))


def _runs(automation: Automation, target: Target, place: Place) -> Iterator[_Run]:
    plain: tuple[Keyframe, ...] = getattr(automation, target)
    keyframes = sorted(plain, key=lambda keyframe: keyframe.at_ms)
    if keyframes:
        yield _Run(
            keyframes[0].at_ms,
            keyframes[-1].at_ms,
            -1,
            keyframes,
            f"the {target} automation",
            (*place, target.value),
        )
    for r, region in enumerate(automation.regions):
        if region.target is target and region.keyframes:
            yield _region_run(region, r, place)


def _region_run(region: Region, r: int, place: Place) -> _Run:
    moved = sorted(
        (put(k, at_ms=k.at_ms + region.start_ms) for k in region.keyframes),
        key=lambda k: k.at_ms,
    )
    return _Run(
        region.start_ms,
        region.start_ms + region.duration_ms,
        r,
        moved,
        f"region {r + 1} of {region.target}",
        (*place, "regions", r),
    )


def _ms(value: Decimal) -> str:
    return f"{value.normalize() if value else ZERO:f} ms"


@frozen
class ClampOverlaps(Pass):
    """Clamps crossfade hints, automation regions and, in lenient mode, fades that do not fit.

    A hint becomes as long as the overlap, a region ends where a later one starts, and fades become
    as long as their clip. Each change is a warning.
    """

    name = "clamp-overlaps"
    requires = ("valid",)
    establishes = ("clamped",)

    def run(self, unit: Unit) -> Unit:
        """The unit with its timeline clamped, and the warnings."""
        timeline, warnings = clamp_overlaps(unit.timeline, unit.media)
        return evolve(unit, timeline=timeline).report(*warnings)
