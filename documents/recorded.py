"""Reads records back from the plain data that `attrs.asdict` and JSON made of them.

Promises: `recorded_as(type(record), data of record)` equals the record. The data are trusted: their
digest was checked, so that only a missing key, not a wrong type, is an error. Arrays are as they
are.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

Record = TypeVar("Record")


def recorded_as(kind: type[Record], data: Mapping[str, Any]) -> Record:
    """The record of a type in its data; a field without a key has its default.

    Raises:
        KeyError: a required field is missing.
    """
    values = {}
    for field in attrs.fields(kind):  # type: ignore[arg-type]
        if field.name in data or field.default is attrs.NOTHING:
            value = data[field.name]
            is_plain = not isinstance(value, list | dict)
            values[field.name] = value if is_plain else _value(_hint(kind, field.name), value)
    return kind(**values)


def _hint(kind: type, name: str) -> Any:  # noqa: ANN401 (a type)
    """The type of a field; that of others may not be known at run time, as that of arrays."""
    owner = next(cls for cls in kind.__mro__ if name in vars(cls).get("__annotations__", ()))
    only = SimpleNamespace(__annotations__={name: owner.__annotations__[name]})
    return get_type_hints(only, vars(sys.modules[owner.__module__]))[name]


def _value(kind: Any, value: Any) -> Any:  # noqa: ANN401 (types and values of any type)
    """A value of a type in its data."""
    made, inner = get_origin(kind), get_args(kind)
    if value is None:
        return None
    if made in (Union, UnionType):
        (kind,) = (each for each in inner if each is not NoneType)
        return _value(kind, value)
    if made is tuple and inner[-1] is Ellipsis:
        return tuple(_value(inner[0], item) for item in value)
    if made is tuple:
        return tuple(_value(*pair) for pair in zip(inner, value, strict=True))
    if attrs.has(kind):
        return recorded_as(kind, value)
    return value
