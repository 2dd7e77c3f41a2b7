"""The JSON Schema of timelines, for editors and for validators other than ours.

Promises: generated from the model and its table of fields, draft 2020-12; it accepts every document
that `load` and `validate` accept, and refuses what a schema can see: unknown and missing keys,
wrong types, numbers out of range, unknown words. `python -m mixdown.compiler.timeline.schema`
prints docs/timeline.schema.json.
"""

# ruff: noqa: ANN401 (types are handled as values here)

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args, get_origin

import attrs

from ...ir.curves import CURVE_ALIASES, FADE_CURVES
from .fields import FIELDS, KEYFRAME_VALUES, MAX_TEXT, Range, Spec
from .model import SCHEMA_VERSION, Automation, Clip, Keyframe, Region, Timeline
from .structure import default_of, document_fields, field_types, optional

COMMAND = "python -m mixdown.compiler.timeline.schema > docs/timeline.schema.json"

Schema = dict[str, Any]

_CURVES = ("fade_in_curve", "fade_out_curve", "crossfade_curve")


def schema() -> Schema:
    """The whole schema, as plain values."""
    definitions = {_name(cls): _object(cls) for cls in FIELDS if cls is not Timeline}
    for target, allowed in KEYFRAME_VALUES.items():
        definitions[f"{target}_keyframe"] = _keyframe(allowed)
    del definitions["keyframe"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mixdown timeline",
        "description": f"A timeline of mixdown, schema version {SCHEMA_VERSION}.",
        **_object(Timeline),
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """The schema as it stands in docs/."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _object(cls: type) -> Schema:
    properties: Schema = {}
    required = []
    for attribute in document_fields(cls):
        spec = FIELDS[cls][attribute.name]
        kind = field_types(cls)[attribute.name]
        properties[attribute.name] = _property(cls, attribute, kind, spec)
        if attribute.default is attrs.NOTHING:
            required.append(attribute.name)
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, "required": required} if required else made


def _property(cls: type, attribute: attrs.Attribute[Any], kind: Any, spec: Spec) -> Schema:
    inner = optional(kind)
    made: Schema = {"description": spec.doc, **_type(inner or kind, spec.range)}
    made.update(_SPECIAL.get((cls, attribute.name), {}))
    if inner is not None:
        made = _nullable(made)
    default = _json_value(default_of(attribute))
    if default is not None:
        made["default"] = default
    if spec.examples:
        made["examples"] = list(spec.examples)
    return made


def _nullable(made: Schema) -> Schema:
    """The same, or null: what an absent key means may be written out."""
    if "type" in made and "enum" not in made:
        return {**made, "type": [made["type"], "null"]}
    inner = {key: value for key, value in made.items() if key != "description"}
    return {"description": made["description"], "anyOf": [inner, {"type": "null"}]}


def _type(kind: Any, allowed: Range | None = None) -> Schema:
    if kind in FIELDS:
        return {"$ref": f"#/$defs/{_name(kind)}"}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _type(get_args(kind)[0])}
    if get_origin(kind) is not None:
        return {"type": "object", "additionalProperties": {"type": "string"}}
    if issubclass(kind, StrEnum):
        return {"enum": [member.value for member in kind]}
    named = {str: "string", bool: "boolean", int: "integer", Decimal: "number"}
    return {"type": named[kind], **_limits(allowed)}


def _limits(allowed: Range | None) -> Schema:
    if allowed is None:
        return {}
    low = "exclusiveMinimum" if allowed.open_low else "minimum"
    return {low: _json_value(allowed.low), "maximum": _json_value(allowed.high)}


def _keyframe(allowed: Range) -> Schema:
    """A keyframe whose value is limited by what it moves."""
    made = _object(Keyframe)
    value = made["properties"]["value"]
    value.pop("examples", None)
    value |= {"description": f"from {allowed}", **_limits(allowed)}
    return made


def _keyframes(target: str) -> Schema:
    return {"items": {"$ref": f"#/$defs/{target}_keyframe"}}


# What the types do not say.
_ID: Schema = {"minLength": 1, "maxLength": MAX_TEXT}
_SPECIAL: Mapping[tuple[type, str], Schema] = {
    (Timeline, "schema_version"): {"const": SCHEMA_VERSION},
    (Timeline, "sources"): {
        "additionalProperties": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
    },
    **{(cls, "id"): _ID for cls in FIELDS if "id" in FIELDS[cls]},
    (Clip, "source"): _ID,
    (Clip, "duration_ms"): {"exclusiveMinimum": 0},
    **{(Clip, name): {"enum": [*FADE_CURVES, *CURVE_ALIASES]} for name in _CURVES},
    **{(Automation, target): _keyframes(target) for target in KEYFRAME_VALUES},
    (Region, "keyframes"): {
        "items": {"anyOf": [_keyframes(target)["items"] for target in KEYFRAME_VALUES]}
    },
}


def _name(cls: type) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in cls.__name__).lstrip("_")


def _json_value(value: Any) -> Any:
    """A default or a limit as JSON has it; None where there is nothing to say."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, str | bool | int):
        return value
    return None


if __name__ == "__main__":
    sys.stdout.write(schema_text())
