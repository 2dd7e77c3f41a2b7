"""Plain values into the model: quickly, and where that fails, saying everything that is wrong.

Promises: `structure` accepts exactly the documents in which `diagnose` finds nothing (a test holds
it); the quick way is cattrs' generated code, the slow way a walk over the same attrs classes that
collects every unknown and missing key, wrong type and unusable number with its JSON Pointer. Both
serve any `Language`, timelines being one, so that all kinds of documents are read as strictly.
"""

# ruff: noqa: ANN401 (types are handled as values here, and values of any type)

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs
from attrs import define, field, frozen
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from ...documents.values import MOST, number_problem, shown, text_problem
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, did_you_mean
from ...ir.origin import Origin
from .fields import FIELDS, NOUNS, Spec
from .model import Timeline

NOT_IN_DOCUMENTS = ("document", "root", "via", "made_from", "notes", "allow_outside")


_Root = TypeVar("_Root")


@frozen(eq=False)
class Language(Generic[_Root]):
    """A kind of document: the class of the whole, and what its classes are called and hold."""

    root: type[_Root]
    nouns: Mapping[type, str]
    fields: Mapping[type, Mapping[str, Spec]]


TIMELINE = Language(Timeline, NOUNS, FIELDS)


def structure(data: object, language: Language[_Root]) -> _Root:
    """The model of a whole document's values; any exception means that `diagnose` knows more."""
    made: _Root = _structure_root(language)(data, language.root)
    return made


def diagnose(
    data: object, origin: Origin, language: Language[_Root]
) -> tuple[_Root | None, Findings]:
    """All that is wrong with the values, and as much of a model as can be made of the rest.

    Where a required value is missing or unusable a stand-in takes its place, so that places keep
    their numbers; `Findings.bad` names those places, for whoever checks the model further. None if
    the document is no mapping at all.
    """
    findings = Findings(language)
    value = _walk(language.root, data, origin, "the document", findings)
    return (value if isinstance(value, language.root) else None), findings


@define
class Findings:
    """What a walk found: diagnostics, the places of unknown keys, and all places to distrust."""

    language: Language[Any]
    diagnostics: list[Diagnostic] = field(factory=list)
    unknown: set[str] = field(factory=set)
    bad: set[str] = field(factory=set)

    def add(self, code: Code, message: str, origin: Origin, help: str | None = None) -> None:
        """Note one finding at `origin`, unless there are enough."""
        if not self.full:
            self.diagnostics.append(Diagnostic(code, message, origin, help))
            self.bad.add(origin.pointer)

    @property
    def full(self) -> bool:
        """Whether there are as many as anyone would read."""
        return len(self.diagnostics) >= MOST


def document_fields(cls: type) -> tuple[attrs.Attribute[Any], ...]:
    """The fields of a model class that a document may set, in the model's order."""
    return tuple(a for a in attrs.fields(cls) if a.name not in NOT_IN_DOCUMENTS)


def default_of(attribute: attrs.Attribute[Any]) -> Any:
    """What an absent field counts as; attrs.NOTHING where it must not be absent."""
    factory = getattr(attribute.default, "factory", None)
    return attribute.default if factory is None else factory()


@cache
def field_types(cls: type) -> Mapping[str, Any]:
    """The resolved type of each field of a model class."""
    return get_type_hints(cls)


def optional(kind: Any) -> Any | None:
    """What `kind` is an option of, or None where it is not one."""
    if get_origin(kind) not in (Union, types.UnionType):
        return None
    return next(arg for arg in get_args(kind) if arg is not type(None))


# The quick way.


_Hook = Callable[[Any, Any], Any]


class _Refused(Exception):  # noqa: N818 - never leaves `load`
    """A value that `diagnose` can name."""


@cache
def _structure_root(language: Language[Any]) -> _Hook:
    return _hook(language.root, Converter(forbid_extra_keys=True, detailed_validation=False))


