"""`mixdown compile`: the plan of a timeline or a graph, printed or written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import Opened, mix_choices, opening, strict

if TYPE_CHECKING:
    from ..compiler.choices import OwnChoices


@click.command("compile")
@click.argument("file")
@mix_choices
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "sh", "json"]),
    help="text to read, sh for a shell script, json for the typed plan with its map from filters "
    "to clips.  "
    "[default: sh for SoX, else text]",
)
@click.option(
    "--single",
    is_flag=True,
    help="Put the mix into one command, after those that decode; a loudness target needs --facts.",
)
@click.option(
    "--one-pass",
    is_flag=True,
    help="With --single: use ffmpeg's one-pass normalisation, which only comes near the target.",
)
@click.option(
    "-o", "--out", metavar="FILE", help="Write it to this file.  [default: standard output]"
)
@strict
@opening
def command(
    file: str,
    choices: OwnChoices,
    form: str | None,
    out: str | None,
    how: Opened,
) -> None:
    """Print the plan of a timeline without rendering it.

    The same FILE, options and media always give the same bytes. Warnings go to standard error. FILE
    may be a graph (.mir, see 'mixdown inspect'), which states its own delivery.
    """
    from ..compiler.driver import compile
    from ..compiler.graph_input import open_mix
    from ..documents.writer import write_file
    from ..render.doctor import open_file_warnings
    from ..render.shell import DEFAULT_PLAN_FORMATS, PLAN_FORMATS
    from .console import print_document, show

    default = DEFAULT_PLAN_FORMATS.get(choices["backend"], "text")
    if choices["media"] == "declared" and (form or default) == "sh":
        raise click.UsageError("a script plays files; compile it with them, not --media declared")
    mix = open_mix(file, media=choices["media"], **how)
    compilation = compile(mix, **choices)
    plan = compilation.plan
    notes = (*compilation.diagnostics, *open_file_warnings(plan))
    show(notes, compilation.timeline.documents)
    text = PLAN_FORMATS[form or default](plan)
    if out is None:
        print_document(text)
    else:
        write_file(Path(out), text)
