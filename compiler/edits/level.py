"""level: gains and rides that bring clips to the levels that the document or the preset states.

Promises: the edited timeline has ordinary gains and keyframes, in hundredths of a dB, and is a
function of the timeline and the surveys. Every gain names its cause. The pass relies on routed
tracks. docs/listening.md defines the rules.
"""

from __future__ import annotations

from attrs import evolve, frozen

from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Severity
from ..passes.base import Pass
from ..unit import Unit
from .targets import level_groups


@frozen
class Leveling(Pass):
    """Adds a gain to every clip that has a level, computed from the survey of its source.

    The level is that of the clip, of its track or of its bus. With a ride, the clip also gets gain
    automation that follows slow changes of the loudness.
    """

    name = "level"
    requires = ("valid", "routed", "clamped")
    establishes = ("levelled",)

    def run(self, unit: Unit) -> Unit:
        """The unit with the gains in its timeline."""
        groups = level_groups(unit.timeline, unit.buses, unit.routes)
        if not groups:
            return unit
        if not unit.surveys:  # one note, as it says the same of every clip
            what = "levels are left out, because no file was read"
            place = unit.timeline.origin(*groups[0].place)
            note = Diagnostic(Code.NOT_LEVELLED, what, place, severity=Severity.NOTE)
            return unit.report(note)
        from .leveling import levelled  # noqa: PLC0415 (numpy)

        timeline, warnings = levelled(unit, groups)
        return evolve(unit, timeline=timeline).report(*warnings)
