"""Reads plain values into models, and collects all their problems.

Promises: one walk reads a document of any kind and collects every unknown and missing key, wrong
type and unusable number or text with its place. For valid values it costs little more than making
the models: each class and type has one reader, made once; a place is a linked pair, which becomes a
JSON Pointer only if there is a problem. The same readers read the arguments of constructors, and
then accept more: models, floats, any iterable or a single text for a list, a tuple for a mapping.
"""

# ruff: noqa: ANN401 (types are handled as values here, and values of any type)

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import time
from decimal import Decimal
from enum import StrEnum
from functools import cache, reduce
from numbers import Integral, Real
from operator import or_
from pathlib import PurePath
from typing import Any, get_args, get_origin

import attrs

from ..ir.codes import Code
from ..ir.curves import Shape
from ..ir.diagnostics import Diagnostic, did_you_mean
from ..ir.origin import Origin
from ..ir.units import clock_milliseconds
from .fields import Declaration, Key, declaration, is_model, options
from .values import MOST, Milliseconds, Problem, number_problem, shown, text_problem

Place = tuple[Any, str | int] | None
"""The place around it, and its key or index; None is the whole."""

Reader = Callable[[Any, Place, "Findings"], Any]
"""(value, place, findings) -> the value in the model, or `_BAD` after adding a finding."""

_BAD: Any = object()


class Findings:
    """The problems found so far.

    Attributes:
        document: the name of the whole in messages.
        in_python: whether the values come from Python rather than from a document.
        diagnostics: the problems, at most `MOST`.
        count: how many problems there were, including those over `MOST`.
        unknown: the pointers of unknown keys.
        bad: pointers whose values in the model are placeholders.
    """

    __slots__ = ("bad", "count", "diagnostics", "document", "in_python", "unknown")

    def __init__(self, document: str, *, in_python: bool = False) -> None:
        self.document = document
        self.in_python = in_python
        self.diagnostics: list[Diagnostic] = []
        self.count = 0
        self.unknown: set[str] = set()
        self.bad: set[str] = set()

    @property
    def full(self) -> bool:
        """Whether no more diagnostics are kept."""
        return len(self.diagnostics) >= MOST

    def add(
        self, code: Code, message: str, at: Place, help: str | None = None, bad: Place = None
    ) -> Any:
        """Add a problem at a place, unless there are enough.

        Args:
            code: its code.
            message: its description.
            at: where to show it.
            help: what to do instead.
            bad: the place whose value is a placeholder, if it is not `at`.

        Returns:
            `_BAD`.
        """
        self.count += 1
        if not self.full:
            origin = self.place(at)
            self.diagnostics.append(Diagnostic(code, message, origin, help))
            self.bad.add((origin if bad is None else self.place(bad)).pointer)
        return _BAD

    def place(self, at: Place) -> Origin:
        """The origin of a place."""
        tokens: list[str | int] = []
        while at is not None:
            at, token = at
            tokens.append(token)
        return Origin(self.document).child(*reversed(tokens))


def structure(data: object, kind: Any, document: str) -> tuple[Any, Findings]:
    """A model of the valid values, and the problems of the others.

    A placeholder replaces a required value that is missing or unusable, so that the indices of
    other values stay the same; further checks ignore the places in `Findings.bad`.

    Args:
        data: plain values.
        kind: the type of the whole.
        document: its name.

    Returns:
        The model, or None if the whole has a wrong type; and the problems.
    """
    findings = Findings(document)
    made = reader(kind, "the document")(data, None, findings)
    return (None if made is _BAD else made), findings


def build(cls: Any, values: Mapping[str, Any]) -> Any:
    """A model of values that were read."""
    made = cls.__new__(cls)
    made.__attrs_init__(**values)
    return made


@cache
def reader(kind: Any, name: str) -> Reader:
    """The reader of a type; messages call a value `name`, or by its key if that is empty."""
    if type(None) in options(kind):
        rest = (option for option in options(kind) if option is not type(None))
        return _optional(reader(reduce(or_, rest), name))
    if len(options(kind)) > 1:
        return _one_of(kind, name)
    if is_model(kind):
        return _mapping_of_keys(kind, name)
    if get_origin(kind) is not None:
        element, *named = get_args(kind)
        is_list = get_origin(kind) is tuple
        return _list(element, name) if is_list else _mapping_of_names(named[0], name)
    other = _scalar if kind in _CLASSES else _instance
    make = _word if issubclass(kind, StrEnum) else _SCALARS.get(kind, other)
    return make(kind, name)


def _optional(read: Reader) -> Reader:
    return lambda value, at, found: None if value is None else read(value, at, found)


def _one_of(kind: Any, name: str) -> Reader:
    """The reader of a scalar of one of several types, or of a list if one of them is a list."""
    lists = [option for option in options(kind) if get_origin(option) is tuple]
    scalars = [option for option in options(kind) if option not in lists]
    read_scalar = _scalar(reduce(or_, scalars), name, " or a list" if lists else "")
    if not lists:
        return read_scalar
    read_list = reader(lists[0], name)
    classes = {cls for scalar in scalars for cls in _CLASSES[scalar]}

    def read(value: Any, at: Place, found: Findings) -> Any:
        is_list = value.__class__ not in classes and isinstance(value, Iterable)
        return (read_list if is_list else read_scalar)(value, at, found)

    return read


