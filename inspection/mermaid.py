"""A graph as a Mermaid flowchart, which Markdown renderers show as a picture.

The syntax: https://mermaid.js.org/syntax/flowchart.html. Boxes are named n0, n1, ... in graph
order; their labels, quoted and escaped by entity codes, show the names of values.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.graph import Graph
from .view import Frame, View, view


def mermaid(graph: Graph) -> str:
    """The text, with a final line feed."""
    seen = view(graph)
    ids = {name: f"n{number}" for number, name in enumerate(seen.boxes)}
    framed = {name for frame in seen.frames for name in frame.all_boxes()}
    lines = ["flowchart LR"]
    for number, frame in enumerate(seen.frames):
        lines += _subgraph(seen, ids, frame, f"f{number}", "  ")
    lines += [_node(seen, ids, name, "  ") for name in seen.boxes if name not in framed]
    for wire in seen.wires:
        arrow = "-.->" if wire.measured else "-->"
        lines.append(f"  {ids[wire.start]} {arrow} {ids[wire.end]}")
    return "\n".join(lines) + "\n"


def _subgraph(
    seen: View, ids: dict[str, str], frame: Frame, name: str, indent: str
) -> Iterator[str]:
    yield f'{indent}subgraph {name}["{_escaped(frame.label)}"]'
    for index, part in enumerate(frame.frames):
        yield from _subgraph(seen, ids, part, f"{name}_{index}", indent + "  ")
    for box in frame.boxes:
        yield _node(seen, ids, box, indent + "  ")
    yield f"{indent}end"


def _node(seen: View, ids: dict[str, str], name: str, indent: str) -> str:
    box = seen.boxes[name]
    return f'{indent}{ids[name]}["{_escaped(box.does)}<br/>{_escaped(box.called)}"]'


def _escaped(text: str) -> str:
    """The text with the special characters of Mermaid and HTML escaped."""
    return "".join(f"#{ord(c)};" if c in '#&<>"`\\' else c for c in text)
