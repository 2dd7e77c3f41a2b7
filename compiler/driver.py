"""compile(): a timeline becomes a plan, the whole way, once, readable from top to bottom.

A graph read from a file goes the same way from where `lower` would have left one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from attrs import evolve, field, frozen

from ..backends.registry import find_backend
from ..ir.diagnostics import Diagnostic, TimelineError, strict
from ..ir.graph import Graph
from ..ir.nodes import Source
from ..plans.plan import Plan
from ..presets.model import BusPreset, MixPreset
from .cover import probe_cover
from .emission import one_pass_warnings, plan_of
from .graph_input import GraphFile, graph_unit
from .media import probe_sources
from .meta import static_meta
from .pipeline import AFTER_LOWER, PIPELINE, final, select
from .request import RenderRequest, unknown_mix
from .timeline.model import Timeline
from .unit import Unit


@frozen(kw_only=True)
class Compilation:
    """What a timeline and a request compile to.

    Attributes:
        timeline: as given, at the rate and with the channels of the request; for a graph, a
            stand-in without tracks.
        request: as given.
        graph: the final IR; the backend gets it with WAVs in the place of lossy files.
        plan: what the backend made of it.
        diagnostics: warnings.
        meta: static metadata of each deliverable, by target: "master" and the ids of buses.
        source_root: the directory that the plan's source space stands for.
        fact_key: what facts about this finish are filed under.
        length: of the mix, samples.
        media: each source in use, by the name or path that clips use.
        buses: those of the mix, in the order of their sum; none for a graph.
        routes: track id -> bus id; none for a graph.
    """

    timeline: Timeline
    request: RenderRequest
    graph: Graph
    plan: Plan
    diagnostics: tuple[Diagnostic, ...]
    meta: Mapping[str, Mapping[str, object]] = field(repr=False)
    source_root: Path
    fact_key: str
    length: int
    media: Mapping[str, Source] = field(repr=False)
    buses: tuple[BusPreset, ...] = field(repr=False)
    routes: Mapping[str, str] = field(repr=False)


def compile_timeline(
    timeline: Timeline,
    request: RenderRequest,
    *,
    disable: Collection[str] = (),
    pass_limit: int | None = None,
    single: bool = False,
    one_pass: bool = False,
    warnings_are_errors: bool = False,
) -> Compilation:
    """Compiles a timeline.

    Args:
        timeline: what to mix.
        request: how to deliver it, and by which backend.
        disable: names of optimisations to leave out.
        pass_limit: how many optimisations may run, the first so many.
        single: one command with everything in it; needs all facts.
        one_pass: with `single`, let the program normalise a loudness that is not known.
        warnings_are_errors: `--strict`.

    Raises:
        TimelineError: everything wrong with the document, the timeline, routing or presets.
        BackendError: the backend cannot express the mix.
    """
    unit = final(prepare(timeline, request), select(PIPELINE, disable, pass_limit))
    if warnings_are_errors and unit.diagnostics:
        raise TimelineError(strict(unit.diagnostics), timeline.documents)
    return _emit(unit, single=single, one_pass=one_pass)


def compile_graph(
    file: GraphFile,
    request: RenderRequest,
    *,
    disable: Collection[str] = (),
    pass_limit: int | None = None,
    single: bool = False,
    one_pass: bool = False,
) -> Compilation:
    """Compiles a graph that was read from a file; arguments and errors as `compile_timeline`."""
    unit = final(graph_unit(file, request), select(AFTER_LOWER, disable, pass_limit))
    return _emit(unit, single=single, one_pass=one_pass)


def prepare(timeline: Timeline, request: RenderRequest) -> Unit:
    """The compilation of a timeline before its first pass.

    Raises:
        TimelineError: the timeline's mix preset is unknown.
    """
    timeline = request.session(timeline)
    request.bit_rate_at(timeline.sample_rate, timeline.channels)  # raises what is wrong with it
    media, problems = probe_sources(timeline)
    cover = probe_cover(timeline)
    if isinstance(cover, Diagnostic):
        problems = (*problems, cover)
    return Unit(
        timeline=timeline,
        request=request,
        backend=find_backend(request.backend),
        export=request.export,
        mix=_mix(timeline, request),
        media=media,
        cover=None if isinstance(cover, Diagnostic) else cover,
        diagnostics=(*timeline.notes, *problems),
    )


def _emit(unit: Unit, *, single: bool, one_pass: bool) -> Compilation:
    graph = unit.ir
    length = graph.session.length
    assert length is not None  # the verifier has seen to it
    return Compilation(
        timeline=unit.timeline,
        request=unit.request,
        graph=graph,
        plan=plan_of(unit, single=single, one_pass=one_pass),
        diagnostics=(*unit.diagnostics, *(one_pass_warnings(graph) if one_pass else ())),
        meta=static_meta(unit),
        source_root=unit.timeline.root,
        fact_key=unit.fact_key,
        length=length,
        media=unit.media,
        buses=unit.buses,
        routes=unit.routes,
    )


def _mix(timeline: Timeline, request: RenderRequest) -> MixPreset:
    name = request.mix_preset_id or timeline.mix_preset_id
    known = request.library
    if name in known.mix:
        return known.mix[name]
    problem = evolve(unknown_mix(name, known), origin=timeline.origin("mix_preset_id"))
    raise TimelineError(problem, timeline.documents)
