"""How `render` and `demo` show what was delivered: files, checks, and the report."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from .console import clock, level, print_json, print_table, print_text, show

if TYPE_CHECKING:
    from ..render.result import Rendered, RenderResult
    from .app import ExitCode

UNCHANGED = "unchanged: the files are what this would render (--force renders all the same)\n"


def show_results(
    results: Sequence[RenderResult], *, as_json: bool, quiet: bool, is_strict: bool
) -> ExitCode:
    """The same for several renders; as JSON, they are a list."""
    from .app import ExitCode

    if len(results) == 1:
        return show_result(results[0], as_json=as_json, quiet=quiet, is_strict=is_strict)
    if as_json:
        found = [_document(result, is_strict=is_strict) for result in results]
        ok = all(each["ok"] for each in found)
        print_json({"ok": ok, "renders": found})
        return ExitCode.OK if ok else ExitCode.NO
    codes = []
    for number, result in enumerate(results):
        if number and not quiet:
            print_text()
        codes.append(show_result(result, as_json=False, quiet=quiet, is_strict=is_strict))
    return max(codes)


def show_result(
    result: RenderResult, *, as_json: bool, quiet: bool, is_strict: bool, ids: Sequence[str] = ()
) -> ExitCode:
    """Print files, levels, checks and warnings; `ids` are the ids of registered files.

    The exit code says whether every master sounds; with `is_strict`, whether every check passed
    and nothing was worth a warning.
    """
    from .app import ExitCode

    found = _document(result, is_strict=is_strict, ids=ids)
    code = ExitCode.OK if found["ok"] else ExitCode.NO
    if as_json:
        print_json(found)
        return code
    documents = result.compilation.timeline.documents
    show(result.diagnostics, documents)
    if not quiet:
        if result.unchanged:
            print_text(UNCHANGED)
        from ..inspection.report import COLUMNS

        columns = ("file", "what", "LUFS", "LU range", "true peak dBTP", "duration")
        print_table(columns, map(_row, result.files), numbers=4)
        if result.report is not None:
            print_text()
            print_table(COLUMNS, result.report.rows, numbers=0)
            print_text(f"\nreport: {result.report_page}")
        for file, id in zip(result.files, ids, strict=False):
            print_text(f"registered {file.target} as {id}")
    return code


def _document(
    result: RenderResult, *, is_strict: bool, ids: Sequence[str] = ()
) -> dict[str, object]:
    """A render as plain data."""
    from attrs import asdict

    documents, report = result.compilation.timeline.documents, result.report
    return {
        "ok": result.holds(strict=is_strict),
        "unchanged": result.unchanged,
        "passed": None if report is None else report.passed,
        "checks": [] if report is None else report.verdicts,
        "manifest": str(result.manifest),
        "report": None if result.report_page is None else str(result.report_page),
        "artifacts": [
            {**_data(file, delivery), **({"id": id} if id else {})}
            for (file, delivery), id in zip_longest(_named(result), ids)
        ],
        "cache": None if result.cache is None else asdict(result.cache),
        "diagnostics": [d.to_dict(documents) for d in result.diagnostics],
    }


def _row(file: Rendered) -> tuple[str, ...]:
    meta = file.meta
    return (
        str(file.path),
        _what(file),
        level(meta.integrated_lufs),
        level(meta.loudness_range_lu),
        level(meta.true_peak_dbtp),
        clock(meta.duration_s),
    )


def _what(file: Rendered) -> str:
    """What a file is."""
    if file.parent is None:
        return "master"
    is_part = file.kind == "audio_part"
    return f"part {file.meta.tags['track']}" if is_part else f"stem of {file.target}"


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
