"""`mixdown measure`: the levels of audio files, and whether they meet a delivery spec."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import as_json

if TYPE_CHECKING:
    from ..presets.model import DeliverySpec
    from ..render.measuring import MeasuredFile


@click.command("measure")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--spec",
    "specs",
    multiple=True,
    metavar="ID",
    help="Check the files against a delivery spec (see 'mixdown presets spec'); repeatable.",
)
@click.option(
    "--presets",
    "directories",
    multiple=True,
    metavar="DIR",
    help="A directory with delivery specs of your own; repeatable.",
)
@click.option(
    "--plot",
    metavar="PICTURE",
    help="Draw loudness, peaks and waveform of a single FILE with the specs: .png or .svg.",
)
@click.option("--all", "everything", is_flag=True, help="Print every figure for several files too.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="The number of files to measure at once.  [default: one per processor]",
)
@as_json
def command(
    files: tuple[str, ...],
    specs: tuple[str, ...],
    directories: tuple[str, ...],
    plot: str | None,
    everything: bool,
    jobs: int | None,
    as_json: bool,
) -> int:
    """Measure the loudness and peaks of audio files.

    Measures loudness by ITU-R BS.1770-5, EBU Tech 3341 and 3342, true peak at four times the rate
    or more, RMS, noise floor, DC offset, clipping, silence at both ends and correlation. For a
    directory, measures the audio files in it. ffmpeg decodes what libsndfile cannot read.

    Exits with code 1 if a file breaks a rule of a --spec, with 2 if one cannot be measured.
    """
    from ..ir.diagnostics import Diagnostic
    from ..render.measuring import MeasuredFile, audio_files, survey_files
    from .app import ExitCode
    from .console import print_json, show
    from .progress import count_bar

    asked = _specs(specs, directories)
    names = audio_files(files)
    if plot is not None:
        from ..render.measurements.plot import check_picture

        check_picture(Path(plot), names)
    with count_bar("measure", len(names), wanted=not as_json) as tell:
        results = survey_files(names, jobs=jobs or os.cpu_count() or 1, on_done=tell)
    problems = [found for found in results if isinstance(found, Diagnostic)]
    measured = [
        MeasuredFile.check(name, found, asked)
        for name, found in zip(names, results, strict=True)
        if not isinstance(found, Diagnostic)
    ]
    if plot is not None and measured:
        _draw(Path(plot), measured[0])
    passed = all(file.passed for file in measured)
    if as_json:
        print_json(
            {
                "ok": passed and not problems,
                "files": [file.to_dict() for file in measured],
                "diagnostics": [problem.to_dict() for problem in problems],
            }
        )
    else:
        _print(measured, everything=everything or len(names) == 1)
        show(problems, {})
    if problems:
        return ExitCode.BAD_INPUT
    return ExitCode.OK if passed else ExitCode.NO


def _specs(ids: Sequence[str], directories: Sequence[str]) -> list[DeliverySpec]:
    if not ids and not directories:
        return []
    from ..ir.diagnostics import TimelineError
    from ..presets.load import library, unknown_preset

    known = library(directories).specs
    unknown = [unknown_preset("delivery spec", n, known) for n in ids if n not in known]
    if unknown:
        raise TimelineError(unknown)
    return [known[name] for name in dict.fromkeys(ids)]


def _draw(path: Path, file: MeasuredFile) -> None:
    from ..media.headers import readable
    from ..render.measurements.plot import write_picture
    from ..render.report.curves import draw

    with readable(Path(file.file)) as audio:
        curves = draw(audio)
    specs = [kept.spec for kept in file.compliances]
    write_picture(path, Path(file.file).name, file.survey, curves, specs)


def _print(files: list[MeasuredFile], *, everything: bool) -> None:
    """Every figure of each file; or a table of the main figures, and the broken rules."""
    from ..render.measurements.tables import listing, overview
    from .console import print_table, print_text

    if files and not everything:
        columns, rows, numbers = overview(files)
        print_table(columns, rows, numbers=numbers)
    for line in listing(files, everything=everything):
        print_text(line)
