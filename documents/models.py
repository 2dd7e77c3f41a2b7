"""Model classes: frozen values that documents are read into and that Python makes.

Promises: `model` turns a class of declared fields into a frozen one. Its constructor reads its
arguments as a document is read: an unknown or missing keyword or a value of a wrong type raises
TimelineError with everything that is wrong. Type checkers see the fields as those of a dataclass.
"""

# ruff: noqa: ANN401 (fields hold values of any type)

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, wraps
from inspect import Parameter, Signature, get_annotations
from typing import (
    Any,
    Concatenate,
    ParamSpec,
    TypeVar,
    dataclass_transform,
    get_args,
)

import attrs

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, TimelineError
from ..ir.origin import Origin
from .fields import (
    Declaration,
    Key,
    aside,
    declaration,
    is_model,
    kept,
    key,
    like,
    options,
    version,
)
from .limits import Constraint
from .structure import Findings, build, field_reader, reader

_Model = TypeVar("_Model")
_Owner = TypeVar("_Owner")
_Result = TypeVar("_Result")
_P = ParamSpec("_P")


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(key, like, version, aside)
)
def model(noun: str, *, short: str | None = None) -> Callable[[type[_Model]], type[_Model]]:
    """Turn a class of declared fields into a model; see `fields.Declaration` for the arguments."""

    def decorate(cls: type[_Model]) -> type[_Model]:
        cls.__init__ = _init  # type: ignore[method-assign]
        if "__repr__" not in vars(cls):
            cls.__repr__ = _repr  # type: ignore[method-assign]
        made: Any = attrs.frozen(cls, field_transformer=_declared)
        fields = attrs.fields(made)
        keys = {a.name: a.metadata[Key] for a in fields if Key in a.metadata}
        by_position = tuple(a.name for a in fields if not a.kw_only)
        asides = frozenset(a.name for a in fields) - keys.keys()
        made.__declaration__ = Declaration(noun, short, keys, by_position, asides)
        made.__signature__ = Signature(_parameters(made))
        return made  # type: ignore[no-any-return]

    return decorate


def _declared(cls: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """The fields of a class, their types resolved and their defaults read."""
    kinds = get_annotations(cls, eval_str=True)  # of its own fields, not of inherited ones
    return [
        _resolved(f, kinds[f.name]) if Key in f.metadata and f.name in kinds else f for f in fields
    ]


def _resolved(field: attrs.Attribute[Any], annotation: Any) -> attrs.Attribute[Any]:
    found, kind, default = field.metadata[Key], kept(annotation), field.default
    if isinstance(found, tuple):  # as another class declares it
        found = declaration(found[0]).keys[found[1] or field.name]
    if default is not attrs.NOTHING:
        findings = Findings("<code>", in_python=True)
        default = reader(kind, repr(field.name))(default, None, findings)
    whole = attrs.evolve(found, name=field.name, kind=kind, default=default)
    given = attrs.Factory(dict) if isinstance(default, dict) else default
    return field.evolve(default=given, metadata={Key: whole})


def _parameters(cls: type) -> list[Parameter]:
    """The parameters of a model's constructor, those by position first."""
    ways = {True: Parameter.KEYWORD_ONLY, False: Parameter.POSITIONAL_OR_KEYWORD}
    return sorted(
        (
            Parameter(
                field.name,
                ways[field.kw_only],
                default=Parameter.empty if field.default is attrs.NOTHING else field.default,
            )
            for field in attrs.fields(cls)
        ),
        key=lambda parameter: parameter.kind,
    )


def _init(self: Any, *args: Any, **given: Any) -> None:
    """Read the arguments as a document is read.

    Raises:
        TimelineError: MIX103 to MIX106, MIX109, MIX110: everything that is wrong with them.
    """
    cls: Any = type(self)
    found = Findings(f"{cls.__name__}(...)", in_python=True)
    if args:
        given = _by_name(cls, args, given, found)
    values = field_reader(cls)(given, None, found)
    if found.diagnostics:
        raise TimelineError(found.diagnostics)
    self.__attrs_init__(**values)


def _repr(self: Any) -> str:
    """As attrs writes it, which would compile a method for each class."""
    values = (f"{f.name}={getattr(self, f.name)!r}" for f in attrs.fields(type(self)) if f.repr)
    return f"{type(self).__name__}({', '.join(values)})"


def _by_name(
    cls: type, args: tuple[Any, ...], given: dict[str, Any], found: Findings
) -> dict[str, Any]:
    """All arguments of a constructor by name."""
    names = declaration(cls).by_position
    if len(args) > len(names):
        message = f"{cls.__name__} takes {len(names)} by position, not {len(args)}"
        found.add(Code.WRONG_TYPE, message, None, "give the others by name")
    placed = dict(zip(names, args, strict=False))
    for name in placed.keys() & given.keys():
        found.add(Code.DUPLICATE_KEY, f"{name!r} was given before, by position", (None, name))
    return placed | given


def replace(model: _Model, **changes: Any) -> _Model:
    """The same model with some fields changed; their values are read as by the constructor.

    Raises:
        TimelineError: as the constructor does.
    """
    return type(model)(**{**_values(model), **changes})


def put(model: _Model, **values: object) -> _Model:
    """The same model with other values in some fields; they must be of the right types."""
    made: _Model = build(type(model), {**_values(model), **values})
    return made


def shared(model: object, cls: type) -> dict[str, Any]:
    """The values of the fields that a model has in common with another class, by their names."""
    names = declaration(type(model)).keys
    return {name: getattr(model, name) for name in declaration(cls).keys if name in names}


def _values(model: Any) -> dict[str, Any]:
    return {field.name: getattr(model, field.name) for field in attrs.fields(type(model))}


def adds(
    cls: Callable[_P, _Model],
) -> Callable[[Callable[[_Owner, _Model], _Result]], Callable[Concatenate[_Owner, _P], _Result]]:
    """Let a method that takes a model be called with the arguments of its constructor."""

    def decorate(
        method: Callable[[_Owner, _Model], _Result],
    ) -> Callable[Concatenate[_Owner, _P], _Result]:
        @wraps(method)
        def adding(owner: _Owner, /, *args: _P.args, **given: _P.kwargs) -> _Result:
            return method(owner, cls(*args, **given))

        owner = Parameter("self", Parameter.POSITIONAL_ONLY)
        adding.__signature__ = Signature([owner, *_parameters(cls)])  # type: ignore[arg-type,attr-defined]
        return adding

    return decorate


def plain(model: object) -> dict[str, object]:
    """A model as the values of its document: dicts, lists and scalars, without defaults.

    The version of the format is first, and is included even if it is the default.
    """
    made: dict[str, object] = {}
    fields = declaration(type(model)).keys.values()
    for field in sorted(fields, key=lambda field: not field.is_version):
        value = getattr(model, field.name)
        if field.is_version or value != field.default:
            made[field.name] = _plain(value)
    return made


def _plain(value: object) -> object:
    if is_model(type(value)):
        made, short = plain(value), declaration(type(value)).short
        return made[short] if short is not None and made.keys() == {short} else made
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, str) else value


