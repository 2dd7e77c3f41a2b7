"""Places the boxes of a picture: columns follow the signal flow, rows group what belongs together.

A mix is nearly a tree: clips feed tracks, tracks feed buses, buses feed the master. So this is the
layered drawing of Sugiyama, Tagawa and Toda (IEEE Trans. SMC 11(2), 1981) without the crossing
step: in depth-first order each clip gets a row of its own, and a sum is centred on its operands.

    clip -> fade -> pan --.                               columns: as far right as its user allows,
    clip -> fade -> pan ---> track -> gain --.            so that chains end where they are summed
    clip -> gain --------------> track -> gain -> bus -> master -> ...
                                                   '--> dither -> stem

The nodes of a stem have a row below their bus, and their columns end before those of the master, so
the frames around a bus or a track never cross.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from ..ir.graph import Graph
from .owners import Level
from .view import Frame, View

if TYPE_CHECKING:
    import networkx as nx

CHARACTER = 6.3
"""The approximate maximum width of a character of a label, in pixels."""

HEIGHT = 34
ROW = 44
GAP = 34
PADDING = 8
TITLE = 16


@frozen
class Rect:
    """A rectangle: its upper left corner and its size, in pixels."""

    x: float
    y: float
    width: float
    height: float


@frozen
class PictureLayout:
    """The positions of all boxes and frames, in pixels.

    Attributes:
        boxes: by name.
        frames: with their rectangles, outer ones first.
        width: of the picture.
        height: of the picture.
    """

    boxes: Mapping[str, Rect]
    frames: tuple[tuple[Frame, Rect], ...]
    width: float
    height: float


def layout(graph: Graph, seen: View) -> PictureLayout:
    """The layout of a graph and its view."""
    columns = _columns(graph, seen)
    rows = _rows(graph, seen, columns)
    lefts, widths = _across(seen, columns)
    tops = _down(seen, rows)
    boxes = {
        name: Rect(lefts[columns[name]], tops(rows[name]), widths[columns[name]], HEIGHT)
        for name in seen.boxes
    }
    frames = [placed for frame in seen.frames for placed in _framed(frame, boxes)]
    edges = [rect for _, rect in frames] + list(boxes.values())
    return PictureLayout(
        boxes,
        tuple(frames),
        max((r.x + r.width for r in edges), default=0.0) + PADDING,
        max((r.y + r.height for r in edges), default=0.0) + PADDING,
    )


def _audio(seen: View) -> nx.DiGraph[str]:
    import networkx as nx  # noqa: PLC0415 (heavy)

    wires: nx.DiGraph[str] = nx.DiGraph()
    wires.add_nodes_from(seen.boxes)
    wires.add_edges_from((w.start, w.end) for w in seen.wires if not w.measured)
    return wires


def _main(graph: Graph, wires: nx.DiGraph[str]) -> set[str]:
    """The values that feed the master, including the master."""
    import networkx as nx  # noqa: PLC0415

    master = graph.outputs[0].name
    return {master, *nx.ancestors(wires, master)}


def _columns(graph: Graph, seen: View) -> dict[str, int]:
    """The column of each box, from 0."""
    import networkx as nx  # noqa: PLC0415

    wires = _audio(seen)
    at_master = {n for n, box in seen.boxes.items() if box.owner.level is Level.MASTER}
    others = [n for n in wires if not wires.out_degree(n) and n not in at_master]
    before = {name for other in others for name in nx.ancestors(wires, other)}
    begins = [
        name for name in at_master - before if not at_master.intersection(wires.predecessors(name))
    ]
    wires.add_edges_from((other, begin) for other in others for begin in begins)
    back: dict[str, int] = {}
    for name in reversed(list(nx.topological_sort(wires))):
        back[name] = 1 + max((back[user] for user in wires.successors(name)), default=-1)
    last = max(back.values(), default=0)
    return {name: last - back[name] for name in seen.boxes}


def _rows(graph: Graph, seen: View, columns: Mapping[str, int]) -> dict[str, float]:
    """The row of each box, from 0; a sum may be between two rows."""
    wires = _audio(seen)
    main = _main(graph, wires)
    side: dict[str, list[str]] = {}
    root: dict[str, str] = {}
    for name in seen.boxes:
        if name not in main:
            root[name] = next((root.get(o, o) for o in wires.predecessors(name)), name)
            side.setdefault(root[name], []).append(name)
    rows: dict[str, float] = {}
    taken: dict[int, list[float]] = {column: [] for column in columns.values()}
    free = 0

    def put(name: str, row: float) -> None:
        """Place a box in a row, or below others there: values with several users can collide."""
        column = taken[columns[name]]
        for other in sorted(column):
            if abs(other - row) < 1:
                row = other + 1
        column.append(row)
        rows[name] = row

    for name in seen.boxes:
        if name in main:
            above = [rows[o] for o in wires.predecessors(name)]
            put(name, (min(above) + max(above)) / 2 if above else free)
            free += not above
        elif root[name] != name:
            continue
        if name in side:
            for other in side[name]:
                put(other, free)
            free += 1
    return rows


def _across(seen: View, columns: Mapping[str, int]) -> tuple[list[float], list[float]]:
    """The left edge and the width of each column."""
    widths = [0.0] * (max(columns.values(), default=-1) + 1)
    for name, box in seen.boxes.items():
        text = max(len(box.does), len(box.called)) * CHARACTER + 2 * PADDING
        widths[columns[name]] = max(widths[columns[name]], text)
    lefts, x = [], GAP / 2 + PADDING
    for width in widths:
        lefts.append(x)
        x += width + GAP
    return lefts, widths


class _Tops:
    """The top edge of each row, interpolated between rows."""

    def __init__(self, edges: list[float]) -> None:
        self.edges = edges

    def __call__(self, row: float) -> float:
        low = min(int(row), len(self.edges) - 1)
        high = min(low + 1, len(self.edges) - 1)
        part = row - low if high > low else 0.0
        return (
            self.edges[low]
            + (self.edges[high] - self.edges[low]) * part
            + ROW * max(0.0, row - len(self.edges) + 1)
        )


def _down(seen: View, rows: Mapping[str, float]) -> _Tops:
    """Rows are ROW apart, and further where one frame ends and another begins between them."""
    count = int(max(rows.values(), default=0.0)) + 1
    inside: list[tuple[str, str]] = [("", "")] * count
    for name, row in rows.items():
        owner = seen.boxes[name].owner
        if row == int(row) and owner.level is not Level.MASTER:
            bus, track = inside[int(row)]
            inside[int(row)] = (bus or owner.bus, track or owner.track)
    edges, y = [], 2.0 * PADDING
    for index, (bus, track) in enumerate(inside):
        before = inside[index - 1] if index else None
        if before is None or before[0] != bus:
            y += TITLE + 3 * PADDING
        if track and (before is None or before != (bus, track)):
            y += TITLE + 2 * PADDING
        edges.append(y)
        y += ROW
    return _Tops(edges)


def _framed(frame: Frame, boxes: Mapping[str, Rect]) -> list[tuple[Frame, Rect]]:
    """The frame with its rectangle, then its inner frames."""
    inner = [placed for part in frame.frames for placed in _framed(part, boxes)]
    rects = [boxes[name] for name in frame.boxes] + [rect for _, rect in inner]
    left = min(r.x for r in rects) - PADDING
    top = min(r.y for r in rects) - PADDING - TITLE
    right = max(r.x + r.width for r in rects) + PADDING
    bottom = max(r.y + r.height for r in rects) + PADDING
    return [(frame, Rect(left, top, right - left, bottom - top)), *inner]
