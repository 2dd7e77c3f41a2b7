"""What Python callers give, checked against the annotations of the class that receives it.

Promises: a value of a wrong type or an unknown keyword is MIX307 with what is allowed; it never
ends in an exception from deep inside. Annotations are classes, tuples of one class, and unions of
those.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from reprlib import repr as shown
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError, did_you_mean


def fits(value: object, hint: Any) -> bool:  # noqa: ANN401 (annotations have no common type)
    """Whether a value has the type that an annotation names.

    A bool is no number, a whole number is a float too, and any text fits an enum of texts, whose
    names are checked where they are known.
    """
    if get_origin(hint) in (UnionType, Union):
        return any(fits(value, one) for one in get_args(hint))
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(fits(item, get_args(hint)[0]) for item in value)
    if hint in (int, float):
        kinds = int if hint is int else int | float
        return isinstance(value, kinds) and not isinstance(value, bool)
    if hint is None:
        return value is None
    return isinstance(value, str if issubclass(hint, StrEnum) else hint)


def type_problems(record: attrs.AttrsInstance) -> tuple[Diagnostic, ...]:
    """The fields of a record that have a value of a wrong type."""
    hints = get_type_hints(type(record))
    return tuple(
        Diagnostic(
            Code.BAD_REQUEST,
            f"{field.name} cannot be {shown(value)}",
            help=f"allowed: {field.type}",
        )
        for field in attrs.fields(type(record))
        if not fits(value := getattr(record, field.name), hints[field.name])
    )


def check_keywords(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuses keywords that do not exist.

    Raises:
        MixdownError: MIX307, each with the nearest known one.
    """
    names = list(known)
    unknown = [
        Diagnostic(
            Code.BAD_REQUEST, f"there is no keyword {name!r}", help=did_you_mean(name, names)
        )
        for name in given
        if name not in names
    ]
    if unknown:
        raise MixdownError(unknown)