def _hook(kind: Any, converter: Converter) -> _Hook:
    """What makes a `kind`. Each field is given its hook: cattrs' own for `str` takes anything."""
    inner = optional(kind)
    if attrs.has(kind):
        return _class_hook(kind, converter)
    if inner is not None:
        return _optional_hook(inner, converter)
    if get_origin(kind) is tuple:
        return _tuple_hook(get_args(kind)[0], converter)
    if get_origin(kind) is not None:
        return _text_mapping
    return _enum_hook(kind) if issubclass(kind, StrEnum) else _SCALAR_HOOKS[kind]


def _class_hook(kind: Any, converter: Converter) -> _Hook:
    types = field_types(kind)
    overrides = {
        a.name: override(omit=True)
        if a.name in NOT_IN_DOCUMENTS
        else override(struct_hook=_hook(types[a.name], converter))
        for a in attrs.fields(kind)
    }
    return make_dict_structure_fn(kind, converter, **overrides)  # type: ignore[arg-type]


def _tuple_hook(element: Any, converter: Converter) -> _Hook:
    hook = _hook(element, converter)

    def structure_tuple(value: Any, _: Any) -> Any:
        if value.__class__ is not list:
            raise _Refused
        return tuple([hook(item, element) for item in value])

    return structure_tuple


def _optional_hook(inner: Any, converter: Converter) -> _Hook:
    hook = _hook(inner, converter)
    return lambda value, _: None if value is None else hook(value, inner)


def _enum_hook(kind: Any) -> _Hook:
    members = {member.value: member for member in kind}
    return lambda value, _: members[value]


def _text(value: Any, _: Any) -> str:
    if value.__class__ is not str or text_problem(value) is not None:
        raise _Refused
    return value


def _bool(value: Any, _: Any) -> bool:
    if value.__class__ is not bool:
        raise _Refused
    return value


def _int(value: Any, _: Any) -> int:
    if value.__class__ is not int or number_problem(value) is not None:
        raise _Refused
    return value


def _decimal(value: Any, _: Any) -> Decimal:
    kind = value.__class__
    if (kind is not int and kind is not Decimal) or number_problem(value) is not None:
        raise _Refused
    return Decimal(value)


def _text_mapping(value: Any, _: Any) -> dict[str, str]:
    if value.__class__ is not dict:
        raise _Refused
    return {_text(key, str): _text(text, str) for key, text in value.items()}


_SCALAR_HOOKS: Mapping[Any, _Hook] = {str: _text, bool: _bool, int: _int, Decimal: _decimal}


# The slow way.

_BAD: Any = object()


def _walk(kind: Any, data: object, origin: Origin, name: str, found: Findings) -> Any:
    """`data` as a `kind`, or `_BAD` after saying why not."""
    inner = optional(kind)
    if inner is not None:
        return None if data is None else _walk(inner, data, origin, name, found)
    if attrs.has(kind):
        return _walk_class(kind, data, origin, name, found)
    if get_origin(kind) is tuple:
        return _walk_tuple(get_args(kind)[0], data, origin, name, found)
    if get_origin(kind) is not None:
        return _walk_mapping(data, origin, name, found)
    return _walk_scalar(kind, data, origin, name, found)


def _walk_class(cls: Any, data: object, origin: Origin, name: str, found: Findings) -> Any:
    if not isinstance(data, dict):
        return _wrong(f"{name} must be a mapping, not {_kind(data)}", origin, None, found)
    noun = found.language.nouns[cls]
    fields = document_fields(cls)
    names = [a.name for a in fields]
    for key in data:
        if key not in names and not found.full:
            place = origin.child(key)
            found.unknown.add(place.pointer)
            message = f"{noun} has no key {shown(key)}"
            found.add(Code.UNKNOWN_KEY, message, place, did_you_mean(key, names))
    values = {}
    for attribute in fields:
        key = attribute.name
        place = origin.child(key)
        if key in data:
            value = _walk(field_types(cls)[key], data[key], place, repr(key), found)
            if value is not _BAD:
                values[key] = value
        elif attribute.default is attrs.NOTHING:
            message = f"{noun} needs the key {key!r}"
            help = f"{key}: {found.language.fields[cls][key].doc}"
            found.add(Code.MISSING_KEY, message, origin, help)
            found.bad.discard(origin.pointer)
            found.bad.add(place.pointer)
        if key not in values and attribute.default is attrs.NOTHING:
            values[key] = _stand_in(field_types(cls)[key])
    return cls(**values)


