"""Reads records back from the plain data that `attrs.asdict` and JSON made of them.

Promises: `recorded_as(type(record), data of record)` equals the record. The data are trusted: their
digest was checked, so that only a missing key, not a wrong type, is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

Record = TypeVar("Record")


def recorded_as(kind: type[Record], data: Mapping[str, Any]) -> Record:
    """The record of a type in its data; a field without a key has its default.

    Raises:
        KeyError: a required field is missing.
    """
    hints = get_type_hints(kind)
    values = {}
    for field in attrs.fields(kind):  # type: ignore[arg-type]
        if field.name in data or field.default is attrs.NOTHING:
            values[field.name] = _value(hints[field.name], data[field.name])
    return kind(**values)


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
