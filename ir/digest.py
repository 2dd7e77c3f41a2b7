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
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

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
    for part, value in content(node):
        parts += part.encoded, sources.get(value, b"?") if part.is_symbol else encode(value)
    parts += map(encode, operands)
    return hashlib.sha256(b"".join(parts)).hexdigest()


class HashedAttribute(NamedTuple):
    """An attribute that a digest covers: its name, its name encoded, and how it is covered.

    Attributes:
        is_symbol: whether it is the name of a source, whose identity is hashed instead.
        omitted: its value with which it is not hashed, in a tuple; () if it always is.
    """

    name: str
    encoded: bytes
    is_symbol: bool
    omitted: tuple[object, ...]


def content(node: Node) -> Iterator[tuple[HashedAttribute, Any]]:
    """The attributes of a node that its digest covers, and their values."""
    kind: type = type(node)  # mypy finds its own type unhashable
    for attribute in _hashed(kind):
        value = getattr(node, attribute.name)
        if value not in attribute.omitted:
            yield attribute, value


@cache
def _hashed(cls: type) -> tuple[HashedAttribute, ...]:
    return tuple(
        HashedAttribute(
            name=of.name,
            encoded=encode(of.name),
            is_symbol=bool(of.metadata.get("symbol")),
            omitted=(of.default,) if of.metadata.get("omitted") else (),
        )
        for of in attribute_fields(cls)
        if not of.metadata.get("label")
    )


def source_identity(source: Source) -> bytes:
    """The part of a source that a clip's digest covers: content and format, not name or path."""
    fields = [f.name for f in attrs.fields(Source) if not f.metadata.get("label")]
    return encode(tuple(getattr(source, name) for name in fields if visible(source, name)))


def encode(value: object) -> bytes:
    """A prefix-free encoding of an attribute: a type letter, a length if needed, the content.

    Raises:
        TypeError: the value has no stable encoding (NaN, sets, mappings, foreign objects).
    """
    kind: type = type(value)
    return _encoder(kind)(value)


@cache
def _encoder(kind: type) -> Callable[[Any], bytes]:
    for base, encoder in _ENCODERS.items():
        if issubclass(kind, base):
            return encoder
    raise TypeError(f"no stable digest for {kind.__name__}")


def _text(value: str) -> bytes:
    raw = value.encode("utf-8")
    return b"s%d:%b" % (len(raw), raw)


def _float(value: float) -> bytes:
    if math.isnan(value):
        raise TypeError("a NaN has no stable digest")
    return b"f" + _pack(value + 0.0)  # + 0.0 turns -0.0 into 0.0


def _point(point: Point) -> bytes:
    aim = () if point.aim is None else (point.aim.at, point.aim.value)
    return b"p" + encode((point.at, point.value, point.shape, *aim))


_pack = struct.Struct(">d").pack

# By the type of a value; the first that fits counts.
_ENCODERS: Mapping[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"n",
    bool: lambda value: b"b1" if value else b"b0",
    StrEnum: lambda value: _text(value.value),
    int: lambda value: b"i%d;" % value,
    float: _float,
    str: _text,
    Point: _point,
    tuple: lambda value: b"t%d:" % len(value) + b"".join(map(encode, value)),
}
