"""compile(): a timeline becomes a plan, the whole way, once, readable from top to bottom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from attrs import evolve, field, frozen

from ..backends.protocol import EmitOptions, Plan
from ..backends.registry import find_backend
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, TimelineError, did_you_mean, strict
from ..ir.graph import Graph
from ..presets.load import export_preset, mix_presets
from ..presets.model import ExportPreset, MixPreset
from .geometry import mix_length
from .media import probe_sources
from .meta import static_meta
from .pipeline import Observer, run_pipeline
from .request import RenderRequest
from .timeline.model import Timeline
from .unit import Unit


@frozen(kw_only=True)
class Compilation:
    """What a timeline and a request compile to.

    Attributes:
        timeline: as given.
        request: as given.
        graph: the final IR, as the backend got it.
        plan: what the backend made of it.
        diagnostics: warnings.
        meta: static metadata of each deliverable, by target: "master" and the ids of buses.
        source_root: the directory that the plan's source space stands for.
        fact_key: what facts about this finish are filed under.
        length: of the mix, samples.
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


def compile_timeline(
    timeline: Timeline,
    request: RenderRequest,
    *,
    disable: Collection[str] = (),
    single: bool = False,
    warnings_are_errors: bool = False,
    observer: Observer | None = None,
) -> Compilation:
    """Compiles a timeline.

    Args:
        timeline: what to mix.
        request: how to deliver it, and by which backend.
        disable: names of optimisations to leave out.
        single: one command with everything in it; needs all facts.
        warnings_are_errors: `--strict`.
        observer: called after each pass.

    Raises:
        TimelineError: everything wrong with the document, the timeline, routing or presets.
        BackendError: the backend is unknown or cannot express the mix.
    """
    backend = find_backend(request.backend)
    export = _export(request)
    mix = _mix(timeline, request)
    media, problems = probe_sources(timeline)
    unit = Unit(
        timeline=timeline,
        request=request,
        backend=backend,
        export=export,
        mix=mix,
        media=media,
        diagnostics=problems,
    )
    unit = run_pipeline(unit, disable=disable, observer=observer)
    if warnings_are_errors and unit.diagnostics:
        raise TimelineError(strict(unit.diagnostics), timeline.documents)
    tags = tuple(sorted(timeline.metadata.items()))
    plan = backend.emit(unit.ir, EmitOptions(single=single, tags=tags))
    return Compilation(
        timeline=timeline,
        request=request,
        graph=unit.ir,
        plan=plan,
        diagnostics=unit.diagnostics,
        meta=static_meta(unit),
        source_root=timeline.root,
        fact_key=unit.fact_key,
        length=mix_length(unit.timeline, media),
    )


def _export(request: RenderRequest) -> ExportPreset:
    """The export preset with the request's own choices."""
    preset = export_preset(request.export_preset)
    return evolve(
        preset,
        container=request.container or preset.container,
        encoding=request.encoding or preset.encoding,
    )


def _mix(timeline: Timeline, request: RenderRequest) -> MixPreset:
    name = request.mix_preset_id or timeline.mix_preset_id
    known = mix_presets()
    if name in known:
        return known[name]
    asked = request.mix_preset_id is not None
    raise TimelineError(
        Diagnostic(
            Code.UNKNOWN_MIX_PRESET,
            f"Unknown mix preset: {name!r}",
            origin=None if asked else timeline.origin("mix_preset_id"),
            help=did_you_mean(name, known),
        ),
        timeline.documents,
    )
