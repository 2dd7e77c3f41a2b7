"""Diagnostics: errors and warnings with a code, a place and a suggestion.

A diagnostic is data (`to_dict`) that can be shown as text (`render`). Errors are collected rather
than raised one at a time; `MixdownError` is a ValueError with all of them. Positions in documents
are computed only when a diagnostic is shown.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Self

from attrs import evolve, frozen

from .codes import Code
from .origin import Document, Documents, Origin, Span

TAB = 4  # columns of a tab in an excerpt
CONTEXT = 80  # characters of a long line shown on each side of the caret
NAME_SHOWN = 60  # characters of a name shown in help
NAMES_SHOWN = 40  # names listed in help
MOST_ALIKE = 3  # diagnostics with the same cause that are shown in full
OTHERS_SHOWN = 5  # of the others, those that are listed

# What other programs call a key, a role, a preset or a format: the first of these that is known.
_SYNONYMS = {
    "volume": "gain_db",
    "file": "source path",
    "path": "source",
    "src": "source",
    "audio": "source",
    "at": "at_ms start_ms",
    "position": "start_ms at_ms",
    "time": "at_ms start_ms",
    "trim": "offset_ms",
    "length": "duration_ms length_ms",
    "length_ms": "duration_ms",
    "duration_ms": "length_ms",
    "end": "duration_ms length_ms",
    "end_ms": "duration_ms length_ms",
    "title": "label",
    "speech": "dialogue",
    "voice": "dialogue",
    "narration": "voiceover",
    "narrator": "voiceover",
    "vocals": "vox",
    "song": "music",
    "background": "music",
    "effects": "fx",
    "sfx": "fx",
    "sound": "fx",
    "room": "ambience",
    "atmosphere": "ambience",
    "streaming": "music",
    "spotify": "music",
    "acx": "audiobook",
    "aac": "m4a",
    "aiff": "wav",
}

_VARYING = re.compile(r"""'[^']*'|"[^"]*"|%\S+|[0-9][0-9,.]*""")


class Severity(StrEnum):
    """An error stops the work; a warning is reported with the result, and so is a note.

    A note states a choice that the document leaves open; it never becomes an error.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@frozen
class Related:
    """Another place of a diagnostic, with a label that explains it."""

    origin: Origin
    label: str


@frozen
class Diagnostic:
    """One error, warning or note.

    Attributes:
        code: stable; see docs/errors.md.
        message: one short sentence without a full stop.
        origin: the place in a document, if known.
        help: what to do.
        related: further places, such as the first of two equal ids.
        severity: error, warning or note.
    """

    code: Code
    message: str
    origin: Origin | None = None
    help: str | None = None
    related: tuple[Related, ...] = ()
    severity: Severity = Severity.ERROR

    def to_dict(self, documents: Documents | None = None) -> dict[str, object]:
        """The diagnostic as plain data, with line and column if the document is available."""
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
    """An error for the user: one or more diagnostics, rendered by `str()`."""

    def __init__(
        self, diagnostics: Iterable[Diagnostic] | Diagnostic, documents: Documents | None = None
    ) -> None:
        found = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        self.diagnostics: tuple[Diagnostic, ...] = found
        self.documents: Documents = documents or {}
        super().__init__(found)

    @classmethod
    def of(
        cls,
        code: Code,
        message: str,
        origin: Origin | None = None,
        help: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> Self:
        """The error with one diagnostic."""
        return cls(Diagnostic(code, message, origin, help, related))

    def __str__(self) -> str:
        return render(self.diagnostics, self.documents)


class TimelineError(MixdownError):
    """The document or the timeline in it cannot be compiled (MIX1xx, MIX2xx, MIX3xx)."""


class IRError(MixdownError):
    """A graph breaks an invariant, or its text cannot be parsed (MIX4xx)."""


class BackendError(MixdownError):
    """A backend is unknown or cannot express the graph (MIX5xx)."""


class RenderError(MixdownError):
    """A plan could not be completed (MIX6xx)."""


@contextmanager
def located(documents: Documents) -> Iterator[None]:
    """Show errors raised in this context with these documents, unless they have their own."""
    try:
        yield
    except MixdownError as error:
        error.documents = error.documents or documents
        raise


def errors(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics that are errors."""
    return tuple(d for d in diagnostics if d.severity is Severity.ERROR)


