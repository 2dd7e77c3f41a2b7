"""`mixdown envelope`: one step of a SoX plan, run by hand."""

from __future__ import annotations

import click

_HELP = """\
Write gains of fades and automations as 32-bit integers, for SoX to apply.

FILE is a graph in text form that begins with a silence: ones stand in its place. OPTIONS:

\b
--value VALUE LEVEL PATH  write VALUE to an .au file whose full scale is LEVEL
"""


@click.command(
    "envelope",
    help=_HELP,
    options_metavar="",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("file")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def command(file: str, options: tuple[str, ...]) -> None:
    """See `_HELP`; the options are the step's own to read, in their order."""
    from .by_hand import run_by_hand

    run_by_hand("envelope", (file, *options))
