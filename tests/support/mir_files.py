"""Texts in the IR's form that carry the diagnostics they must give.

Each offending line ends with `// error: CODE part of the message`, once for each diagnostic; one
that has no place of its own is expected at the header.
"""

from __future__ import annotations

import re
from pathlib import Path

from mixdown.ir.diagnostics import Diagnostic, IRError
from mixdown.ir.origin import Documents
from mixdown.ir.text.parser import parse_text

EXPECTED = re.compile(r"// error: (MIX\d{3}) (.*?) *(?=// error:|$)")


def expected(text: str) -> list[tuple[int, str, str]]:
    """(line, code, part of the message) of every diagnostic that the text announces."""
    lines = enumerate(text.split("\n"), start=1)
    return [
        (number, *match.groups()) for number, line in lines for match in EXPECTED.finditer(line)
    ]


def found(text: str, name: str) -> tuple[tuple[Diagnostic, ...], Documents]:
    """What reading the text, or else verifying what it says, finds wrong."""
    try:
        parsed = parse_text(text, name)
    except IRError as wrong:
        return wrong.diagnostics, wrong.documents
    return parsed.verify(), parsed.documents


def line_of(diagnostic: Diagnostic, documents: Documents) -> int:
    """The line at which a diagnostic stands; the header's for one without a place."""
    line = diagnostic.to_dict(documents).get("line", 1)
    assert isinstance(line, int)
    return line


def check(path: Path) -> None:
    """The file gives exactly the diagnostics that it announces, at their lines."""
    text = path.read_text(encoding="utf-8")
    diagnostics, documents = found(text, path.name)
    actual = sorted((line_of(d, documents), d.code.value, d.message) for d in diagnostics)
    wanted = sorted(expected(text))
    assert [(line, code) for line, code, _ in actual] == [(line, code) for line, code, _ in wanted]
    for (line, code, message), (_, _, part) in zip(actual, wanted, strict=True):
        assert part in message, f"{path.name}:{line}: {code} {message!r} lacks {part!r}"
