"""Input of the compiler: a document, or IR text in a `.mir` file.

Promises: a graph runs through the same passes as a timeline after `lower`. It holds its delivery,
that is its outputs and its finish, so that of a request only the backend and the facts count.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from ..backends.registry import find_backend
from ..documents.load import read_text
from ..documents.models import put, replace
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, TimelineError
from ..ir.graph import Graph
from ..ir.nodes import Dither, Headroom, Limiter, Loudnorm, Node, Reading, ShortLoudness
from ..ir.notes import MixNote
from ..media.gate import normal, refused
from ..presets.model import DitherChoice, ExportPreset, MixPreset
from .declared import MediaMode, media_mode
from .load import Opening, load_faulty
from .media import probe_cover
from .notes import noted_buses, noted_timeline
from .request import RenderRequest
from .timeline.model import Timeline
from .unit import Unit

if TYPE_CHECKING:
    from ..ir.text.parser import ParsedGraph

SUFFIX = ".mir"


@frozen
class GraphFile:
    """A graph that was read from a file.

    Attributes:
        parsed: the graph and its text.
        timeline: one without tracks, with what the notes say.
        path: the file; the sources of the graph are relative to its directory.
    """

    parsed: ParsedGraph
    timeline: Timeline
    path: Path


def is_graph_file(path: str | Path) -> bool:
    """Whether the name of a file says that it holds IR text."""
    return Path(path).suffix == SUFFIX


def load_graph(path: str | Path, *, allow_outside: bool = False) -> GraphFile:
    """The verified graph in a file of IR text.

    Args:
        path: the file; it need not be trusted: no source is opened here.
        allow_outside: whether sources may lie outside its directory.

    Raises:
        TimelineError: MIX101, MIX110 the file cannot be read; MIX2xx, the path of a source is
            refused.
        IRError: MIX4xx, everything that is wrong with it, at its lines.
    """
    from ..ir.text.parser import parse_text  # noqa: PLC0415 (lark: only where text is read)

    return graph_file(parse_text(read_text(path), str(path)), Path(path), allow_outside)


def graph_file(parsed: ParsedGraph, path: Path, allow_outside: bool) -> GraphFile:
    """The graph of a text, verified, and what its notes say; arguments and errors as above."""
    base = put(
        Timeline(id=path.stem, mix_preset_id=""),
        document=parsed.document,
        root=path.parent,
        allow_outside=allow_outside,
    )
    noted = zip(parsed.notes, parsed.note_places, strict=True)
    timeline, problems = noted_timeline(noted, base)
    outside = [
        evolve(problem, origin=parsed.source_places[source.name])
        for source in parsed.check().sources
        if (problem := refused(path.parent, source.path, allow_outside=allow_outside))
    ]
    if problems or outside:
        raise TimelineError([*problems, *outside], parsed.documents)
    return GraphFile(parsed, timeline, path)


Mix = Timeline | GraphFile
"""What can be compiled."""


def open_mix(
    path: str | Path,
    *,
    allow_outside: bool = False,
    media: MediaMode | str = MediaMode.FILES,
    variables: Mapping[str, object] | None = None,
) -> Mix:
    """The timeline or the graph in a file, to compile: the graph if the file is a `.mir`.

    An arrangement or a show is lowered to a timeline, with the keywords as for `load`. A timeline
    may have `faults`.

    Raises:
        MixdownError: everything that is wrong with it; MIX307, a graph is given variables.
    """
    if not is_graph_file(path):
        return load_faulty(path, Opening(allow_outside, media_mode(media), variables or {}))
    if variables:
        raise _no_document("a graph has no variables")
    return load_graph(path, allow_outside=allow_outside)


def opened(
    mix: Mix | str | Path, media: MediaMode, variables: Mapping[str, object]
) -> Mix | str | Path:
    """A mix, loaded if it is the path of one that has variables.

    Raises:
        MixdownError: as `open_mix`; MIX307, it is loaded already.
    """
    if not variables:
        return mix
    if not isinstance(mix, str | Path):
        raise _no_document("variables are of a document, and this mix is loaded already")
    return open_mix(mix, media=media, variables=variables)


def _no_document(message: str) -> TimelineError:
    help = "give the path of a document, or load it with its variables"
    return TimelineError.of(Code.BAD_REQUEST, message, help=help)


def graph_unit(file: GraphFile, request: RenderRequest, media: MediaMode = MediaMode.FILES) -> Unit:
    """The compilation of a graph, in the state of a timeline after `lower`.

    Raises:
        BackendError: the backend is unknown.
        TimelineError: MIX307, the request selects a range.
    """
    if request.from_ms is not None or request.to_ms is not None:
        message = "a graph states its own delivery, so no range of it can be chosen"
        raise TimelineError.of(Code.BAD_REQUEST, message, help="slice its buses, or leave it out")
    parsed, root = file.parsed.graph, file.path.parent
    sources = (evolve(source, path=normal(root, source.path)) for source in parsed.sources)
    graph = evolve(parsed, sources=tuple(sources))
    signal = graph.session
    timeline = put(file.timeline, sample_rate=signal.rate, channels=signal.channels)
    notes = file.parsed.notes
    about = next((note for note in notes if isinstance(note, MixNote)), MixNote(timeline.id))
    cover = probe_cover(timeline, media)
    return Unit(
        timeline=timeline,
        request=put(request, render_profile=request.render_profile or about.render_profile or None),
        backend=find_backend(request.backend),
        export=put(_export_of(graph), id=about.export_preset or request.export_preset),
        mix=MixPreset(id=about.mix_preset, title="", use="", buses=()),
        media=graph.source_by_name,
        buses=noted_buses(notes),
        selection=(about.selection[0], about.selection[1]) if len(about.selection) == 2 else None,
        graph=graph,
        cover=None if isinstance(cover, Diagnostic) else cover,
        diagnostics=(cover,) if isinstance(cover, Diagnostic) else (),
    )


def _export_of(graph: Graph) -> ExportPreset:
    """The export preset that has the same effect as the chain of the master."""
    node: Node = graph.outputs[0]
    preset = ExportPreset(
        id="",
        title="",
        use="",
        ceiling_db=0.0,
        headroom_db=0.0,
        dither=DitherChoice.NONE,
        container=graph.outputs[0].container,
        encoding=graph.outputs[0].encoding,
    )
    while len(node.operands) == 1:
        node = graph[node.operands[0]]
        match node:
            case Dither(noise=noise):
                preset = replace(preset, dither=DitherChoice(noise.value))
            case Limiter(ceiling_db=ceiling, mode=mode):
                preset = replace(preset, ceiling_db=ceiling, limit=mode)
            case Loudnorm(target_lufs=target, reading=Reading.RMS):
                preset = replace(preset, rms_dbfs=target)
            case Loudnorm(target_lufs=target, reading=reading):
                short = ShortLoudness.MOMENTARY if reading is Reading.MOMENTARY else None
                preset = replace(preset, lufs=target, short=short or ShortLoudness.NONE)
            case Headroom(headroom_db=headroom):
                preset = replace(preset, headroom_db=headroom)
    return preset
