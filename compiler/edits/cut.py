"""cut: takes ranges of time out of the timeline.

Promises: the timeline after the pass is an ordinary one without cuts, a function of the timeline
before it. The unit keeps the map between the two times.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve, frozen

from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Severity
from ...ir.units import milliseconds, samples
from ..geometry import mix_length
from ..passes.base import Pass
from ..timeline.model import Timeline
from ..unit import Unit
from .ripple import Removed, ripple
from .splice import spliced


@frozen
class Cutting(Pass):
    """Takes the cuts out of the timeline: clips split, and everything after a cut moves.

    Automation, markers and fades follow. What is before a cut crossfades with what is after it.
    Tracks with `ripple: false` play on, and their clips end earlier.
    """

    name = "cut"
    requires = ("valid", "routed", "clamped", "levelled")
    establishes = ("cut",)

    def run(self, unit: Unit) -> Unit:
        """The unit with its timeline on the new time."""
        timeline = unit.timeline
        if not timeline.cuts:
            return unit
        length = mix_length(timeline, unit.media)
        made = ripple(_cuts(timeline), length)
        late = tuple(_after_mix(timeline, length))
        if not made.new_length:
            return unit.report(*late, _nothing_left(timeline))
        timeline = spliced(timeline, unit.media, made)
        return evolve(unit, timeline=timeline, ripple=made).report(*late)


def _cuts(timeline: Timeline) -> Iterator[Removed]:
    rate = timeline.sample_rate
    for number, cut in enumerate(timeline.cuts):
        start, end, fade = (samples(t, rate) for t in (cut.from_ms, cut.to_ms, cut.crossfade_ms))
        yield Removed(start, end, fade, f"cut {number + 1}", ("cuts", number))


def _after_mix(timeline: Timeline, length: int) -> Iterator[Diagnostic]:
    rate = timeline.sample_rate
    for number, cut in enumerate(timeline.cuts):
        if samples(cut.to_ms, rate) > length:
            yield Diagnostic(
                Code.CUT_AFTER_MIX,
                f"cut {number + 1} ends at {cut.to_ms.normalize():f} ms, after the end of the mix",
                timeline.origin("cuts", number, "to_ms"),
                f"the mix lasts {milliseconds(length, rate):f} ms",
                severity=Severity.WARNING,
            )


def _nothing_left(timeline: Timeline) -> Diagnostic:
    return Diagnostic(
        Code.BAD_CUT,
        "the cuts leave nothing of the mix",
        timeline.origin("cuts"),
        "times of cuts are those of the mix without cuts",
    )
