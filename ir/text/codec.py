"""Codecs of attribute values, derived from the declared types of the node classes.

Printer and parser share one codec per type, so a printed value reads back as the same value. A new
node kind or attribute needs no change here unless it has a new type. Attributes must be annotated
as int, float, bool, str, a StrEnum, Aim, Point, a tuple of those, or one of those or None.
"""

from __future__ import annotations

import json
import re
import types
import typing
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import attrs
from attrs import AttrsInstance, frozen

from ..diagnostics import did_you_mean
from ..node import visible
from ..nodes import KINDS, Aim, Point, Source
from ..notes import NOTES

if TYPE_CHECKING:
    from lark import Token

_BARE = r"[A-Za-z0-9_.+#~-]+"
# A name, or a pointer, that needs no quotes; it never contains "//", which starts a comment.
_is_bare_name = re.compile(rf"{_BARE}(?:/{_BARE})*").fullmatch
_is_bare_pointer = re.compile(rf"(?:/{_BARE})+").fullmatch
# Characters that JSON does not escape but that break a line, or hide or reorder text.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


class Columns(NamedTuple):
    """A range of columns in a line: from `column`, counted from 1, to before `end`."""

    column: int
    end: int


class Group(NamedTuple):
    """Several values in brackets."""

    opening: str
    items: tuple[Syntax, ...]
    columns: Columns


# A parsed value: the token of a scalar, or several in brackets.
Syntax: TypeAlias = "Token | Group"


class UnreadableError(Exception):
    """A value does not have its attribute's type."""

    def __init__(self, syntax: Syntax, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.at = (
            syntax.columns
            if isinstance(syntax, Group)
            else Columns(syntax.column or 1, syntax.end_column or 2)
        )


@frozen
class Codec:
    """Writes and reads the values of a type.

    Attributes:
        expected: a description of the type for error messages.
        show: value -> text.
        read: syntax -> value; raises UnreadableError.
    """

    expected: str
    show: Callable[[Any], str]
    read: Callable[[Syntax], Any]


class Attribute(NamedTuple):
    """An attribute of a node kind or of a source."""

    name: str
    codec: Codec
    required: bool


def value_name(name: str) -> str:
    """A value's name in the text: %name, quoted if it has special characters."""
    return "%" + (name if _is_bare_name(name) else quote(name))


def symbol_name(name: str) -> str:
    """A source's name in the text: @name, quoted if it has special characters."""
    return "@" + (name if _is_bare_name(name) else quote(name))


def pointer(text: str) -> str:
    """A JSON Pointer in the text."""
    return text if _is_bare_pointer(text) else quote(text)


def quote(text: str) -> str:
    """A JSON string, with characters escaped that would break or disguise the line."""
    shown = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda m: f"\\u{ord(m[0]):04x}", shown)


def unquote(quoted: str) -> str:
    """The inverse of `quote`."""
    return str(json.loads(quoted, strict=False)) if "\\" in quoted else str(quoted[1:-1])


def unsigiled(name: str) -> str:
    """The name after % or @."""
    return unquote(name[1:]) if name[1] == '"' else name[1:]


def codec(annotation: object) -> Codec:
    """The codec of a declared type.

    Raises:
        TypeError: the text form does not support the type.
    """
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is tuple and arguments[1:] == (...,):
        return _list(codec(arguments[0]))
    if origin is types.UnionType and arguments[1:] == (type(None),):
        return _optional(codec(arguments[0]))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return _enum(annotation)
    if annotation in (Aim, Point):
        return _record(annotation)
    raise TypeError(f"the text form does not support {annotation}")


def _scalar(
    expected: str, terminals: str, show: Callable[[Any], str], read: Callable[[str], object]
) -> Codec:
    accepted = frozenset(terminals.split())

    def read_token(syntax: Syntax) -> object:
        if isinstance(syntax, Group) or syntax.type not in accepted:
            raise UnreadableError(syntax, f"expected {expected}")
        return read(syntax)

    return Codec(expected, show, read_token)


