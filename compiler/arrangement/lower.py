"""An arrangement becomes a timeline.

Promises: the timeline is a function of the document and of how long its files are; each of its
values leads back to the line of the arrangement that it was made from. Parts become tracks of their
role, sections markers. All problems of a stage are reported together: first those of the document,
then those of its layout, then those of its files.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from attrs import evolve

from ...ir.nodes import Source
from ...ir.origin import Document, Origin
from ...ir.types import milliseconds
from ..geometry import mix_length
from ..media import probe_sources
from ..timeline.model import Clip, Marker, Timeline, Track
from ..timeline.sources import validate_sources
from .check import check
from .clips import Clips, fit
from .grid import decimal_ms, sample
from .layout import Layout, find_in_whole, lay_out
from .model import Arrangement
from .moves import Mover
from .report import Report
from .takes import Player, Take
from .transitions import check_transitions, crossfade


def lower_arrangement(arrangement: Arrangement) -> Timeline:
    """The timeline of an arrangement.

    Raises:
        TimelineError: everything that is wrong with it, MIX2xx, at its own lines.
    """
    report = Report(arrangement.document)
    report.found += check(arrangement)
    report.stop()
    layout = lay_out(arrangement)
    check_transitions(arrangement, layout, report)
    blank = blank_timeline(arrangement)
    materials = {material.id: (m, material) for m, material in enumerate(arrangement.materials)}
    player = Player(arrangement, layout, report, materials)
    mover = Mover(arrangement, layout, report)
    takes: list[list[Take]] = []
    automations = []
    for p in range(len(arrangement.parts)):
        takes.append(crossfade(player.takes(p), arrangement, layout, report))
        automations.append(mover.automation(p))
    markers = _markers(arrangement, layout, report)
    report.stop()
    every = [take for part in takes for take in part]
    media = _media(arrangement, blank, {take.number for take in every}, report)
    fit(arrangement, every, media, report)
    report.stop()
    clips = Clips(arrangement, media)
    tracks = tuple(
        Track(
            id=part.id,
            role=part.role,
            name=part.name,
            bus=part.bus,
            gain_db=part.gain_db,
            pan=part.pan,
            mute=part.mute,
            solo=part.solo,
            tags=part.tags,
            eq=part.eq,
            filter=part.filter,
            automation=automations[p],
            clips=clips.clips(p, takes[p]),
        )
        for p, part in enumerate(arrangement.parts)
    )
    via = {f"/tracks/{p}": arrangement.origin("parts", p) for p in range(len(tracks))}
    via |= {f"/markers/{m}": place for m, (_, place) in enumerate(markers)}
    whole = evolve(
        blank,
        sources=clips.sources,
        speeds=clips.speeds,
        markers=tuple(marker for marker, _ in markers),
        tracks=tracks,
        via={**blank.via, **via, **clips.via, **mover.via},
        notes=tuple(report.found),
    )
    return evolve(whole, length_ms=_length(whole, layout, clips.played))


def blank_timeline(arrangement: Arrangement) -> Timeline:
    """What the arrangement says of the whole, and how its places are found."""
    return Timeline(
        id=arrangement.id,
        sample_rate=arrangement.sample_rate,
        channels=arrangement.channels,
        pan_law=arrangement.pan_law,
        mix_preset_id=arrangement.mix_preset_id,
        metadata=arrangement.metadata,
        buses=arrangement.buses,
        root=arrangement.root,
        allow_outside=arrangement.allow_outside,
        document=generated(arrangement.document),
        made_from=arrangement.document,
        via={"": arrangement.origin()},
    )


def generated(document: Document | None) -> Document | None:
    """The document that a generated timeline would be; it has no text of its own to show."""
    if document is None:
        return None
    return Document(f"{document.name} (timeline)", "", lambda text, pointer: None)


def _markers(
    arrangement: Arrangement, layout: Layout, report: Report
) -> list[tuple[Marker, Origin]]:
    """Where sections begin, and the markers of the document, in time order."""
    rate = arrangement.sample_rate
    found = [
        (span.begin, span.label, arrangement.origin("sections", span.index))
        for span in layout.spans
    ]
    for m, mark in enumerate(arrangement.markers):
        origin = arrangement.origin("markers", m)
        at = (
            find_in_whole(layout, mark.at, origin, report)
            if mark.at is not None
            else Fraction(mark.at_ms or 0)
        )
        if at is not None:
            found.append((at, mark.label, origin))
    found.sort(key=lambda each: each[0])
    return [
        (Marker(at_ms=decimal_ms(at, rate), label=label), origin) for at, label, origin in found
    ]


def _media(
    arrangement: Arrangement, blank: Timeline, used: set[int], report: Report
) -> Mapping[str, Source]:
    """What is known of the files of the materials in use; what is wrong with them is reported."""
    numbers = sorted(used)
    clips = tuple(Clip(source=arrangement.materials[number].source) for number in numbers)
    via = {
        f"/tracks/0/clips/{c}": arrangement.origin("materials", number)
        for c, number in enumerate(numbers)
    }
    played = evolve(
        blank,
        sources=arrangement.sources,
        tracks=(Track(id="", role="", clips=clips),),
        via={**blank.via, **via},
    )
    report.found += validate_sources(played)
    report.stop()
    media, problems = probe_sources(played)
    report.found += problems
    report.stop()
    return media


def _length(timeline: Timeline, layout: Layout, played: Mapping[str, Source]) -> Decimal:
    """Until the last section is over, and whatever still sounds then, ms."""
    rate = timeline.sample_rate
    return milliseconds(max(sample(layout.end, rate), mix_length(timeline, played)), rate)
