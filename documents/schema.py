"""JSON Schemas of documents, for editors and for validators other than ours.

Promises: generated from the declarations of a model class, draft 2020-12; a schema accepts every
document that is read without an error, and refuses what a schema can express: unknown and missing
keys, wrong types, numbers out of range, unknown words.
"""

# ruff: noqa: ANN401 (types are handled as values here)

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args, get_origin

import attrs

from ..ir.units import CLOCK
from .fields import Key, declaration, is_model, options
from .includes import KEY as INCLUDE
from .limits import Constraint
from .values import Milliseconds
from .variables import KEY, USE

Schema = dict[str, Any]


def schema_text(root: Any, title: str, description: str, *, variables: bool) -> str:
    """The schema of documents of a kind, a model class or names of one, as JSON.

    With `variables`, the documents may declare and use variables.
    """
    definitions: Schema = {}
    if is_model(root):
        whole = _object(root, definitions)
    else:
        preset = _element(get_args(root)[1], definitions)
        whole = {"type": "object", "additionalProperties": preset}
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
        **whole,
        "$defs": dict(sorted(definitions.items())),
    }
    if variables:
        made = _with_variables(made)
        made["properties"] |= {KEY: _VARIABLES, INCLUDE: _INCLUDE}
        others = [name for name in made["required"] if name != "id"]
        if others:  # these may be in an included document
            made["required"] = ["id"]
            made["anyOf"] = [{"required": others}, {"required": [INCLUDE]}]
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def model_schema(cls: type, definitions: Schema) -> Schema:
    """The schema of a model class; those of the classes in it are added to the definitions."""
    return _object(cls, definitions)


def _with_variables(schema: Any) -> Any:
    """A schema in which a variable may be used wherever a scalar is."""
    if isinstance(schema, list):
        return [_with_variables(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _with_variables(item) for key, item in schema.items()}
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if isinstance(schema.get("enum"), list):
        use = {"type": "string", "pattern": f"^{USE}$"}
        made["anyOf"] = [{"enum": made.pop("enum")}, use]
    elif "string" in kinds and "pattern" in made:
        made["pattern"] += f"|^{USE}$"
    elif {"number", "integer", "boolean"}.intersection(kinds) and "string" not in kinds:
        made |= {"type": [*kinds, "string"], "pattern": f"^{USE}$"}
    return made


_VARIABLES: Schema = {
    "description": "variables, used as ${name} in values; null: --set has to give the value",
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    "examples": [{"title": "The harbour"}],
}


_INCLUDE: Schema = {
    "description": "documents whose values come before those of this one; paths as of sources",
    "type": ["string", "array"],
    "items": {"type": "string"},
    "examples": ["shared.yaml"],
}


def _object(
    cls: type, definitions: Schema, tighter: Mapping[str, Constraint] | None = None
) -> Schema:
    """A model class; `tighter` are the stricter limits of this list, by the fields' names."""
    declared = declaration(cls)
    properties = {n: _property(key, definitions) for n, key in declared.keys.items()}
    for name, limit in (tighter or {}).items():
        properties[name].pop("examples", None)
        properties[name] |= {"description": f"from {limit}", **limit.schema()}
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [n for n, key in declared.keys.items() if key.default is attrs.NOTHING]
    made |= {"required": required} if required else {}
    if declared.short is None:
        return made
    return {"anyOf": [{"type": "string", **declared.keys[declared.short].schema}, made]}


def _property(key: Key, definitions: Schema) -> Schema:
    kinds = [option for option in options(key.kind) if option is not type(None)]
    made: Schema = {"description": key.help, **_type(kinds, definitions, key)}
    if len(kinds) < len(options(key.kind)):
        made = _nullable(made)
    default = _json_value(key.default)
    if default is not None:
        made["default"] = default
    return {**made, "examples": list(key.examples)} if key.examples else made


def _nullable(made: Schema) -> Schema:
    """The same, or null, which means the same as an absent key."""
    if "type" in made and "enum" not in made:
        names = made["type"] if isinstance(made["type"], list) else [made["type"]]
        return {**made, "type": [*names, "null"]}
    inner = {key: value for key, value in made.items() if key != "description"}
    kinds = inner["anyOf"] if inner.keys() == {"anyOf"} else [inner]
    return {"description": made["description"], "anyOf": [*kinds, {"type": "null"}]}


def _type(kinds: list[Any], definitions: Schema, key: Key) -> Schema:
    """The values of some types, within the limits of a field's declaration."""
    kind, *others = kinds
    if others:
        return _one_of(kinds, definitions, key)
    if is_model(kind):
        return _reference(kind, definitions)
    if get_origin(kind) is tuple:
        items = key.schema.get("items") or _element(get_args(kind)[0], definitions, key)
        return {"type": "array", "items": items}
    if get_origin(kind) is not None:
        items = key.schema.get("additionalProperties") or _element(get_args(kind)[1], definitions)
        return {"type": "object", "additionalProperties": items, **key.schema}
    if issubclass(kind, StrEnum):
        return {"enum": [member.value for member in kind]}
    limits = key.limit.schema() if key.limit is not None else {}
    return {"type": _NAMES[kind], **limits, **key.schema, **_ALSO.get(kind, {})}


def _one_of(kinds: list[Any], definitions: Schema, key: Key) -> Schema:
    """The values of one of several types."""
    if any(get_origin(each) is not None for each in kinds):
        return {"anyOf": [_type([each], definitions, key) for each in kinds]}
    limits = key.limit.schema() if key.limit is not None else {}
    return {**limits} if "anyOf" in limits else {"type": [_NAMES[each] for each in kinds]}


def _element(kind: Any, definitions: Schema, key: Key | None = None) -> Schema:
    """The items of a list or of a mapping of names."""
    if is_model(kind):
        return _reference(kind, definitions, key)
    return {"type": _NAMES[kind]}


def _reference(cls: type, definitions: Schema, key: Key | None = None) -> Schema:
    """A reference to the definition of a class, which the first reference makes."""
    tighter = key.items if key is not None else {}
    name = "".join("_" + c.lower() if c.isupper() else c for c in cls.__name__).lstrip("_")
    if key is not None and tighter:
        name = f"{key.name}_{name}"
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = _object(cls, definitions, tighter)
    return {"$ref": f"#/$defs/{name}"}


_NAMES: Mapping[Any, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    Decimal: "number",
    Milliseconds: "number",
}
_ALSO: Mapping[Any, Schema] = {
    Milliseconds: {"type": ["number", "string"], "pattern": f"^{CLOCK}$"}
}


def _json_value(value: Any) -> Any:
    """A default as JSON; None if there is none to show."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, StrEnum):
        return value.value
    return value if isinstance(value, str | bool | int | float) else None
