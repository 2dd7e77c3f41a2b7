"""`mixdown explain`: what sounds at a moment, and where a filter or a value comes from."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from .options import allow_outside, as_json, mix_choices, pass_choices

if TYPE_CHECKING:
    from ..compiler.api import Choices

_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)")


def _milliseconds(context: click.Context, parameter: click.Parameter, value: str | None) -> object:
    """1:02:03.5, 12:34.567 or 754.567 as milliseconds, exactly."""
    if value is None:
        return None
    match = _CLOCK.fullmatch(value)
    if match is None:
        raise click.BadParameter(f"{value!r} is no time; write 1:02:03.5, 12:34.567 or 754.567")
    hours, minutes, seconds = (Decimal(part or 0) for part in match.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000


@click.command("explain")
@click.argument("file")
@click.option("--at", metavar="TIME", callback=_milliseconds, help="What sounds at 12:34.567.")
@click.option("--filter", "label", metavar="LABEL", help="Where a filter of the plan comes from.")
@click.option("--node", metavar="NAME", help="Where a value of the graph comes from.")
@mix_choices
@pass_choices
@as_json
@allow_outside
def command(
    file: str,
    at: Decimal | None,
    label: str | None,
    node: str | None,
    choices: Choices,
    backend: str,
    disable: tuple[str, ...],
    pass_limit: int | None,
    as_json: bool,
    allow_outside: bool,
) -> None:
    """Explain a moment of a mix, or where a filter comes from.

    With --at: every clip that sounds then, what it plays of which source, each gain on its way to
    the master, and their sum; and the clips that lie there and are not heard. With --filter (a
    name as ffmpeg logs it, volume@host_gain) or --node: the value, whose it is, and its line.
    """
    from ..compiler.api import request_of
    from ..compiler.graph_input import open_mix
    from ..inspection.explain import explain
    from ..inspection.explain_text import moment_data, moment_text
    from ..inspection.lookup import find_filter, find_value, found_data, found_text
    from ..inspection.trace import trace
    from ..ir.types import samples
    from .console import print_json

    if sum(option is not None for option in (at, label, node)) != 1:
        raise click.UsageError("choose one of --at, --filter, --node")
    request = request_of({**choices, "backend": backend})
    done = trace(
        open_mix(file, allow_outside=allow_outside), request, disable=disable, pass_limit=pass_limit
    )
    documents = done.start.timeline.documents
    if at is not None:
        unit = done.lowered
        moment = explain(unit, samples(at, unit.timeline.sample_rate))
        text, data = moment_text(moment, documents), moment_data(moment, documents)
    else:
        found = find_value(done, node) if node is not None else find_filter(done, label or "")
        text, data = found_text(found, documents), found_data(found, documents)
    if as_json:
        print_json(data)
    else:
        click.echo(text, nl=False)
