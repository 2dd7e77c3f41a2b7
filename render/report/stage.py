"""Builds the delivery report from the staged files of a render and stages it with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

import soundfile
from attrs import frozen

from ...backends.registry import find_backend
from ...compiler.driver import Compilation
from ...documents.writer import write_file
from ...inspection.page.inspected import report_page
from ...inspection.report import JSON_NAME, PAGE_NAME, DeliveryReport
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, RenderError
from ...ir.nodes import Source
from ...media.copies import playable
from ...media.headers import readable
from ...media.outline import SourceOutline, outline_of
from ...plans.carried import file_of
from ...plans.decoding import prepare
from ..mixes import StagedMix
from ..progress import Listener, Progress
from ..result import measured_facts
from ..workspace import Workspace
from .build import StagedDelivery, make_report


@frozen
class StagedReport:
    """A staged report.

    Attributes:
        report: as data.
        names: its file names: "json" and "page".
        diagnostics: the warnings of its checks.
    """

    report: DeliveryReport
    names: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]


def stage_report(
    mixes: Sequence[StagedMix], diagnostics: tuple[Diagnostic, ...], listener: Listener
) -> StagedReport:
    """Check the staged files of a render and write the report next to them.

    Raises:
        RenderError: MIX603, a file cannot be read; MIX604, the report cannot be written; MIX611, a
            source has changed since the mix was compiled.
    """

    def progress(done: float) -> None:
        listener(Progress("report", "check the joins and write the report", done))

    progress(0.0)
    first = mixes[0]
    compilation, spaces = first.delivered.compilation, first.executor.spaces
    try:
        with ExitStack() as decoded:
            report, found = make_report(
                StagedDelivery(
                    mixes=tuple(mix.delivered for mix in mixes),
                    sizes={
                        file.path.name: (spaces.staging / file.path.name).stat().st_size
                        for mix in mixes
                        for file in mix.delivered.files
                    },
                    master=decoded.enter_context(readable(first.master, spaces.work)),
                    curves={target: record.curves for target, record in first.records.items()},
                    sources=_outlines(compilation, spaces),
                    premaster=_premaster(compilation, spaces),
                    levels=first.premaster.reading.levels if first.premaster else None,
                    diagnostics=diagnostics,
                ),
                progress,
            )
    except (soundfile.LibsndfileError, ValueError, OSError) as error:
        _check_sources(mixes)  # one that has changed is the reason
        message = f"cannot build the delivery report: {error}"
        raise RenderError.of(Code.STEP_FAILED, message) from error
    write_file(spaces.staging / JSON_NAME, report.to_json())
    facts = measured_facts([mix.delivered for mix in mixes])
    write_file(spaces.staging / PAGE_NAME, report_page(compilation, facts, report))
    _check_sources(mixes)  # the report reads them too
    progress(1.0)
    return StagedReport(report, {"json": JSON_NAME, "page": PAGE_NAME}, found)


def _check_sources(mixes: Sequence[StagedMix]) -> None:
    for mix in mixes:
        mix.executor.check_sources()


def _outlines(compilation: Compilation, spaces: Workspace) -> Mapping[str, SourceOutline]:
    """The outlines of the sources; of one that was decoded, from the decoded file."""
    graph = compilation.graph
    played = prepare(graph, find_backend(compilation.plan.backend).reads)[0].source_by_name

    def audio(source: Source) -> AbstractContextManager[Path]:
        path = Path(spaces.path(file_of(played[source.name])))
        return playable(path, source) if played[source.name] == source else nullcontext(path)

    return {source.name: outline_of(source, audio(source)) for source in graph.sources}


def _premaster(compilation: Compilation, spaces: Workspace) -> Path | None:
    """The input of the loudness gain, if the plan measured it and the file still exists."""
    plan = compilation.plan
    if plan.loudness is None:
        return None
    path = Path(spaces.path(plan[plan.loudness.measure].inputs[0]))
    return path if path.is_file() else None
