"""The content of a picture of a graph: boxes, wires between them, and frames around them.

Boxes, labels and nesting are the same in every format: one frame per bus, inside it one per track,
and one for the master. A wire whose signal is only measured is marked. Labels and titles are short
and printable, whatever the ids in the document. Of a large mix the clips of each track are one box.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from attrs import evolve, frozen

from ..ir.diagnostics import counted
from ..ir.graph import Graph
from ..ir.names import printable
from ..ir.node import Family, Node
from ..ir.text.printer import print_node
from .owners import Level, Owner, owners
from .words import phrase

LONGEST = 40
"""The maximum length of a label, in characters; longer ones end in an ellipsis."""


MOST_CLIPS = 60
"""The number of clips up to which each is drawn; `--focus` draws some of a larger mix."""


@frozen
class Box:
    """A node: its value's name, what it does, its short name, its IR, and the family of its colour.

    `called`, the short name, omits what the frames around it already show. A box of all clips of a
    track has the name of their first value, and their ids for its IR.
    """

    name: str
    does: str
    called: str
    line: str
    family: Family
    owner: Owner


@frozen
class Wire:
    """From a value to its user; `measured`: the user only measures its loudness."""

    start: str
    end: str
    measured: bool


@frozen
class Frame:
    """A group of boxes: a title, the boxes by name, and the inner frames."""

    title: str
    level: Level
    boxes: tuple[str, ...]
    frames: tuple[Frame, ...] = ()

    @property
    def label(self) -> str:
        """The visible title."""
        return self.title if self.level is Level.MASTER else f"{self.level} {self.title}"

    def all_boxes(self) -> Iterator[str]:
        """Its boxes and those of its inner frames."""
        yield from self.boxes
        for frame in self.frames:
            yield from frame.all_boxes()


@frozen
class View:
    """The content of a picture: boxes in graph order, by name; wires; the outermost frames."""

    boxes: Mapping[str, Box]
    wires: tuple[Wire, ...]
    frames: tuple[Frame, ...]


def view(graph: Graph) -> View:
    """The view of a graph."""
    of = owners(graph)
    clips = {track: ids for track, ids in _clips(of).items() if track}
    folded: dict[str, str] = {}  # value -> box
    if sum(map(len, clips.values())) > MOST_CLIPS:
        for ids in clips.values():
            folded |= dict.fromkeys(chain(*ids.values()), next(chain(*ids.values())))
    boxes = {
        node.name: _box(graph, node, of[node.name])
        for node in graph.nodes
        if folded.get(node.name, node.name) == node.name
    }
    for track, ids in clips.items():
        first = next(chain(*ids.values()))
        if first in folded:
            boxes[first] = _folded(boxes[first], track, tuple(ids))
    wires = dict.fromkeys(
        Wire(start, end, index >= len(node.audio_operands))
        for node in graph.nodes
        for index, operand in enumerate(node.operands)
        if (start := folded.get(operand, operand)) != (end := folded.get(node.name, node.name))
    )
    shown = {name: owner for name, owner in of.items() if name in boxes}
    return View(boxes, tuple(wires), tuple(_frames(shown)))


def _clips(of: Mapping[str, Owner]) -> dict[str, dict[str, list[str]]]:
    """The values of each clip, by track and clip."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, owner in of.items():
        if owner.level is Level.CLIP:
            found.setdefault(owner.track, {}).setdefault(owner.id, []).append(name)
    return found


def _folded(box: Box, track: str, ids: tuple[str, ...]) -> Box:
    """The box of all clips of a track, from that of their first value."""
    first, last = (id.removeprefix(f"{track}/") for id in (ids[0], ids[-1]))
    called = first if first == last else f"{first} to {last}"
    line = ", ".join(map(printable, ids))
    return evolve(box, does=counted(len(ids), "clip"), called=_short(called), line=line)


def _frames(of: Mapping[str, Owner]) -> Iterator[Frame]:
    """One frame per bus in graph order, then tracks without a bus, then the master."""
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
