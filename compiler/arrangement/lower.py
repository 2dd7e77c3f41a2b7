"""An arrangement becomes a timeline.

Promises: the timeline depends only on the document and the lengths of its files; each of its
values has its origin in a line of the arrangement. Parts become tracks of their role, sections
become markers. Without a right tempo map and right sections no time is known: everything else is
checked all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import chain

from ...documents.limits import MAX_TIME_MS
from ...documents.load import Faults
from ...documents.models import legal, replace, shared
from ...ir.codes import Code
from ...ir.nodes import Source
from ...ir.origin import Origin
from ...ir.units import milliseconds
from ..declared import MediaMode
from ..geometry import mix_length
from ..timeline.model import Marker, Timeline, Track
from .check import check
from .clips import Clips, fit
from .grid import decimal_ms, sample, tempo_map
from .layout import DEFAULT_TEMPO, Layout, find_in_whole, lay_out
from .model import Arrangement
from .moves import Mover
from .report import Report
from .takes import Player
from .transitions import check_transitions, crossfade
from .whole import blank, delayed, probe


def lower_arrangement(arrangement: Arrangement, faults: Faults, mode: MediaMode) -> Timeline:
    """The timeline of an arrangement, with everything that is wrong with it as `faults`.

    Args:
        arrangement: as it was read.
        faults: the errors found while it was read.
        mode: where the facts about its sources are from.
    """
    report = Report(arrangement.document, faults)
    report.found += check(arrangement)
    arrangement = legal(arrangement)
    layout = _layout(arrangement, report)
    numbers = range(len(arrangement.parts))
    mover = Mover(arrangement, layout, report)
    automations = [mover.automation(p) for p in numbers]
    markers = _markers(arrangement, layout, report)
    materials = {material.id: (m, material) for m, material in enumerate(arrangement.materials)}
    player = Player(arrangement, layout, report, materials)
    takes = [crossfade(player.takes(p), arrangement, layout, report) for p in numbers]
    bare = blank(arrangement)
    media = probe(bare, list(_uses(arrangement)), report, mode)
    fit(arrangement, chain.from_iterable(takes), media, report)
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
        notes=report.notes,
        faults=report.faults,
    )
    length = _length(whole, layout, clips.played) + arrangement.head_ms + arrangement.tail_ms
    return replace(delayed(whole, arrangement.head_ms), length_ms=length)


def _layout(arrangement: Arrangement, report: Report) -> Layout:
    """The layout, as far as it is known; it has no sections if they or the tempo map are wrong."""
    layout = Layout(tempo_map([DEFAULT_TEMPO]), ())
    if report.wrong() & {"/tempo_map", "/sections"}:
        return layout
    found = lay_out(arrangement)
    late = next((span for span in found.spans if span.end > MAX_TIME_MS), None)
    if late is not None:
        message = f"this section ends after {MAX_TIME_MS:,} ms, the maximum length of a mix"
        origin = arrangement.origin("sections", late.index)
        report.error(Code.OUT_OF_RANGE, message, origin, "shorten it, or use a faster tempo")
        return layout
    check_transitions(arrangement, found, report)
    return found


def _markers(
    arrangement: Arrangement, layout: Layout, report: Report
) -> list[tuple[Marker, Origin]]:
    """The starts of sections, and the markers of the document, in time order."""
    if not layout.spans:
        return []
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


def _uses(arrangement: Arrangement) -> Iterator[tuple[str, Origin]]:
    """The sources of the materials that parts play, and the places of their names."""
    played = {
        name
        for part in arrangement.parts
        for entry in part.play
        for name in (entry.material or part.material, entry.fill)
    }
    for m, material in enumerate(arrangement.materials):
        if material.id in played:
            yield material.source, arrangement.origin("materials", m, "source")


def _length(timeline: Timeline, layout: Layout, played: Mapping[str, Source]) -> Decimal:
    """The end of the last section, or of a clip that ends after it, ms; at least a sample."""
    rate = timeline.sample_rate
    return milliseconds(max(1, sample(layout.end, rate), mix_length(timeline, played)), rate)
