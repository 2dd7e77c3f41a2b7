"""The place of the delivery report in a render: made of staged files, and staged beside them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import soundfile
from attrs import frozen

from ...compiler.driver import Compilation
from ...compiler.facts import FinishFacts
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, RenderError
from ...media.decode import readable
from ..executor import Listener, Progress
from ..result import Rendered
from ..workspace import Workspace, write_file
from .build import Delivered, make_report
from .model import JSON_NAME, PAGE_NAME, Report
from .page import page_text


@frozen
class Reported:
    """A report that is staged.

    Attributes:
        report: as data.
        names: its files, by what they are: "json" and "page".
        diagnostics: what its checks found.
    """

    report: Report
    names: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]


def stage_report(
    compilation: Compilation,
    spaces: Workspace,
    files: tuple[Rendered, ...],
    finish: FinishFacts | None,
    programs: Mapping[str, str],
    diagnostics: tuple[Diagnostic, ...],
    listener: Listener,
) -> Reported:
    """Check the staged files and write the report beside them.

    Args:
        compilation: what was rendered.
        spaces: where it was.
        files: as described, the master first.
        finish: how the master reached its loudness.
        programs: versions by name.
        diagnostics: warnings so far.
        listener: is told of progress.

    Raises:
        RenderError: MIX603, a file cannot be read; MIX604, the report cannot be written.
    """

    def tell(done: float) -> None:
        listener(Progress("report", "check the joins and write the report", done))

    tell(0.0)
    staged = {d.target: Path(spaces.path(d.file)) for d in compilation.plan.deliveries}
    try:
        with ExitStack() as decoded:
            made = make_report(
                Delivered(
                    compilation=compilation,
                    files=files,
                    names={d.target: d.file.path for d in compilation.plan.deliveries},
                    paths={
                        target: decoded.enter_context(readable(path, spaces.work))
                        for target, path in staged.items()
                    },
                    sizes={target: path.stat().st_size for target, path in staged.items()},
                    finish=finish,
                    premaster=_premaster(compilation, spaces),
                    programs=programs,
                    diagnostics=diagnostics,
                ),
                tell,
            )
    except (soundfile.LibsndfileError, ValueError, OSError) as error:
        message = f"the delivery report cannot be made: {error}"
        raise RenderError(Diagnostic(Code.STEP_FAILED, message)) from error
    write_file(spaces.staging / JSON_NAME, made.report.to_json())
    write_file(spaces.staging / PAGE_NAME, page_text(made.report))
    tell(1.0)
    return Reported(made.report, {"json": JSON_NAME, "page": PAGE_NAME}, made.diagnostics)


def _premaster(compilation: Compilation, spaces: Workspace) -> Path | None:
    """What entered the loudness gain, where the plan measured it and it is still there."""
    plan = compilation.plan
    if plan.loudness is None:
        return None
    path = Path(spaces.path(plan[plan.loudness.measure].inputs[0]))
    return path if path.is_file() else None
