"""Diagnostics: what is wrong, where, and what to do instead.

Promises: a diagnostic is data (`to_dict`) before it is text (`render`); errors are collected, never
raised one at a time; positions are resolved only here, when one is shown. `MixdownError` is a
ValueError that carries them all.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

from attrs import evolve, frozen

from .codes import Code
from .origin import Document, Documents, Origin, Span

TAB = 4  # columns that a tab takes in an excerpt


class Severity(StrEnum):
    """How bad it is: an error stops the work, a warning is reported with the result."""

    ERROR = "error"
    WARNING = "warning"


@frozen
class Related:
    """Another place that a diagnostic speaks of, with what it has to do with it."""

    origin: Origin
    label: str


@frozen
class Diagnostic:
    """One thing wrong.

    Attributes:
        code: stable; see docs/errors.md.
        message: one terse sentence without a full stop.
        origin: where in a document, where that is known.
        help: what to do instead.
        related: further places, such as the first of two equal ids.
        severity: error or warning.
    """

    code: Code
    message: str
    origin: Origin | None = None
    help: str | None = None
    related: tuple[Related, ...] = ()
    severity: Severity = Severity.ERROR

    def to_dict(self, documents: Documents | None = None) -> dict[str, object]:
        """The same as plain data, with line and column where the document is at hand."""
        data: dict[str, object] = {
            "code": self.code.value,
            "severity": self.severity.value,
            "message": self.message,
            "help": self.help,
        }
        if self.origin is not None:
            data |= _place(self.origin, documents or {})
        if self.related:
            data["related"] = [
                {"label": r.label, **_place(r.origin, documents or {})} for r in self.related
            ]
        return data


class MixdownError(ValueError):
    """Every user-facing failure: one or more diagnostics, rendered by `str()`."""

    def __init__(
        self, diagnostics: Iterable[Diagnostic] | Diagnostic, documents: Documents | None = None
    ) -> None:
        found = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        self.diagnostics: tuple[Diagnostic, ...] = found
        self.documents: Documents = documents or {}
        super().__init__(found)

    def __str__(self) -> str:
        return render(self.diagnostics, self.documents)


class TimelineError(MixdownError):
    """The document or the timeline in it cannot be compiled (MIX1xx, MIX2xx, MIX3xx)."""


class IRError(MixdownError):
    """A graph breaks an invariant, or its text does not parse (MIX4xx)."""


class BackendError(MixdownError):
    """A backend is unknown or cannot express the graph (MIX5xx)."""


class RenderError(MixdownError):
    """A plan could not be run to its end (MIX6xx)."""


def errors(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Those that stop the work."""
    return tuple(d for d in diagnostics if d.severity is Severity.ERROR)


def strict(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The same, every warning made an error (`--strict`)."""
    return tuple(evolve(d, severity=Severity.ERROR) for d in diagnostics)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Help for an unknown name: the nearest known one, else all of them, in their given order."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}? known: {', '.join(names)}"
    return f"known: {', '.join(names)}" if names else "none is known here"


def render(diagnostics: Iterable[Diagnostic], documents: Documents | None = None) -> str:
    """All of them as a compiler prints them: code, sentence, the line with a caret, help.

    Each document is located only here. Diagnostics stand in the order in which they were found.
    """
    return "\n\n".join(_render_one(d, documents or {}) for d in diagnostics)


def _render_one(diagnostic: Diagnostic, documents: Documents) -> str:
    lines = [f"{diagnostic.severity.value}[{diagnostic.code.value}]: {diagnostic.message}"]
    if diagnostic.origin is not None:
        lines += _excerpt(diagnostic.origin, documents, "")
    for related in diagnostic.related:
        lines += _excerpt(related.origin, documents, related.label)
    if diagnostic.help:
        lines.append(f"  = help: {diagnostic.help}")
    return "\n".join(lines)


def _excerpt(origin: Origin, documents: Documents, label: str) -> list[str]:
    span = _span(origin, documents)
    if span is None:
        pointer = f" at {origin.pointer}" if origin.pointer else ""
        lines = [f"  --> {origin.document}{pointer}" + (f": {label}" if label else "")]
    else:
        gutter = " " * len(str(span.line))
        before, marked = span.text[: span.column - 1], span.text[span.column - 1 :][: span.width]
        caret = " " * _cells(before) + "^" * max(_cells(marked), 1)
        lines = [
            f"{gutter}--> {origin.document}:{span.line}:{span.column}",
            f"{gutter} |",
            f"{span.line} | {_visible(span.text)}",
            f"{gutter} | {caret}" + (f" {label}" if label else ""),
        ]
    if origin.via is not None:
        lines += _excerpt(origin.via, documents, "made from this")
    return lines


def _visible(text: str) -> str:
    """The text as a terminal may show it: tabs as spaces, other control characters as U+FFFD."""
    spaced = text.replace("\t", " " * TAB)
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in spaced)


def _cells(text: str) -> int:
    """How many terminal columns `_visible(text)` takes: a combining mark none, a wide one two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in _visible(text)
    )


def _span(origin: Origin, documents: Documents) -> Span | None:
    document: Document | None = documents.get(origin.document)
    return None if document is None else document.locate(origin.pointer)


def _place(origin: Origin, documents: Documents) -> dict[str, object]:
    span = _span(origin, documents)
    data: dict[str, object] = {"document": origin.document, "pointer": origin.pointer}
    if span is not None:
        data |= {"line": span.line, "column": span.column}
    if origin.via is not None:
        data["via"] = _place(origin.via, documents)
    return data
