"""The origin of a value: a document, a JSON Pointer into it, and the origin of that in turn.

Origins are kept in the model and the IR, but are not part of equality or digests. A position (line,
column, source text) is computed only when a diagnostic is shown: a `Document` locates a pointer in
its own text on demand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from attrs import field, frozen


@frozen
class Origin:
    """A place in a document.

    Attributes:
        document: the document's name as the user gave it.
        pointer: a JSON Pointer (RFC 6901); "" is the whole document.
        via: the place from which this place was generated, such as a line of an arrangement.
        cause: why the value is what it is, if mixdown decided that, such as "levelled to -20 LUFS,
            measured -26.8"; else "".
    """

    document: str
    pointer: str = ""
    via: Origin | None = None
    cause: str = ""

    def child(self, *tokens: str | int) -> Origin:
        """The place `tokens` below this one."""
        pointer = self.pointer
        for token in tokens:
            pointer += f"/{token}" if isinstance(token, int) else f"/{escape(token)}"
        return Origin(self.document, pointer, self.via, self.cause)

    def inside(self, rest: str) -> Origin:
        """The place that the rest of a pointer leads to, in every document up to a decision."""
        via = self.via if self.via is None or self.via.cause else self.via.inside(rest)
        return Origin(self.document, self.pointer + rest, via, self.cause)

    def __str__(self) -> str:
        return f"{self.document}#{self.pointer}"


def escape(token: str) -> str:
    """One reference token of a JSON Pointer, escaped as RFC 6901 requires."""
    if "~" in token or "/" in token:
        return token.replace("~", "~0").replace("/", "~1")
    return token


def tokens(pointer: str) -> tuple[str, ...]:
    """The reference tokens of a JSON Pointer, unescaped."""
    if not pointer:
        return ()
    parts = pointer[1:].split("/")
    if "~" in pointer:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in parts]
    return tuple(parts)


def parents(pointer: str) -> Iterator[str]:
    """A JSON Pointer and those of all that it is in."""
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]
    yield pointer


@frozen
class Span:
    """A range of characters on one line.

    Attributes:
        line, column: from 1.
        width: at least 1.
        text: the line.
        document: the name of the included document that it is in; "" for the origin's own.
    """

    line: int
    column: int
    width: int
    text: str
    document: str = ""


@frozen(eq=False)
class Document:
    """A source text that can locate a JSON Pointer.

    Attributes:
        name: as shown in messages.
        text: the whole source.
        locator: (text, pointer) -> Span, or None if the place is unknown; a pointer to a missing
            key is located at its nearest existing parent.
    """

    name: str
    text: str = field(repr=False)
    locator: Callable[[str, str], Span | None] = field(repr=False)

    def locate(self, pointer: str) -> Span | None:
        """The position of `pointer`; parses the text again, so call it only for display."""
        return self.locator(self.text, pointer)

    @cached_property
    def whole(self) -> Span | None:
        """The position of the whole document."""
        return self.locate("")


Documents = Mapping[str, Document]


def locate_columns(text: str, pointer: str) -> Span | None:
    """The locator of a text whose pointers have the form /line/column/width.

    Of a pointer below such a place, it is that place; others have none.
    """
    place = tuple(tokens(pointer))[:3]
    if len(place) < 3 or not all(map(str.isdecimal, place)):
        return None
    line, column, width = map(int, place)
    return Span(line, column, width, text.split("\n")[line - 1].rstrip("\r"))
