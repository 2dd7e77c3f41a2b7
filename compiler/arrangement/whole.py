"""What all front ends share: the timeline as far as the document says it itself, and its files.

Promises: every place of the timeline leads back to the document, first of all to where the same
keys stand; no file is opened that the document may not name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import evolve, field, frozen

from ...ir.curves import PanLaw
from ...ir.diagnostics import Diagnostic
from ...ir.nodes import Source
from ...ir.origin import Document, Origin
from ..media import probe_sources
from ..timeline.fields import FIELDS, Spec
from ..timeline.model import BusOverride, Clip, Timeline, Track
from ..timeline.sources import validate_sources
from ..timeline.structure import document_fields
from .report import Report


@frozen(kw_only=True)
class Whole:
    """What arrangements and shows have in common with timelines; it means what it means there."""

    id: str
    sample_rate: int = 48000
    channels: int = 2
    pan_law: PanLaw = PanLaw.CONSTANT_POWER
    mix_preset_id: str = "default_mix"
    metadata: Mapping[str, str] = field(factory=dict)
    sources: Mapping[str, str] = field(factory=dict)
    buses: tuple[BusOverride, ...] = ()
    document: Document | None = field(default=None, eq=False, repr=False)
    root: Path = field(factory=Path, eq=False, repr=False)
    allow_outside: bool = field(default=True, eq=False, repr=False)

    def origin(self, *tokens: str | int) -> Origin:
        """The place of a value, by the keys and indices that lead to it."""
        return Origin(self.document.name if self.document else "<document>").child(*tokens)


# What each of its fields is for, as in a timeline.
WHOLE: Mapping[str, Spec] = {
    attribute.name: FIELDS[Timeline][attribute.name] for attribute in document_fields(Whole)
}


def blank(whole: Whole) -> Timeline:
    """The timeline before anything is on it."""
    return Timeline(
        id=whole.id,
        sample_rate=whole.sample_rate,
        channels=whole.channels,
        pan_law=whole.pan_law,
        mix_preset_id=whole.mix_preset_id,
        metadata=whole.metadata,
        sources=whole.sources,
        buses=whole.buses,
        root=whole.root,
        allow_outside=whole.allow_outside,
        document=generated(whole.document),
        made_from=whole.document,
        via={"": whole.origin()},
    )


def generated(document: Document | None) -> Document | None:
    """The document that a generated timeline would be; it has no text of its own to show."""
    if document is None:
        return None
    return Document(f"{document.name} (timeline)", "", lambda text, pointer: None)


def probe(
    timeline: Timeline, uses: Sequence[tuple[str, Origin]], report: Report
) -> Mapping[str, Source]:
    """What is known of files, by the name or path that uses them.

    Args:
        timeline: a blank one.
        uses: each source with the place that names it.
        report: is told what is wrong with them.

    Raises:
        TimelineError: anything is.
    """
    clips = tuple(Clip(source=source) for source, _ in uses)
    via = {f"/tracks/0/clips/{c}/source": origin for c, (_, origin) in enumerate(uses)}
    played = evolve(
        timeline, tracks=(Track(id="", role="", clips=clips),), via={**timeline.via, **via}
    )
    report.found += map(_at_home, validate_sources(played))
    report.stop()
    media, problems = probe_sources(played)
    report.found += map(_at_home, problems)
    report.stop()
    return media


def _at_home(diagnostic: Diagnostic) -> Diagnostic:
    """The same at the place of the document: the timeline here is not the one that comes of it."""
    origin = diagnostic.origin
    return evolve(diagnostic, origin=origin.via) if origin and origin.via else diagnostic


def trimmed(timeline: Timeline) -> Timeline:
    """The timeline with only those of its sources that clips use."""
    used = {clip.source for track in timeline.tracks for clip in track.clips}
    sources = {name: path for name, path in timeline.sources.items() if name in used}
    return evolve(timeline, sources=sources)
