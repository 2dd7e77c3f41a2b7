"""Diagnostics: what is wrong, where, and what to do instead.

Promises: a diagnostic is data (`to_dict`) before it is text (`render`); errors are collected, never
raised one at a time; positions are resolved only here, when one is shown. `MixdownError` is a
ValueError that carries them all.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from attrs import evolve, frozen

from .codes import Code
from .origin import Document, Documents, Origin, Span

TAB = 4  # columns that a tab takes in an excerpt
CONTEXT = 80  # characters of a long line that an excerpt shows on each side of the caret
NAME_SHOWN = 60  # characters of a name that help shows
NAMES_SHOWN = 40  # names that help lists


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


@contextmanager
def located(documents: Documents) -> Iterator[None]:
    """Errors raised in here are shown with these documents, where they have none of their own."""
    try:
        yield
    except MixdownError as error:
        error.documents = error.documents or documents
        raise


def errors(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Those that stop the work."""
    return tuple(d for d in diagnostics if d.severity is Severity.ERROR)


def strict(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The same, every warning made an error (`--strict`)."""
    return tuple(evolve(d, severity=Severity.ERROR) for d in diagnostics)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Help for an unknown name: the nearest known one, then those there are, in their given order.

    Names come from documents: long ones are cut and long lists too, and comparing is bounded.
    """
    names = [name[:NAME_SHOWN] for name in known]
    if not names:
        return "none is known here"
    near = difflib.get_close_matches(word[:NAME_SHOWN], names[:1000], n=1, cutoff=0.6)
    more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
    listed = ", ".join(visible(name) for name in names[:NAMES_SHOWN])
    meant = f"did you mean {near[0]!r}? " if near else ""
    return f"{meant}known: {listed}{more}"


def counted(count: int, noun: str) -> str:
    """A number and its noun: 1 clip, 1,200 clips."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def render(diagnostics: Iterable[Diagnostic], documents: Documents | None = None) -> str:
    """All of them as a compiler prints them: code, sentence, the line with a caret, help.

    Each document is located only here. Diagnostics are in the order in which they were found. What
    they quote of documents, file names and programs is shown as `visible` has it.
    """
    return "\n\n".join(_render_one(d, documents or {}) for d in diagnostics)


def _render_one(diagnostic: Diagnostic, documents: Documents) -> str:
    lines = [f"{diagnostic.severity.value}[{diagnostic.code.value}]: {diagnostic.message}"]
    if diagnostic.origin is not None:
        lines += excerpt(diagnostic.origin, documents)
    for related in diagnostic.related:
        lines += excerpt(related.origin, documents, related.label)
    if diagnostic.help:
        lines.append(f"  = help: {diagnostic.help}")
    return visible_lines("\n".join(lines))


def excerpt(origin: Origin, documents: Documents, label: str = "") -> list[str]:
    """A place as lines: file, line and column, the text with a caret, what it was made from."""
    span = _span(origin, documents)
    if span is None:
        pointer = f" at {origin.pointer}" if origin.pointer else ""
        lines = [f"  --> {origin.document}{pointer}" + (f": {label}" if label else "")]
    else:
        gutter = " " * len(str(span.line))
        before, marked, after = _window(span)
        text = before + marked + after
        caret = " " * _cells(before) + "^" * max(_cells(marked), 1)
        lines = [
            f"{gutter}--> {origin.document}:{span.line}:{span.column}",
            f"{gutter} |",
            f"{span.line} | {visible(text)}",
            f"{gutter} | {caret}" + (f" {label}" if label else ""),
        ]
    if origin.via is not None:
        lines += excerpt(origin.via, documents, "made from this")
    return lines


def _window(span: Span) -> tuple[str, str, str]:
    """The line before, in and after the span; of a very long line only what is near."""
    start = span.column - 1
    before, rest = span.text[:start], span.text[start:]
    marked, after = rest[: min(span.width, CONTEXT)], rest[min(span.width, CONTEXT) :]
    if len(before) > 2 * CONTEXT:
        before = "…" + before[-CONTEXT:]
    if len(after) > 2 * CONTEXT:
        after = after[:CONTEXT] + "…"
    return before, marked, after


def visible(text: str) -> str:
    """The text as a terminal may show it: tabs as spaces, U+FFFD for `hidden` characters."""
    spaced = text.replace("\t", " " * TAB)
    if spaced.isascii() and spaced.isprintable():
        return spaced
    return "".join("\ufffd" if hidden(c) else c for c in spaced)


def visible_lines(text: str) -> str:
    """The same for text of several lines."""
    return "\n".join(map(visible, text.split("\n")))


def hidden(character: str) -> bool:
    """Whether a character may move or hide other text, or cannot be written at all.

    Those are control characters, line separators, halves of surrogate pairs, and invisible marks
    such as those that turn the direction of writing.
    """
    category = unicodedata.category(character)
    joiner = character in "\u200c\u200d"
    return category in ("Cc", "Cs", "Zl", "Zp") or (category == "Cf" and not joiner)


def _cells(text: str) -> int:
    """How many terminal columns `visible(text)` takes: a combining mark none, a wide one two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in visible(text)
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
