"""Crossfades from one section to the next.

Promises: a crossfade is at the end of the section that it belongs to, so that the first beat of the
next is at full level: takes that end fade out up to the boundary, and loops that start fade in
before it with their own last milliseconds. A part that plays the same loop in both sections plays
on. Files, and material that repeats after a number of bars, have no lead-in: they start at the
boundary.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from attrs import evolve

from ...ir.codes import Code
from ...ir.diagnostics import Related
from .layout import Layout, SectionSpan, shown_ms
from .model import Arrangement, TransitionKind
from .report import Report
from .takes import Take, TakeEdge, transition_length


def check_transitions(arrangement: Arrangement, layout: Layout, report: Report) -> None:
    """Report transitions that are longer than their section."""
    for span in layout.spans:
        transition = span.section.transition
        if transition is None or transition.kind is TransitionKind.CUT:
            continue
        length, whole = transition_length(layout, span, transition), span.end - span.begin
        if length > whole:
            report.error(
                Code.BAD_STRUCTURE,
                f"a {transition.kind} of {shown_ms(length)} in a section of {shown_ms(whole)}",
                arrangement.origin("sections", span.index, "transition"),
                "make it shorter",
            )


def crossfade(
    takes: list[Take], arrangement: Arrangement, layout: Layout, report: Report
) -> list[Take]:
    """A part's takes, with the crossfades of all sections."""
    by_section: dict[int, list[Take]] = {}
    for take in takes:
        by_section.setdefault(take.span.index, []).append(take)
    leads: list[Take] = []
    for span in layout.spans:
        transition = span.section.transition
        if transition is None or transition.kind is not TransitionKind.CROSSFADE:
            continue
        edge = TakeEdge(
            ms=transition_length(layout, span, transition),
            curve=transition.curve,
            origin=arrangement.origin("sections", span.index, "transition"),
        )
        here, following = by_section.get(span.index, []), by_section.get(span.index + 1, [])
        leaving, entering = _parting(span, here, following)
        by_section[span.index] = [
            evolve(take, fade_out=edge)
            if any(take is t for t in leaving) and _fits(edge, take, take.length, report)
            else take
            for take in here
        ]
        leads += _leads(span, entering, edge, report)
    changed = [take for section in by_section.values() for take in section]
    return sorted([*changed, *leads], key=lambda take: take.begin)


def _parting(
    span: SectionSpan, here: list[Take], following: list[Take]
) -> tuple[list[Take], list[Take]]:
    """Takes that end with a section, and loops that start after it, without those that play on."""
    leaving = [take for take in here if take.end == span.end]
    loops = [take for take in following if take.whole is not None and take.material.tempo]
    entering = [take for take in loops if take.begin == span.end]
    on = [(a, b) for a in leaving for b in entering if _plays_on(a, b)]
    return (
        [take for take in leaving if all(take is not a for a, _ in on)],
        [take for take in entering if all(take is not b for _, b in on)],
    )


def _leads(
    span: SectionSpan, entering: list[Take], edge: TakeEdge, report: Report
) -> Iterator[Take]:
    """The lead-ins: the ends of the loops that start after the boundary."""
    for take in entering:
        assert take.whole is not None  # it is a loop
        if _fits(edge, take, take.whole, report):
            begin = span.end - edge.ms
            yield evolve(take, begin=begin, end=span.end, tail=True, fade_in=edge, fade_out=None)


def _plays_on(leaving: Take, entering: Take) -> bool:
    """Whether one take continues the loop of the other."""
    return (
        leaving.number == entering.number
        and leaving.speed == entering.speed
        and leaving.length == leaving.whole
    )


def _fits(edge: TakeEdge, take: Take, length: Fraction, report: Report) -> bool:
    if edge.ms <= length:
        return True
    report.error(
        Code.BAD_STRUCTURE,
        f"the crossfade of {shown_ms(edge.ms)} is longer than {take.material.id!r} plays there, "
        f"{shown_ms(length)}",
        edge.origin,
        "make it shorter, or use a longer loop",
        Related(take.origin, "plays here"),
    )
    return False
