"""JSON Schemas by name: of the inspector's data, from its annotations, and of documents."""

# ruff: noqa: ANN401 (types are handled as values here)

from __future__ import annotations

import json
from collections.abc import Mapping
from inspect import cleandoc
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import attrs

from ...compiler.schemas import schema as document_schema
from .model import Inspection

_SCALARS = {int: "integer", float: "number", str: "string", bool: "boolean", NoneType: "null"}


def schema(name: str) -> str:
    """The schema called `name`, as JSON: "inspection", or that of a kind of document."""
    return inspection_schema() if name == "inspection" else document_schema(name)


def inspection_schema() -> str:
    """The schema, as JSON."""
    definitions: dict[str, Any] = {}
    whole = _record(Inspection, definitions)
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mixdown inspection",
        **whole,
        "$defs": dict(sorted(definitions.items())),
    }
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _record(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    names = [field.name for field in attrs.fields(cls)]
    return {
        "description": cleandoc(cls.__doc__ or ""),
        "type": "object",
        "properties": {name: _of(hints[name], definitions) for name in names},
        "required": names,
        "additionalProperties": False,
    }


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type."""
    if kind is object:
        return {}
    if kind in _SCALARS:
        return {"type": _SCALARS[kind]}
    if attrs.has(kind):
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = _record(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    return _generic(get_origin(kind), get_args(kind), definitions)


def _generic(outer: Any, inner: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    if outer is Mapping:
        return {"type": "object", "additionalProperties": _of(inner[1], definitions)}
    if outer is tuple and inner[1:] == (...,):
        return {"type": "array", "items": _of(inner[0], definitions)}
    each = [_of(kind, definitions) for kind in inner]
    if outer is tuple:
        return {"type": "array", "prefixItems": each, "items": False, "minItems": len(inner)}
    return {"anyOf": each}
