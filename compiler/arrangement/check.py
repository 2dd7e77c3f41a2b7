"""Checks an arrangement, as far as is possible before anything is placed in time.

Promises: every violation at once, each with its place, none raised.
The fields that parts share with tracks are checked in the timeline, with places in the arrangement.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from ...documents.models import exceeded
from ...documents.values import shown
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic
from ...ir.origin import Origin
from ..timeline.automation import Target
from ..timeline.validate import unique
from .grid import MAX_BEATS, TICKS, UNITS, position, signature
from .model import Arrangement, Mark, Material, Move, Part, Play, Section, TransitionKind
from .report import unknown

Found = Iterator[Diagnostic]

# Exact times are fractions; their terms grow with each change and decimal.
MAX_CHANGES = 1000
DECIMALS = 4


class Either(NamedTuple):
    """Two keys for the same value in two units."""

    one: str
    other: str


_AT = Either("at", "at_ms")
_BARS = Either("bars", "length_ms")
_BEATS = Either("length_ms", "beats")


def check(arrangement: Arrangement) -> Found:
    """Every violation that can be found before the layout."""
    origin = arrangement.origin()
    yield from exceeded(arrangement, arrangement.origin)
    yield from _tempo_map(arrangement, origin.child("tempo_map"))
    for s, section in enumerate(arrangement.sections):
        yield from _section(section, origin.child("sections", s))
    if not arrangement.sections:
        place = origin.child("sections")
        yield Diagnostic(Code.EMPTY_TIMELINE, "there are no sections", place, "add one")
    for m, mark in enumerate(arrangement.markers):
        yield from _one_of(mark, _AT, "a marker", origin.child("markers", m))
        yield from _position(mark, origin.child("markers", m))
    ids = [material.id for material in arrangement.materials]
    yield from unique(arrangement.origin, ids, ("materials",), "material")
    for m, material in enumerate(arrangement.materials):
        yield from _material(material, origin.child("materials", m))
    ids = [part.id for part in arrangement.parts]
    yield from unique(arrangement.origin, ids, ("parts",), "part")
    for p, part in enumerate(arrangement.parts):
        yield from _part(arrangement, part, origin.child("parts", p))


def _tempo_map(arrangement: Arrangement, origin: Origin) -> Found:
    changes = arrangement.tempo_map
    if len(changes) > MAX_CHANGES:
        message = f"the tempo map has more than {MAX_CHANGES:,} entries"
        yield Diagnostic(Code.TOO_COMPLEX, message, origin, "split the arrangement")
    for c, change in enumerate(changes):
        yield from _signature(change.time_signature, origin.child(c, "time_signature"))
        if change.tempo is not None and _decimals(change.tempo) > DECIMALS:
            message = f"a tempo has at most {DECIMALS} decimals"
            yield Diagnostic(Code.OUT_OF_RANGE, message, origin.child(c, "tempo"))
        if c and change.bar <= changes[c - 1].bar:
            yield Diagnostic(
                Code.BAD_STRUCTURE,
                f"bar {change.bar} comes after bar {changes[c - 1].bar} in the tempo map",
                origin.child(c, "bar"),
                "list the changes in the order of their bars, one for each bar",
            )
    if changes and (changes[0].bar != 1 or changes[0].tempo is None):
        yield Diagnostic(
            Code.BAD_STRUCTURE,
            "the tempo map does not begin with a tempo for bar 1",
            origin.child(0, "tempo" if changes[0].tempo is None else "bar"),
            "begin it with {bar: 1, tempo: 120}",
        )
    counted = [s for s, section in enumerate(arrangement.sections) if section.bars is not None]
    if counted and not changes:
        yield Diagnostic(
            Code.BAD_STRUCTURE,
            "bars need a tempo",
            arrangement.origin("sections", counted[0], "bars"),
            "add a tempo map: tempo_map: [{bar: 1, tempo: 120}]",
        )


def _decimals(value: Decimal) -> int:
    """How many decimals a number has."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _section(section: Section, origin: Origin) -> Found:
    yield from _one_of(section, _BARS, "a section", origin)
    transition = section.transition
    if transition is None:
        return
    place = origin.child("transition")
    if transition.kind is TransitionKind.CUT:
        given = [key for key in ("length_ms", "beats", "curve") if getattr(transition, key)]
        if given:
            yield Diagnostic(
                Code.BAD_STRUCTURE,
                f"a cut has no {given[0]}",
                place.child(given[0]),
                "leave it out, or use crossfade or gap",
            )
        return
    yield from _one_of(transition, _BEATS, f"a {transition.kind}", place)
    if transition.beats is not None and section.bars is None:
        yield Diagnostic(
            Code.BAD_STRUCTURE,
            "a section without bars has no beats",
            place.child("beats"),
            "use length_ms",
        )