def exceeded(
    model: Any, origin: Callable[..., Origin], at: tuple[str | int, ...] = ()
) -> Iterator[Diagnostic]:
    """Every value of a model, and of the models in it, that breaks the limit of its field.

    Args:
        model: any.
        origin: the place of a value, by the keys and indices that lead to it.
        at: those of the model.
    """
    for name, limit, value in _broken(model):
        yield over(limit, value, origin(*at, name))
    cls: Any = type(model)
    for field in _checked(cls)[1]:
        value = getattr(model, field.name)
        if value is field.default or value is None:
            continue
        if is_model(type(value)):
            yield from exceeded(value, origin, (*at, field.name))
            continue
        for index, item in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from exceeded(item, origin, (*at, field.name, index))
            for inner, tighter in field.items.items():
                if not tighter.holds(getattr(item, inner)):
                    place = origin(*at, field.name, index, inner)
                    yield over(tighter, getattr(item, inner), place)


def within_limits(model: Any) -> bool:
    """Whether no field of the model itself breaks its limit."""
    return not any(_broken(model))


def legal(model: _Model) -> _Model:
    """The same with the default for every value that breaks the limit of its field."""
    cls: Any = type(model)
    limited, holders = _checked(cls)
    defaults = {name: default for name, _, default in limited}
    broken = (name for name, _, _ in _broken(model))
    changes = {name: defaults[name] for name in broken if defaults[name] is not attrs.NOTHING}
    changes |= {field.name: _legal(getattr(model, field.name)) for field in holders}
    return put(model, **changes)


def _legal(value: Any) -> Any:
    if is_model(type(value)):
        return legal(value)
    if isinstance(value, tuple):
        return tuple(map(_legal, value))
    if isinstance(value, Mapping):
        return {key: _legal(item) for key, item in value.items()}
    return value


def over(limit: Constraint, value: object, origin: Origin) -> Diagnostic:
    """The diagnostic of a value that breaks a limit, at a place."""
    problem, name = limit.problem(value), origin.pointer.rpartition("/")[2]
    return Diagnostic(problem.code, f"{name!r} {problem.message}", origin, problem.help)


def _broken(model: Any) -> Iterator[tuple[str, Constraint, Any]]:
    """The fields of a model itself that break their limits, with their values."""
    cls: Any = type(model)
    for name, limit, default in _checked(cls)[0]:
        value = getattr(model, name)
        if value is not default and value is not None and not limit.holds(value):
            yield name, limit, value


@cache
def _checked(cls: Any) -> tuple[tuple[tuple[str, Constraint, Any], ...], tuple[Key, ...]]:
    """The fields of a class that have limits, and those that hold models."""
    fields = declaration(cls).keys.values()
    limited = tuple((f.name, f.limit, f.default) for f in fields if f.limit is not None)
    return limited, tuple(f for f in fields if models_in(f.kind))


def models_in(kind: Any) -> tuple[type, ...]:
    """The model classes that a value of a type is one of, or holds directly."""
    inner = [part for option in options(kind) for part in (option, *get_args(option))]
    return tuple(part for part in inner if is_model(part))
