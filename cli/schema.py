"""`mixdown schema`: the JSON Schema of timelines."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("schema")
@click.option(
    "-o", "--out", metavar="FILE", help="Write it to this file.  [default: standard output]"
)
def command(out: str | None) -> None:
    """Print the JSON Schema of timelines, for editors and validators."""
    from ..compiler.timeline.schema import schema_text
    from ..render.workspace import write_file

    if out is None:
        click.echo(schema_text(), nl=False)
    else:
        write_file(Path(out), schema_text())