def _walk_tuple(element: Any, data: object, origin: Origin, name: str, found: Findings) -> Any:
    if not isinstance(data, list):
        return _wrong(f"{name} must be a list, not {_kind(data)}", origin, None, found)
    noun = found.language.nouns.get(element, f"an item of {name}")
    values = [
        _walk(element, item, origin.child(index), noun, found) for index, item in enumerate(data)
    ]
    return tuple(_stand_in(element) if value is _BAD else value for value in values)


def _walk_mapping(data: object, origin: Origin, name: str, found: Findings) -> Any:
    if not isinstance(data, dict):
        message = f"{name} must be a mapping of names to text, not {_kind(data)}"
        return _wrong(message, origin, None, found)
    values = {}
    for key, value in data.items():
        problem = text_problem(key)
        if problem is not None:
            found.add(problem.code, f"a key of {name} {problem.message}", origin.child(key))
        values[key] = _walk(str, value, origin.child(key), shown(key), found)
    return {key: value for key, value in values.items() if value is not _BAD}


def _walk_scalar(kind: Any, data: object, origin: Origin, name: str, found: Findings) -> Any:
    wanted, classes = _SCALARS.get(kind, ("text", (str,)))
    if type(data) not in classes:
        help = _QUOTING.get((str in classes, isinstance(data, str)))
        return _wrong(f"{name} must be {wanted}, not {_kind(data)}", origin, help, found)
    problem = text_problem(data) if isinstance(data, str) else None
    if isinstance(data, int | Decimal) and not isinstance(data, bool):
        problem = number_problem(data)
    if problem is not None:
        found.add(problem.code, f"{name} {problem.message}", origin, problem.help)
        return _BAD
    if issubclass(kind, StrEnum):
        return _walk_enum(kind, str(data), origin, name, found)
    return Decimal(data) if kind is Decimal else data  # type: ignore[arg-type]


def _walk_enum(kind: Any, data: str, origin: Origin, name: str, found: Findings) -> Any:
    members = {member.value: member for member in kind}
    if data not in members:
        code = Code.UNKNOWN_CURVE if name == "'curve'" else Code.WRONG_TYPE
        found.add(code, f"{name} cannot be {shown(data)}", origin, did_you_mean(data, members))
        return _BAD
    return members[data]


def _wrong(message: str, origin: Origin, help: str | None, found: Findings) -> Any:
    found.add(Code.WRONG_TYPE, message, origin, help)
    return _BAD


_SCALARS: Mapping[Any, tuple[str, tuple[type, ...]]] = {
    str: ("text", (str,)),
    bool: ("true or false", (bool,)),
    int: ("a whole number", (int,)),
    Decimal: ("a number", (int, Decimal)),
}

# (text was wanted, text was given) -> help
_QUOTING: Mapping[tuple[bool, bool], str] = {
    (True, False): "put it in quotes",
    (False, True): "write it without quotes",
}


def _kind(data: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false"}
    if data is None:
        return "nothing"
    return names.get(type(data), "a number")


def _stand_in(kind: Any) -> Any:
    """Some value of a type, for a place that has none of its own."""
    if attrs.has(kind):
        return kind(
            **{
                a.name: _stand_in(field_types(kind)[a.name])
                for a in document_fields(kind)
                if a.default is attrs.NOTHING
            }
        )
    if issubclass(kind, StrEnum):
        return next(iter(kind))
    return kind()
