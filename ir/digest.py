"""Merkle digests, which identify the content of a value independently of its name.

A digest covers the kind, the attributes and the operands' digests, in order; for a clip, the
content of its source. It does not cover names, labels, origins or the order of nodes. The encoding
is defined byte by byte (IEEE 754 big endian for floats), so it is the same on every platform and
Python version. A value without a stable encoding raises TypeError.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable, Mapping
from enum import StrEnum

import attrs

from .graph import Graph
from .node import Node, Point, Source, attribute_fields, visible


def digests(graph: Graph) -> Mapping[str, str]:
    """The digest (64 hex digits) of every value of the graph, by name."""
    found: dict[str, str] = {}
    sources = {s.name: source_identity(s) for s in graph.sources}
    for node in graph.nodes:
        found[node.name] = node_digest(node, [found[o] for o in node.operands], sources)
    return found


def graph_digest(graph: Graph) -> str:
    """The digest of the graph's outputs with their targets, in canonical order."""
    of = digests(graph)
    outputs = sorted((o.role.value, o.target, of[o.name]) for o in graph.outputs)
    return hashlib.sha256(encode(tuple(part for o in outputs for part in o))).hexdigest()


def node_digest(node: Node, operands: Iterable[str], sources: Mapping[str, bytes]) -> str:
    """The digest of one node, given its operands' digests and the sources' identities."""
    parts = [encode(node.kind)]
    for field in attribute_fields(type(node)):
        metadata = field.metadata
        if metadata.get("label") or (metadata.get("omitted") and not visible(node, field.name)):
            continue
        value = getattr(node, field.name)
        if field.metadata.get("symbol"):
            parts.append(encode(field.name) + sources.get(value, b"?"))
        else:
            parts.append(encode(field.name) + encode(value))
    parts.extend(encode(operand) for operand in operands)
    return hashlib.sha256(b"".join(parts)).hexdigest()


def source_identity(source: Source) -> bytes:
    """The part of a source that a clip's digest covers: content and format, not name or path."""
    fields = [f.name for f in attrs.fields(Source) if not f.metadata.get("label")]
    return encode(tuple(getattr(source, name) for name in fields if visible(source, name)))


def encode(value: object) -> bytes:  # noqa: PLR0911 (one return per type)
    """A prefix-free encoding of an attribute: a type letter, a length if needed, the content.

    Raises:
        TypeError: the value has no stable encoding (NaN, sets, mappings, foreign objects).
    """
    if value is None:
        return b"n"
    if isinstance(value, bool):
        return b"b1" if value else b"b0"
    if isinstance(value, StrEnum):
        return encode(value.value)
    if isinstance(value, int):
        return b"i%d;" % value
    if isinstance(value, float):
        if math.isnan(value):
            raise TypeError("a NaN has no stable digest")
        return b"f" + struct.pack(">d", value + 0.0)  # + 0.0 turns -0.0 into 0.0
    if isinstance(value, str):
        raw = value.encode("utf-8")
        return b"s%d:" % len(raw) + raw
    if isinstance(value, Point):
        aim = () if value.aim is None else (value.aim.at, value.aim.value)
        return b"p" + encode((value.at, value.value, value.shape, *aim))
    if isinstance(value, tuple):
        return b"t%d:" % len(value) + b"".join(encode(item) for item in value)
    raise TypeError(f"no stable digest for {type(value).__name__}")
