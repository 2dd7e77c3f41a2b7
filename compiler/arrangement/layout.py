"""The layout of an arrangement: its sections and positions in time.

Promises: the only place where bars become milliseconds; every time is a Fraction. Relies on a tempo
map and sections that `check` has passed. A section that is measured in milliseconds is between two
bars: it contains no bars, and the bar numbers continue after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from attrs import frozen

from ...ir.codes import Code
from ...ir.origin import Origin
from .grid import Signature, TempoMap, position, signature, tempo_map
from .model import Arrangement, Move, Play, Section
from .report import Report

ZERO = Fraction(0)
DEFAULT_TEMPO = (1, Fraction(120), Signature())
"""Of an arrangement without bars; no time depends on it."""
_Entry = TypeVar("_Entry", Play, Move)


@frozen
class SectionSpan:
    """A section in time.

    Attributes:
        section: as in the document.
        label: its name, with a number where others have the same.
        index: its number in the document.
        begin, end: ms.
        first_bar: its first bar, counted through the whole.
        quarter, end_quarter: its range in quarter notes; empty for one measured in ms.
    """

    section: Section
    label: str
    index: int
    begin: Fraction
    end: Fraction
    first_bar: int
    quarter: Fraction
    end_quarter: Fraction

    @property
    def is_counted(self) -> bool:
        """Whether it has bars."""
        return self.section.bars is not None


@frozen
class Moment:
    """A time in ms; in quarter notes too, if its section has bars."""

    ms: Fraction
    quarter: Fraction | None = None


@frozen
class Layout:
    """All sections of an arrangement in time."""

    grid: TempoMap
    spans: tuple[SectionSpan, ...]

    def in_sections(self, entries: Sequence[_Entry]) -> Iterator[tuple[SectionSpan, int, _Entry]]:
        """Each section with the entries that name it, and their numbers; sections in time order."""
        by_name: dict[str, list[tuple[int, _Entry]]] = {}
        for number, entry in enumerate(entries):
            by_name.setdefault(entry.section, []).append((number, entry))
        for span in self.spans:
            for number, entry in by_name.get(span.section.name, ()):
                yield span, number, entry

    @property
    def end(self) -> Fraction:
        """The end of the last section, ms."""
        return self.spans[-1].end if self.spans else ZERO

    def ms(self, span: SectionSpan, quarter: Fraction) -> Fraction:
        """The time of a moment of a section, ms."""
        return span.begin + self.grid.ms(quarter) - self.grid.ms(span.quarter)

    def moment(self, span: SectionSpan, quarter: Fraction) -> Moment:
        """A moment of a section that has bars."""
        return Moment(self.ms(span, quarter), quarter)

    def end_of(self, span: SectionSpan) -> Moment:
        """The end of a section."""
        return Moment(span.end, span.end_quarter if span.is_counted else None)

    def at_ms(self, span: SectionSpan, ms: Fraction) -> Moment:
        """The moment of a section at a time."""
        if not span.is_counted:
            return Moment(ms)
        return Moment(ms, self.grid.quarter_at(self.grid.ms(span.quarter) + ms - span.begin))


def lay_out(arrangement: Arrangement) -> Layout:
    """The sections one after the other."""
    grid = _grid(arrangement)
    total = Counter(section.name for section in arrangement.sections)
    seen: Counter[str] = Counter()
    spans: list[SectionSpan] = []
    begin, bar = ZERO, 1
    for index, section in enumerate(arrangement.sections):
        seen[section.name] += 1
        number = f" {seen[section.name]}" if total[section.name] > 1 else ""
        quarter, next_bar = grid.bar(bar), bar + (section.bars or 0)
        end_quarter = grid.bar(next_bar)
        length = Fraction(section.length_ms or 0) + grid.ms(end_quarter) - grid.ms(quarter)
        spans.append(
            SectionSpan(
                section,
                section.name + number,
                index,
                begin,
                begin + length,
                bar,
                quarter,
                end_quarter,
            )
        )
        begin, bar = begin + length, next_bar
    return Layout(grid, tuple(spans))


def _grid(arrangement: Arrangement) -> TempoMap:
    """The tempo map; without bars, a default one."""
    _, tempo, meter = DEFAULT_TEMPO
    changes = []
    for change in arrangement.tempo_map:
        tempo = tempo if change.tempo is None else Fraction(change.tempo)
        meter = signature(change.time_signature or "") or meter
        changes.append((change.bar, tempo, meter))
    return tempo_map(changes or [DEFAULT_TEMPO])


def find(
    layout: Layout,
    span: SectionSpan,
    at: str | int | None,
    at_ms: Fraction | None,
    origin: Origin,
    report: Report,
) -> Moment | None:
    """A moment of a section, from its `at` or `at_ms`; its beginning if neither is given.

    None, with the reason reported, if the section has no such moment.
    """
    if at_ms is not None:
        if at_ms >= span.end - span.begin:
            report.error(
                Code.BAD_POSITION,
                f"this is after the end of {span.label!r}",
                origin.child("at_ms"),
                f"{span.label!r} lasts {shown_ms(span.end - span.begin)}",
            )
            return None
        return layout.at_ms(span, span.begin + at_ms)
    if not span.is_counted:
        if at is None:
            return Moment(span.begin)
        report.error(
            Code.BAD_POSITION,
            f"{span.label!r} has no length in bars",
            origin.child("at"),
            "use at_ms",
        )
        return None
    quarter = _quarter(layout, at or "1", span.first_bar, origin, report)
    if quarter is not None and quarter >= span.end_quarter:
        report.error(
            Code.BAD_POSITION,
            f"{at} is after the end of {span.label!r}",
            origin.child("at"),
            f"{span.label!r} has {span.section.bars} bars, which count from 1",
        )
        return None
    return None if quarter is None else layout.moment(span, quarter)


def find_in_whole(layout: Layout, at: str | int, origin: Origin, report: Report) -> Fraction | None:
    """A position in the whole, ms; its end is allowed too."""
    quarter = _quarter(layout, at, 1, origin, report)
    if quarter is None:
        return None
    counted = [span for span in layout.spans if span.is_counted]
    for span in counted:
        if span.quarter <= quarter < span.end_quarter:
            return layout.ms(span, quarter)
    if counted and quarter == counted[-1].end_quarter:
        return counted[-1].end
    bars = sum(span.section.bars or 0 for span in counted)
    report.error(
        Code.BAD_POSITION, f"{at} is after the end", origin.child("at"), f"there are {bars} bars"
    )
    return None


def _quarter(
    layout: Layout, at: str | int, first_bar: int, origin: Origin, report: Report
) -> Fraction | None:
    """A position, its bars counted from `first_bar`, in quarter notes."""
    place = position(at)
    if place is None:
        return None  # `check` has reported it
    bar = place.bar + first_bar - 1
    quarter = layout.grid.quarter(place.of_bar(bar))
    if quarter is None:
        meter = layout.grid.at_bar(bar).signature
        report.error(
            Code.BAD_POSITION,
            f"{at} is not a valid position in {meter}",
            origin.child("at"),
            f"a bar has {meter.beats} beats there, a beat {meter.ticks} ticks",
        )
    return quarter


def shown_ms(ms: Fraction) -> str:
    """A time in the form of messages, to a microsecond."""
    return f"{_to_microseconds(ms):,f} ms"


def milliseconds_text(ms: Fraction) -> str:
    """A time in the form of documents, to a microsecond."""
    return f"{_to_microseconds(ms):f}"


def _to_microseconds(ms: Fraction) -> Decimal:
    return (Decimal(round(ms * 1000)) / 1000).normalize()