def warnings(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics that are warnings."""
    return tuple(d for d in diagnostics if d.severity is Severity.WARNING)


def strict(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The warnings among the diagnostics as errors (`--strict`)."""
    return tuple(evolve(d, severity=Severity.ERROR) for d in warnings(diagnostics))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Help for an unknown name: the known one that is probably meant, then all in the given order.

    That is the known synonym, or else the most similar name.

    Names come from documents, so long names and lists are truncated, and comparison is bounded.
    """
    names = [name[:NAME_SHOWN] for name in known]
    if not names:
        return "there are none"
    synonyms = _SYNONYMS.get(word.lower(), "").split()
    near = [name for name in synonyms if name in names] or difflib.get_close_matches(
        word[:NAME_SHOWN], names[:1000], n=1, cutoff=0.6
    )
    more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
    listed = ", ".join(visible(name) for name in names[:NAMES_SHOWN])
    meant = f"did you mean {near[0]!r}? " if near else ""
    return f"{meant}known: {listed}{more}"


def counted(count: int, noun: str) -> str:
    """A number and its noun: 1 clip, 1,200 clips."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def render(diagnostics: Iterable[Diagnostic], documents: Documents | None = None) -> str:
    """Diagnostics as a compiler prints them: code, message, the line with a caret, help.

    They are in the order in which they were found; more than `MOST_ALIKE` with the same cause are
    shown as one. Text from documents, file names and programs is shown with `visible`.
    """
    return "\n\n".join(text for _, text in rendered(diagnostics, documents or {}))


def rendered(
    diagnostics: Iterable[Diagnostic], documents: Documents
) -> Iterator[tuple[Severity, str]]:
    """The severity and the text of each diagnostic that `render` shows."""
    found = tuple(diagnostics)
    alike: dict[object, list[Diagnostic]] = {}
    for diagnostic in found:
        alike.setdefault(_cause(diagnostic), []).append(diagnostic)
    for diagnostic in found:
        first, *others = alike[_cause(diagnostic)]
        if len(others) < MOST_ALIKE:
            yield diagnostic.severity, _render_one(diagnostic, documents)
        elif diagnostic is first:
            text = _render_one(first, documents)
            yield first.severity, f"{text}\n{visible_lines(_others(others, documents))}"


def _cause(diagnostic: Diagnostic) -> object:
    """Equal for diagnostics that differ in names and numbers only."""
    message = _VARYING.sub("", diagnostic.message)
    return diagnostic.severity, diagnostic.code, message, diagnostic.help


def _others(others: Sequence[Diagnostic], documents: Documents) -> str:
    """How many more diagnostics have the same cause, and the first of them, a line each."""
    lines = [f"  = {len(others):,} more with the same cause:"]
    for other in others[:OTHERS_SHOWN]:
        place = "" if other.origin is None else f"{_position(other.origin, documents)}: "
        lines.append(f"      {place}{other.message}")
    if len(others) > OTHERS_SHOWN:
        lines.append("      ...")
    return "\n".join(lines)


def _position(origin: Origin, documents: Documents) -> str:
    span = _span(origin, documents)
    if span is not None:
        return f"{span.document or origin.document}:{span.line}:{span.column}"
    return f"{origin.document} at {origin.pointer}" if origin.pointer else origin.document


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
    """A place as lines: file, line and column, the text with a caret, and its own origin."""
    span = _span(origin, documents)
    if span is None:
        lines = [f"  --> {_position(origin, documents)}" + (f": {label}" if label else "")]
    else:
        gutter = " " * len(str(span.line))
        before, marked, after = _window(span)
        text = before + marked + after
        caret = " " * _cells(before) + "^" * max(_cells(marked), 1)
        lines = [
            f"{gutter}--> {_position(origin, documents)}",
            f"{gutter} |",
            f"{span.line} | {visible(text)}",
            f"{gutter} | {caret}" + (f" {label}" if label else ""),
        ]
    if origin.via is not None:
        lines += excerpt(origin.via, documents, origin.via.cause or "generated from this")
    return lines


def _window(span: Span) -> tuple[str, str, str]:
    """The text of the line before, in and after the span, truncated if the line is long."""
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
    """`visible` for text of several lines."""
    return "\n".join(map(visible, text.split("\n")))


def hidden(character: str) -> bool:
    """Whether a character may move or hide other text, or cannot be written at all.

    Those are control characters, line separators, lone surrogates, and invisible marks such as
    those that change the direction of writing.
    """
    category = unicodedata.category(character)
    joiner = character in "\u200c\u200d"
    return category in ("Cc", "Cs", "Zl", "Zp") or (category == "Cf" and not joiner)


def _cells(text: str) -> int:
    """The width of `visible(text)` in terminal columns: combining marks 0, wide characters 2."""
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
        data["document"] = span.document or origin.document
    if origin.cause:
        data["cause"] = origin.cause
    if origin.via is not None:
        data["via"] = _place(origin.via, documents)
    return data
