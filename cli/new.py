"""`mixdown new`: a timeline to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..media.survey import SourceSurvey

_FILE = "timeline.yaml"
_DOCUMENTS = ("", ".yaml", ".yml", ".json", ".txt")


@click.command("new")
@click.argument("file", default=_FILE)
@click.argument("media", nargs=-1)
@click.option(
    "--id", "identity", metavar="ID", help="The id of the timeline.  [default: the name of FILE]"
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def command(file: str, media: tuple[str, ...], identity: str | None, force: bool) -> None:
    """Write a commented timeline to start from.

    Each MEDIA file, relative to the directory of FILE, becomes a source and a track; they play one
    after another. Their roles are guessed from their names and from what they sound like. Without
    MEDIA, the timeline has two examples. FILE is timeline.yaml by default, also where the first
    argument is a recording; - is standard output.
    """
    from ..compiler.timeline.new import guess, starter
    from ..documents.writer import write_file
    from ..ir.codes import Code
    from ..ir.diagnostics import MixdownError
    from .console import print_document, print_table, print_text

    if Path(file).suffix.lower() not in _DOCUMENTS and Path(file).is_file():
        file, media = _FILE, (file, *media)
    path = Path(file)
    name = _FILE if file == "-" else path.name
    guesses = {each: guess(each, _survey(path.parent, each)) for each in media}
    text = starter(identity or Path(name).stem, media, name, guesses)
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
    if media:
        rows = [(each, guessed.role, guessed.reason) for each, guessed in guesses.items()]
        print_table(("file", "role", "why"), rows, numbers=0)
    print_text(f"wrote {file}; next: mixdown check {file}")


def _survey(folder: Path, named: str) -> SourceSurvey | None:
    """The survey of a file; None if it is not there, or cannot be read."""
    from ..ir.diagnostics import Diagnostic
    from ..media.survey import survey_path

    path = folder / named
    found = survey_path(path, named) if path.is_file() else None
    return None if isinstance(found, Diagnostic) else found
