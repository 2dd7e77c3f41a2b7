"""A graph as an SVG picture without any other program: boxes in frames, left to right.

The tooltip of a node is its full IR. Text can be searched and copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from html import escape

from ..ir.graph import Graph
from .layout import GAP, PADDING, TITLE, PictureLayout, Rect, layout
from .view import Box, Frame, View, Wire, view

_escaped = partial(escape, quote=False)

_STYLE = """\
text { font: 11px "DejaVu Sans", Verdana, sans-serif; fill: #1f2933; }
.called { font-size: 10px; fill: #66727f; }
.title { font-weight: bold; }
.bus { fill: #f1f4f8; stroke: #9aa7b5; }
.track { fill: #ffffff; stroke: #c3ccd6; }
.master { fill: #fbf3e6; stroke: #cdb183; }
.box { stroke-width: 1.2; }
.source { fill: #dcebfb; stroke: #4a86c5; }
.gain { fill: #fdecc8; stroke: #c48a1b; }
.fade { fill: #dff3e0; stroke: #4d9b57; }
.dynamics { fill: #fde2ea; stroke: #c05078; }
.filter { fill: #ece3f8; stroke: #8560bd; }
.pan { fill: #d8f2f1; stroke: #35928f; }
.sum { fill: #e6e9ed; stroke: #66727f; }
.finish { fill: #fbdfdc; stroke: #c05248; }
.wire { fill: none; stroke: #52606d; stroke-width: 1.2; }
.measured { stroke-dasharray: 4 3; }
"""


def svg(graph: Graph) -> str:
    """The picture as text, with a final line feed."""
    seen = view(graph)
    placed = layout(graph, seen)
    size = f'width="{placed.width:.0f}" height="{placed.height:.0f}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
            f'viewBox="0 0 {placed.width:.0f} {placed.height:.0f}">',
            f"<style>\n{_STYLE}</style>",
            '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#52606d"/></marker>',
            '<rect width="100%" height="100%" fill="white"/>',
            *(_frame(frame, rect) for frame, rect in placed.frames),
            *_wires(seen, placed),
            *(_box(box, placed.boxes[name]) for name, box in seen.boxes.items()),
            "</svg>\n",
        ]
    )


def _frame(frame: Frame, rect: Rect) -> str:
    return (
        f'<rect class="{frame.level}" {_place(rect)} rx="6"/>'
        f'<text class="title" x="{rect.x + PADDING:.1f}" y="{rect.y + TITLE - 3:.1f}">'
        f"{_escaped(frame.label)}</text>"
    )


def _box(box: Box, rect: Rect) -> str:
    x = rect.x + PADDING
    return (
        f"<g><title>{_escaped(box.line)}</title>"
        f'<rect class="box {box.family}" {_place(rect)} rx="4"/>'
        f'<text x="{x:.1f}" y="{rect.y + 14:.1f}">{_escaped(box.does)}</text>'
        f'<text class="called" x="{x:.1f}" y="{rect.y + 27:.1f}">{_escaped(box.called)}</text></g>'
    )


def _wires(seen: View, placed: PictureLayout) -> Iterator[str]:
    for wire in seen.wires:
        kind = "wire measured" if wire.measured else "wire"
        path = _path(wire, placed)
        yield f'<path class="{kind}" d="{path}" marker-end="url(#tip)"/>'


def _path(wire: Wire, placed: PictureLayout) -> str:
    """Along its row to the gap before the user's column, then up or down to the user."""
    start, end = placed.boxes[wire.start], placed.boxes[wire.end]
    x, y = start.x + start.width, start.y + start.height / 2
    to_x, to_y = end.x, end.y + end.height / 2
    turn = max(x, to_x - GAP)
    if to_x < x:  # back to a measured value: a curve around
        return (
            f"M{x:.1f} {y:.1f}C{x + GAP:.1f} {y:.1f} {x + GAP:.1f} {(y + to_y) / 2:.1f} "
            f"{(x + to_x) / 2:.1f} {(y + to_y) / 2:.1f}S{to_x - GAP:.1f} {to_y:.1f} "
            f"{to_x:.1f} {to_y:.1f}"
        )
    half = (turn + to_x) / 2
    return (
        f"M{x:.1f} {y:.1f}H{turn:.1f}C{half:.1f} {y:.1f} {half:.1f} {to_y:.1f} "
        f"{to_x:.1f} {to_y:.1f}"
    )


def _place(rect: Rect) -> str:
    return f'x="{rect.x:.1f}" y="{rect.y:.1f}" width="{rect.width:.1f}" height="{rect.height:.1f}"'
