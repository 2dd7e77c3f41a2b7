"""How commands print: diagnostics on standard error, JSON and tables on standard output.

Promises: every command prints by these functions only. Text of others (names of files, ids, lines
of programs) cannot steer a terminal, nor is it read as markup. A character that the encoding of the
stream lacks is written as its escape. A standard output that takes no text is MIX604; a closed one
is no error.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from ..ir.diagnostics import Diagnostic, RenderError, Severity, hidden, rendered, visible_lines
from ..ir.origin import Documents
from ..ir.units import clock as clock

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_NOT_ASCII = re.compile(r"[^\x20-\x7e\n]")
_PLACE = re.compile(r"\d* *(-->|\|)")
_UNBOUNDED = 1000
"""Columns of a table that goes to a file."""


class OutputError(RenderError):
    """MIX604: standard output takes no text, not even an error as JSON."""


def show(diagnostics: Iterable[Diagnostic], documents: Documents) -> None:
    """Print diagnostics with their places, in colour where standard error is a terminal."""
    show_texts(rendered(diagnostics, documents))


def show_texts(texts: Iterable[tuple[Severity, str]]) -> None:
    """Print diagnostics that are text already, each with its severity."""
    for severity, text in texts:
        head, separator, rest = _wrapped(text).partition(": ")
        coloured = click.style(head, fg=_COLOURS[severity], bold=True)
        _write(f"{coloured}{separator}{rest}\n", err=True)


def _wrapped(text: str) -> str:
    """A diagnostic whose sentences end within the width of a terminal; places keep their lines."""
    if not sys.stderr.isatty():
        return text
    width = shutil.get_terminal_size().columns
    lines = []
    for line in text.split("\n"):
        if _PLACE.match(line):
            lines.append(line)
            continue
        indent = " " * (len(line) - len(line.lstrip(" =")))
        lines += textwrap.wrap(
            line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        ) or [""]
    return "\n".join(lines)


def print_text(text: str = "", *, end: str = "\n", err: bool = False) -> None:
    """Print text of one or more lines for people."""
    _write(visible_lines(text) + end, err=err)


def print_document(text: str) -> None:
    """Print a document: as it is into a file or pipe, made visible on a terminal."""
    _write(visible_lines(text) if _is_terminal() else text)


def print_json(data: object) -> None:
    """Print data as JSON; it holds no infinite level."""
    text = json.dumps(data, indent=2, ensure_ascii=not _has_unicode(), allow_nan=False)
    _write(_NOT_ASCII.sub(_json_escape, text) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int) -> None:
    """Print a table at its full width, the last `numbers` columns aligned to the right."""
    width = shutil.get_terminal_size().columns if _is_terminal() else _UNBOUNDED
    _write(_table(columns, rows, numbers, width))


def table_text(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int) -> str:
    """The same table as text."""
    return _table(columns, rows, numbers, _UNBOUNDED)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: int, width: int) -> str:
    from rich import box
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [tuple(visible_lines(cell) for cell in row) for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(columns, *shown, strict=True)]
    if sum(widths) + 3 * (len(widths) - 1) > width:
        return "".join(_stacked(columns, row, width) for row in shown)
    lines = box.SIMPLE_HEAD if _has_unicode() else box.ASCII
    table = Table(box=lines, pad_edge=False, show_edge=False)
    for index, column in enumerate(columns):
        is_number = index >= len(columns) - numbers
        table.add_column(Text(column), justify="right" if is_number else "left", no_wrap=True)
    for row in shown:
        table.add_row(*map(Text, row))
    file = io.StringIO()
    Console(file=file, width=width, highlight=False).print(table)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def _stacked(columns: Sequence[str], row: Sequence[str], width: int) -> str:
    """A row of a table that is wider than the terminal: its name, and below it its other cells.

    Lines end between cells, or between words of a cell that is longer than a line.
    """
    lines = [row[0]]
    for column, cell in zip(columns[1:], row[1:], strict=True):
        text = f"{column}: {cell.removesuffix('.')}" if cell else ""
        if len(lines) > 1 and text and len(lines[-1]) + len(text) + 2 <= width:
            lines[-1] += f"; {text}"
        elif text:
            lines += textwrap.wrap(
                text, width, break_long_words=False, initial_indent="  ", subsequent_indent="    "
            )
    return "\n".join(lines[not row[0] :]) + "\n"


def _write(text: str, *, err: bool = False) -> None:
    encoding = _encoding(err=err)
    try:
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding), nl=False, err=err)
    except BrokenPipeError:
        raise  # click ends the program as pipes do
    except OSError as error:
        if not err:  # an error of standard error cannot be reported
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is buffered
            from ..documents.writer import not_writable

            raise OutputError(not_writable(Path("standard output"), error).diagnostics) from error


def _encoding(*, err: bool = False) -> str:
    return getattr(sys.stderr if err else sys.stdout, "encoding", None) or "utf-8"


def _has_unicode() -> bool:
    return _encoding().lower().startswith("utf")


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _json_escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1] if hidden(found[0]) else found[0]


def level(value: object, unit: str = "") -> str:
    """A level for people: one decimal; "silent" for the level of silence."""
    return f"{value:.1f}{unit}" if isinstance(value, int | float) else "silent"