def _enum(cls: type[StrEnum]) -> Codec:
    members = {member.value: member for member in cls}
    expected = "one of " + ", ".join(members)

    def read(syntax: Syntax) -> StrEnum:
        if isinstance(syntax, Group) or syntax.type != "WORD":
            raise UnreadableError(syntax, f"expected {expected}")
        if syntax not in members:
            help = did_you_mean(syntax, members)
            raise UnreadableError(syntax, f"expected {expected}, not {syntax}", help)
        return members[syntax]

    return Codec(expected, lambda value: str(value.value), read)


def _optional(inner: Codec) -> Codec:
    expected = f"{inner.expected} or ?"

    def read(syntax: Syntax) -> object:
        if not isinstance(syntax, Group) and syntax.type == "UNKNOWN":
            return None
        try:
            return inner.read(syntax)
        except UnreadableError:
            raise UnreadableError(syntax, f"expected {expected}") from None

    return Codec(expected, lambda value: "?" if value is None else inner.show(value), read)


def _list(inner: Codec) -> Codec:
    expected = f"a list [...], each {inner.expected}"

    def read(syntax: Syntax) -> tuple[Any, ...]:
        if not isinstance(syntax, Group) or syntax.opening != "[":
            raise UnreadableError(syntax, f"expected {expected}")
        return tuple(map(inner.read, syntax.items))

    return Codec(expected, lambda values: f"[{', '.join(map(inner.show, values))}]", read)


def _record(cls: type[Aim] | type[Point]) -> Codec:
    hints = typing.get_type_hints(cls)
    fields = [(f.name, codec(hints[f.name])) for f in attrs.fields(cls)]
    least = sum(not f.metadata.get("omitted") for f in attrs.fields(cls))
    optional = "".join(f"[, {name}]" for name, _ in fields[least:])
    expected = f"({', '.join(name for name, _ in fields[:least])}{optional})"

    def show(value: Aim | Point) -> str:
        shown = [c.show(getattr(value, name)) for name, c in fields if visible(value, name)]
        return f"({', '.join(shown)})"

    def read(syntax: Syntax) -> Aim | Point:
        if not isinstance(syntax, Group) or syntax.opening != "(":
            raise UnreadableError(syntax, f"expected {expected}")
        if not least <= len(syntax.items) <= len(fields):
            raise UnreadableError(syntax, f"expected {expected}, not {len(syntax.items)} values")
        return cls(*(c.read(item) for (_, c), item in zip(fields, syntax.items, strict=False)))

    return Codec(expected, show, read)


def _attributes(cls: type[AttrsInstance]) -> tuple[Attribute, ...]:
    hints = typing.get_type_hints(cls)
    outside = ("name", "operands", "origin", "path")
    return tuple(
        Attribute(
            f.name,
            SYMBOL if f.metadata.get("symbol") else codec(hints[f.name]),
            f.default is attrs.NOTHING,
        )
        for f in attrs.fields(cls)
        if f.name not in outside
    )


def _read_truth(syntax: Syntax) -> bool:
    if isinstance(syntax, Group) or syntax not in _TRUTHS:
        raise UnreadableError(syntax, "expected true or false")
    return _TRUTHS[syntax]


_TRUTHS = {"true": True, "false": False}
SYMBOL = _scalar("a source such as @name", "SYMBOL", symbol_name, unsigiled)
_SCALARS: Mapping[object, Codec] = {
    int: _scalar("an integer", "INT", str, int),
    float: _scalar("a number", "INT FLOAT", repr, float),
    str: _scalar("a quoted string", "STRING", quote, unquote),
    bool: Codec("true or false", lambda value: "true" if value else "false", _read_truth),
}

# The attributes in the braces of each kind, of a source and of notes, as they are declared.
ATTRIBUTES: Mapping[type, tuple[Attribute, ...]] = {
    cls: _attributes(cls) for cls in (*KINDS.values(), Source, *NOTES.values())
}
