"""Makes the data of the inspector from a traced compilation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import asdict

from ...compiler.unit import Unit
from ...ir.graph import Graph
from ...ir.nodes import Source
from ...ir.origin import Documents, Origin
from ...ir.units import samples
from ..compare import Change
from ..diff import diff
from ..formats import json_text
from ..measured import RenderLevels
from ..owners import Level
from ..trace import Trace
from ..words import played_part, shown_speed
from .lanes import ducks, lanes
from .model import (
    INSPECTION_VERSION,
    DocumentText,
    Inspection,
    MarkerLine,
    MeasuredCurve,
    MeasuredLevels,
    MixChange,
    OldMix,
    Overview,
    PlayedSound,
    PlayedSource,
    Remarked,
)
from .nodes import fade_shapes, graph_nodes, text_place
from .overviews import overviews
from .passes import pass_log, plan_text


def inspection(
    done: Trace,
    levels: RenderLevels | None = None,
    old: tuple[str, Trace] | None = None,
    sounds: Sequence[PlayedSound] = (),
) -> Inspection:
    """The data of a compilation.

    Args:
        done: the compilation.
        levels: what a render of it measured.
        old: the name and the compilation of a mix to compare with.
        sounds: files of that render.
    """
    unit = done.lowered
    timeline, graph, documents = unit.timeline, unit.ir, dict(done.start.timeline.documents)
    before = {} if old is None else dict(old[1].start.timeline.documents)
    texts = (documents | before).values()  # the new ones first
    signal = graph.session
    drawn = overviews(graph.source_by_name, timeline.root)
    buses, tracks, clips = lanes(unit, documents)
    return Inspection(
        schema_version=INSPECTION_VERSION,
        timeline_id=timeline.id,
        title=timeline.metadata.get("title") or timeline.id,
        backend=unit.backend.name,
        rate=signal.rate,
        channels=signal.channels,
        samples=signal.length or 0,
        documents=tuple(DocumentText(name=d.name, text=d.text) for d in texts),
        sources=tuple(played_source(s, signal.rate, drawn.get(s.name)) for s in graph.sources),
        buses=buses,
        tracks=tracks,
        clips=clips,
        markers=tuple(_markers(unit, documents)),
        nodes=graph_nodes(graph, documents, gains=True),
        shapes=fade_shapes(graph),
        ducks=tuple(ducks(unit)),
        levels=None if levels is None else _levels(levels),
        report=None if levels is None else _without_curves(levels.report),
        sounds=tuple(sounds),
        passes=pass_log(done),
        plan=plan_text(done),
        against=None if old is None else _compared(done, *old),
        remarks=tuple(
            Remarked(
                code=d.code.value,
                severity=d.severity.value,
                message=d.message,
                help=d.help,
                place=text_place(d.origin, documents),
            )
            for d in done.final.diagnostics
        ),
    )


_CURVES = ("curves", "curve", "peaks", "sounding")


def _without_curves(report: Any) -> Any:  # noqa: ANN401 (JSON)
    """A report without its long lists: `levels` has the curves of the master."""
    if isinstance(report, Mapping):
        return {k: _without_curves(v) for k, v in report.items() if k not in _CURVES}
    return [_without_curves(item) for item in report] if isinstance(report, list) else report


def _compared(done: Trace, name: str, old: Trace) -> OldMix:
    found = diff(old, done, (name, done.start.timeline.id))
    before, after = found.documents
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
                before=text_place(change.before or _entry(old, change), before),
                after=text_place(change.after or _entry(done, change), after),
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
    return json_text(asdict(found))


def graph_text(graph: Graph, documents: Documents) -> str:
    """The JSON of one graph alone: its sources and its nodes, in the same form."""
    rate = graph.session.rate
    sources = [asdict(played_source(source, rate, None)) for source in graph.sources]
    nodes = [asdict(node) for node in graph_nodes(graph, documents, gains=False)]
    return json_text({"sources": sources, "nodes": nodes})


def played_source(source: Source, rate: int, overview: Overview | None) -> PlayedSource:
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
        overview=overview,
    )


def _markers(unit: Unit, documents: Documents) -> list[MarkerLine]:
    timeline = unit.timeline
    return [
        MarkerLine(
            label=marker.label,
            at=samples(marker.at_ms, timeline.sample_rate),
            place=text_place(timeline.origin("markers", number), documents),
        )
        for number, marker in enumerate(timeline.markers)
    ]


def _levels(levels: RenderLevels) -> MeasuredLevels:
    curves = levels.curves
    return MeasuredLevels(
        momentary=MeasuredCurve(**curves["momentary_lufs"]),
        short_term=MeasuredCurve(**curves["short_term_lufs"]),
        limiter=MeasuredCurve(**levels.limiter["curve"]) if levels.limiter else None,
    )
