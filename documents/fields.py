"""Declarations of the fields of documents: once for each field, on its class.

Promises: the declaration of a field has everything that readers, checks, schemas, dumps and help
texts need: its purpose, type, default, limit and examples. The type is the annotation. If the
constructor accepts more types than the field keeps (an int for a decimal, a mapping for a filter),
the annotation is an `As`, which type checkers read as a descriptor; it has no effect at run time.

    start_ms: Time = key("where it starts on the timeline", TIME, default=0, examples=(4000,))
"""

# ruff: noqa: ANN401 (defaults and examples are values of any type)

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import PurePath
from types import UnionType
from typing import Any, NamedTuple, Protocol, TypeVar, Union, get_args, get_origin

import attrs
from attrs import frozen

from .limits import Constraint, Range
from .values import Milliseconds

_T = TypeVar("_T")
_Kept_co = TypeVar("_Kept_co", covariant=True)
_Given_contra = TypeVar("_Given_contra", contravariant=True)


class As(Protocol[_Kept_co, _Given_contra]):
    """The type of a field that keeps a `_Kept_co` and accepts a `_Given_contra` in Python."""

    def __get__(self, owner: object, cls: type | None = None) -> _Kept_co:
        """The type of the field's value."""

    def __set__(self, owner: object, value: _Given_contra) -> None:
        """The type that the constructor accepts."""


Number = As[Decimal, Decimal | int | float]
OptionalNumber = As[Decimal | None, Decimal | int | float | None]
Time = As[Milliseconds, Decimal | int | float | str]
OptionalTime = As[Milliseconds | None, Decimal | int | float | str | None]
Word = As[_T, _T | str]
FilePath = As[str, str | PurePath]
Texts = As[tuple[str, ...], str | PurePath | Iterable[str | PurePath]]
One = As[_T, _T | Mapping[str, Any]]
Many = As[tuple[_T, ...], Iterable[_T | Mapping[str, Any] | tuple[Any, ...]]]


@frozen(kw_only=True)
class Key:
    """A field that documents may set.

    Attributes:
        help: its purpose, in half a sentence.
        limit: the allowed values of its type.
        examples: values that it might have.
        items: for a list of models, stricter ranges of the items' fields, by their names.
        schema: further keywords of JSON Schema.
        convert: makes the value of a document from any other that Python may give.
        is_version: whether it names the version of the format; a dump always begins with it.
        name, kind, default: of the field; a required field has the default attrs.NOTHING.
    """

    help: str
    limit: Constraint | None = None
    examples: tuple[object, ...] = ()
    items: Mapping[str, Range] = {}
    schema: Mapping[str, Any] = {}
    convert: Callable[[Any], Any] | None = None
    is_version: bool = False
    name: str = ""
    kind: Any = None
    default: Any = None


def key(
    help: str,
    limit: Constraint | None = None,
    *,
    default: Any = attrs.NOTHING,
    kw_only: bool = True,
    examples: tuple[object, ...] = (),
    items: Mapping[str, Range] | None = None,
    schema: Mapping[str, Any] | None = None,
    convert: Callable[[Any], Any] | None = None,
) -> Any:
    """Declare a field that documents may set; see `Key`.

    Without a default it is required. With `kw_only=False` Python may pass it by position, too.
    """
    declared = Key(
        help=help,
        limit=limit,
        examples=examples,
        items=items or {},
        schema=schema or {},
        convert=convert,
    )
    return attrs.field(default=default, kw_only=kw_only, metadata={Key: declared})


def like(cls: type, name: str = "", *, default: Any = attrs.NOTHING) -> Any:
    """Declare a field with the help, the limit and the examples of a field of another class.

    Args:
        cls: the class that declares it.
        name: of the field there, if it is another.
        default: of the field here.
    """
    return attrs.field(default=default, kw_only=True, metadata={Key: (cls, name)})


def version(*, default: int) -> Any:
    """Declare the field that names the version of the format; `default` is the current one."""
    declared = Key(
        help="the version of this format that the document is written in",
        schema={"const": default},
        is_version=True,
    )
    return attrs.field(default=default, kw_only=True, metadata={Key: declared})


def aside(*, default: Any, converter: Any = None) -> Any:
    """Declare a field that no document sets and that takes no part in equality."""
    given = attrs.Factory(dict) if default == {} else default
    return attrs.field(default=given, converter=converter, kw_only=True, eq=False, repr=False)


class Declaration(NamedTuple):
    """The declaration of a class.

    Attributes:
        noun: the name of an instance in messages, with its article.
        short: the field that a text sets where a mapping is expected; None: text is an error.
        keys: the fields that documents may set, by name, in the order in which they are written.
        by_position: the names of the fields that Python may pass by position.
        asides: the names of the fields that no document sets.
    """

    noun: str
    short: str | None
    keys: Mapping[str, Key]
    by_position: tuple[str, ...]
    asides: frozenset[str]


def declaration(cls: type) -> Declaration:
    """The declaration of a model class."""
    found: Declaration = cls.__declaration__  # type: ignore[attr-defined]
    return found


def is_model(kind: object) -> bool:
    """Whether a type is a class whose fields are declared here."""
    return hasattr(kind, "__declaration__")


def kept(annotation: Any) -> Any:
    """The type that a field keeps, from its annotation."""
    return get_args(annotation)[0] if get_origin(annotation) is As else annotation


def options(kind: Any) -> tuple[Any, ...]:
    """The types of which a value of the type is one; None is `type(None)`."""
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
