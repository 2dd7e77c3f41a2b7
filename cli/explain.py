"""`mixdown explain`: what sounds at a moment, or where a filter or a value comes from."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import click

from ..ir.units import clock_milliseconds
from .options import Opened, as_json, mix_choices, opening

if TYPE_CHECKING:
    from ..compiler.choices import OwnChoices


def _milliseconds(context: click.Context, parameter: click.Parameter, value: str | None) -> object:
    """1:02:03.5, 12:34.567 or 754.567 as milliseconds, exactly."""
    if value is None:
        return None
    at = clock_milliseconds(value)
    if at is None and value.replace(".", "", 1).isdecimal():
        at = Decimal(value) * 1000
    if at is None:
        raise click.BadParameter(f"{value!r} is not a time; write 1:02:03.5, 12:34.567 or 754.567")
    return at


@click.command("explain")
@click.argument("file")
@click.option(
    "--at",
    metavar="TIME",
    callback=_milliseconds,
    help="Explain what sounds at this time, such as 12:34.567.",
)
@click.option(
    "--filter", "label", metavar="LABEL", help="Show where this filter of the plan comes from."
)
@click.option("--node", metavar="NAME", help="Show where this value of the graph comes from.")
@mix_choices
@as_json
@opening
def command(
    file: str,
    at: Decimal | None,
    label: str | None,
    node: str | None,
    choices: OwnChoices,
    as_json: bool,
    how: Opened,
) -> None:
    """Explain what sounds at a moment, or where a filter comes from.

    --at shows every clip that sounds at that time: which part of which source it plays, each gain
    on its way to the master, and their sum. It also shows the clips that are there but silent.
    --filter (a name from ffmpeg's log, such as volume@host_gain) and --node show the value, the
    clip, track or bus that it belongs to, and its line in FILE.
    """
    from ..compiler.graph_input import open_mix
    from ..inspection.explain import explain
    from ..inspection.explain_text import explanation_data, explanation_text
    from ..inspection.lookup import find_filter, find_value, found_data, found_text
    from ..inspection.trace import trace
    from ..ir.units import samples
    from .console import print_json, print_text

    if sum(option is not None for option in (at, label, node)) != 1:
        raise click.UsageError("choose one of --at, --filter, --node")
    mix = open_mix(file, media=choices["media"], **how)
    done = trace(mix, **choices)
    documents = done.start.timeline.documents
    if at is not None:
        unit = done.lowered
        moment = explain(unit, samples(at, unit.timeline.sample_rate))
        text = explanation_text(moment, documents)
        data = explanation_data(moment, documents)
    else:
        found = find_value(done, node) if node is not None else find_filter(done, label or "")
        text, data = found_text(found, documents), found_data(found, documents)
    if as_json:
        print_json(data)
    else:
        print_text(text, end="")
