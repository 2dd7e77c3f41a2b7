"""compile(), as users call it: choices by keyword instead of a request."""

from __future__ import annotations

from collections.abc import Collection

from ..ir.nodes import Encoding
from .driver import Compilation, compile_graph, compile_timeline
from .facts import Facts
from .graph_input import GraphFile
from .request import RenderRequest, StemMode
from .timeline.model import Timeline


def compile(
    timeline: Timeline | GraphFile,
    *,
    preset: str = "default",
    mix: str | None = None,
    stems: bool = False,
    stem_mode: StemMode | str = StemMode.PREMASTER,
    backend: str = "ffmpeg",
    container: str | None = None,
    encoding: Encoding | str | None = None,
    facts: Facts | None = None,
    disable: Collection[str] = (),
    pass_limit: int | None = None,
    single: bool = False,
    strict: bool = False,
) -> Compilation:
    """Compiles a timeline, or a graph, to a plan, without rendering anything.

    Args:
        timeline: from `load` or built in Python; or a graph from `load_graph`, which holds its
            delivery and heeds only `backend`, `facts`, `disable`, `pass_limit` and `single`.
        preset: id of the export preset.
        mix: id of the mix preset; None: the timeline's own.
        stems: whether to deliver one file a bus beside the master.
        stem_mode: "premaster" or "mastered".
        backend: name of the backend.
        container: file format; None: the preset's.
        encoding: "s16", "s24", "f32" or "f64"; None: the preset's.
        facts: what earlier renders measured.
        disable: names of optimisations to leave out.
        pass_limit: how many optimisations may run, the first so many; None: all.
        single: one command with everything in it; needs facts where loudness is a target.
        strict: whether warnings are errors.

    Returns:
        The compilation: `.graph`, `.plan`, `.diagnostics`, `.meta`.

    Raises:
        MixdownError: a ValueError with every diagnostic.
    """
    request = RenderRequest(
        export_preset=preset,
        mix_preset_id=mix,
        stems=stems,
        stem_mode=StemMode(stem_mode),
        backend=backend,
        container=container,
        encoding=None if encoding is None else Encoding(encoding),
        facts=facts or Facts(),
    )
    if isinstance(timeline, GraphFile):
        return compile_graph(
            timeline, request, disable=disable, pass_limit=pass_limit, single=single
        )
    return compile_timeline(
        timeline,
        request,
        disable=disable,
        pass_limit=pass_limit,
        single=single,
        warnings_are_errors=strict,
    )
