"""`mixdown diff`: how two mixes differ, in words and in the IR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import Opened, as_json, mix_choices, opening

if TYPE_CHECKING:
    from ..compiler.choices import OwnChoices


@click.command("diff")
@click.argument("a")
@click.argument("b")
@mix_choices
@as_json
@opening
def command(
    a: str,
    b: str,
    choices: OwnChoices,
    as_json: bool,
    how: Opened,
) -> int:
    """List the differences between two mixes and their graphs.

    A and B are timelines or graphs (.mir). Lists the clips, gains, fades, automation, routes and
    sources that differ, each with its line, and then a diff of the final graphs. Exits with code 1
    if anything differs.
    """
    from ..compiler.graph_input import open_mix
    from ..inspection.diff import diff
    from ..inspection.trace import trace
    from .app import ExitCode
    from .console import print_json, print_text

    one, other = (
        trace(open_mix(file, media=choices["media"], **how), **choices) for file in (a, b)
    )
    found = diff(one, other, (a, b))
    if as_json:
        print_json(found.to_dict())
    else:
        print_text(found.to_text(), end="")
    return ExitCode.NO if found else ExitCode.OK
