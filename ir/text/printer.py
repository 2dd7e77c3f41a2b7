"""Prints the IR as text: a header, then one note, one source or one node per line.

The text is complete and depends only on the graph; `parser` reads it back as an equal graph with
equal origins. A line depends only on its own node and the types of its operands, and nothing is
aligned, so a small edit gives a small diff. Floats are the shortest decimals that read back
exactly; a value that has not been measured is `?`.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..graph import Graph
from ..node import Node, Signal, Source, visible
from ..notes import Note
from ..origin import Origin
from .codec import ATTRIBUTES, pointer, quote, symbol_name, value_name

VERSION = 1
HEADER = f"mixdown.ir {VERSION}"


def print_graph(graph: Graph, *, origins: bool = True, notes: Iterable[Note] = ()) -> str:
    """The text of a graph, with a line feed after each line.

    Args:
        graph: any graph, verified or not.
        origins: also print the origin of each node, as `loc(...)`.
        notes: what its files say about it.
    """
    lines = [HEADER, *map(print_note, notes), *map(print_source, graph.sources)]
    lines += [print_node(node, graph.signals[node.name], origins=origins) for node in graph.nodes]
    return "\n".join(lines) + "\n"


def print_note(note: Note) -> str:
    """A note's line: kind "name" {attributes}."""
    return f"{note.kind} {quote(note.name)}{_attributes(note)}"


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
    """loc("document" /pointer because "cause" via ...), with the origins of that place."""
    places: list[str] = []
    place: Origin | None = origin
    while place is not None:
        tail = f" {pointer(place.pointer)}" if place.pointer else ""
        cause = f" because {quote(place.cause)}" if place.cause else ""
        places.append(quote(place.document) + tail + cause)
        place = place.via
    return f"loc({' via '.join(places)})"


def _attributes(owner: Node | Source | Note) -> str:
    shown = [
        f"{a.name} = {a.codec.show(getattr(owner, a.name))}"
        for a in ATTRIBUTES[type(owner)]
        if visible(owner, a.name)
    ]
    return " {" + ", ".join(shown) + "}" if shown else ""
