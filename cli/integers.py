"""`mixdown integers`: one step of a SoX plan, run by hand."""

from __future__ import annotations

import click

_HELP = """\
Write values of a graph as 32-bit integers, for SoX.

FILE is a graph in text form, as in the plans that 'mixdown compile --to sox' prints. OPTIONS:

\b
--value VALUE LEVEL PATH  write VALUE to an .au file whose full scale is LEVEL; for each value
--sources DIR             where the paths of media count from
--work DIR                where the files of earlier steps are

A value that passes LEVEL is an error, and never clipped.
"""


@click.command(
    "integers",
    help=_HELP,
    options_metavar="",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("file")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def command(file: str, options: tuple[str, ...]) -> None:
    """See `_HELP`; the options are the step's own to read, in their order."""
    from .by_hand import run_by_hand

    run_by_hand("integers", (file, *options))
