"""`mixdown engine`: one step of a native plan, run by hand."""

from __future__ import annotations

import click

_HELP = """\
Render a graph file with the native engine.

FILE is a graph in text form, as in the plans that 'mixdown compile --to native' prints. OPTIONS:

\b
--output VALUE PATH  write the output VALUE of the graph to a file; for each output
--sources DIR        where the paths of media count from
--work DIR           where the files of earlier steps are
--gain-db DB         every loudness gain that the graph leaves open
--margin-db DB       how far under its ceiling the limiter aims
--tag KEY TEXT       metadata of the files
"""


@click.command(
    "engine",
    help=_HELP,
    options_metavar="",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("file")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def command(file: str, options: tuple[str, ...]) -> None:
    """See `_HELP`; the options are the engine's own to read, in their order."""
    from .by_hand import run_by_hand

    run_by_hand("engine", (file, *options))
