"""The state of one compilation, which every pass receives and returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from attrs import evolve, field, frozen

from ..backends.protocol import Backend
from ..ir.diagnostics import Diagnostic
from ..ir.graph import Graph
from ..ir.nodes import Point, Source
from ..ir.origin import Origin
from ..media.transcript import SpokenWord
from ..plans.plan import PlannedSource
from ..presets.model import BusPreset, ExportPreset, MixPreset
from .edits.ripple import Ripple
from .facts import FactKeys
from .request import RenderRequest
from .timeline.model import Timeline

if TYPE_CHECKING:
    from ..media.survey import SourceSurvey


class Trigger(NamedTuple):
    """A clip, or an active span of it, under which a bus ducks: samples [start, end)."""

    start: int
    end: int
    clip: str


class BusDucking(NamedTuple):
    """The ducking of a bus.

    Attributes:
        points: its gain automation, dB.
        triggers: in start order.
        lead: how long before a trigger it begins to go down, samples.
        tail: how long after a trigger it is up again, samples.
        cause: what it does, in words.
    """

    points: tuple[Point, ...]
    triggers: tuple[Trigger, ...]
    lead: int
    tail: int
    cause: str

    def clips_at(self, at: int) -> tuple[str, ...]:
        """The clips that it is down for at a sample where it is down.

        Those whose triggers are near; in a pause that is too short for the gain to rise, those of
        the trigger before and the trigger after it.
        """
        near = [t.clip for t in self.triggers if t.start - self.lead <= at < t.end + self.tail]
        if not near:
            near = [t.clip for t in self.triggers if t.end <= at][-1:]
            near += [t.clip for t in self.triggers if t.start > at][:1]
        return tuple(dict.fromkeys(near))


class ClipGate(NamedTuple):
    """The gate of a clip by activity: its gain automation in dB, and the rule with its cause."""

    points: tuple[Point, ...]
    origin: Origin


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
        transcripts: the words of sources that have transcripts, by the same names, if any are cut.
        buses: the buses of the mix preset and the timeline, in the order of their sum.
        routes: track id -> bus id.
        ripple: the map from the time before the cuts to that after them; None: nothing is cut.
        selection: samples [first, last) of the mix that are delivered; None: all of it.
        ducking: bus id -> its ducking under other buses.
        gates: those by activity, by the numbers of the track and of the clip on it.
        thresholds: bus id -> where the threshold of its compressor comes from, if it follows from
            the loudness.
        graph: None before `lower`.
        cover: the picture for the files.
        film: whose picture the master gets, and its seconds.
        keys: those of the facts about this finish; None before `resolve-facts`.
        diagnostics: warnings so far, and errors of the pass that just ran.
    """

    timeline: Timeline
    request: RenderRequest
    backend: Backend
    export: ExportPreset
    mix: MixPreset
    media: Mapping[str, Source]
    surveys: Mapping[str, SourceSurvey] = field(factory=dict)
    transcripts: Mapping[str, tuple[SpokenWord, ...]] = field(factory=dict)
    buses: tuple[BusPreset, ...] = ()
    routes: Mapping[str, str] = field(factory=dict)
    ripple: Ripple | None = None
    selection: tuple[int, int] | None = None
    ducking: Mapping[str, BusDucking] = field(factory=dict)
    gates: Mapping[tuple[int, int], ClipGate] = field(factory=dict)
    thresholds: Mapping[str, Origin] = field(factory=dict)
    graph: Graph | None = None
    cover: PlannedSource | None = None
    film: tuple[PlannedSource, float] | None = None
    keys: FactKeys | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def render_profile(self) -> str:
        """The name for this kind of render in metadata."""
        return self.request.render_profile or self.export.id

    def roles_on(self, bus: BusPreset) -> tuple[str, ...]:
        """The roles of the tracks that go to a bus, each once; of a graph, those noted in it."""
        if not self.routes:
            return bus.roles
        tracks = (t for t in self.timeline.tracks if self.routes[t.id] == bus.id)
        return tuple(dict.fromkeys(track.role for track in tracks))

    @property
    def ir(self) -> Graph:
        """The graph, for passes after `lower`."""
        if self.graph is None:
            raise RuntimeError("this pass runs after lower")
        return self.graph

    def report(self, *found: Diagnostic) -> Unit:
        """The same unit with more diagnostics."""
        return evolve(self, diagnostics=(*self.diagnostics, *found))
