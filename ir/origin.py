"""Where a value came from: a document, a JSON Pointer into it, and what that was made from.

Origins travel with the model and the IR; they never take part in equality or digests. A position
(line, column, source text) is worked out only when a diagnostic is shown: a `Document` knows how
to locate a pointer in its own text, and does so on demand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import field, frozen


@frozen
class Origin:
    """A place in a document.

    Attributes:
        document: the document's name as the user gave it.
        pointer: a JSON Pointer (RFC 6901); "" is the whole document.
        via: what this place was itself generated from (an arrangement's line, say).
    """

    document: str
    pointer: str = ""
    via: Origin | None = None

    def child(self, *tokens: str | int) -> Origin:
        """The place `tokens` below this one."""
        tail = "".join("/" + escape(str(token)) for token in tokens)
        return Origin(self.document, self.pointer + tail, self.via)

    def __str__(self) -> str:
        return f"{self.document}#{self.pointer}"


def escape(token: str) -> str:
    """One reference token of a JSON Pointer, escaped as RFC 6901 asks."""
    return token.replace("~", "~0").replace("/", "~1")


def tokens(pointer: str) -> tuple[str, ...]:
    """The reference tokens of a JSON Pointer, unescaped."""
    if not pointer:
        return ()
    return tuple(t.replace("~1", "/").replace("~0", "~") for t in pointer[1:].split("/"))


@frozen
class Span:
    """A run of characters on one line: `line` and `column` count from 1, `width` is at least 1."""

    line: int
    column: int
    width: int
    text: str


@frozen(eq=False)
class Document:
    """A source text that can say where in it a JSON Pointer points.

    Attributes:
        name: as shown in messages.
        text: the whole source.
        locator: (text, pointer) -> Span, or None where the place cannot be told; a pointer to
            something absent is located at its nearest present parent.
    """

    name: str
    text: str = field(repr=False)
    locator: Callable[[str, str], Span | None] = field(repr=False)

    def locate(self, pointer: str) -> Span | None:
        """Where `pointer` stands in the text; parses the text anew, so call it only to show."""
        return self.locator(self.text, pointer)


Documents = Mapping[str, Document]


def locate_columns(text: str, pointer: str) -> Span:
    """The locator of a text whose pointers are places in it: /line/column/width."""
    line, column, width = map(int, tokens(pointer))
    return Span(line, column, width, text.split("\n")[line - 1].rstrip("\r"))
