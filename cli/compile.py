"""`mixdown compile`: the plan of a timeline or a graph, printed or written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import mix_choices, pass_choices, strict

if TYPE_CHECKING:
    from ..compiler.api import Choices


@click.command("compile")
@click.argument("file")
@mix_choices
@pass_choices
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For readers, or the typed plan with its filter-to-clip map.",
)
@click.option(
    "--single",
    is_flag=True,
    help="One command with everything in it; a loudness target then needs --facts.",
)
@click.option("-o", "--out", metavar="FILE", help="Write it there.  [default: standard output]")
@strict
def command(
    file: str,
    choices: Choices,
    backend: str,
    disable: tuple[str, ...],
    pass_limit: int | None,
    form: str,
    single: bool,
    out: str | None,
    strict: bool,
) -> None:
    """Print the plan of a timeline, without rendering it.

    The same FILE, options and media always give the same bytes. Warnings go to standard error. FILE
    may be a graph (.mir, see `mixdown inspect`), which says itself how it is delivered.
    """
    from ..compiler.api import compile_request, request_of
    from ..compiler.graph_input import open_mix
    from ..render.workspace import write_file
    from .console import show

    compilation = compile_request(
        open_mix(file),
        request_of({**choices, "backend": backend}),
        disable=disable,
        pass_limit=pass_limit,
        single=single,
        strict=strict,
    )
    show(compilation.diagnostics, compilation.timeline.documents)
    plan = compilation.plan
    text = plan.to_text() if form == "text" else json.dumps(plan.to_dict(), indent=2) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        write_file(Path(out), text)
