"""Buses, tracks and clips as the inspector's lanes, and why buses duck over time."""

from __future__ import annotations

from collections.abc import Iterator

from ...compiler.geometry import extent
from ...compiler.timeline.model import clip_id
from ...compiler.unit import BusDucking, Unit
from ...ir.nodes import Clip
from ..explain import paths, silent_clips
from ..owners import Level, owners
from .model import BusLane, ClipBlock, DuckCause, DuckSpan, TextPlace, TrackLane
from .places import Places

Lanes = tuple[tuple[BusLane, ...], tuple[TrackLane, ...], tuple[ClipBlock, ...]]


def lanes(unit: Unit, places: Places) -> Lanes:
    """The buses, the tracks and the clips of a lowered mix."""
    return _of_timeline(unit, places) if unit.timeline.tracks else _of_graph(unit, places)


def _of_timeline(unit: Unit, places: Places) -> Lanes:
    timeline, of = unit.timeline, owners(unit.ir)
    nodes = {of[n.name].id: n for n in reversed(unit.ir.nodes) if isinstance(n, Clip)}
    why = {s.clip: s.why for s in silent_clips(unit, 0, unit.ir.session.length or 0)}
    solo = any(track.solo for track in timeline.tracks)
    tracks, clips = [], []
    for t, track in enumerate(timeline.tracks):
        silent = "muted" if track.mute else "another track is solo" if solo > track.solo else ""
        tracks.append(
            TrackLane(
                id=track.id,
                bus=unit.routes[track.id],
                role=track.role,
                silent=silent,
                place=places.of(timeline.origin("tracks", t)),
            )
        )
        for c, clip in enumerate(track.clips):
            name = f"{track.id}/{clip_id(clip, c)}"
            where, node = extent(clip, timeline.sample_rate, unit.media), nodes.get(name)
            clips.append(
                ClipBlock(
                    id=name,
                    track=track.id,
                    start=where.start,
                    length=where.length if node is None else node.length,
                    source=clip.source,
                    offset=where.offset,
                    node=None if node is None else node.name,
                    silent="" if node is not None else why.get(name, ""),
                    place=places.of(timeline.origin("tracks", t, "clips", c)),
                )
            )
    used = {track.bus for track in tracks}
    buses = (b for b in unit.buses if b.id in used)
    numbers = {bus.id: number for number, bus in enumerate(timeline.buses)}
    return (
        tuple(
            BusLane(
                id=bus.id,
                place=places.of(timeline.origin("buses", numbers[bus.id]))
                if bus.id in numbers
                else None,
            )
            for bus in buses
        ),
        tuple(tracks),
        tuple(clips),
    )


def _of_graph(unit: Unit, places: Places) -> Lanes:
    graph, of = unit.ir, owners(unit.ir)
    found: dict[tuple[Level, str], TextPlace | None] = {}
    for node in graph.nodes:
        found.setdefault((of[node.name].level, of[node.name].id), places.of(node.origin))
    clips = tuple(
        ClipBlock(
            id=of[node.name].id,
            track=of[node.name].track,
            start=sum(user.starts[index] for user, index in path),
            length=node.length,
            source=node.source,
            offset=node.offset,
            node=node.name,
            silent="",
            place=places.of(node.origin),
        )
        for node in graph.nodes
        if isinstance(node, Clip)
        for path in paths(graph, node, ())
    )
    buses = {clip.track: of[clip.node or ""].bus for clip in clips}
    return (
        tuple(
            BusLane(id=bus, place=found.get((Level.BUS, bus)))
            for bus in dict.fromkeys(buses.values())
        ),
        tuple(
            TrackLane(id=id, bus=bus, role="", silent="", place=found.get((Level.TRACK, id)))
            for id, bus in buses.items()
        ),
        clips,
    )


def ducks(unit: Unit) -> Iterator[DuckCause]:
    """Why each bus ducks, over time."""
    for bus, ducking in unit.ducking.items():
        if f"{bus}.duck" in unit.ir.by_name:
            spans = tuple(_spans(ducking))
            yield DuckCause(node=f"{bus}.duck", rule=ducking.cause, spans=spans)


def _spans(ducking: BusDucking) -> Iterator[DuckSpan]:
    """The spans in which the clips of `clips_at` are the same; between triggers, of both."""
    triggers = ducking.triggers
    edges = {at for t in triggers for at in (t.start - ducking.lead, t.end + ducking.tail)}
    begun, active = 0, []
    last: tuple[str, ...] | None = None
    for at in sorted(edges):
        while begun < len(triggers) and triggers[begun].start - ducking.lead <= at:
            active.append(triggers[begun])
            begun += 1
        active = [t for t in active if at < t.end + ducking.tail]
        near = active or [*triggers[begun - 1 : begun], *triggers[begun : begun + 1]]
        clips = tuple(dict.fromkeys(t.clip for t in near))
        if clips != last:
            yield DuckSpan(start=at, clips=clips)
        last = clips
