"""Turns takes into clips: whole samples, files at their speeds, and the origin of each.

Promises: a clip begins and ends on the samples nearest to its exact times, so that passes of a loop
abut; its times in ms round to the same samples. A file that is up to a millisecond shorter than its
loop, because of rounding, ends with that much silence; a shorter file is an error. A file that is
longer than its loop is a warning, unless `duration_ms` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from attrs import define, evolve, field

from ...documents.models import replace
from ...ir.codes import Code
from ...ir.names import fresh
from ...ir.nodes import Source
from ...ir.origin import Origin, escape
from ...ir.units import milliseconds
from ..timeline.entry import SourceEntry, file_entry
from ..timeline.model import Clip
from .grid import sample
from .layout import ZERO, milliseconds_text, shown_ms
from .model import Arrangement
from .report import Report
from .takes import ONE, Take, shown_tempo

TOLERANCE = Fraction(1)
"""ms."""

_EQUAL_POWER = "qsin"

_HEARD = ("level", "gate", "deess", "compress")
"""What an entry of `play` has in common with the clips that it becomes, apart from its gain."""


def fit(
    arrangement: Arrangement, takes: Iterable[Take], media: Mapping[str, Source], report: Report
) -> None:
    """Report loops whose file has another length than they state."""
    lengths = {t.number: t.whole * t.speed for t in takes if t.whole and t.material.tempo}
    for number, wanted in sorted(lengths.items()):
        material = arrangement.materials[number]
        if material.source not in media:
            continue
        source = media[material.source]
        there = Fraction(source.frames * 1000, source.rate) - Fraction(material.offset_ms)
        if material.duration_ms is not None:
            there = min(there, Fraction(material.duration_ms))
        rest = there % wanted
        origin = arrangement.origin("materials", number, "bars")
        message = (
            f"{material.id!r} lasts {shown_ms(max(ZERO, there))}, not the {shown_ms(wanted)} "
            f"of {material.bars} bar{'s' * (material.bars != 1)} at "
            f"{shown_tempo(Fraction(material.tempo or 0))}"
        )
        if there < wanted - TOLERANCE:
            report.error(Code.LOOP_TOO_SHORT, message, origin, "correct its bars or its tempo")
        elif material.duration_ms is None and TOLERANCE < rest < wanted - TOLERANCE:
            meant = f"duration_ms: {milliseconds_text(wanted)}"
            help = f"the rest is never played; if you want that, set {meant}"
            report.warn(Code.LOOP_CUT, message, origin, help)


@define
class Clips:
    """Makes the clips of one arrangement.

    Attributes:
        arrangement: the source of the clips.
        media: each source at its own speed, by the name or path that materials use.
        played: each source as clips play it, by the name or path that they use.
        sources: of the timeline, as far as the clips made so far use them.
        via: the origins of clips and sources, by their pointers.
    """

    arrangement: Arrangement
    media: Mapping[str, Source]
    played: dict[str, Source] = field(factory=dict)
    sources: dict[str, SourceEntry] = field(factory=dict)
    via: dict[str, Origin] = field(factory=dict)
    _names: dict[tuple[str, Fraction], str] = field(factory=dict)

    def clips(self, track: int, takes: list[Take]) -> tuple[Clip, ...]:
        """The clips of a part's takes."""
        made: list[Clip] = []
        numbers: dict[str, int] = {}
        for take in takes:
            label = take.span.label
            clip = self._clip(take, f"{label}-{numbers.get(label, 0) + 1}")
            if clip is not None:
                numbers[label] = numbers.get(label, 0) + 1
                self._trace(f"/tracks/{track}/clips/{len(made)}", take)
                made.append(clip)
        return tuple(made)

    def _clip(self, take: Take, id: str) -> Clip | None:
        """None for a file that cannot be used, and a pass cut to less than a sample."""
        material, rate = take.material, self.arrangement.sample_rate
        if material.source not in self.media:
            return None
        start = sample(take.begin, rate)
        offset = sample(Fraction(material.offset_ms) / take.speed, rate)
        if take.tail and take.whole is not None and take.end is not None:
            offset += sample(take.begin + take.whole, rate) - sample(take.end, rate)
        length = self._length(take, start, offset)
        if length == 0:
            return None
        clip = Clip(
            **{key: getattr(take.play, key) for key in _HEARD},
            id=id,
            source=self._source(take),
            start_ms=milliseconds(start, rate),
            offset_ms=milliseconds(offset, rate),
            duration_ms=None if length is None else milliseconds(length, rate),
            gain_db=material.gain_db + take.play.gain_db,
            fade_in_ms=material.fade_in_ms,
            fade_out_ms=Decimal(0) if take.tail else material.fade_out_ms,
        )
        return self._edges(clip, take)

    def _length(self, take: Take, start: int, offset: int) -> int | None:
        """How many samples a take lasts; None: to the end of the file."""
        material, rate = take.material, self.arrangement.sample_rate
        limits = []
        if material.duration_ms is not None:
            end = (Fraction(material.offset_ms) + Fraction(material.duration_ms)) / take.speed
            limits.append(sample(end, rate) - offset)
        if take.end is not None:
            limits.append(sample(take.end, rate) - start)
            there = self._at_speed(take).length(rate) - offset
            # The timeline's checks report an offset past the end of the file.
            limits += [there] if there > 0 else []
        return min(limits, default=None)

    def _at_speed(self, take: Take) -> Source:
        """A take's file at its speed."""
        source = self.media[take.material.source]
        return evolve(source, speed=(Fraction(*source.speed) * take.speed).as_integer_ratio())

    def _edges(self, clip: Clip, take: Take) -> Clip:
        """The clip with the fades of its transitions."""
        rate = self.arrangement.sample_rate
        for edge, side in ((take.fade_in, "in"), (take.fade_out, "out")):
            if edge is not None and take.end is not None:
                whole = sample(take.end, rate) - sample(take.end - edge.ms, rate)
                changes = {
                    f"fade_{side}_ms": milliseconds(whole, rate),
                    f"fade_{side}_curve": edge.curve or _EQUAL_POWER,
                }
                clip = replace(clip, **changes)
        return clip

    def _trace(self, pointer: str, take: Take) -> None:
        self.via[pointer] = take.origin
        for edge, side in ((take.fade_in, "in"), (take.fade_out, "out")):
            if edge is not None:
                self.via[f"{pointer}/fade_{side}_ms"] = edge.origin

    def _source(self, take: Take) -> str:
        """The name of a take's file at its speed."""
        name = self._name(take)
        if name not in self.played:
            self.played[name] = self._at_speed(take)
        return name

    def _name(self, take: Take) -> str:
        """Its own name, or for another speed an unused one."""
        source = take.material.source
        if take.speed == ONE:
            if source in self.arrangement.sources:
                self.sources[source] = self.arrangement.sources[source]
            return source
        key = (source, take.speed)
        if key not in self._names:
            above, below = take.speed.as_integer_ratio()
            named = source if source in self.arrangement.sources else take.material.id
            taken = self.arrangement.sources.keys() | self.sources.keys()
            name = fresh(f"{named}-{above}-{below}", taken)
            self._names[key] = name
            entry = self.arrangement.sources.get(source) or file_entry(source)
            above, below = (entry.ratio * take.speed).as_integer_ratio()
            self.sources[name] = replace(entry, speed=f"{above}/{below}")
            self.via[f"/sources/{escape(name)}"] = self.arrangement.origin("materials", take.number)
        return self._names[key]
