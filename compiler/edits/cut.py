"""cut: takes ranges of time out of the timeline: its cuts, pauses, and words by transcripts.

Promises: the timeline after the pass is an ordinary one without cuts, a function of the timeline
before it and of the surveys and transcripts of its sources. The unit keeps the map between the two
times.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve, frozen

from ...documents.models import put
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Severity
from ...ir.units import milliseconds, samples
from ..geometry import mix_length
from ..passes.base import Pass
from ..timeline.cuts import CutRange
from ..timeline.model import Timeline
from ..unit import Unit
from .pauses import pauses
from .ripple import Place, Removed, ripple
from .splice import NO_CUTS, spliced
from .words import WordCuts


@frozen
class Cutting(Pass):
    """Takes cuts, pauses and words out of the timeline: clips split, and what follows moves.

    Automation, markers and fades follow. What is before a cut crossfades with what is after it.
    Tracks with `ripple: false` play on, and their clips end earlier.
    """

    name = "cut"
    requires = ("valid", "routed", "clamped", "levelled")
    establishes = ("cut",)

    def run(self, unit: Unit) -> Unit:
        """The unit with its timeline on the new time."""
        timeline, rate = unit.timeline, unit.timeline.sample_rate
        if all(getattr(timeline, key) == nothing for key, nothing in NO_CUTS.items()):
            return unit
        removed = [
            _removed(cut, rate, f"cut {number + 1}", ("cuts", number))
            for number, cut in enumerate(timeline.cuts)
        ]
        said: tuple[Diagnostic, ...] = ()
        if timeline.tighten is not None:
            found, said = pauses(unit, timeline.tighten)
            removed += [_removed(cut, rate, "a shorter pause", ("tighten",)) for cut in found]
        length = mix_length(timeline, unit.media)
        said = (*_after_mix(timeline, length), *said)
        if timeline.remove is not None or timeline.keep is not None:
            words = WordCuts(unit, length)
            words.cut()
            removed, said = [*removed, *words.removed], (*said, *words.found)
        made = ripple(removed, length)
        if not made.removed:
            return evolve(unit, timeline=put(timeline, **NO_CUTS)).report(*said)
        if not made.new_length:
            return unit.report(*said, _nothing_left(timeline))
        timeline = spliced(timeline, unit.media, made)
        return evolve(unit, timeline=timeline, ripple=made).report(*said)


def _removed(cut: CutRange, rate: int, cause: str, place: Place) -> Removed:
    start, end, fade = (samples(t, rate) for t in (cut.from_ms, cut.to_ms, cut.crossfade_ms))
    return Removed(start, end, fade, cause, place)


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
