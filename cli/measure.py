"""`mixdown measure`: loudness and peaks of audio files."""

from __future__ import annotations

import click

from .options import as_json


@click.command("measure")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@as_json
def command(files: tuple[str, ...], as_json: bool) -> int:
    """Measure the loudness and peaks of audio files.

    Integrated, momentary and short-term loudness and range by ITU-R BS.1770-5 and EBU Tech 3341
    and 3342, true peak at four times the rate at least. Reads what libsndfile reads.
    """
    from ..render.delivery import levels_of_file
    from .app import ExitCode
    from .console import print_json, show

    results = [(file, levels_of_file(file)) for file in files]
    measured = [(file, found) for file, found in results if isinstance(found, dict)]
    problems = [found for _, found in results if not isinstance(found, dict)]
    if as_json:
        print_json(
            {
                "ok": not problems,
                "files": [{"file": file, **levels} for file, levels in measured],
                "diagnostics": [problem.to_dict() for problem in problems],
            }
        )
    else:
        _show_table(measured)
        show(problems, {})
    return ExitCode.BAD_INPUT if problems else ExitCode.OK


def _show_table(measured: list[tuple[str, dict[str, object]]]) -> None:
    from .console import clock, level, print_table

    if not measured:
        return
    rows = [
        (file, *(level(levels[key]) for _, key in _COLUMNS), clock(_seconds(levels)))
        for file, levels in measured
    ]
    columns = ("file", *(title for title, _ in _COLUMNS), "duration")
    print_table(columns, rows, numbers=len(columns) - 1)


def _seconds(levels: dict[str, object]) -> float:
    seconds = levels["duration_s"]
    assert isinstance(seconds, float)
    return seconds


_COLUMNS = (
    ("LUFS", "integrated_lufs"),
    ("LU range", "loudness_range_lu"),
    ("max momentary", "momentary_max_lufs"),
    ("max short-term", "short_term_max_lufs"),
    ("true peak dBTP", "true_peak_dbtp"),
    ("sample peak dBFS", "sample_peak_dbfs"),
)
