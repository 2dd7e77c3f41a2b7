"""`mixdown new`: a timeline to start from."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("new")
@click.argument("file", default="timeline.yaml")
@click.argument("media", nargs=-1)
@click.option(
    "--id", "identity", metavar="ID", help="The id of the timeline.  [default: the name of FILE]"
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def command(file: str, media: tuple[str, ...], identity: str | None, force: bool) -> None:
    """Write a commented timeline to start from.

    Each MEDIA file, relative to the directory of FILE, becomes a source and a track. Without MEDIA,
    the timeline has two examples. FILE is timeline.yaml by default; - is standard output.
    """
    from ..compiler.timeline.new import starter
    from ..documents.writer import write_file
    from ..ir.codes import Code
    from ..ir.diagnostics import MixdownError
    from .console import print_document, print_text

    path = Path(file)
    name = "timeline.yaml" if file == "-" else path.name
    text = starter(identity or Path(name).stem, media, name)
    if file == "-":
        print_document(text)
        return
    if path.exists() and not force:
        raise MixdownError.of(
            Code.NOT_WRITABLE,
            f"{file!r} already exists",
            help="choose another name, or replace it with --force",
        )
    write_file(path, text)
    print_text(f"wrote {file}; next: mixdown check {file}")
