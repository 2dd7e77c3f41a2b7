"""`mixdown survey`: what a source sounds like, and where something is said or played."""

from __future__ import annotations

from pathlib import Path

import click

from .options import as_json


@click.command("survey")
@click.argument("file")
@click.option("--spans", is_flag=True, help="List every span with its loudness.")
@click.option(
    "--detector",
    metavar="NAME",
    help="Find the spans with this detector, which another package brings.",
)
@click.option(
    "--plot", metavar="PICTURE", help="Draw the levels and the spans of FILE: .png or .svg."
)
@as_json
def command(
    file: str, spans: bool, detector: str | None, plot: str | None, as_json: bool
) -> int | None:
    """Survey a source: its levels, and where something is said or played.

    Measures loudness by ITU-R BS.1770-5, peaks, noise floor, DC offset and correlation, and finds
    the spans in which something is said or played. Levels and ducking that a timeline leaves to
    mixdown are computed from this. A survey is cached by the content of the file.
    """
    from ..ir.diagnostics import Diagnostic
    from ..media.survey import survey_path
    from ..render.measurements.plot import check_picture
    from ..render.measurements.survey_tables import survey_lines, survey_spans
    from .app import ExitCode
    from .console import print_json, print_table, print_text, show

    if plot is not None:
        check_picture(Path(plot), [file])
    found = survey_path(Path(file), file, detector)
    if isinstance(found, Diagnostic):
        if as_json:
            print_json({"ok": False, "diagnostics": [found.to_dict()]})
        else:
            show([found], {})
        return ExitCode.BAD_INPUT
    if plot is not None:
        from ..render.measurements.survey_plot import write_survey_picture

        write_survey_picture(Path(plot), Path(file).name, found)
    if as_json:
        print_json({"ok": True, "file": file, "digest": found.digest, **found.to_dict()})
        return None
    print_text(file)
    for line in survey_lines(found):
        print_text(line)
    if spans and found.spans:
        print_text()
        print_table(*survey_spans(found)[:2], numbers=4)
    return None
