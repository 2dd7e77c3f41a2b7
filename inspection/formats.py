"""The formats in which `mixdown inspect` prints graphs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import attrs

from ..ir.graph import Graph
from ..ir.text.printer import print_graph
from .dot import dot
from .mermaid import mermaid
from .svg import svg


def json_text(data: object) -> str:
    """Plain data or records as JSON, with a final line feed."""
    return json.dumps(data, indent=2, ensure_ascii=False, default=fields_of) + "\n"


def fields_of(record: attrs.AttrsInstance) -> dict[str, Any]:
    """The fields of a record, for `json.dumps`, which is faster than `attrs.asdict` of it all."""
    return {name: getattr(record, name) for name in _names(type(record))}


@cache
def _names(kind: type[attrs.AttrsInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind))


GRAPH_FORMATS: Mapping[str, Callable[[Graph], str]] = {
    "text": print_graph,
    "dot": dot,
    "svg": svg,
    "mermaid": mermaid,
}
"""Format -> function from a graph to text with a final line feed."""
