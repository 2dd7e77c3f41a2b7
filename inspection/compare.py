"""The differences between two mixes, in words: clips, gains, fades, automation, routes, sources.

Every difference between the graphs is reported once, at its clip, track or bus; two mixes without
differences have equal graphs, apart from names. The graphs must come from `lower`, before gains are
folded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from attrs import frozen

from ..compiler.timeline.model import Timeline, clip_id
from ..ir.diagnostics import counted
from ..ir.graph import Graph
from ..ir.nodes import Mix, Node, Source
from ..ir.origin import Origin
from ..ir.places import cause_of
from .differences import differences
from .matching import Key, Matches, OwnedNodes, match, parts
from .owners import Level, Owner, owners
from .words import phrase, played_part, shown_speed

Pair = tuple[str, str]


@frozen
class Change:
    """One difference.

    Attributes:
        about: the clip, track or bus, "master", or "source", "metadata", "markers", "cuts".
        what: a phrase.
        before: its place in the first mix.
        after: its place in the second.
    """

    about: str
    what: str
    before: Origin | None = None
    after: Origin | None = None

    def __str__(self) -> str:
        return f"{self.about}: {self.what}"


def compare_graphs(
    a: Graph,
    b: Graph,
    silent: tuple[Set[str], Set[str]] = (frozenset(), frozenset()),
    words: Mapping[str, str] | None = None,
) -> tuple[Change, ...]:
    """The differences between two graphs.

    Args:
        a: the first.
        b: the second.
        silent: the ids of clips ("track/clip") and tracks that each mix has but does not play.
        words: what differs in some values of the second, by their names.
    """
    found = match(parts(a), parts(b))
    tracks = [(x.owner.id, y.owner.id) for x, y in found.pairs if x.owner.level is Level.TRACK]
    renamed = {(old, new) for old, new in tracks if old != new}
    return (
        *_sources(a, b),
        *_removed(found, silent[1]),
        *_added(found, silent[0]),
        *(change for x, y in found.pairs for change in _changed(a, x, b, y, renamed, words or {})),
        *_orders(a, b, found),
    )


def compare_timelines(a: Timeline, b: Timeline) -> tuple[Change, ...]:
    """The differences in metadata and markers, which are not part of the graph."""
    found = []
    for key in sorted({*a.metadata, *b.metadata}):
        if a.metadata.get(key) != b.metadata.get(key):
            new, old = (repr(t.metadata[key]) if key in t.metadata else "none" for t in (b, a))
            origins = (t.origin("metadata", key) for t in (a, b))
            found.append(Change("metadata", f"{key} {new}, was {old}", *origins))
    if a.markers != b.markers:
        origins = (t.origin("markers") for t in (a, b))
        what = f"{len(b.markers)}, was {len(a.markers)}"
        what = what if len(a.markers) != len(b.markers) else "changed times or labels"
        found.append(Change("markers", what, *origins))
    return tuple(found)


def silent_ids(timeline: Timeline, graph: Graph) -> Set[str]:
    """The ids of the tracks and clips that a timeline has but its graph does not play."""
    known = {track.id for track in timeline.tracks}
    known |= {
        f"{track.id}/{clip_id(clip, index)}"
        for track in timeline.tracks
        for index, clip in enumerate(track.clips)
    }
    return known - {part.owner.id for part in parts(graph)}


def _sources(a: Graph, b: Graph) -> Iterator[Change]:
    for name in sorted({*a.source_by_name, *b.source_by_name}):
        old, new = a.source_by_name.get(name), b.source_by_name.get(name)
        about = f"source {name}"
        if old is None and new is not None:
            yield Change(about, f"added ({new.path})")
        elif old is not None and new is None:
            yield Change(about, f"removed ({old.path})")
        elif old is not None and new is not None:
            if old.path != new.path:
                yield Change(about, f"{new.path}, was {old.path}")
            if old.digest != new.digest:
                lengths = (
                    f"{s.frames} samples at {s.rate} Hz, {counted(s.channels, 'channel')}"
                    for s in (new, old)
                )
                shapes = list(dict.fromkeys(lengths))
                how = f": {', was '.join(shapes)}" if len(shapes) > 1 else ""
                yield Change(about, f"content changed{how}")
            else:
                was, now = _played(old), _played(new)
                if was != now:
                    yield Change(about, f"plays {now}, was {was}")


def _played(source: Source) -> str:
    """The part of its file that a source plays, how long that is, and how fast."""
    fast = f", {shown_speed(source)}" if source.speed != (1, 1) else ""
    return f"{played_part(source) or 'all of it'}, {source.frames} samples{fast}"


def _removed(found: Matches, silent: Set[str]) -> Iterator[Change]:
    tracks = {part.owner.id for part in found.removed if part.owner.level is Level.TRACK}
    for part in found.removed:
        if part.owner.level is Level.CLIP and part.owner.track in tracks:
            continue
        no_sound = part.owner.id in silent
        yield Change(
            str(part.owner), "no longer sounds" if no_sound else "removed", before=_origin(part)
        )


def _added(found: Matches, silent: Set[str]) -> Iterator[Change]:
    tracks = {part.owner.id for part in found.added if part.owner.level is Level.TRACK}
    for part in found.added:
        owner = part.owner
        if owner.level is Level.CLIP and owner.track in tracks:
            continue
        what = "sounds again" if owner.id in silent else "added"
        if owner.level is Level.TRACK:
            inside = [
                p.owner.id for p in found.added if p.owner.track == owner.id and p is not part
            ]
            what += f", on {owner.bus}" + (f", with {', '.join(inside)}" if inside else "")
        yield Change(str(owner), what, after=_origin(part))


def _changed(
    a: Graph,
    one: OwnedNodes,
    b: Graph,
    other: OwnedNodes,
    renamed: Set[Pair],
    words: Mapping[str, str],
) -> Iterator[Change]:
    """The differences of one owner in the second graph."""
    about, places = str(other.owner), (_origin(one), _origin(other))
    old, new = one.owner, other.owner
    if old.id != new.id and (old.track, new.track) not in renamed - {(old.id, new.id)}:
        yield Change(about, f"renamed from {old.id}", *places)
    if new.level is Level.TRACK and old.bus != new.bus:
        yield Change(about, f"routed to {new.bus}, was {old.bus}", *places)
    for name, before in one.nodes.items():
        after = other.nodes.get(name)
        if after is None:
            yield Change(about, f"removed {_thing(a, before)}", before.origin, None)
        elif not (isinstance(after, Mix) and new.level is Level.TRACK):  # as long as the master
            found = differences(a, before, b, after)
            for what in (words[after.name],) if found and after.name in words else found:
                yield Change(about, what, before.origin, after.origin)
    for name, after in other.nodes.items():
        if name not in one.nodes:
            yield Change(about, f"added {_thing(b, after)}", None, after.origin)


def _orders(a: Graph, b: Graph, found: Matches) -> Iterator[Change]:
    """The buses, and perhaps the master, that sum the same parts in another order."""
    new_keys = {one.key: other.key for one, other in found.pairs}
    of_a, of_b = owners(a), owners(b)
    for node in b.nodes:
        before = a.by_name.get(node.name)
        if of_b[node.name].level not in (Level.BUS, Level.MASTER) or before is None:
            continue
        was = [new_keys.get(_key(of_a[o])) for o in before.operands]
        now = [_key(of_b[o]) for o in node.operands]
        if len(now) > 1 and was != now and sorted(map(str, was)) == sorted(map(str, now)):
            what = f"sums in another order: {', '.join(name for _, name in now)}"
            yield Change(str(of_b[node.name]), what, before.origin, node.origin)


def _key(owner: Owner) -> Key:
    return (owner.level, owner.id)


def _thing(graph: Graph, node: Node) -> str:
    what = cause_of(node.origin) or phrase(graph, node)
    return f"{node.name.rpartition('.')[2]}: {what}"


def _origin(part: OwnedNodes) -> Origin | None:
    return next(iter(part.nodes.values())).origin
