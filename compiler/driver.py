"""compile: the one way from a mix to its plan, readable from top to bottom.

A timeline goes through all passes; a graph from a file goes through those after `lower`.
"""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from reprlib import repr as shown
from typing import TYPE_CHECKING, Unpack, overload

from attrs import asdict, evolve, frozen

from ..backends.registry import find_backend
from ..documents.models import put
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError, TimelineError, counted, strict, warnings
from ..ir.graph import Graph
from ..ir.nodes import Source
from ..ir.origin import Origin
from ..ir.units import clock
from ..plans.plan import Plan
from ..presets.load import unknown_preset
from ..presets.model import BusPreset, MixPreset
from ..presets.read import mix_problems
from ..programs.packages import version_of
from .choices import Choices, OwnChoices, ShippedChoices, chosen
from .declared import MediaMode
from .edits.ripple import Ripple
from .edits.surveys import survey_sources
from .edits.transcripts import read_transcripts
from .emit import chapter_warnings, one_pass_warnings, plan_of
from .facts import FactKeys
from .graph_input import GraphFile, Mix, graph_unit, open_mix, opened
from .load import nest
from .media import probe_cover, probe_film, probe_sources
from .meta import FileMeta, file_metas
from .options import CompileOptions
from .pipeline import final, problems
from .request import RenderRequest
from .timeline.model import Timeline
from .unit import BusDucking, ClipGate, Unit

if TYPE_CHECKING:
    from ..media.survey import SourceSurvey


@frozen(kw_only=True)
class Compilation:
    """What a timeline and a request compile to.

    Attributes:
        start: the compilation before its first pass.
        options: how it is compiled.
        timeline: what is mixed: as given, at the rate and with the channels of the request, with
            computed levels, and without what is cut; for a graph, one without tracks.
        request: as given.
        graph: the final IR; the backend receives it with WAVs in place of lossy files.
        plan: the plan that the backend made.
        diagnostics: warnings and notes.
        meta: static metadata of each deliverable, by target: "master" and the ids of buses.
        source_root: the directory of the plan's source space.
        keys: those of the facts about this finish.
        length: of the mix, samples.
        media: each source in use, by the name or path that clips use.
        surveys: of the sources that levels are computed from, by the same names.
        buses: the buses of the mix, in the order of their sum; empty for a graph.
        routes: track id -> bus id; empty for a graph.
        ripple: the map from the time before the cuts to that after them; None: nothing is cut.
        ducking: bus id -> its ducking; empty for a graph.
        gates: those by activity, by the numbers of the track and of the clip on it.
        thresholds: bus id -> where the threshold of its compressor comes from, if it follows from
            the loudness.
    """

    start: Unit
    options: CompileOptions
    timeline: Timeline
    request: RenderRequest
    graph: Graph
    plan: Plan
    diagnostics: tuple[Diagnostic, ...]
    meta: Mapping[str, FileMeta]
    source_root: Path
    keys: FactKeys
    length: int
    media: Mapping[str, Source]
    surveys: Mapping[str, SourceSurvey]
    buses: tuple[BusPreset, ...]
    routes: Mapping[str, str]
    ripple: Ripple | None
    ducking: Mapping[str, BusDucking]
    gates: Mapping[tuple[int, int], ClipGate]
    thresholds: Mapping[str, Origin]

    @cached_property
    def render_digest(self) -> str:
        """The SHA-256 of all that decides the delivered files, after "sha256:".

        With the same versions of the programs, equal digests mean equal files: the digest covers
        the plan (with its loudness goal and the contents of its sources), the request, the
        metadata, and the version of mixdown. A cache of renders may use it as its key.
        """
        parts = {
            "plan": self.plan.digest,
            "request": self.request.to_dict(),
            "meta": {target: meta.to_dict() for target, meta in self.meta.items()},
            "mixdown": version_of("mixdown"),
        }
        text = json.dumps(parts, sort_keys=True, default=asdict)
        return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"

    def __repr__(self) -> str:
        parts = (
            clock(self.length / self.timeline.sample_rate),
            counted(len(self.graph), "node"),
            counted(len(self.plan.steps), "step"),
            counted(len(warnings(self.diagnostics)), "warning"),
        )
        return f"<Compilation of {self.timeline.id!r} for {self.plan.backend}: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        from html import escape  # noqa: PLC0415 (only in notebooks, as the next)

        from .lanes import lanes_svg  # noqa: PLC0415

        return f"<p>{escape(repr(self), quote=False)}</p>\n{lanes_svg(self.timeline, self.media)}"


@overload
def compile(
    timeline: Mix | str | Path,
    request: RenderRequest | None = None,
    options: CompileOptions | None = None,
    **choices: Unpack[ShippedChoices],
) -> Compilation: ...


@overload
def compile(
    timeline: Mix | str | Path,
    request: RenderRequest | None = None,
    options: CompileOptions | None = None,
    **choices: Unpack[OwnChoices],
) -> Compilation: ...


