"""An arrangement becomes a timeline.

Promises: the timeline depends only on the document and the lengths of its files; each of its
values has its origin in a line of the arrangement. Parts become tracks of their role, sections
become markers. All problems of a stage are reported together: first those of the document, then
those of its layout, then those of its files.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from ...documents.limits import MAX_TIME_MS
from ...documents.models import replace, shared
from ...ir.codes import Code
from ...ir.nodes import Source
from ...ir.origin import Origin
from ...ir.units import milliseconds
from ..declared import MediaMode
from ..geometry import mix_length
from ..timeline.model import Marker, Timeline, Track
from .check import check
from .clips import Clips, fit
from .grid import decimal_ms, sample
from .layout import Layout, find_in_whole, lay_out
from .model import Arrangement
from .moves import Mover
from .report import Report
from .takes import Player, Take
from .transitions import check_transitions, crossfade
from .whole import blank, probe


def lower_arrangement(arrangement: Arrangement, mode: MediaMode = MediaMode.FILES) -> Timeline:
    """The timeline of an arrangement.

    Raises:
        TimelineError: everything that is wrong with it, MIX2xx, at its lines.
    """
    report = Report(arrangement.document)
    report.found += check(arrangement)
    report.stop()
    layout = lay_out(arrangement)
    _check_length(arrangement, layout, report)
    check_transitions(arrangement, layout, report)
    bare = blank(arrangement)
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
    used = {take.number for take in every}
    media = probe(bare, _uses(arrangement, used), report, mode)
    fit(arrangement, every, media, report)
    report.stop()
    clips = Clips(arrangement, media)
    tracks = tuple(
        Track(**shared(part, Track), automation=automations[p], clips=clips.clips(p, takes[p]))
        for p, part in enumerate(arrangement.parts)
    )
    via = {f"/tracks/{p}": arrangement.origin("parts", p) for p in range(len(tracks))}
    via |= {f"/markers/{m}": place for m, (_, place) in enumerate(markers)}
    whole = replace(
        bare,
        sources=clips.sources,
        markers=tuple(marker for marker, _ in markers),
        tracks=tracks,
        via={**bare.via, **via, **clips.via, **mover.via},
        notes=tuple(report.found),
    )
    return replace(whole, length_ms=_length(whole, layout, clips.played))


def _check_length(arrangement: Arrangement, layout: Layout, report: Report) -> None:
    """Refuse an arrangement that is longer than the longest timeline."""
    late = next((span for span in layout.spans if span.end > MAX_TIME_MS), None)
    if late is not None:
        message = f"this section ends after {MAX_TIME_MS:,} ms, the maximum length of a mix"
        origin = arrangement.origin("sections", late.index)
        report.error(Code.OUT_OF_RANGE, message, origin, "shorten it, or use a faster tempo")
        report.stop()


def _markers(
    arrangement: Arrangement, layout: Layout, report: Report
) -> list[tuple[Marker, Origin]]:
    """The starts of sections, and the markers of the document, in time order."""
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


def _uses(arrangement: Arrangement, used: set[int]) -> list[tuple[str, Origin]]:
    """The sources of the materials in use, and the places of their names."""
    return [
        (arrangement.materials[number].source, arrangement.origin("materials", number, "source"))
        for number in sorted(used)
    ]


def _length(timeline: Timeline, layout: Layout, played: Mapping[str, Source]) -> Decimal:
    """The end of the last section, or of a clip that ends after it, ms."""
    rate = timeline.sample_rate
    return milliseconds(max(sample(layout.end, rate), mix_length(timeline, played)), rate)
