"""Renders a timeline to delivered, measured files.

A render either puts every requested file and the manifest, complete and measured, into the output
directory, or leaves the directory as it was. The same timeline, request, sources and programs give
the same bytes, so nothing is rendered if the directory already has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Unpack, overload

from ..compiler.choices import Choices, OwnChoices, ShippedChoices, chosen
from ..compiler.declared import MediaMode
from ..compiler.driver import Compilation, compile
from ..compiler.graph_input import GraphFile, Mix, open_mix, opened
from ..compiler.options import CompileOptions
from ..compiler.request import FileRequest, RenderRequest
from ..documents.models import replace
from ..ir.codes import Code
from ..ir.diagnostics import TimelineError
from .loudness import OverCeilingError
from .progress import Listener, ignore
from .result import RenderResult
from .reuse import inputs_digest, unchanged


@overload
def render(
    timeline: Mix | str | Path,
    request: RenderRequest | None = None,
    options: CompileOptions | None = None,
    *,
    out: str | Path,
    report: bool = True,
    progress: Listener = ignore,
    jobs: int | None = None,
    force: bool = False,
    **choices: Unpack[ShippedChoices],
) -> RenderResult: ...


@overload
def render(
    timeline: Mix | str | Path,
    request: RenderRequest | None = None,
    options: CompileOptions | None = None,
    *,
    out: str | Path,
    report: bool = True,
    progress: Listener = ignore,
    jobs: int | None = None,
    force: bool = False,
    **choices: Unpack[OwnChoices],
) -> RenderResult: ...


def render(
    timeline: Mix | str | Path,
    request: RenderRequest | None = None,
    options: CompileOptions | None = None,
    *,
    out: str | Path,
    report: bool = True,
    progress: Listener = ignore,
    jobs: int | None = None,
    force: bool = False,
    **choices: Unpack[Choices],
) -> RenderResult:
    """Render a mix to a master, stems and a manifest.

    If the master exceeds its ceiling with the given facts (because they were measured with another
    version of a program, for example), they are dropped and the master is measured again.

    Args:
        timeline: as for `compile`: a timeline, a graph, or the path of one.
        request: what to render; None: as the keywords say.
        options: how to compile it; None: as the keywords say.
        out: the output directory; created if it does not exist.
        report: whether to check the joins of the master and write the delivery report.
        progress: called with the progress of each step.
        jobs: the number of steps that may run at once; None: one per processor.
        force: whether to render even if the files in `out` are what this render would write.
        choices: keywords that override `request` and `options`, see `Choices`; `facts` are those of
            `RenderResult.facts`.

    Returns:
        The master, stems and manifest, with measurements and metadata.

    Raises:
        MixdownError: a ValueError with every diagnostic; the output directory is as it was.
    """
    request, options = chosen(choices, request, options)
    mix = opened(timeline, MediaMode.FILES, options.variables)
    mix = open_mix(mix) if isinstance(mix, str | Path) else mix
    options = replace(options, media=MediaMode.FILES, variables={})
    if isinstance(mix, GraphFile) and request.deliver:
        message = "a graph states its own delivery, and these choices have several"
        raise TimelineError.of(Code.BAD_REQUEST, message, help="choose one preset and one format")
    deliver = partial(
        render_mixes, out=Path(out), report=report, progress=progress, jobs=jobs, force=force
    )
    mixes = [(file, compile(mix, file.request, options)) for file in request.files]
    try:
        return deliver(mixes)
    except OverCeilingError:
        known = request.facts.finishes
        if all(compilation.keys.finish not in known for _, compilation in mixes):
            raise
    anew = replace(request, facts=request.facts.without_finishes())
    return deliver([(file, compile(mix, file.request, options)) for file in anew.files])


def render_mixes(
    mixes: Sequence[tuple[FileRequest, Compilation]],
    *,
    out: Path,
    report: bool = True,
    progress: Listener = ignore,
    jobs: int | None = None,
    force: bool = False,
) -> RenderResult:
    """Render compilations of one timeline into one directory; the rest as `render`.

    If the files in `out` are what these would be, nothing is rendered; `force` renders them.
    """
    digest = inputs_digest(mixes, report=report)
    if not force and (found := unchanged(out, digest, mixes)) is not None:
        return found
    from .publishing import publish_mixes  # noqa: PLC0415 (scipy, which takes most of a second)

    return publish_mixes(mixes, digest, out=out, report=report, progress=progress, jobs=jobs)
