"""`mixdown schema`: the JSON Schemas of documents."""

from __future__ import annotations

from pathlib import Path

import click

KINDS = ("timeline", "arrangement", "show", "deliver", "export", "mix", "spec", "inspection")


@click.command("schema")
@click.argument("kind", type=click.Choice(KINDS), default="timeline")
@click.option(
    "-o", "--out", metavar="FILE", help="Write it to this file.  [default: standard output]"
)
def command(kind: str, out: str | None) -> None:
    """Print the JSON Schema of a kind of document, for editors.

    Without KIND, that of timelines. 'deliver' is that of the files of `render --deliver`; 'export',
    'mix' and 'spec' are the preset files export.toml, mix.toml and spec.toml; 'inspection' is what
    'inspect --format json' prints.
    """
    from ..documents.writer import write_file
    from ..inspection.page.schema import schema
    from .console import print_document

    if out is None:
        print_document(schema(kind))
    else:
        write_file(Path(out), schema(kind))