def _material(material: Material, origin: Origin) -> Found:
    yield from _signature(material.time_signature, origin.child("time_signature"))
    if material.bars is None:
        for key in ("tempo", "time_signature"):
            if getattr(material, key) is not None:
                yield Diagnostic(
                    Code.BAD_STRUCTURE,
                    f"{shown(material.id)} has a {key}, but no bars",
                    origin.child(key),
                    "give the length of the loop in bars, such as bars: 2",
                )


def _part(arrangement: Arrangement, part: Part, origin: Origin) -> Found:
    sections = list(dict.fromkeys(section.name for section in arrangement.sections))
    materials = {material.id: material for material in arrangement.materials}
    if part.material is not None and part.material not in materials:
        yield unknown(
            Code.UNKNOWN_MATERIAL,
            "material",
            part.material,
            list(materials),
            origin.child("material"),
        )
    for i, entry in enumerate(part.play):
        place = origin.child("play", i)
        yield from _where(entry, sections, place)
        yield from _what(part, entry, materials, place)
    for i, move in enumerate(part.moves):
        place = origin.child("moves", i)
        yield from _where(move, sections, place)
        yield from _at_most_one(move, _BARS, place)
        if move.target is Target.FILTER and part.filter is None:
            yield Diagnostic(
                Code.FILTER_AUTOMATION_WITHOUT_FILTER,
                "this automates a filter that does not exist",
                place.child("target"),
                "add it to the part: filter: {kind: lowpass, frequency_hz: 12000}",
            )


def _where(entry: Play | Move, sections: list[str], origin: Origin) -> Found:
    if entry.section not in sections:
        place = origin.child("section")
        yield unknown(Code.UNKNOWN_SECTION, "section", entry.section, sections, place)
    yield from _at_most_one(entry, _AT, origin)
    yield from _position(entry, origin)


def _what(part: Part, entry: Play, materials: dict[str, Material], origin: Origin) -> Found:
    if entry.material is None and part.material is None:
        yield Diagnostic(
            Code.UNKNOWN_MATERIAL,
            f"part {shown(part.id)} has no material here",
            origin,
            "give the part, or this entry of play, a material",
        )
    for key in ("material", "fill"):
        name = getattr(entry, key)
        if name is not None and name not in materials:
            yield unknown(
                Code.UNKNOWN_MATERIAL, "material", name, list(materials), origin.child(key)
            )
    played = materials.get(entry.material or part.material or "")
    if played is not None and played.bars is None and entry.repeats is not None:
        yield Diagnostic(
            Code.BAD_STRUCTURE,
            f"{shown(played.id)} has no length in bars, so it cannot be repeated",
            origin.child("repeats"),
            "give the material a length in bars, such as bars: 2",
        )
    fill = materials.get(entry.fill or "")
    if fill is not None and fill.bars is None:
        yield Diagnostic(
            Code.BAD_STRUCTURE,
            f"{shown(fill.id)} has no length in bars, so the start of the fill is unknown",
            origin.child("fill"),
            "give the material a length in bars, such as bars: 1",
        )


def _one_of(owner: object, keys: Either, noun: str, origin: Origin) -> Found:
    if all(getattr(owner, key) is None for key in keys):
        yield Diagnostic(Code.MISSING_KEY, f"{noun} needs {keys.one} or {keys.other}", origin)
    yield from _at_most_one(owner, keys, origin)


def _at_most_one(owner: object, keys: Either, origin: Origin) -> Found:
    if all(getattr(owner, key) is not None for key in keys):
        yield Diagnostic(
            Code.BAD_STRUCTURE,
            f"{keys.one} and {keys.other} exclude each other",
            origin.child(keys.other),
            "keep one of the two",
        )


def _position(owner: Mark | Play | Move, origin: Origin) -> Found:
    if owner.at is not None and position(owner.at) is None:
        yield Diagnostic(
            Code.BAD_POSITION,
            f"{shown(owner.at)} is not a valid position",
            origin.child("at"),
            f"bar, bar:beat or bar:beat:tick; bars and beats count from 1, ticks from 0, {TICKS} "
            "to a quarter note",
        )


def _signature(text: str | None, origin: Origin) -> Found:
    if text is not None and signature(text) is None:
        units = ", ".join(str(unit) for unit in UNITS)
        yield Diagnostic(
            Code.OUT_OF_RANGE,
            f"{shown(text)} is not a valid time signature",
            origin,
            f"such as 4/4: 1 to {MAX_BEATS} beats, each one of {units}",
        )
