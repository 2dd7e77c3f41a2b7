"""`mixdown presets`: the export presets, mix presets and delivery specs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from .options import as_json

KINDS = {"export": "export preset", "bus": "mix preset", "spec": "delivery spec"}


@click.command("presets")
@click.argument("kind", type=click.Choice(list(KINDS)), required=False)
@click.argument("preset_id", metavar="[ID]", required=False)
@click.option(
    "--presets",
    "directories",
    multiple=True,
    metavar="DIR",
    help="A directory with presets of your own; repeatable.",
)
@as_json
def command(
    kind: str | None, preset_id: str | None, directories: tuple[str, ...], as_json: bool
) -> None:
    """List export presets, mix presets and delivery specs.

    Lists all of them, those of one kind, or shows one by its ID. An export preset says how a mix is
    delivered. A mix preset ('bus') says which roles go to which bus, and in which order buses are
    added up and delivered as stems. A delivery spec says what a receiver requires of a file.
    """
    from ..presets.load import library, preset_data
    from .console import print_json, print_table, print_text

    known = library(directories)
    tables: dict[str, Mapping[str, Any]] = {
        "export": known.export,
        "bus": known.mix,
        "spec": known.specs,
    }
    shown = {name: table for name, table in tables.items() if kind in (None, name)}
    if kind is not None and preset_id is not None:
        shown = {kind: {preset_id: _one(kind, preset_id, tables[kind])}}
    if as_json:
        print_json(
            {name: [preset_data(p) for p in table.values()] for name, table in shown.items()}
        )
        return
    from ..inspection.preset_tables import TABLES

    for number, (name, table) in enumerate(shown.items()):
        if number:
            print_text()
        columns, rows, numbers = TABLES[name](table.values())
        print_table(columns, rows, numbers=numbers)


def _one(kind: str, preset_id: str, table: Mapping[str, Any]) -> object:
    from ..ir.diagnostics import TimelineError
    from ..presets.load import unknown_preset

    if preset_id not in table:
        raise TimelineError(unknown_preset(KINDS[kind], preset_id, table))
    return table[preset_id]
