"""`mixdown master`: finished recordings, brought to a delivery preset without a timeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import as_json, delivery_choices, force, out_directory, strict

if TYPE_CHECKING:
    from ..compiler.choices import OwnChoices
    from .app import ExitCode


@click.command("master")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@out_directory("the name of FILE + -mixdown, or mastered")
@click.option(
    "--album", is_flag=True, help="One gain for all files, which keeps their differences."
)
@delivery_choices
@click.option(
    "--backend", default="ffmpeg", show_default=True, metavar="NAME", help="What renders."
)
@strict
@as_json
@click.option("--no-report", is_flag=True, help="Write no report.json and report.html.")
@force
@click.option("--quiet", is_flag=True, help="Print warnings and errors only.")
def command(
    files: tuple[str, ...],
    out: str | None,
    album: bool,
    choices: OwnChoices,
    as_json: bool,
    no_report: bool,
    force: bool,
    quiet: bool,
) -> ExitCode:
    """Master finished recordings: one, many or an album.

    Brings them to the loudness, the ceiling and the file format of a preset.

    Each FILE, audio or a video with sound, keeps its sample rate and its channels. One file is
    written into DIR, several each into a directory of its own there, with a manifest and a report.
    With --album all files have one gain, and the preset's loudness is that of all together.

    Exits with code 1 as 'mixdown render' does.
    """
    from ..render.finished import master
    from .delivery import show_results
    from .progress import progress_bars

    folder = out or (f"{Path(files[0]).stem}-mixdown" if len(files) == 1 else "mastered")
    with progress_bars(wanted=not (quiet or as_json)) as progress:
        results = master(
            files,
            out=folder,
            album=album,
            report=not no_report,
            progress=progress,
            force=force,
            **choices,
        )
    return show_results(
        results, as_json=as_json, quiet=quiet, is_strict=bool(choices.get("strict"))
    )
