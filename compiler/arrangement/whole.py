"""Shared by all front ends: the timeline fields that the document itself has, and its files.

Promises: every place of the timeline has an origin in the document, by default at the same keys;
only files that the document may name are opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from attrs import evolve

from ...documents.fields import aside, declaration, key, like
from ...documents.limits import TIME
from ...documents.models import model, replace, shared
from ...documents.values import Milliseconds
from ...ir.curves import PanLaw
from ...ir.diagnostics import Diagnostic, errors
from ...ir.nodes import Source
from ...ir.origin import Document, Origin
from ...presets.model import MixPreset
from ..declared import MediaMode
from ..media import probe_sources
from ..timeline.automation import Target
from ..timeline.cuts import CutRange, Keep, Remove, Tighten
from ..timeline.entry import SourceEntry
from ..timeline.model import BusOverride, Clip, Timeline, Track
from ..timeline.sources import validate_sources
from .report import Report


@model("a document")
class Whole:
    """The fields that arrangements and shows share with timelines, with the same meaning."""

    id: str = key("its name among others", examples=("episode-7", "night-train"))
    sample_rate: int = like(Timeline, default=48000)
    channels: int = like(Timeline, default=2)
    pan_law: PanLaw = like(Timeline, default=PanLaw.CONSTANT_POWER)
    mix_preset_id: str = like(Timeline, default="default_mix")
    mix_presets: Mapping[str, MixPreset] = like(Timeline, default={})
    metadata: Mapping[str, str] = like(Timeline, default={})
    cover: str | None = like(Timeline, default=None)
    head_ms: Milliseconds = key("the silence before everything; a bed plays in it", TIME, default=0)
    tail_ms: Milliseconds = key("the silence after everything; a bed plays in it", TIME, default=0)
    sources: Mapping[str, SourceEntry] = like(Timeline, default={})
    detector: str | None = like(Timeline, default=None)
    buses: tuple[BusOverride, ...] = like(Timeline, default=())
    cuts: tuple[CutRange, ...] = like(Timeline, default=())
    tighten: Tighten | None = like(Timeline, default=None)
    remove: Remove | None = like(Timeline, default=None)
    keep: Keep | None = like(Timeline, default=None)
    document: Document | None = aside(default=None)
    root: Path = aside(default=Path())
    allow_outside: bool = aside(default=True)
    nested: Mapping[str, Source] = aside(default={})

    def origin(self, *tokens: str | int) -> Origin:
        """The place of a value, by the keys and indices that lead to it."""
        return Origin(self.document.name if self.document else "<document>").child(*tokens)


def blank(whole: Whole) -> Timeline:
    """The timeline without tracks."""
    known = declaration(Timeline).keys
    return Timeline(
        **{name: value for name, value in shared(whole, Whole).items() if name in known},
        root=whole.root,
        allow_outside=whole.allow_outside,
        nested=whole.nested,
        document=generated(whole.document),
        made_from=whole.document,
        via={"": whole.origin()},
    )


def delayed(timeline: Timeline, by_ms: Decimal) -> Timeline:
    """The timeline with everything so much later: clips, automation and markers."""
    if not by_ms:
        return timeline
    return replace(
        timeline,
        tracks=tuple(_later(track, by_ms) for track in timeline.tracks),
        markers=tuple(replace(m, at_ms=m.at_ms + by_ms) for m in timeline.markers),
    )


def _later(track: Track, by_ms: Decimal) -> Track:
    moved = {
        target.value: tuple(
            replace(k, at_ms=k.at_ms + by_ms, aim=k.aim and (k.aim[0] + by_ms, k.aim[1]))
            for k in keyframes
        )
        for target in Target
        if (keyframes := getattr(track.automation, target))
    }
    regions = (replace(r, start_ms=r.start_ms + by_ms) for r in track.automation.regions)
    return replace(
        track,
        clips=tuple(replace(clip, start_ms=clip.start_ms + by_ms) for clip in track.clips),
        automation=replace(track.automation, regions=regions, **moved),
    )


def generated(document: Document | None) -> Document | None:
    """The document of a generated timeline; it has no text to show."""
    if document is None:
        return None
    return Document(f"{document.name} (timeline)", "", lambda text, pointer: None)


def probe(
    timeline: Timeline,
    uses: Sequence[tuple[str, Origin]],
    report: Report,
    mode: MediaMode = MediaMode.FILES,
) -> Mapping[str, Source]:
    """The media information of the files that can be used, by the names or paths that use them."""
    clips = tuple(Clip(source) for source, _ in uses)
    via = {f"/tracks/0/clips/{c}/source": origin for c, (_, origin) in enumerate(uses)}
    track = Track("", role="", clips=clips)
    played = replace(timeline, tracks=(track,), via={**timeline.via, **via})
    report.found += map(_at_home, validate_sources(played))
    media, problems = probe_sources(played, mode)
    report.found += map(_at_home, errors(problems))  # the compilation reports the others
    return media


def _at_home(diagnostic: Diagnostic) -> Diagnostic:
    """The same with its place in the document: this timeline is not the generated one."""
    origin = diagnostic.origin
    return evolve(diagnostic, origin=origin.via) if origin and origin.via else diagnostic


def trimmed(timeline: Timeline) -> Timeline:
    """The timeline with only the sources that clips use."""
    used = {clip.source for track in timeline.tracks for clip in track.clips}
    sources = {name: entry for name, entry in timeline.sources.items() if name in used}
    return replace(timeline, sources=sources)
