"""Parses one line of text into a statement by the grammar, without semantic checks.

A line is a header, a source, a node or a note, made of tokens with their columns; otherwise it
raises `LineError` with the columns of the error and what was expected there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import lark
from attrs import evolve
from lark import Token

from ..node import Signal
from ..origin import Origin
from .codec import Columns, Group, Syntax, unquote


class AttributeSyntax(NamedTuple):
    """name = value; `key` is the token of the name, including "="."""

    key: Token
    value: Syntax


class SourceLine(NamedTuple):
    """source @name = "path" {attributes}."""

    name: Token
    path: Token
    attributes: Sequence[AttributeSyntax]


class NodeLine(NamedTuple):
    """%name = kind %operand, ... {attributes} : type loc(origin); the last three are optional."""

    name: Token
    kind: Token
    operands: Sequence[Token]
    attributes: Sequence[AttributeSyntax]
    type: Token | None
    origin: Origin | None


class NoteLine(NamedTuple):
    """kind "name" {attributes}; the attributes are optional."""

    kind: Token
    name: Token
    attributes: Sequence[AttributeSyntax]


class LineError(Exception):
    """A line does not follow the grammar."""

    def __init__(self, message: str, at: Columns) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


def parse_header(line: str) -> int:
    """The version in a header line.

    Raises:
        LineError: it is not a header.
    """
    version: int = _parse(line, "header")
    return version


def parse_statement(line: str) -> SourceLine | NodeLine | NoteLine:
    """The statement on a line.

    Raises:
        LineError: it is not a statement.
    """
    statement: SourceLine | NodeLine | NoteLine = _parse(line, "statement")
    return statement


def parse_signal(token: Token) -> Signal:
    """The type of a TYPE token."""
    rate, channels, length = token[token.index("<") + 1 : -1].split(",")
    return Signal(int(rate), int(channels), None if length.strip() == "?" else int(length))


def _parse(line: str, start: str) -> Any:  # noqa: ANN401 (what `start` makes: see the callers)
    try:
        return _grammar().parse(line, start=start)
    except lark.UnexpectedToken as wrong:
        column, end, seen = wrong.column, wrong.column + len(wrong.token), f", not {wrong.token!s}"
        if wrong.token.type == "$END":
            column, seen = len(line.rstrip()) + 1, ""
            end = column + 1
        raise LineError(f"expected {_listed(wrong.accepts)}{seen}", Columns(column, end)) from None
    except lark.UnexpectedCharacters as wrong:
        column, seen = wrong.column, line[wrong.column - 1]
        message = f"expected {_listed(wrong.allowed)}, not {seen}"
        if '"' in line[column - 1 : column + 1]:  # also after a sigil
            message = "an unterminated string, an escape that is not valid in JSON, or a surrogate"
        raise LineError(message, Columns(column, column + 1)) from None


# Descriptions of the terminals without a fixed text, for error messages.
_TERMS: Mapping[str, str] = {
    "VALUE": "a value such as %name",
    "SYMBOL": "a source such as @name",
    "NOTE": 'a note such as tag "title"',
    "KEY": "an attribute such as gain_db =",
    "TYPE": "a type such as : signal<48000, 2, 96000>",
    "STRING": "a quoted string",
    "INT": "an integer",
    "FLOAT": "a number",
    "WORD": "a word",
    "POINTER": "a pointer such as /tracks/0",
    "$END": "the end of the line",
}


def _listed(terminals: set[str]) -> str:
    fixed = [
        repr(terminal.pattern.value)
        for terminal in _grammar().terminals
        if terminal.name in terminals - {*_TERMS, *_grammar().ignore_tokens}
    ]
    return " or ".join([words for name, words in _TERMS.items() if name in terminals] + fixed)


@lark.v_args(inline=True)
class _Build(lark.Transformer[Token, Any]):
    """Builds the parts of a line while it is parsed, without a parse tree."""

    def header(self, version: Token) -> int:
        return int(version)

    def source(self, name: Token, path: Token, attributes: Sequence[AttributeSyntax]) -> SourceLine:
        return SourceLine(name, path, attributes)

    def node(
        self,
        name: Token,
        kind: Token,
        operands: Sequence[Token],
        attributes: Sequence[AttributeSyntax] | None,
        type_: Token | None,
        origin: Origin | None,
    ) -> NodeLine:
        return NodeLine(name, kind, operands, attributes or (), type_, origin)

    def note(
        self, kind: Token, name: Token, attributes: Sequence[AttributeSyntax] | None
    ) -> NoteLine:
        return NoteLine(kind, name, attributes or ())

    def operands(self, *values: Token) -> Sequence[Token]:
        return values

    def attributes(self, *attributes: AttributeSyntax) -> Sequence[AttributeSyntax]:
        return attributes

    def attribute(self, key: Token, value: Syntax) -> AttributeSyntax:
        return AttributeSyntax(key, value)

    def group(self, opening: Token, *rest: Any) -> Group:  # noqa: ANN401
        *items, closing = rest
        columns = Columns(opening.column or 1, closing.end_column)
        return Group(str(opening), tuple(items), columns)

    def loc(self, *places: Origin) -> Origin | None:
        origin: Origin | None = None
        for place in reversed(places):
            origin = evolve(place, via=origin)
        return origin

    def place(self, document: str, pointer: str | None, cause: str | None) -> Origin:
        below = pointer or ""
        return Origin(
            unquote(document),
            unquote(below) if below.startswith('"') else str(below),
            cause="" if cause is None else unquote(cause),
        )


@cache
def _grammar() -> lark.Lark:
    text = resources.files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return lark.Lark(
        text,
        parser="lalr",
        lexer="contextual",
        start=["header", "statement"],
        transformer=_Build(),
    )
