"""What every picture of a graph shows: boxes, wires between them, and frames around them.

Promises: the same boxes, labels and nesting in every format: a frame a bus, in it a frame a track,
the master in a frame of its own. A wire that carries no sound but what is measured is marked.
Labels and titles are short and printable, whatever ids a document holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

from ..ir.graph import Graph
from ..ir.names import printable
from ..ir.node import Family, Node
from ..ir.text.printer import print_node
from .owners import Level, Owner, owners
from .words import phrase

LONGEST = 40
"""Characters of a label; longer ones end in an ellipsis."""


@frozen
class Box:
    """A node: its value's name, what it does, what it is called, its IR, and its colour's family.

    `called` leaves out what the frames around it say already.
    """

    name: str
    does: str
    called: str
    line: str
    family: Family
    owner: Owner


@frozen
class Wire:
    """From the value that is used to its user; `measured`: its loudness is all that is used."""

    start: str
    end: str
    measured: bool


@frozen
class Frame:
    """Boxes that belong together: a title, the boxes by name, and the frames within."""

    title: str
    level: Level
    boxes: tuple[str, ...]
    frames: tuple[Frame, ...] = ()

    @property
    def label(self) -> str:
        """What is written on it."""
        return self.title if self.level is Level.MASTER else f"{self.level} {self.title}"

    def all_boxes(self) -> Iterator[str]:
        """Those within its frames too."""
        yield from self.boxes
        for frame in self.frames:
            yield from frame.all_boxes()


@frozen
class View:
    """A graph as pictures show it: boxes in graph order, by name; wires; the outermost frames."""

    boxes: Mapping[str, Box]
    wires: tuple[Wire, ...]
    frames: tuple[Frame, ...]


def view(graph: Graph) -> View:
    """The view of a graph."""
    of = owners(graph)
    boxes = {node.name: _box(graph, node, of[node.name]) for node in graph.nodes}
    wires = tuple(
        Wire(operand, node.name, index >= len(node.heard))
        for node in graph.nodes
        for index, operand in enumerate(node.operands)
    )
    return View(boxes, wires, tuple(_frames(of)))


def _frames(of: Mapping[str, Owner]) -> Iterator[Frame]:
    """A frame a bus in graph order, then tracks without one, then the master."""
    for bus in dict.fromkeys(owner.bus for owner in of.values()):
        inside = {name: owner for name, owner in of.items() if owner.bus == bus}
        tracks = tuple(
            Frame(
                _short(track), Level.TRACK, tuple(n for n, o in inside.items() if o.track == track)
            )
            for track in dict.fromkeys(o.track for o in inside.values() if o.track)
        )
        if bus:
            own = tuple(n for n, o in inside.items() if o.level is Level.BUS)
            yield Frame(_short(bus), Level.BUS, own, tracks)
        else:
            yield from tracks
    master = tuple(name for name, owner in of.items() if owner.level is Level.MASTER)
    if master:
        yield Frame("master", Level.MASTER, master)


def _box(graph: Graph, node: Node, owner: Owner) -> Box:
    known = f"{owner.track}/" if owner.level is Level.CLIP else f"{owner.id}."
    return Box(
        name=node.name,
        does=_short(phrase(graph, node)),
        called=_short(node.name.removeprefix(known)),
        line=print_node(node, graph.signals[node.name]),
        family=node.family,
        owner=owner,
    )


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
