"""How `render` and `demo` show what was delivered: files, checks, and the report."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from .console import clock, level, print_json, print_table, print_text, show

if TYPE_CHECKING:
    from ..render.result import Rendered, RenderResult


def show_result(
    result: RenderResult, *, as_json: bool, quiet: bool, ids: Sequence[str] = ()
) -> None:
    """Print files, levels, checks and warnings; `ids` are the ids of registered files."""
    documents = result.compilation.timeline.documents
    if as_json:
        print_json(
            {
                "ok": True,
                "manifest": str(result.manifest),
                "report": None if result.report_page is None else str(result.report_page),
                "artifacts": [
                    {**_data(file, delivery), **({"id": id} if id else {})}
                    for (file, delivery), id in zip_longest(_named(result), ids)
                ],
                "diagnostics": [d.to_dict(documents) for d in result.diagnostics],
            }
        )
        return
    show(result.diagnostics, documents)
    if not quiet:
        from ..render.report.model import COLUMNS

        columns = ("file", "what", "LUFS", "LU range", "true peak dBTP", "duration")
        print_table(columns, map(_row, result.files), numbers=4)
        if result.report is not None:
            print_text()
            print_table(COLUMNS, result.report.rows, numbers=0)
            print_text(f"\nreport: {result.report_page}")
        for file, id in zip(result.files, ids, strict=False):
            print_text(f"registered {file.target} as {id}")


def _row(file: Rendered) -> tuple[str, ...]:
    meta = file.meta
    return (
        str(file.path),
        "master" if file.parent is None else f"stem of {file.target}",
        level(meta.integrated_lufs),
        level(meta.loudness_range_lu),
        level(meta.true_peak_dbtp),
        clock(meta.duration_s),
    )


def _named(result: RenderResult) -> list[tuple[Rendered, str]]:
    """The files with the names of their deliveries."""
    return [(file, mix.name) for mix in result.deliveries for file in mix.files]


def _data(file: Rendered, delivery: str) -> dict[str, object]:
    return {
        "kind": file.kind,
        "target": file.target,
        "delivery": delivery,
        "path": str(file.path),
        "digest": file.digest,
        "parent": file.parent,
        "meta": file.meta.to_dict(),
    }
