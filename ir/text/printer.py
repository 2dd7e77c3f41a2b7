"""The IR as text: a header, then one source or one node a line.

Promises: the text depends on the graph alone, holds all of it, and is read back by `parser` as an
equal graph with equal origins. A line depends on its own node (and the types that reach it), so a
small edit is a small diff; nothing is aligned. Floats are the shortest decimals that read back as
themselves; what is not measured yet is `?`.
"""

from __future__ import annotations

from ..graph import Graph
from ..node import Node, Signal, Source, visible
from ..origin import Origin
from .codec import ATTRIBUTES, pointer, quote, symbol_name, value_name

VERSION = 1
HEADER = f"mixdown.ir {VERSION}"


def print_graph(graph: Graph, *, origins: bool = True) -> str:
    """The graph's text, each line ended by a line feed.

    Args:
        graph: any graph, a verified one or not.
        origins: also print where each node came from, as `loc(...)`.
    """
    lines = [HEADER, *map(print_source, graph.sources)]
    lines += [print_node(node, graph.signals[node.name], origins=origins) for node in graph.nodes]
    return "\n".join(lines) + "\n"


def print_source(source: Source) -> str:
    """A source's line: source @name = "path" {attributes}."""
    shown = _attributes(source)
    return f"source {symbol_name(source.name)} = {quote(source.path)}{shown}"


def print_node(node: Node, signal: Signal, *, origins: bool = True) -> str:
    """A node's line: %name = kind %operand, ... {attributes} : type  loc(origin)."""
    operands = ", ".join(map(value_name, node.operands))
    loc = f"  {print_origin(node.origin)}" if origins and node.origin else ""
    return (
        f"{value_name(node.name)} = {node.kind}{' ' if operands else ''}{operands}"
        f"{_attributes(node)} : {signal}{loc}"
    )


def print_origin(origin: Origin) -> str:
    """loc("document" /pointer), followed within by what that was made from."""
    places: list[str] = []
    place: Origin | None = origin
    while place is not None:
        tail = f" {pointer(place.pointer)}" if place.pointer else ""
        places.append(quote(place.document) + tail)
        place = place.via
    return f"loc({' via '.join(places)})"


def _attributes(owner: Node | Source) -> str:
    shown = [
        f"{a.name} = {a.codec.show(getattr(owner, a.name))}"
        for a in ATTRIBUTES[type(owner)]
        if visible(owner, a.name)
    ]
    return " {" + ", ".join(shown) + "}" if shown else ""
