"""lower: the timeline becomes a graph, node by node as docs/semantics.md defines.

Promises: nothing is optimised here; every clip, track and bus becomes its full chain in the order
of the semantics, each node named after what it serves and carrying the place in the document that
asked for it. It relies on a valid, routed, clamped timeline.

A muted clip or track makes no nodes. A crossfade cuts the clip before it where the overlap ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from attrs import evolve, frozen

from ...ir import nodes as ir
from ...ir.curves import canonical_curve
from ...ir.graph import Graph
from ...ir.origin import Origin
from ...ir.units import samples
from ...presets.model import BusPreset
from ..edits.select import CAUSE, selected
from ..geometry import Crossfades, Extent, crossfades, extent, mix_length, start_order
from ..request import StemMode
from ..timeline.automation import Automation
from ..timeline.model import Timeline, clip_id
from ..unit import Unit
from .base import Pass
from .chain_builder import ChainBuilder, Nodes

STILL = Automation()


@frozen
class Lower(Pass):
    """Makes the graph of the timeline, in the order of the semantics, without optimisations."""

    name = "lower"
    requires = (
        "valid",
        "routed",
        "clamped",
        "levelled",
        "thresholds",
        "cut",
        "ducked",
        "gated",
        "selected",
    )
    establishes = ("lowered",)

    def run(self, unit: Unit) -> Unit:
        """The unit with the graph of its timeline."""
        timeline = unit.timeline
        nodes = Nodes()
        length = mix_length(timeline, unit.media)
        solo = any(track.solo for track in timeline.tracks)
        by_bus: dict[str, list[str]] = {bus.id: [] for bus in unit.buses}
        for index, track in enumerate(timeline.tracks):
            if not track.mute and (track.solo or not solo):
                value = _track(unit, nodes, index, length)
                by_bus[unit.routes[track.id]] += [value] if value else []
        buses = {b.id: _bus(unit, nodes, b, by_bus[b.id]) for b in unit.buses if by_bus[b.id]}
        if unit.selection is not None:
            first, last = unit.selection
            length = last - first
            buses = {
                bus_id: _slice(unit, nodes, bus_id, buses[bus_id], first, length)
                for bus_id in buses
            }
        measured = _master(unit, nodes, buses, length)
        stems = [b.id for b in unit.buses if unit.request.wants_stem(b.id)]
        for index, bus_id in enumerate(stems, 1):
            place = _bus_place(timeline, bus_id)
            stem = ChainBuilder(nodes, bus_id, place, timeline.sample_rate, buses.get(bus_id, ""))
            if not stem.value and unit.request.silent_stems:
                stem.begin(_silence(timeline, bus_id, length, place))
            if stem.value:
                _stem(unit, stem, measured, index)
        sources = tuple(unit.media[name] for name in sorted(unit.media))
        return selected(evolve(unit, graph=Graph.ordered(sources, nodes.made)))


def _track(unit: Unit, nodes: Nodes, index: int, length: int) -> str | None:
    """The value of a track; None if none of its clips sounds within the mix."""
    timeline = unit.timeline
    track = timeline.tracks[index]
    place = timeline.origin("tracks", index)
    extents = [extent(clip, timeline.sample_rate, unit.media) for clip in track.clips]
    joined = crossfades(track, extents, timeline.sample_rate)
    placed = tuple(
        _clip(unit, nodes, (index, i), extents[i], joined.get(i, Crossfades()))
        for i in start_order(extents)
        if not track.clips[i].mute and extents[i].start < length
    )
    if not placed:
        return None
    chain = ChainBuilder(nodes, track.id, place, timeline.sample_rate)
    chain.begin(ir.Mix(f"{track.id}.mix", length, operands=placed, origin=place))
    chain.eq(track.eq)
    chain.movable_filter(track.filter, track.automation)
    chain.dynamics(track, timeline.origin("tracks", index, "compress"))
    chain.gain(float(track.gain_db))
    chain.gain_automation(track.automation)
    if timeline.channels == 2:
        chain.pan(float(track.pan), timeline.pan_law, track.automation)
    return chain.value


def _clip(
    unit: Unit, nodes: Nodes, number: tuple[int, int], where: Extent, join: Crossfades
) -> str:
    """The value of a clip on the timeline; `number` is that of its track, and its own in it."""
    timeline = unit.timeline
    rate = timeline.sample_rate
    track, index = timeline.tracks[number[0]], number[1]
    clip = track.clips[index]
    place = timeline.origin("tracks", number[0], "clips", index)
    name = f"{track.id}/{clip_id(clip, index)}"
    chain = ChainBuilder(nodes, name, place, rate)
    length = where.length if join.length is None else join.length
    chain.begin(ir.Clip(f"{name}.clip", clip.source, where.offset, length, rate, origin=place))
    decided = partial(_decided, timeline, number, place) if timeline.via else place.child
    chain.gain(float(clip.gain_db), decided("gain_db"))
    if join.fade_in:
        chain.envelope(ir.Crossfade, ir.Edge.IN, join.fade_in, join.curve_in)
    else:
        curve = canonical_curve(clip.fade_in_curve or "tri")
        length = samples(clip.fade_in_ms, rate)
        chain.envelope(ir.Fade, ir.Edge.IN, length, curve, decided("fade_in_ms"))
    if join.fade_out:
        chain.envelope(ir.Crossfade, ir.Edge.OUT, join.fade_out, join.curve_out)
    else:
        curve = canonical_curve(clip.fade_out_curve or "tri")
        length = samples(clip.fade_out_ms, rate)
        chain.envelope(ir.Fade, ir.Edge.OUT, length, curve, decided("fade_out_ms"))
    if clip.automation.gain:
        chain.gain_automation(clip.automation, decided("automation", "gain"))
    chain.eq(clip.eq)
    chain.movable_filter(clip.filter, clip.automation)
    gate = unit.gates.get(number)
    if gate is not None:
        chain.then(ir.GainAutomation, "gate", gate.origin, points=gate.points)
    chain.dynamics(clip, decided("compress"))
    if timeline.channels == 2:
        chain.pan(float(clip.pan), timeline.pan_law, clip.automation)
    elif unit.media[clip.source].channels == 2:
        chain.then(ir.Downmix, "downmix", place)
    chain.then(ir.Place, "place", decided("start_ms"), start=where.start)
    return chain.value


def _decided(timeline: Timeline, number: tuple[int, int], place: Origin, *tail: str) -> Origin:
    """The place of a value of a clip at `place`, with its cause if an edit made the value."""
    path: tuple[str | int, ...] = ("tracks", number[0], "clips", number[1], *tail)
    is_decided = Origin("").child(*path).pointer in timeline.via
    return timeline.origin(*path) if is_decided else place.child(*tail)


def _bus(unit: Unit, nodes: Nodes, bus: BusPreset, tracks: list[str]) -> str:
    """The value of a bus where it enters the master sum."""
    timeline = unit.timeline
    place = _bus_place(timeline, bus.id)
    chain = ChainBuilder(nodes, bus.id, place, timeline.sample_rate)
    chain.begin(ir.Bus(f"{bus.id}.bus", operands=tuple(tracks), origin=place))
    for number, band in enumerate(bus.eq):
        chain.band(f"eq{number + 1}", band, place)
    chain.dynamics(bus, unit.thresholds.get(bus.id, place))
    chain.gain(bus.gain_db, place)
    if bus.id in unit.ducking:
        ducking = unit.ducking[bus.id]
        decided = evolve(place, cause=ducking.cause)
        chain.then(ir.GainAutomation, "duck", decided, points=ducking.points)
    if timeline.channels == 2:
        chain.pan(bus.pan, timeline.pan_law, STILL)
    return chain.value


def _slice(unit: Unit, nodes: Nodes, bus_id: str, value: str, first: int, length: int) -> str:
    """The value of a bus in the range that is delivered."""
    timeline = unit.timeline
    place = _bus_place(timeline, bus_id)
    chain = ChainBuilder(nodes, bus_id, place, timeline.sample_rate, value)
    chain.then(ir.Slice, "slice", evolve(place, cause=CAUSE), offset=first, length=length)
    return chain.value


def _bus_place(timeline: Timeline, bus_id: str) -> Origin:
    """The place of a bus in the timeline, or else that of its mix preset."""
    for index, override in enumerate(timeline.buses):
        if override.id == bus_id:
            return timeline.origin("buses", index)
    return timeline.origin("mix_preset_id")


def _master(unit: Unit, nodes: Nodes, buses: Mapping[str, str], length: int) -> str:
    """Adds the finish, and returns the value whose loudness is measured."""
    timeline, export = unit.timeline, unit.export
    chain = ChainBuilder(nodes, "master", timeline.origin(), timeline.sample_rate)
    operands = tuple(buses.values())
    if not operands:
        chain.begin(_silence(timeline, "master", length, chain.place))
        operands = (chain.value,)
    chain.begin(ir.Mix("master.mix", length, operands=operands, origin=chain.place))
    chain.then(ir.Headroom, "headroom", chain.place, headroom_db=export.headroom_db)
    measured = chain.value
    if export.target is not None:
        goal = {"target_lufs": export.target, "gain_db": None, "reading": export.reading}
        chain.then(ir.Loudnorm, "loudnorm", chain.place, **goal)
    chain.then(ir.Limiter, "limiter", chain.place, ceiling_db=export.ceiling_db, mode=export.limit)
    _deliver(unit, chain, ir.OutputRole.MASTER, 0)
    return measured


def _silence(timeline: Timeline, owner: str, length: int, place: Origin) -> ir.Silence:
    """Silence of the length of the mix."""
    name = f"{owner}.silence"
    return ir.Silence(name, timeline.sample_rate, timeline.channels, length, origin=place)


def _stem(unit: Unit, chain: ChainBuilder, measured: str, index: int) -> None:
    """The bus as it enters the master sum, or with the gain of the master before its limiter."""
    export = unit.export
    if unit.request.stem_mode is StemMode.MASTERED:
        chain.then(ir.Headroom, "headroom", chain.place, headroom_db=export.headroom_db)
        if export.target is not None:
            name = f"{chain.owner}.loudnorm"
            operands, goal = (chain.value, measured), (export.target, None, export.reading)
            chain.begin(ir.Loudnorm(name, *goal, operands=operands, origin=chain.place))
    _deliver(unit, chain, ir.OutputRole.STEM, index)


def _deliver(unit: Unit, chain: ChainBuilder, role: ir.OutputRole, index: int) -> None:
    export = unit.export
    noise = export.dither.noise
    if noise is not None and not export.encoding.is_float and export.encoding.bits <= 16:
        bits = export.encoding.bits
        chain.then(ir.Dither, "dither", chain.place, bits=bits, noise=noise, seed=chain.owner)
    chain.then(
        ir.Output,
        "output",
        chain.place,
        role=role,
        target=chain.owner,
        container=export.container,
        encoding=export.encoding,
        index=index,
        bit_rate=unit.request.bit_rate_at(unit.timeline.sample_rate, unit.timeline.channels),
    )
