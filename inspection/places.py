"""Places in documents, for people (file:line) and for machines."""

from __future__ import annotations

from ..ir.origin import Documents, Origin, Span


def span(origin: Origin, documents: Documents) -> Span | None:
    """Where an origin is in its text, where that is at hand."""
    document = documents.get(origin.document)
    return document.locate(origin.pointer) if document else None


def shown_place(origin: Origin | None, documents: Documents) -> str:
    """file:line, or the pointer where the text is not at hand; "" for no origin."""
    if origin is None:
        return ""
    found = span(origin, documents)
    if found is not None:
        return f"{origin.document}:{found.line}"
    return f"{origin.document}{' ' if origin.pointer else ''}{origin.pointer}"


def place(origin: Origin | None, documents: Documents) -> dict[str, object] | None:
    """The same as plain data."""
    if origin is None:
        return None
    found = span(origin, documents)
    return {
        "document": origin.document,
        "pointer": origin.pointer,
        "line": found.line if found else None,
        "column": found.column if found else None,
    }
