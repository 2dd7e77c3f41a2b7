"""select: a range of the finished mix, which is delivered in place of all of it.

Promises: the samples are those of the whole mix, before its loudness: filters, dynamics, automation
and ducking are in the state in which they are there, and nothing fades. So `lower` makes the graph
of the whole mix, and slices its buses. `selected` moves the timeline to the time of the range, for
whatever follows it: markers, chapters, the report.
"""

from __future__ import annotations

from attrs import evolve, frozen

from ...documents.models import put
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic
from ...ir.units import milliseconds, samples
from ..geometry import mix_length
from ..passes.base import Pass
from ..unit import Unit
from .ripple import only, outside, ripple
from .splice import spliced

CAUSE = "the range"
"""Of what is left out on either side."""


@frozen
class Selecting(Pass):
    """Finds the samples of the mix that the request selects with `from_ms` and `to_ms`."""

    name = "select"
    requires = ("cut",)
    establishes = ("selected",)

    def run(self, unit: Unit) -> Unit:
        """The unit with the range, if it is not the whole mix."""
        request, rate = unit.request, unit.timeline.sample_rate
        if request.from_ms is None and request.to_ms is None:
            return unit
        length = mix_length(unit.timeline, unit.media)
        first = 0 if request.from_ms is None else samples(request.from_ms, rate)
        last = length if request.to_ms is None else samples(request.to_ms, rate)
        if not 0 <= first < last <= length:
            message = f"the range from {_text(first, rate)} ms to {_text(last, rate)} ms is not in "
            message += f"the mix, which lasts {_text(length, rate)} ms"
            help = "choose from_ms under to_ms, and neither after the end of the mix"
            return unit.report(Diagnostic(Code.BAD_REQUEST, message, help=help))
        return evolve(unit, selection=None if (first, last) == (0, length) else (first, last))


def _text(count: int, rate: int) -> str:
    return f"{milliseconds(count, rate).normalize():f}"


def selected(unit: Unit) -> Unit:
    """The unit with its timeline, and the map of its cuts, on the time of the range."""
    if unit.selection is None:
        return unit
    first, last = unit.selection
    length, before = mix_length(unit.timeline, unit.media), unit.ripple
    kept = only(first, last, length, CAUSE)
    timeline = spliced(unit.timeline, unit.media, kept)
    end = milliseconds(kept.new_length, timeline.sample_rate)
    inside = tuple(marker for marker in timeline.markers if marker.at_ms < end)
    timeline = put(timeline, length_ms=end, markers=inside)
    if before is not None:
        removed = outside(before.old(first), before.old(last - 1) + 1, before.length, CAUSE)
        kept = ripple((*before.removed, *removed), before.length)
    return evolve(unit, timeline=timeline, ripple=kept)
