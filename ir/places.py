"""Places in documents, as text (file:line) and as plain data."""

from __future__ import annotations

from .origin import Documents, Origin, Span


def span(origin: Origin, documents: Documents) -> Span | None:
    """The position of an origin; None if its text is not available or does not contain it.

    A missing key is located at its nearest existing parent. If that is the whole document, as for a
    bus of a preset, the origin has no position.
    """
    document = documents.get(origin.document)
    if document is None:
        return None
    found = document.locate(origin.pointer)
    return None if found == document.whole else found


def source_of(origin: Origin) -> Origin:
    """The place that the user wrote: for a generated timeline, the place it was generated from."""
    while origin.via is not None:
        origin = origin.via
    return origin


def cause_of(origin: Origin | None) -> str:
    """Why a value is what it is, if mixdown decided that; else ""."""
    while origin is not None and not origin.cause:
        origin = origin.via
    return origin.cause if origin is not None else ""


def shown_place(origin: Origin | None, documents: Documents) -> str:
    """file:line; the file with the pointer if its text is not available; "" without an origin."""
    if origin is None:
        return ""
    origin = source_of(origin)
    found = span(origin, documents)
    if found is not None:
        return f"{found.document or origin.document}:{found.line}"
    if origin.document in documents or not origin.pointer:
        return origin.document
    return f"{origin.document} {origin.pointer}"


def place(origin: Origin | None, documents: Documents) -> dict[str, object] | None:
    """The place of an origin as plain data."""
    if origin is None:
        return None
    origin = source_of(origin)
    found = span(origin, documents)
    return {
        "document": (found and found.document) or origin.document,
        "pointer": origin.pointer,
        "line": found.line if found else None,
        "column": found.column if found else None,
    }
