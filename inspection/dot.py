"""A graph in the DOT language of Graphviz: clusters for buses, tracks and the master.

The language: https://graphviz.org/doc/info/lang.html. Boxes are named n0, n1, ... in graph order;
their labels show the names of values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..ir.graph import Graph
from .view import Frame, View, view


def dot(graph: Graph) -> str:
    """The text, with a final line feed."""
    seen = view(graph)
    ids = {name: f"n{number}" for number, name in enumerate(seen.boxes)}
    framed = {name for frame in seen.frames for name in frame.all_boxes()}
    lines = ["digraph mix {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    for number, frame in enumerate(seen.frames):
        lines += _cluster(seen, ids, frame, f"{number}", "  ")
    lines += [_node(seen, ids, name, "  ") for name in seen.boxes if name not in framed]
    for wire in seen.wires:
        style = " [style=dashed, constraint=false]" if wire.measured else ""
        lines.append(f"  {ids[wire.start]} -> {ids[wire.end]}{style};")
    return "\n".join([*lines, "}"]) + "\n"


def _cluster(
    seen: View, ids: Mapping[str, str], frame: Frame, number: str, indent: str
) -> Iterator[str]:
    inner = indent + "  "
    yield f"{indent}subgraph cluster_{number} {{"
    yield f'{inner}label="{_escaped(frame.label)}";'
    for index, part in enumerate(frame.frames):
        yield from _cluster(seen, ids, part, f"{number}_{index}", inner)
    for name in frame.boxes:
        yield _node(seen, ids, name, inner)
    yield f"{indent}}}"


def _node(seen: View, ids: Mapping[str, str], name: str, indent: str) -> str:
    box = seen.boxes[name]
    label = f"{_escaped(box.does)}\\n{_escaped(box.called)}"
    return f'{indent}{ids[name]} [label="{label}"];'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
