"""The owner of each value of a graph: a clip, track or bus, or the master.

Every value has one owner. A value's name is its owner's id, a dot, and a suffix. The level of the
owner follows from the value's origin in the timeline or, in a hand-written graph, from the kinds of
the owner's nodes. A clip belongs to a track and a track to a bus; either is "" if the graph has no
node of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen

from ..ir.codes import Code
from ..ir.diagnostics import MixdownError, did_you_mean
from ..ir.graph import Graph
from ..ir.nodes import Bus, Clip, Node, Output, OutputRole
from ..ir.origin import tokens


class Level(StrEnum):
    """The level of an owner."""

    CLIP = "clip"
    TRACK = "track"
    BUS = "bus"
    MASTER = "master"


@frozen
class Owner:
    """A clip, track or bus, or the master.

    Attributes:
        level: which of these it is.
        id: the prefix of its value names; "track/clip" for a clip.
        track: the id of its track, or its own id for a track; "" for the others.
        bus: the id of the bus that it feeds, or its own id for a bus; "" if there is none.
    """

    level: Level
    id: str
    track: str = ""
    bus: str = ""

    def __str__(self) -> str:
        return self.id if self.level is Level.MASTER else f"{self.level} {self.id}"


def owners(graph: Graph) -> Mapping[str, Owner]:
    """The owner of every value, by the value's name."""
    levels = _levels(graph)
    buses = _buses(graph, levels)
    tracks = {_id(name) for name, level in levels.items() if level is Level.TRACK}
    found: dict[str, Owner] = {}
    for node in graph.nodes:
        level, owner = levels[node.name], _id(node.name)
        track = {Level.CLIP: _track_of(owner, tracks), Level.TRACK: owner}.get(level, "")
        found[node.name] = Owner(level, owner, track, buses[node.name])
    return found


def values_of(graph: Graph, wanted: str) -> tuple[str, ...]:
    """The values of a clip, of a track with its clips, or of a bus; or a single value.

    A clip may be given without its track if only one clip has that id.

    Raises:
        MixdownError: MIX307, there is nothing of that name.
    """
    of = owners(graph)
    value = wanted.removeprefix("%")
    if value in graph.by_name:
        return (value,)
    whole = {o for o in of.values() if wanted in (o.id, o.track)}
    short = {o for o in of.values() if o.level is Level.CLIP and o.id.endswith(f"/{wanted}")}
    chosen = whole or (short if len(short) == 1 else set())
    if chosen:
        return tuple(name for name, owner in of.items() if owner in chosen)
    known = sorted({i for o in of.values() for i in (o.id, o.track) if i})
    raise MixdownError.of(
        Code.BAD_REQUEST,
        f"no clip, track, bus or value is named {wanted!r}",
        help=did_you_mean(wanted, known),
    )


def _id(name: str) -> str:
    return name.rpartition(".")[0] or name


def _levels(graph: Graph) -> dict[str, Level]:
    by_shape: dict[str, Level] = {}
    for node in graph.nodes:
        level = _level_by_kind(node)
        if level is not None:
            by_shape.setdefault(_id(node.name), level)
    return {
        node.name: _level_by_origin(node) or by_shape.get(_id(node.name), Level.TRACK)
        for node in graph.nodes
    }


def _level_by_origin(node: Node) -> Level | None:
    if node.origin is None:
        return None
    match tokens(node.origin.pointer):
        case ("tracks", _, "clips", _, *_):
            return Level.CLIP
        case ("tracks", _, *_):
            return Level.TRACK
        case ("buses", *_) | ("mix_preset_id",):
            return Level.BUS
        case ():
            return Level.MASTER
    return None


def _level_by_kind(node: Node) -> Level | None:
    if isinstance(node, Clip):
        return Level.CLIP
    if isinstance(node, Bus):
        return Level.BUS
    if isinstance(node, Output):
        return Level.MASTER if node.role is OutputRole.MASTER else Level.BUS
    return None


def _buses(graph: Graph, levels: Mapping[str, Level]) -> dict[str, str]:
    """The first bus that each value feeds; for a value of a bus, that bus."""
    found: dict[str, str] = {}
    for node in reversed(graph.nodes):
        if levels[node.name] is Level.BUS:
            found[node.name] = _id(node.name)
        elif levels[node.name] is Level.MASTER:
            found[node.name] = ""
        else:
            found[node.name] = next(
                (found[u.name] for u in graph.users[node.name] if found[u.name]), ""
            )
    return found


def _track_of(clip: str, tracks: set[str]) -> str:
    """The longest track id that is a prefix of a clip's id (ids may contain slashes)."""
    head = clip.rpartition("/")[0]
    while head and head not in tracks and "/" in head:
        head = head.rpartition("/")[0]
    return head if head in tracks else clip.rpartition("/")[0]
