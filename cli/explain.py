"""`mixdown explain`: what sounds at a moment or in a range, where a filter comes from."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import Opened, as_json, mix_choices, opening, time_milliseconds

if TYPE_CHECKING:
    from ..compiler.choices import OwnChoices
    from ..inspection.trace import Trace


def _times(context: click.Context, parameter: click.Parameter, value: str | None) -> object:
    """One time, or two with a dash between them, as milliseconds, exactly."""
    return None if value is None else tuple(map(time_milliseconds, value.split("-", 1)))


@click.command("explain")
@click.argument("file")
@click.option(
    "--at",
    metavar="TIME",
    callback=_times,
    help="Explain what sounds at this time, such as 12:34.567, or in a range: 0:10-0:20.",
)
@click.option("--clip", metavar="ID", help="Explain this clip, in all of the mix.")
@click.option("--track", metavar="ID", help="Explain the clips of this track, in all of the mix.")
@click.option("--loudest", is_flag=True, help="Explain the loudest 400 ms of the render.")
@click.option(
    "--filter", "label", metavar="LABEL", help="Show where this filter of the plan comes from."
)
@click.option("--node", metavar="NAME", help="Show where this value of the graph comes from.")
@mix_choices
@click.option(
    "--render",
    "rendered",
    metavar="DIR",
    help="The directory of a render, for what it measured.  [default: that of FILE, if it exists]",
)
@as_json
@opening
def command(
    file: str,
    at: tuple[Decimal, ...] | None,
    clip: str | None,
    track: str | None,
    loudest: bool,
    label: str | None,
    node: str | None,
    choices: OwnChoices,
    rendered: str | None,
    as_json: bool,
    how: Opened,
) -> None:
    """Explain what sounds at a moment or in a range, or where a filter comes from.

    --at shows every clip that sounds at that time: which part of which source it plays, each gain
    on its way to the master, and their sum. It also shows the clips that are there but silent. For
    a range, --clip and --track, it shows for each clip when it sounds, its lowest and its highest
    gain, and what mixdown decided about it. --loudest finds the loudest moment of a render.
    --filter (a name from ffmpeg's log, such as volume@host_gain) and --node show the value, the
    clip, track or bus that it belongs to, and its line in FILE.

    Levels come from a render of FILE with the same choices, if there is one.
    """
    from ..compiler.graph_input import open_mix
    from ..inspection.lookup import find_filter, find_value, found_data, found_text
    from ..inspection.measured import beside, facts_beside
    from ..inspection.trace import trace
    from .console import print_json, print_text

    wanted = (at, clip, track, loudest, label, node)
    if sum(option not in (None, False) for option in wanted) != 1:
        names = "--at, --clip, --track, --loudest, --filter, --node"
        raise click.UsageError(f"choose one of {names}")
    directory = beside(file, rendered)
    mix = open_mix(file, media=choices["media"], **how)
    if directory is not None and not choices["facts"]:
        choices["facts"] = facts_beside(directory)
    done = trace(mix, **choices)
    documents = done.start.timeline.documents
    if node is not None:
        found = find_value(done, node)
        text, data = found_text(found, documents), found_data(found, documents)
    elif label is not None:
        found = find_filter(done, label)
        text, data = found_text(found, documents), found_data(found, documents)
    elif loudest or (at is not None and len(at) == 1):
        text, data = _moment(done, directory, None if at is None else at[0])
    else:
        text, data = _range(done, at, clip, track)
    if as_json:
        print_json(data)
    else:
        print_text(text, end="")


Shown = tuple[str, dict[str, object]]


def _moment(done: Trace, directory: Path | None, at: Decimal | None) -> Shown:
    """One moment; None: the loudest one."""
    from ..inspection.explain import explain
    from ..inspection.explain_text import explanation_data, explanation_text
    from ..inspection.measured import levels_at, loudest, report_beside
    from ..ir.units import samples

    unit, documents = done.lowered, done.start.timeline.documents
    report = None if directory is None else report_beside(directory, done.lowered)
    if at is None:
        seconds = None if report is None else loudest(report)
        if seconds is None:
            raise click.UsageError(
                "--loudest needs a render of this mix: render it with the same choices, and name "
                "its directory with --render"
            )
        at = 1000 * Decimal(seconds)
    moment = explain(unit, samples(at, unit.timeline.sample_rate))
    measured = None if report is None else levels_at(report, float(at) / 1000)
    return (
        explanation_text(moment, documents, measured),
        explanation_data(moment, documents, measured),
    )


def _range(
    done: Trace, at: tuple[Decimal, ...] | None, clip: str | None, track: str | None
) -> Shown:
    """A range of the mix, or one clip or track of it."""
    from ..inspection.owners import Level
    from ..inspection.passages import explain_part, explain_range
    from ..inspection.passages_text import range_data, range_text
    from ..ir.units import samples

    unit, documents = done.lowered, done.start.timeline.documents
    if at is not None:
        start, end = (samples(time, unit.timeline.sample_rate) for time in at)
        found = explain_range(unit, start, end)
    elif clip is not None:
        found = explain_part(unit, Level.CLIP, clip)
    else:
        found = explain_part(unit, Level.TRACK, track or "")
    return range_text(found, documents), range_data(found, documents)
