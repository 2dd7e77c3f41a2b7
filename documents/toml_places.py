"""Where in a TOML text a JSON Pointer points, for diagnostics.

Promises: the line of the key, or of the table around it, for the ways in which preset files are
written: `[table]` and `[[array.of.tables]]` headers and keys at the start of a line. What stands in
an inline table is found at the key that holds it.
"""

from __future__ import annotations

import re

from ..ir.origin import Span, tokens

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*=")


def locate(text: str, pointer: str) -> Span | None:
    """The span of the nearest place to `pointer` that is there; None in a text without lines.

    Args:
        text: the document.
        pointer: JSON Pointer; tables and arrays of tables count alike.
    """
    wanted = tokens(pointer)
    best: tuple[int, Span] | None = None
    for path, span in _places(text):
        depth = len(path)
        if path == wanted[:depth] and (best is None or depth > best[0]):
            best = (depth, span)
    return None if best is None else best[1]


def line_of(text: str, number: int, column: int = 1) -> Span:
    """The span at a line and column, both from 1."""
    lines = text.splitlines() or [""]
    number = min(number, len(lines))
    return Span(number, column, 1, lines[number - 1])


def _places(text: str) -> list[tuple[tuple[str, ...], Span]]:
    """Every header and key with its path, the document itself first."""
    found: list[tuple[tuple[str, ...], Span]] = []
    table: tuple[str, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not found:
            found.append(((), Span(number, 1, 1, line)))
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = tuple(part.strip().strip("\"'") for part in header[2].split("."))
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, str(counts[table]))
            start, end = header.span(2)
            found.append((table, Span(number, start + 1, end - start, line)))
        elif key:
            start, end = key.span(1)
            path = (*table, key[1].strip("\"'"))
            found.append((path, Span(number, start + 1, end - start, line)))
    return found