# Mappings and lists.


def _mapping_of_keys(cls: type, name: str) -> Reader:
    fields = field_reader(cls)
    declared = declaration(cls)
    wanted = "a mapping" if declared.short is None else "text or a mapping"

    def read(value: Any, at: Place, found: Findings) -> Any:
        if value.__class__ is not dict:
            value = _as_mapping(value, declared, cls, found)
            if isinstance(value, cls):
                return value
            if value.__class__ is not dict:
                return _wrong(wanted, value, at, name, found)
        return build(cls, fields(value, at, found))

    return read


def _as_mapping(value: Any, declared: Declaration, cls: type, found: Findings) -> Any:
    """A value as a mapping of fields if it is a short form of one, else the value itself."""
    if declared.short is not None and isinstance(value, str | PurePath):
        return {declared.short: value}
    if not found.in_python or isinstance(value, cls):
        return value
    if isinstance(value, Mapping):
        return dict(value)
    names = declared.by_position
    if isinstance(value, tuple | list) and len(value) <= len(names):
        return dict(zip(names, value, strict=False))
    return value


@cache
def field_reader(cls: Any) -> Callable[[dict[Any, Any], Place, Findings], dict[str, Any]]:
    """The reader of a mapping, which returns the values of a model's fields."""
    declared = declaration(cls)
    keys, asides = declared.keys, declared.asides
    required = frozenset(n for n, key in keys.items() if key.default is attrs.NOTHING)
    readers = {n: _key_reader(n, key) for n, key in keys.items()}

    def read(data: dict[Any, Any], at: Place, found: Findings) -> dict[str, Any]:
        values = {}
        if not data.keys() >= required:
            for name in (n for n in keys if n in required and n not in data):
                message, help = f"{declared.noun} needs the key {name!r}", keys[name].help
                found.add(Code.MISSING_KEY, message, at, f"{name}: {help}", (at, name))
                values[name] = _placeholder(keys[name].kind)
        for name, value in data.items():
            read = readers.get(name)
            if read is not None:
                made = read(value, (at, name), found)
                if made is not _BAD:
                    values[name] = made
                elif name in required:
                    values[name] = _placeholder(keys[name].kind)
            elif found.in_python and name in asides:
                values[name] = value
            else:
                _unknown(name, declared, at, found)
        return values

    return read


def _key_reader(name: str, key: Key) -> Reader:
    read, convert = reader(key.kind, repr(name)), key.convert
    if convert is None:
        return read
    return lambda value, at, found: read(convert(value), at, found)


def _unknown(name: str, declared: Declaration, at: Place, found: Findings) -> None:
    help = None
    if not found.full:
        found.unknown.add(found.place((at, name)).pointer)
        help = did_you_mean(name, declared.keys)
    found.add(Code.UNKNOWN_KEY, f"{declared.noun} has no key {shown(name)}", (at, name), help)


def _list(element: Any, name: str) -> Reader:
    noun = declaration(element).noun if is_model(element) else f"an item of {name}"
    read_item = reader(element, noun)

    def read(value: Any, at: Place, found: Findings) -> Any:
        if value.__class__ is not list:
            if element is str and isinstance(value, str | PurePath):
                value = (value,)
            is_iterable = isinstance(value, Iterable) and not isinstance(value, str | Mapping)
            if not (found.in_python and is_iterable):
                return _wrong("a list", value, at, name, found)
            value = list(value)
        before = found.count
        made = [read_item(item, (at, index), found) for index, item in enumerate(value)]
        if found.count != before:
            made = [_placeholder(element) if item is _BAD else item for item in made]
        return tuple(made)

    return read


def _mapping_of_names(kind: Any, name: str) -> Reader:
    read_item = reader(kind, "")
    values = "text"
    if is_model(kind):
        values = f"{declaration(kind).noun.partition(' ')[2]}s".replace("ys", "ies")

    def read(value: Any, at: Place, found: Findings) -> Any:
        if not isinstance(value, Mapping if found.in_python else dict):
            return _wrong(f"a mapping of names to {values}", value, at, name, found)
        made = {}
        for key, item in value.items():
            problem = text_problem(key) if isinstance(key, str) else _NO_TEXT
            if problem is not None:
                found.add(problem.code, f"a key of {name} {problem.message}", (at, key))
            else:
                made[key] = read_item(item, (at, key), found)
        return {key: _placeholder(kind) if item is _BAD else item for key, item in made.items()}

    return read


_NO_TEXT = Problem(Code.WRONG_TYPE, "is not text")


# Scalars.


def _text(kind: Any, name: str) -> Reader:
    slow = _scalar(str, name)

    def read(value: Any, at: Place, found: Findings) -> Any:
        if value.__class__ is str and value.isascii() and "\0" not in value:
            return value
        return slow(value, at, found)

    return read


