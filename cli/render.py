"""`mixdown render`: a master, stems, a manifest and a delivery report of a timeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import Opened, as_json, force, opening, out_directory, rendering, timing

if TYPE_CHECKING:
    from ..compiler.choices import OwnChoices
    from .app import ExitCode


@click.command("render")
@click.argument("file")
@out_directory("the name of FILE + -mixdown")
@rendering
@as_json
@click.option(
    "--write-facts", metavar="FILE", help="Write the measurements to this file, for --facts."
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="The number of steps to run at once.  [default: one per processor]",
)
@force
@click.option(
    "--explain-cache",
    is_flag=True,
    help="Also print what was reused, and why the rest was not.",
)
@click.option("--quiet", is_flag=True, help="Print warnings and errors only.")
@timing
@opening
def command(
    file: str,
    out: str | None,
    choices: OwnChoices,
    as_json: bool,
    write_facts: str | None,
    store: str | None,
    registry: str | None,
    no_report: bool,
    jobs: int | None,
    force: bool,
    explain_cache: bool,
    quiet: bool,
    how: Opened,
) -> ExitCode:
    """Render a timeline to a measured master and stems.

    Writes master.wav, with --stems one file per bus, manifest.json with everything known about
    them, and a delivery report for people (report.html) and machines (report.json). If anything
    fails, writes nothing. The same FILE, options and media give the same bytes; if DIR already has
    them, nothing is rendered.

    FILE may be a graph (.mir, see 'mixdown inspect'), which states its own delivery.

    Exits with code 1 if a delivered mix is silent; with --strict, also if a check of the delivery
    report fails or the render ends with a warning.
    """
    from ..compiler.graph_input import open_mix
    from ..documents.writer import write_file
    from ..render.service import render
    from .console import print_text
    from .delivery import show_result
    from .progress import progress_bars

    opened = open_mix(file, **how)
    service = None
    if store is not None:
        from ..render.artifacts.service import AudioRenderService

        service = AudioRenderService.open(store, registry)
    with progress_bars(wanted=not (quiet or as_json)) as progress:
        result = render(
            opened,
            out=out or f"{Path(file).stem}-mixdown",
            report=not no_report,
            progress=progress,
            jobs=jobs,
            force=force,
            **choices,
        )
    kept = service.keep(result).artifacts if service is not None else ()
    if write_facts is not None:
        write_file(Path(write_facts), result.facts.to_json())
    ids = [artifact.id for artifact in kept]
    code = show_result(
        result, as_json=as_json, quiet=quiet, ids=ids, is_strict=bool(choices.get("strict"))
    )
    if explain_cache and not as_json and result.cache is not None:
        print_text("\n".join(("", *result.cache.lines)))
    return code
