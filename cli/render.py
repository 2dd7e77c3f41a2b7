"""`mixdown render`: a timeline becomes a master, stems and a manifest."""

from __future__ import annotations

from pathlib import Path

import click

from .options import as_json, mix_choices, strict


@click.command("render")
@click.argument("file")
@click.option(
    "-o",
    "--out",
    metavar="DIR",
    help="Where the files go; made where it is missing.  [default: FILE's name and -mixdown]",
)
@mix_choices
@click.option("--backend", default="ffmpeg", show_default=True, help="What renders it.")
@strict
@as_json
@click.option("--quiet", is_flag=True, help="Print warnings and errors only.")
def command(
    file: str,
    out: str | None,
    preset: str,
    mix: str | None,
    stems: bool,
    stem_mode: str,
    backend: str,
    strict: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Render a timeline to a measured master and stems.

    Writes master.wav, with --stems a file a bus, and manifest.json with all that is known of them;
    or, where anything fails, nothing. The same FILE, options and media give the same bytes.

    FILE may be a graph (.mir, see 'mixdown inspect'), which says itself how it is delivered.
    """
    from ..compiler.graph_input import open_mix
    from ..render.service import render
    from .delivery import show_result
    from .progress import progress_bars

    opened = open_mix(file)
    with progress_bars(wanted=not (quiet or as_json)) as progress:
        result = render(
            opened,
            out=out or f"{Path(file).stem}-mixdown",
            preset=preset,
            mix=mix,
            stems=stems,
            stem_mode=stem_mode,
            backend=backend,
            strict=strict,
            progress=progress,
        )
    show_result(result, as_json=as_json, quiet=quiet)
