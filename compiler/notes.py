"""Tags, markers, cover and names of a mix, as the notes of a `.mir` file, and back.

Promises: a graph that was printed with its notes renders to files with the same metadata. What is
wrong with a note is reported at its line, under the rules for documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from attrs import evolve

from ..documents.fields import declaration
from ..documents.models import exceeded, put
from ..documents.structure import structure
from ..ir.diagnostics import Diagnostic
from ..ir.nodes import OutputRole
from ..ir.notes import BusNote, MarkerNote, MixNote, Note, TagNote
from ..ir.origin import Origin, parents
from ..presets.model import BusPreset
from .timeline.model import Marker, Timeline
from .timeline.sources import validate_cover
from .timeline.validate import validate_tags
from .unit import Unit


def notes(unit: Unit) -> Iterator[Note]:
    """The notes of the mix in a unit that has its graph."""
    timeline, request = unit.timeline, unit.request
    yield MixNote(
        timeline.id,
        export_preset=unit.export.id,
        mix_preset=unit.mix.id,
        render_profile=request.render_profile or "",
        cover="" if timeline.cover is None else str(timeline.cover),
        selection=unit.selection or (),
    )
    yield from (TagNote(*tag) for tag in sorted(timeline.metadata.items()))
    for marker in timeline.markers:
        length = None if marker.length_ms is None else float(marker.length_ms)
        yield MarkerNote(
            marker.label,
            float(marker.at_ms),
            length_ms=length,
            loop=marker.loop,
            url=marker.url,
            image=marker.image,
            toc=marker.toc,
        )
    stems = {output.target for output in unit.ir.outputs if output.role is OutputRole.STEM}
    for bus in unit.buses:
        if bus.id in stems:
            yield BusNote(bus.id, bus.gain_db, unit.roles_on(bus))


def noted_timeline(
    noted: Iterable[tuple[Note, Origin]], base: Timeline
) -> tuple[Timeline, tuple[Diagnostic, ...]]:
    """A timeline with what the notes say, and what is wrong with them, at their places.

    Args:
        noted: the notes and their places.
        base: the timeline that notes change: its root, its document, and an id.
    """
    data: dict[str, Any] = {"id": base.id, "metadata": {}, "markers": []}
    via: dict[str, Origin] = {}
    for note, place in noted:
        match note:
            case MixNote():
                data |= {"id": note.name} | ({"cover": note.cover} if note.cover else {})
                via |= {"/id": place, "/cover": place}
            case TagNote():
                data["metadata"][note.name] = note.text
                via[Origin("").child("metadata", note.name).pointer] = place
            case MarkerNote():
                via[f"/markers/{len(data['markers'])}"] = place
                said = {a: getattr(note, a) for a in declaration(Marker).keys if a != "label"}
                written = {a: _exact(value) for a, value in said.items() if value is not None}
                data["markers"].append({"label": note.name, **written})
    read, findings = structure(data, Timeline, "")
    said = {name: getattr(read, name) for name in ("id", "metadata", "markers", "cover")}
    timeline: Timeline = put(base, **said)
    ranges = exceeded(timeline, timeline.origin)
    found = findings.diagnostics or [*ranges, *validate_tags(timeline), *validate_cover(timeline)]
    return put(timeline, via=via), tuple(_at_its_note(problem, via) for problem in found)


def _exact(value: object) -> object:
    """A value of a note as a document has it: its numbers are exact decimals."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def noted_buses(noted: Iterable[Note]) -> tuple[BusPreset, ...]:
    """The buses of the notes, without their processing, which is in the nodes."""
    buses = (note for note in noted if isinstance(note, BusNote))
    return tuple(BusPreset(id=bus.name, gain_db=bus.gain_db, roles=bus.roles) for bus in buses)


def _at_its_note(problem: Diagnostic, via: Mapping[str, Origin]) -> Diagnostic:
    pointer = "" if problem.origin is None else problem.origin.pointer
    place = next((via[p] for p in parents(pointer) if p in via), None)
    return evolve(problem, origin=place)
