"""Makes the data of the inspector from a traced compilation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ...compiler.unit import Unit
from ...ir.graph import Graph
from ...ir.nodes import Source
from ...ir.origin import Documents, Origin
from ...ir.units import samples
from ...media.outline import SourceOutline, outlines
from ...plans.plan import Plan
from ..compare import Change
from ..diff import diff
from ..formats import json_text
from ..owners import Level
from ..report import DeliveryReport
from ..trace import Trace
from ..words import played_part, shown_speed
from .lanes import ducks, lanes
from .model import (
    INSPECTION_VERSION,
    BusLane,
    Inspection,
    MarkerLine,
    MeasuredLevels,
    MixChange,
    OldMix,
    Overview,
    PassLog,
    PlanText,
    PlayedSound,
    PlayedSource,
    Remarked,
)
from .nodes import fade_shapes, graph_nodes
from .passes import pass_log, plan_text
from .places import Places


@frozen
class Rendering:
    """A render of a mix.

    Attributes:
        report: None if there is none of this mix.
        sounds: its files that can be played.
        plan: that was rendered, if the page is that of the render; then it has nothing that differs
            between renders of the same mix, such as times.
    """

    report: DeliveryReport | None = None
    sounds: tuple[PlayedSound, ...] = ()
    plan: Plan | None = None


def inspection(
    done: Trace,
    rendered: Rendering | None = None,
    old: tuple[str, Trace] | None = None,
) -> Inspection:
    """The data of a compilation.

    Args:
        done: the compilation.
        rendered: a render of it.
        old: the name and the compilation of a mix to compare with.
    """
    unit, rendered = done.lowered, rendered or Rendering()
    timeline, graph, documents = unit.timeline, unit.ir, dict(done.start.timeline.documents)
    before = {} if old is None else dict(old[1].start.timeline.documents)
    report, is_published = rendered.report, rendered.plan is not None
    root = timeline.root if is_published else None
    places = Places(documents, root)
    signal = graph.session
    drawn = outlines(graph.source_by_name, timeline.root)
    buses, tracks, clips = lanes(unit, places)
    return Inspection(
        schema_version=INSPECTION_VERSION,
        timeline_id=timeline.id,
        title=timeline.metadata.get("title") or timeline.id,
        backend=unit.backend.name,
        rate=signal.rate,
        channels=signal.channels,
        samples=signal.length or 0,
        documents=Places(documents | before, root).texts,  # the new ones first
        sources=tuple(played_source(s, signal.rate, drawn.get(s.name)) for s in graph.sources),
        buses=buses,
        tracks=tracks,
        clips=clips,
        markers=tuple(_markers(unit, places)),
        nodes=graph_nodes(graph, places, gains=True),
        shapes=fade_shapes(graph),
        ducks=tuple(ducks(unit)),
        levels=None if report is None else _levels(report),
        report=None if report is None else _without_curves(report.to_dict()),
        is_whole=True,
        sounds=rendered.sounds,
        passes=pass_log(done, timed=not is_published),
        plan=plan_text(done, rendered.plan),
        against=None if old is None else _compared(done, *old),
        remarks=tuple(
            Remarked(
                code=d.code.value,
                severity=d.severity.value,
                message=d.message,
                help=d.help,
                place=places.of(d.origin),
            )
            for d in done.final.diagnostics
        ),
    )


def report_alone(report: DeliveryReport, sounds: tuple[PlayedSound, ...]) -> Inspection:
    """The data of a render of a mix that is too large for a page."""
    return Inspection(
        schema_version=INSPECTION_VERSION,
        timeline_id=report.timeline_id,
        title=report.title,
        backend=report.backend,
        rate=report.rate,
        channels=report.channels,
        samples=report.samples,
        documents=(),
        sources=(),
        buses=tuple(BusLane(id=bus.id, place=None) for bus in report.buses),
        tracks=(),
        clips=(),
        markers=tuple(
            MarkerLine(label=c.label, at=round(c.start_s * report.rate), place=None)
            for c in report.chapters
        ),
        nodes=(),
        shapes={},
        ducks=(),
        levels=_levels(report),
        report=_without_curves(report.to_dict()),
        is_whole=False,
        sounds=sounds,
        passes=PassLog(start="", pipeline="", runs=()),
        plan=PlanText(text="", labels=(), problem=""),
        against=None,
        remarks=(),
    )


_CURVES = ("curves", "curve", "peaks", "sounding")


def _without_curves(report: Any) -> Any:  # noqa: ANN401 (JSON)
    """A report without its long lists: `levels` has the curves of the master."""
    if isinstance(report, Mapping):
        return {k: _without_curves(v) for k, v in report.items() if k not in _CURVES}
    return [_without_curves(item) for item in report] if isinstance(report, list) else report


def _compared(done: Trace, name: str, old: Trace) -> OldMix:
    found = diff(old, done, (name, done.start.timeline.id))
    before, after = map(Places, found.documents)
    levels = {level.value for level in Level}
    changes = []
    for change in found.changes:
        level, _, id = change.about.partition(" ")
        is_owner = level in levels
        changes.append(
            MixChange(
                about=change.about,
                what=change.what,
                level=level if is_owner else "",
                id=(id or level) if is_owner else "",
                before=before.of(change.before or _entry(old, change)),
                after=after.of(change.after or _entry(done, change)),
            )
        )
    return OldMix(name=name, clips=lanes(old.lowered, before)[2], changes=tuple(changes))


def _entry(done: Trace, change: Change) -> Origin | None:
    """The entry of the source that a change is about, if the document has one."""
    level, _, name = change.about.partition(" ")
    timeline = done.start.timeline
    known = level == "source" and name in timeline.sources
    return timeline.origin("sources", name) if known else None


def inspection_text(found: Inspection) -> str:
    """The data as JSON."""
    return json_text(found)


def graph_text(graph: Graph, documents: Documents) -> str:
    """The JSON of one graph alone: its sources and its nodes, in the same form."""
    rate = graph.session.rate
    sources = [played_source(source, rate, None) for source in graph.sources]
    nodes = graph_nodes(graph, Places(documents), gains=False)
    return json_text({"sources": sources, "nodes": nodes})


def played_source(source: Source, rate: int, outline: SourceOutline | None) -> PlayedSource:
    """A source of a mix at `rate` Hz."""
    parts = [played_part(source)]
    parts += [shown_speed(source)] if source.speed != (1, 1) else []
    return PlayedSource(
        name=source.name,
        path=source.path,
        digest=source.digest,
        codec=source.codec,
        rate=source.rate,
        channels=source.channels,
        frames=source.frames,
        ratio=source.rates(rate),
        speed=(source.speed[0], source.speed[1]),
        plays=", ".join(filter(None, parts)),
        overview=None if outline is None else Overview(step=outline.step, peaks=outline.peaks),
    )


def _markers(unit: Unit, places: Places) -> list[MarkerLine]:
    timeline = unit.timeline
    return [
        MarkerLine(
            label=marker.label,
            at=samples(marker.at_ms, timeline.sample_rate),
            place=places.of(timeline.origin("markers", number)),
        )
        for number, marker in enumerate(timeline.markers)
    ]


def _levels(report: DeliveryReport) -> MeasuredLevels:
    lowest, highest = report.waveform
    return MeasuredLevels(
        lowest=lowest,
        highest=highest,
        momentary=report.momentary,
        short_term=report.short_term,
        limiter=report.reduction.curve if report.reduction else None,
        buses={bus.id: bus.peaks for bus in report.buses if bus.peaks},
    )