def _number(kind: Any, name: str) -> Reader:
    slow = _scalar(kind, name)

    def read(value: Any, at: Place, found: Findings) -> Any:
        cls = value.__class__
        if (cls is int or cls is Decimal) and number_problem(value) is None:
            return Decimal(value)
        return slow(value, at, found)

    return read


def _milliseconds(kind: Any, name: str) -> Reader:
    read_number = _number(kind, name)

    def read(value: Any, at: Place, found: Findings) -> Any:
        if found.in_python:
            value = _plain(value)
        at_clock = clock_milliseconds(value) if isinstance(value, str) else None
        return read_number(value if at_clock is None else at_clock, at, found)

    return read


def _scalar(kind: Any, name: str, other: str = "") -> Reader:
    """The reader of a scalar of a type, or of one of several; `other` is allowed besides."""
    kinds = options(kind)
    wanted = " or ".join(_WANTED[kind] for kind in kinds) + other
    classes = {cls for kind in kinds for cls in _CLASSES[kind]}

    def read(value: Any, at: Place, found: Findings) -> Any:
        if found.in_python:
            value = _plain(value)
        if value.__class__ not in classes:
            return _wrong(wanted, value, at, name, found)
        problem = text_problem(value) if value.__class__ is str else None
        if value.__class__ is int or value.__class__ is Decimal:
            problem = number_problem(value)
        if problem is not None:
            return found.add(
                problem.code, f"{_named(name, at)} {problem.message}", at, problem.help
            )
        return value if value.__class__ in kinds else kinds[0](value)

    return read


def _plain(value: Any) -> Any:
    """A value from Python in the type that a document has; other values unchanged."""
    if isinstance(value, bool | Decimal):
        return value
    if isinstance(value, str | PurePath):
        return str(value)
    if isinstance(value, Integral):
        return int(value)
    return Decimal(repr(float(value))) if isinstance(value, Real) else value


def _word(kind: Any, name: str) -> Reader:
    members = {member.value: member for member in kind}
    read_text = _text(str, name)
    code = Code.UNKNOWN_CURVE if kind is Shape else Code.WRONG_TYPE

    def read(value: Any, at: Place, found: Findings) -> Any:
        text = read_text(value, at, found)
        if text in members or text is _BAD:
            return members.get(text, _BAD)
        message = f"{_named(name, at)} cannot be {shown(text)}"
        return found.add(code, message, at, did_you_mean(text, members))

    return read


def _instance(kind: Any, name: str) -> Reader:
    """The reader of an object of Python, which no document holds."""

    def read(value: Any, at: Place, found: Findings) -> Any:
        is_right = isinstance(value, kind)
        return value if is_right else _wrong(f"of type {kind.__name__}", value, at, name, found)

    return read


_SCALARS: Mapping[Any, Callable[[Any, str], Reader]] = {
    str: _text,
    Decimal: _number,
    Milliseconds: _milliseconds,
}
_WANTED: Mapping[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Decimal: "a number",
    Milliseconds: "milliseconds or a clock time",
}
_CLASSES: Mapping[Any, tuple[type, ...]] = {
    str: (str,),
    bool: (bool,),
    int: (int,),
    float: (int, Decimal),
    Decimal: (int, Decimal),
    Milliseconds: (int, Decimal),
}


def _wrong(wanted: str, value: Any, at: Place, name: str, found: Findings) -> Any:
    message = f"{_named(name, at)} must be {wanted}, not {_kind(value)}"
    help = None
    if wanted == "text" and isinstance(value, int | Decimal):
        help = "put it in quotes"
    elif wanted == _WANTED[Milliseconds] and isinstance(value, str | time):
        help = 'write a number, or a clock time in quotes: 90500 or "1:30.5"'
    elif isinstance(value, str) and wanted in ("true or false", "a whole number", "a number"):
        help = "write it without quotes"
    return found.add(Code.WRONG_TYPE, message, at, help)


def _named(name: str, at: Place) -> str:
    return name or shown(at[1] if at is not None else "")


def _kind(value: object) -> str:
    """The kind of a value, for messages."""
    if value is None:
        return "nothing"
    names = {bool: "true or false", int: "a number", Decimal: "a number", dict: "a mapping"}
    names |= {str: "text", list: "a list", tuple: "a list"}
    return names.get(type(value), f"a value of type {type(value).__name__}")


def _placeholder(kind: Any) -> Any:
    """A placeholder of a type."""
    kind = options(kind)[0]
    if is_model(kind):
        keys = declaration(kind).keys.items()
        missing = {n: key.kind for n, key in keys if key.default is attrs.NOTHING}
        return build(kind, {name: _placeholder(inner) for name, inner in missing.items()})
    if get_origin(kind) is not None:
        return () if get_origin(kind) is tuple else {}
    if issubclass(kind, StrEnum):
        return next(iter(kind))
    return kind() if kind in _CLASSES else None
