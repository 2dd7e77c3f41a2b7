"""A graph as plain data, for the JSON format."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ..ir.graph import Graph
from ..ir.nodes import Point, Source
from ..ir.origin import Origin
from .owners import owners


def graph_data(graph: Graph) -> dict[str, object]:
    """Sources and nodes in graph order, with types, owners and origins."""
    of = owners(graph)
    return {
        "sources": [_fields(source) for source in graph.sources],
        "nodes": [
            {
                "name": node.name,
                "kind": node.kind,
                "operands": list(node.operands),
                "attributes": {k: _plain(v) for k, v in node.attributes().items()},
                "type": attrs.asdict(graph.signals[node.name]),
                "owner": {"level": of[node.name].level.value, "id": of[node.name].id},
                "origin": _origin(node.origin),
            }
            for node in graph.nodes
        ],
    }


def _origin(origin: Origin | None) -> dict[str, str] | None:
    return None if origin is None else {"document": origin.document, "pointer": origin.pointer}


def _fields(source: Source) -> Mapping[str, object]:
    return {f.name: _plain(getattr(source, f.name)) for f in attrs.fields(Source)}


def _plain(value: object) -> object:
    """An attribute as JSON data."""
    if isinstance(value, Point):
        shown = {"at": value.at, "value": value.value, "shape": value.shape.value}
        return shown if value.aim is None else shown | {"aim": attrs.asdict(value.aim)}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