def compile(
    timeline: Mix | str | Path,
    request: RenderRequest | None = None,
    options: CompileOptions | None = None,
    **choices: Unpack[Choices],
) -> Compilation:
    """Compiles a mix to a plan, without rendering anything.

    Args:
        timeline: from `load` or built in Python; a graph from `load_graph`, which holds its
            delivery, so that of the request only the backend and the facts count; or the path of a
            document or graph, which is loaded as by `load`.
        request: what the mix becomes; None: what the keywords say.
        options: how it is compiled; None: what the keywords say.
        choices: keywords, which change what `request` and `options` say: see `Choices`.

    Returns:
        The compilation: `.graph`, `.plan`, `.diagnostics`, `.meta`.

    Raises:
        MixdownError: a ValueError with every diagnostic. A TimelineError holds everything wrong
            with the document, the timeline, routing or presets; with `strict`, warnings too. A
            BackendError says what the backend cannot express.
    """
    with _collector_paused():
        return _compiled(timeline, *chosen(choices, request, options))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the garbage collector: it would look at every node again and again, and free none.

    Afterwards all objects count as old, so that it does not look at them at once.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not gc.get_freeze_count():  # what a program has frozen stays frozen
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _compiled(
    timeline: Mix | str | Path, request: RenderRequest, options: CompileOptions
) -> Compilation:
    if request.deliver:
        raise TimelineError.of(
            Code.BAD_REQUEST,
            f"a plan is of one delivery, and these choices have {len(request.deliver)}",
            help="compile for one preset and one format; a render delivers several",
        )
    start = begin(opened(timeline, options.media, options.variables), request, options.media)
    unit = final(start, options.steps_for(start))
    graph = unit.ir
    length = graph.session.length
    assert length is not None  # the verifier has checked it
    assert unit.keys is not None  # `resolve-facts` has set them
    plan = plan_of(unit, options)
    diagnostics = (
        *unit.diagnostics,
        *one_pass_warnings(graph, options),
        *chapter_warnings(unit),
    )
    if options.strict and (found := strict(diagnostics)):
        raise TimelineError(found, unit.timeline.documents)
    return Compilation(
        start=start,
        options=options,
        timeline=unit.timeline,
        request=request,
        graph=graph,
        plan=plan,
        diagnostics=diagnostics,
        meta=file_metas(unit),
        source_root=unit.timeline.root,
        keys=unit.keys,
        length=length,
        media=unit.media,
        surveys=unit.surveys,
        buses=unit.buses,
        routes=unit.routes,
        ripple=unit.ripple,
        ducking=unit.ducking,
        gates=unit.gates,
        thresholds=unit.thresholds,
    )


def begin(
    mix: Mix | str | Path, request: RenderRequest, media: MediaMode = MediaMode.FILES
) -> Unit:
    """The compilation of a mix before its first pass; of a graph, as `lower` would have left it.

    Raises:
        MixdownError: what is wrong with its document, with what the passes find wrong with the rest
            of it; MIX307, it is not a mix; MIX304, the timeline's mix preset is unknown; or as
            `open_mix`.
    """
    if isinstance(mix, str | Path):
        mix = open_mix(mix, media=media)
    if isinstance(mix, GraphFile):
        return graph_unit(mix, request, media)
    if not isinstance(mix, Timeline):
        raise MixdownError.of(
            Code.BAD_REQUEST,
            f"{shown(mix)} is not a mix",
            help="give a timeline, a graph from load_graph, or the path of a file with one",
        )
    mix = nest(mix, media)
    if not mix.faults.found:
        return _begun(mix, request, media)
    try:
        others = problems(_begun(mix, request, media))
    except MixdownError as error:
        others = error.diagnostics
    raise TimelineError(mix.faults.with_others(others), mix.documents)


def _begun(mix: Timeline, request: RenderRequest, media: MediaMode) -> Unit:
    timeline = request.session(mix)
    request.bit_rate_at(timeline.sample_rate, timeline.channels)  # raises
    sources, found = probe_sources(timeline, media)
    mix_preset = _mix(timeline, request)
    listened = sources if media is MediaMode.FILES else {}
    surveys, unheard = survey_sources(timeline, mix_preset, listened, request.facts)
    cuts_words = timeline.remove is not None or timeline.keep is not None
    transcripts, unread = read_transcripts(timeline, listened) if cuts_words else ({}, ())
    cover = probe_cover(timeline, media)
    if isinstance(cover, Diagnostic):
        found = (*found, cover)
    return Unit(
        timeline=timeline,
        request=request,
        backend=find_backend(request.backend),
        export=request.export,
        mix=mix_preset,
        media=sources,
        surveys=surveys,
        transcripts=transcripts,
        cover=None if isinstance(cover, Diagnostic) else cover,
        film=probe_film(request.video) if request.video and media is MediaMode.FILES else None,
        diagnostics=(*timeline.notes, *found, *unheard, *unread),
    )


def _mix(timeline: Timeline, request: RenderRequest) -> MixPreset:
    """The mix preset of a timeline: one that the request knows, or one of its own.

    Raises:
        TimelineError: MIX304 to MIX306, it is unknown or invalid, or two with its id differ.
    """
    name = request.mix_preset_id or timeline.mix_preset_id
    known, own = request.library.mix, timeline.mix_presets
    if name in own:
        place = timeline.origin("mix_presets", name)
        preset: MixPreset = put(own[name], id=name)
        found = tuple(mix_problems(preset, place))
        if known.get(name, preset) != preset:
            message = f"two presets with the id {name!r} differ"
            help = "give this one another id"
            found += (Diagnostic(Code.PRESET_CONFLICT, message, place, help),)
        if found:
            raise TimelineError(found, timeline.documents)
        return preset
    if name in known:
        return known[name]
    problem = unknown_preset("mix preset", name, [*known, *own])
    origin = timeline.origin("mix_preset_id")
    raise TimelineError(evolve(problem, origin=origin), timeline.documents)
