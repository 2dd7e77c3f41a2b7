"""Turns the moves of sections into regions of track automation.

Promises: a move belongs to its section and has the start and length that the document gives. It
applies until both the move and its section are over, or until another move of the same target
begins; without another move the value returns to that of the part. If a move overlaps the next one,
the clamp pass shortens it, with a warning at both.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import zip_longest

from attrs import define, field, frozen

from ...ir.codes import Code
from ...ir.curves import Shape
from ...ir.origin import Origin
from ...ir.units import milliseconds
from ..timeline.automation import Automation, Keyframe, Region, Target
from ..timeline.model import ZERO
from .grid import sample
from .layout import Layout, SectionSpan, find
from .model import Arrangement, Move, Part
from .report import Report

MAX_MOVES = 50_000


@frozen
class _Placed:
    """A move in one section, from sample `begin` to `end`, which may be after the section."""

    move: Move
    span: SectionSpan
    origin: Origin
    begin: int
    end: int


@define
class Mover:
    """Makes the automation of the parts of one arrangement.

    `via` has the origins of regions, by their pointers.
    """

    arrangement: Arrangement
    layout: Layout
    report: Report
    via: dict[str, Origin] = field(factory=dict)
    count: int = 0

    def automation(self, p: int) -> Automation:
        """The automation of a part."""
        part = self.arrangement.parts[p]
        placed = self._placed(p, part)
        regions: list[Region] = []
        rests: dict[str, tuple[Keyframe, ...]] = {}
        for target in Target:
            moves = [each for each in placed if each.move.target is target]
            rest = _rest(part, target)
            if moves and moves[0].begin > 0:
                rests[target.value] = (Keyframe(at_ms=ZERO, value=rest, curve=Shape.HOLD),)
            for each, following in zip_longest(moves, moves[1:]):
                self.via[f"/tracks/{p}/automation/regions/{len(regions)}"] = each.origin
                regions.append(self._region(each, following, rest))
        return Automation(**rests, regions=tuple(regions)) if regions else Automation()

    def _placed(self, p: int, part: Part) -> list[_Placed]:
        """The moves of a part in every section that they name, in time order."""
        rate = self.arrangement.sample_rate
        placed, wrong = [], self.report.wrong()
        for span, m, move in self.layout.in_sections(part.moves):
            origin = self.arrangement.origin("parts", p, "moves", m)
            self._count(origin)
            if origin.pointer in wrong:
                continue
            at_ms = None if move.at_ms is None else Fraction(move.at_ms)
            start = find(self.layout, span, move.at, at_ms, origin, self.report)
            if start is None:
                continue
            end = span.end
            if move.length_ms is not None:
                end = start.ms + Fraction(move.length_ms)
            elif move.bars is not None:
                end = self._after_bars(span, start.quarter, move.bars, origin) or end
            placed.append(_Placed(move, span, origin, sample(start.ms, rate), sample(end, rate)))
        return sorted(placed, key=lambda each: each.begin)

    def _count(self, origin: Origin) -> None:
        self.count += 1
        if self.count > MAX_MOVES:
            message = f"the parts move more than {MAX_MOVES:,} times"
            self.report.error(Code.TOO_COMPLEX, message, origin, "split the arrangement")
            self.report.stop()

    def _after_bars(
        self, span: SectionSpan, quarter: Fraction | None, bars: Decimal, origin: Origin
    ) -> Fraction | None:
        """The time after a number of bars, ms; they may extend into the following sections."""
        if quarter is None:
            self.report.error(
                Code.BAD_STRUCTURE,
                f"{span.label!r} has no length in bars",
                origin.child("bars"),
                "use length_ms",
            )
            return None
        return self.layout.ms(span, self.layout.grid.after_bars(quarter, Fraction(bars)))

    def _region(self, each: _Placed, following: _Placed | None, rest: Decimal) -> Region:
        """The keyframes of a move, and those of the return to the part's value."""
        rate, move = self.arrangement.sample_rate, each.move
        over = max(each.end, sample(each.span.end, rate))
        if following is not None and each.end <= following.begin < over:
            over = following.begin
        length, last = over - each.begin, each.end - each.begin
        final = move.begin if move.end is None else move.end
        if final != rest:
            last = min(last, length - 1)
        points = {0: Keyframe(at_ms=ZERO, value=move.begin, curve=move.curve)}
        if move.end is None:
            points[0] = Keyframe(at_ms=ZERO, value=move.begin, curve=Shape.HOLD)
        else:
            points[last] = self._hold(last, move.end)
        if final != rest:
            points[length] = self._hold(length, rest)
        return Region(
            target=move.target,
            start_ms=milliseconds(each.begin, rate),
            duration_ms=milliseconds(length, rate),
            keyframes=tuple(points.values()),
        )

    def _hold(self, at: int, value: Decimal) -> Keyframe:
        at_ms = milliseconds(at, self.arrangement.sample_rate)
        return Keyframe(at_ms=at_ms, value=value, curve=Shape.HOLD)


def _rest(part: Part, target: Target) -> Decimal:
    """The value without a move."""
    if target is Target.GAIN:
        return ZERO
    if target is Target.PAN:
        return part.pan
    return ZERO if part.filter is None else part.filter.frequency_hz
