"""How commands print: diagnostics on standard error, JSON and tables on standard output."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

import click

from ..ir.diagnostics import Diagnostic, Severity, render
from ..ir.origin import Documents
from ..ir.units import clock as clock

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


def show(diagnostics: Iterable[Diagnostic], documents: Documents) -> None:
    """Print diagnostics with their places, in colour where standard error is a terminal."""
    for diagnostic in diagnostics:
        head, separator, rest = render([diagnostic], documents).partition(": ")
        coloured = click.style(head, fg=_COLOURS[diagnostic.severity], bold=True)
        click.echo(f"{coloured}{separator}{rest}", err=True)


def print_json(data: object) -> None:
    """Print data as JSON; it holds no infinite level."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int) -> None:
    """Print a table at its full width, the last `numbers` columns aligned to the right."""
    _print_table(sys.stdout, columns, rows, numbers)


def table_text(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int) -> str:
    """The same table as text."""
    file = io.StringIO()
    _print_table(file, columns, rows, numbers)
    return file.getvalue()


def _print_table(
    file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: int
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, column in enumerate(columns):
        is_number = index >= len(columns) - numbers
        # Names are never cut: in a narrow terminal a path continues on the next line.
        table.add_column(
            column,
            justify="right" if is_number else "left",
            no_wrap=is_number,
            overflow="ellipsis" if is_number else "fold",
        )
    for row in rows:
        table.add_row(*row)
    Console(file=file, width=None if file.isatty() else 1000, highlight=False).print(table)


def level(value: object, unit: str = "") -> str:
    """A level for people: one decimal; "silent" for the level of silence."""
    return f"{value:.1f}{unit}" if isinstance(value, int | float) else "silent"
