"""The state of one compilation, which every pass receives and returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from ..backends.protocol import Backend
from ..ir.diagnostics import Diagnostic
from ..ir.graph import Graph
from ..ir.nodes import Point, Source
from ..plans.plan import PlannedSource
from ..presets.model import BusPreset, ExportPreset, MixPreset
from .request import RenderRequest
from .timeline.model import Timeline

if TYPE_CHECKING:
    from ..media.survey import SourceSurvey


@frozen(kw_only=True)
class Unit:
    """The state of one compilation.

    Attributes:
        timeline: what is compiled; passes may replace it.
        request: what the mix becomes.
        backend: the backend that makes the plan.
        export: the export preset, with the request's container and encoding.
        mix: the mix preset.
        media: each source in use, by the name or path that clips use.
        surveys: those of the sources that levels need, by the same names.
        buses: the buses of the mix preset and the timeline, in the order of their sum.
        routes: track id -> bus id.
        ducking: bus id -> its gain automation under other buses, dB.
        graph: None before `lower`.
        cover: the picture for the files.
        fact_key: the key of the facts about this finish; "" before `resolve-facts`.
        diagnostics: warnings so far, and errors of the pass that just ran.
    """

    timeline: Timeline
    request: RenderRequest
    backend: Backend
    export: ExportPreset
    mix: MixPreset
    media: Mapping[str, Source]
    surveys: Mapping[str, SourceSurvey] = field(factory=dict)
    buses: tuple[BusPreset, ...] = ()
    routes: Mapping[str, str] = field(factory=dict)
    ducking: Mapping[str, tuple[Point, ...]] = field(factory=dict)
    graph: Graph | None = None
    cover: PlannedSource | None = None
    fact_key: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def ir(self) -> Graph:
        """The graph, for passes after `lower`."""
        if self.graph is None:
            raise RuntimeError("this pass runs after lower")
        return self.graph

    def report(self, *found: Diagnostic) -> Unit:
        """The same unit with more diagnostics."""
        return evolve(self, diagnostics=(*self.diagnostics, *found))
