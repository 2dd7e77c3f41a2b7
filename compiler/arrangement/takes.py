"""The takes of each part: passes of loops, files, fills.

Promises: a take begins and ends at exact times; those of a loop follow one another without a gap
or an overlap, and the last one ends with its section, or at the start of the next entry in it. A
loop plays at its own tempo, or resampled by the exact ratio of the tempos if the document allows
it; otherwise different tempos are an error that names both. Nothing here reads a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from attrs import define, evolve, frozen

from ...documents.values import MAX_SPEED, MAX_TERM
from ...ir.codes import Code
from ...ir.diagnostics import Related
from ...ir.origin import Origin
from .grid import Signature, TempoSegment, signature
from .layout import Layout, Moment, SectionSpan, find, shown_ms
from .model import Arrangement, Material, Part, Play, Stretch, Transition, TransitionKind
from .report import Report

MAX_TAKES = 20_000
ONE = Fraction(1)


@frozen(kw_only=True)
class TakeEdge:
    """One side of a crossfade, at an end of a take: its length in ms, its curve, its place."""

    ms: Fraction
    curve: str | None
    origin: Origin


@frozen(kw_only=True)
class Take:
    """One playback of material.

    Attributes:
        material: what plays.
        number: of the material in the document.
        span: the section that it belongs to.
        play: its entry of `play`.
        origin: that entry's place.
        begin: ms.
        end: ms; None for a file, which plays to its own end.
        whole: the length of the whole loop, ms; a take that is cut is shorter.
        speed: relative to that of the file.
        tail: whether a cut take plays the end of the loop rather than its beginning.
        fade_in, fade_out: the fades of transitions.
    """

    material: Material
    number: int
    span: SectionSpan
    play: Play
    origin: Origin
    begin: Fraction
    end: Fraction | None = None
    whole: Fraction | None = None
    speed: Fraction = ONE
    tail: bool = False
    fade_in: TakeEdge | None = None
    fade_out: TakeEdge | None = None

    @property
    def length(self) -> Fraction:
        """The length of a pass of a loop, ms."""
        assert self.end is not None
        return self.end - self.begin


@define
class Player:
    """Works out the takes of the parts of one arrangement."""

    arrangement: Arrangement
    layout: Layout
    report: Report
    materials: Mapping[str, tuple[int, Material]]
    count: int = 0

    def takes(self, p: int) -> list[Take]:
        """All takes of a part in the order of their starts."""
        part = self.arrangement.parts[p]
        made: list[Take] = []
        for span, i, entry in self.layout.in_sections(part.play):
            origin = self.arrangement.origin("parts", p, "play", i)
            self._count(origin)
            made += self._entry(part, entry, span, origin)
        return sorted(made, key=lambda take: take.begin)

    def _count(self, origin: Origin) -> None:
        """Refuse an arrangement with too many takes."""
        self.count += 1
        if self.count > MAX_TAKES:
            self.report.error(
                Code.TOO_COMPLEX,
                f"the parts play more than {MAX_TAKES:,} times",
                origin,
                "use longer loops, or split the arrangement",
            )
            self.report.stop()

    def _entry(self, part: Part, entry: Play, span: SectionSpan, origin: Origin) -> Iterator[Take]:
        """The takes of one entry of `play` in one section."""
        played = self.materials.get(entry.material or part.material or "")
        if played is None:
            return
        number, material = played
        at_ms = None if entry.at_ms is None else Fraction(entry.at_ms)
        start = find(self.layout, span, entry.at, at_ms, origin, self.report)
        if start is None:
            return
        stop = silence_from(self.layout, span)
        blank = Take(
            material=material,
            number=number,
            span=span,
            play=entry,
            origin=origin,
            begin=start.ms,
        )
        if entry.fill is not None and entry.fill in self.materials:
            filled = self._fill(blank, entry.fill, start, stop)
            if filled is not None:
                yield filled
                stop = self._moment(span, filled.begin)
        if material.bars is None:
            yield blank
        else:
            yield from self._passes(blank, start, stop, entry.repeats)

    def _moment(self, span: SectionSpan, ms: Fraction) -> Moment:
        return self.layout.at_ms(span, ms)

    def _fill(self, blank: Take, name: str, start: Moment, stop: Moment) -> Take | None:
        """The one pass that ends the section."""
        number, material = self.materials[name]
        origin = blank.origin.child("fill")
        take = evolve(blank, material=material, number=number, origin=origin)
        end = self.layout.end_of(blank.span)
        if end.quarter is not None:
            meter = last_bar(self.layout, blank.span).signature
            begin = self.layout.moment(blank.span, end.quarter - _quarters(take, meter))
        else:
            length = self._free_length(take)
            if length is None:
                return None
            begin = Moment(end.ms - length)
        if begin.ms < start.ms:
            self.report.error(
                Code.BAD_STRUCTURE,
                f"the fill {material.id!r} is longer than what it ends",
                origin,
                f"it lasts {shown_ms(end.ms - begin.ms)}, of which there are "
                f"{shown_ms(end.ms - start.ms)}",
            )
            return None
        return next(self._passes(take, begin, stop, 1), None)

    def _passes(
        self, blank: Take, start: Moment, stop: Moment, repeats: int | None
    ) -> Iterator[Take]:
        """Consecutive passes, up to their number or to `stop`."""
        done = 0
        begin = start
        while begin.ms < stop.ms and (repeats is None or done < repeats):
            end = self._end_of_pass(blank, begin)
            if end is None:
                return
            cut = min(end, stop, key=lambda moment: moment.ms)
            speed = self._speed(blank, begin, cut)
            if speed is None:
                return
            self._count(blank.origin)
            yield evolve(blank, begin=begin.ms, end=cut.ms, whole=end.ms - begin.ms, speed=speed)
            begin, done = end, done + 1

    def _end_of_pass(self, take: Take, begin: Moment) -> Moment | None:
        """The end of a loop that begins at a moment."""
        if begin.quarter is not None:
            meter = self.layout.grid.at(begin.quarter).signature
            return self.layout.moment(take.span, begin.quarter + _quarters(take, meter))
        length = self._free_length(take)
        return None if length is None else Moment(begin.ms + length)

    def _free_length(self, take: Take) -> Fraction | None:
        """The length of a loop in a section without bars: its own length."""
        length = own_length(take.material)
        if length is None:
            self.report.error(
                Code.BAD_STRUCTURE,
                f"{take.span.label!r} has no length in bars, and {take.material.id!r} has no "
                "length of its own",
                take.origin,
                "give the loop a tempo and a time_signature",
                Related(self.arrangement.origin("materials", take.number), "the loop"),
            )
        return length

    def _speed(self, take: Take, begin: Moment, end: Moment) -> Fraction | None:
        """The speed of a pass relative to its file; None, with a report, if it cannot play."""
        tempo = take.material.tempo
        if tempo is None or begin.quarter is None or end.quarter is None:
            return ONE
        music = self.layout.grid.steady(begin.quarter, end.quarter)
        if music is None:
            self.report.error(
                Code.TEMPO_MISMATCH,
                f"the tempo changes while {take.material.id!r} plays",
                take.origin,
                "let the loop begin where the tempo changes, or use a shorter one",
                self._related(take),
            )
            return None
        ratio = music / Fraction(tempo)
        if ratio == 1 or take.material.stretch is Stretch.RESAMPLE:
            return self._within_reach(take, ratio)
        above, below = ratio.as_integer_ratio()
        self.report.error(
            Code.TEMPO_MISMATCH,
            f"{take.material.id!r} is at {shown_tempo(Fraction(tempo))}, {take.span.label!r} at "
            f"{shown_tempo(music)}: {above}/{below} or {float(ratio):.4f} as fast",
            take.origin,
            "stretch: resample plays it so, its pitch following; or use a loop of that tempo",
            self._related(take),
        )
        return None

    def _within_reach(self, take: Take, ratio: Fraction) -> Fraction | None:
        if (
            1 / Fraction(MAX_SPEED) <= ratio <= MAX_SPEED
            and max(ratio.as_integer_ratio()) <= MAX_TERM
        ):
            return ratio
        above, below = ratio.as_integer_ratio()
        self.report.error(
            Code.OUT_OF_RANGE,
            f"{take.material.id!r} cannot play {above}/{below} as fast",
            take.origin,
            f"speeds go from 1/{MAX_SPEED} to {MAX_SPEED}, as ratios of numbers up to {MAX_TERM:,}",
            self._related(take),
        )
        return None

    def _related(self, take: Take) -> Related:
        return Related(self.arrangement.origin("materials", take.number, "tempo"), "the loop")


def _quarters(take: Take, meter: Signature) -> Fraction:
    """The length of a loop in quarter notes, at the time signature of a section."""
    own = signature(take.material.time_signature or "")
    return Fraction(take.material.bars or 0) * (own or meter).bar


def own_length(material: Material) -> Fraction | None:
    """The length of a loop at its own tempo, ms; None if it has none."""
    meter = signature(material.time_signature or "")
    if material.tempo is None or meter is None:
        return None
    return Fraction(material.bars or 0) * meter.bar * 60_000 / Fraction(material.tempo)


def last_bar(layout: Layout, span: SectionSpan) -> TempoSegment:
    """The segment of the last bar of a section that has bars."""
    return layout.grid.at_bar(span.first_bar + (span.section.bars or 1) - 1)


def transition_length(layout: Layout, span: SectionSpan, transition: Transition) -> Fraction:
    """The length of the transition at the end of a section, ms."""
    if transition.length_ms is not None:
        return Fraction(transition.length_ms)
    beats = Fraction(transition.beats or 0) * last_bar(layout, span).signature.beat
    return span.end - layout.ms(span, span.end_quarter - beats)


def silence_from(layout: Layout, span: SectionSpan) -> Moment:
    """The end of the loops of a section: its own end, or the start of its gap."""
    transition = span.section.transition
    if transition is None or transition.kind is not TransitionKind.GAP:
        return layout.end_of(span)
    length = transition_length(layout, span, transition)
    return layout.at_ms(span, max(span.begin, span.end - length))


def shown_tempo(tempo: Fraction) -> str:
    """A tempo in the form of messages."""
    return f"{float(tempo):g} BPM"
