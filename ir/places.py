"""Places in documents, for people (file:line) and for machines."""

from __future__ import annotations

from .origin import Documents, Origin, Span


def span(origin: Origin, documents: Documents) -> Span | None:
    """Where an origin is in its text; None where that is not at hand, or says nothing of it.

    What a document leaves out is found at the nearest thing around it; that is no place where it
    is the whole document: a bus of a preset, say.
    """
    document = documents.get(origin.document)
    if document is None:
        return None
    found = document.locate(origin.pointer)
    return None if found == document.locate("") else found


def source_of(origin: Origin) -> Origin:
    """Where people wrote it: of a generated timeline, the place that it was made from."""
    while origin.via is not None:
        origin = origin.via
    return origin


def shown_place(origin: Origin | None, documents: Documents) -> str:
    """file:line; the file, with the pointer where its text is not at hand; "" for no origin."""
    if origin is None:
        return ""
    origin = source_of(origin)
    found = span(origin, documents)
    if found is not None:
        return f"{origin.document}:{found.line}"
    if origin.document in documents or not origin.pointer:
        return origin.document
    return f"{origin.document} {origin.pointer}"


def place(origin: Origin | None, documents: Documents) -> dict[str, object] | None:
    """The same as plain data."""
    if origin is None:
        return None
    origin = source_of(origin)
    found = span(origin, documents)
    return {
        "document": origin.document,
        "pointer": origin.pointer,
        "line": found.line if found else None,
        "column": found.column if found else None,
    }
