"""Graph -> streams: one for each value and origin, from the outputs down.

The origin of a value is the position of its sample 0 on the timeline. Places and lanes only shift
the origin of what they place, so they cost nothing. What a slice is a range of begins before it, at
a negative position if the slice is the whole mix. A value that is placed twice is streamed twice,
once from each origin. Values that several others use at the same origin are shared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ....audio import FloatArray, biquad, pan
from ....audio.curves import fade_in, fade_out
from ....audio.envelope import gain_envelope, interpolate, log_frequency_envelope
from ....audio.limiter import TruePeakLimiter
from ....ir import nodes as ir
from ....ir.graph import Graph
from ....ir.units import gain_factor
from ..values import dithering, dynamics_of, frames_of
from .piece import Stream
from .sources import Sources
from .streams import (
    Change,
    Changed,
    Dithered,
    Empty,
    Filtered,
    LookAhead,
    Played,
    SharedStream,
    Sliced,
    Summed,
)


class Need(NamedTuple):
    """A value at an origin, and the position up to which it is used."""

    name: str
    origin: int
    end: int


class StreamSite(NamedTuple):
    """What a stream is made from.

    Attributes:
        graph: all nodes.
        sources: opens files.
        origin, end: of the value: its own sample 0, and the end of its last use.
        begin: where its stream begins: at the origin, or later.
        operands: the streams of the operands that are used.
    """

    graph: Graph
    sources: Sources
    origin: int
    end: int
    begin: int
    operands: Sequence[Stream]


class Built(NamedTuple):
    """The streams of the requested values, and what is made before them.

    Attributes:
        streams: of the requested values.
        ahead: those that can be rendered ahead of them.
        sliced: the slices, operands before their users.
        parts: everything that was made, by node and origin; what is shared counts twice.
    """

    streams: Mapping[str, Stream]
    ahead: tuple[SharedStream, ...]
    sliced: tuple[Sliced, ...]
    parts: Mapping[str, Stream | SharedStream]

    @property
    def lead(self) -> int:
        """The position at which the values begin that the requested ones are sliced from."""
        return min((each.lead for each in self.sliced), default=0)


def build(
    graph: Graph,
    values: Iterable[str],
    sources: Sources,
    ahead: Iterable[str] = (),
    grid: int = 1,
    begin: int | None = None,
) -> Built:
    """Streams of `values`, whose sample 0 is at position 0.

    `ahead` names values to share even if they have only one user, in ranges on a grid, so that they
    can be rendered early. With `begin`, no stream begins before this position: filters and dynamics
    begin there as if silence preceded.
    """
    wanted = dict.fromkeys(values)
    heard: dict[str, dict[int, int]] = {node.name: {} for node in graph.nodes}
    hearers: dict[tuple[str, int], int] = {}
    needs: dict[tuple[str, int], list[Need]] = {}

    def hear(need: Need) -> None:
        ends = heard[need.name]
        ends[need.origin] = max(need.end, ends.get(need.origin, 0))
        hearers[need[:2]] = hearers.get(need[:2], 0) + 1

    for name in wanted:
        hear(Need(name, 0, graph.signals[name].length or 0))
    for node in reversed(graph.nodes):
        for origin, end in heard[node.name].items():
            found = needs[node.name, origin] = list(_needs(graph, node, origin, end))
            for need in found:
                hear(need)

    early = set(ahead)
    made: dict[tuple[str, int], Stream | SharedStream] = {}
    parts: dict[str, Stream | SharedStream] = {}
    sliced: list[Sliced] = []

    def connect(need: Need) -> Stream:
        stream = made[need[:2]]
        return stream.port(need.end) if isinstance(stream, SharedStream) else stream

    for node in graph.nodes:
        for origin, end in heard[node.name].items():
            key = (node.name, origin)
            operands = [connect(need) for need in needs[key]]
            first = origin if begin is None else max(origin, begin)
            site = StreamSite(graph, sources, origin, end, first, operands)
            stream = STREAMS[type(node)](node, site)
            if isinstance(stream, Sliced):
                sliced.append(stream)
            share = hearers[key] > 1 or node.name in early
            if share and stream.start < stream.end:
                made[key] = SharedStream(stream, grid if node.name in early else 1)
            else:
                made[key] = stream
            parts |= {f"{node.name} {origin}": stream, f"{node.name} {origin} shared": made[key]}
    streams = {n: connect(Need(n, 0, graph.signals[n].length or 0)) for n in wanted}
    can_be_early = (s for key, s in made.items() if key[0] in early and isinstance(s, SharedStream))
    return Built(streams, tuple(can_be_early), tuple(sliced), parts)


def _needs(graph: Graph, node: ir.Node, origin: int, end: int) -> Iterator[Need]:
    """The ranges of its operands that a node needs for its samples from `origin` to `end`."""
    if node.follows_level or isinstance(
        node, ir.Limiter | ir.Dither
    ):  # needs input past the end of its requested output
        end = origin + (graph.signals[node.name].length or 0)
    for operand, start in zip(node.audio_operands, node.starts, strict=True):
        last = min(end, origin + start + (graph.signals[operand].length or 0))
        if origin + start < last:
            yield Need(operand, origin + start, last)


def _played(node: ir.Clip, site: StreamSite) -> Stream:
    source = site.graph.source_by_name[node.source]
    offset = node.offset + site.begin - site.origin
    return Played(site.sources, source, node.rate, offset, site.begin, site.end)


def _silent(node: ir.Silence, site: StreamSite) -> Stream:
    return Empty(node.channels, site.origin)


def _summed(node: ir.Mix | ir.Bus | ir.Lane, site: StreamSite) -> Stream:
    channels = site.graph.signals[node.name].channels
    return Summed(site.operands, channels, site.origin, site.end)


def _placed(node: ir.Place, site: StreamSite) -> Stream:
    """The operand itself: its origin already has the shift."""
    if site.operands:
        return site.operands[0]
    return Empty(site.graph.signals[node.name].channels, site.origin)


def _sliced(node: ir.Slice, site: StreamSite) -> Stream:
    if site.operands:
        return Sliced(site.operands[0], site.origin, site.end)
    return Empty(site.graph.signals[node.name].channels, site.origin)


def _limited(node: ir.Limiter, site: StreamSite) -> Stream:
    signal = site.graph.signals[node.name]
    aim = node.ceiling_db - node.margin_db
    limiter = TruePeakLimiter(signal.rate, signal.channels, aim, detector=node.mode.value)
    return LookAhead(site.operands[0], limiter, site.begin, site.origin + (signal.length or 0))


def _dynamic(node: ir.Dynamics, site: StreamSite) -> Stream:
    signal = site.graph.signals[node.name]
    last = site.origin + (signal.length or 0)
    return LookAhead(site.operands[0], dynamics_of(node, signal), site.begin, last)


def _dithered(node: ir.Dither, site: StreamSite) -> Stream:
    gate = dithering(site.graph, node)
    last = site.origin + (site.graph.signals[node.name].length or 0)
    return Dithered(site.operands[0], gate, site.begin, last)


def _filtered(node: ir.Filter, site: StreamSite) -> Stream:
    rate = site.graph.signals[node.name].rate
    rows = biquad.coefficients(node.shape.value, node.frequency_hz, rate, node.q, node.gain_db)
    still = biquad.StaticBiquad(rows[0], site.operands[0].channels)
    return Filtered(site.operands[0], still, site.origin, site.end)


def _moving(node: ir.FilterAutomation, site: StreamSite) -> Stream:
    frames = frames_of(node.points)
    moving = biquad.MovingBiquad(
        node.shape.value,
        site.graph.signals[node.name].rate,
        site.operands[0].channels,
        frequency=lambda positions: log_frequency_envelope(frames, positions),
        q=node.q,
        gain_db=node.gain_db,
    )
    return Filtered(site.operands[0], moving, site.origin, site.end)


def _scale(factor: float) -> Change:
    return lambda samples, _: samples * factor


def _gain(node: ir.Gain | ir.Headroom, _: StreamSite) -> Change:
    return _scale(gain_factor(node.gain_db))


def _loudnorm(node: ir.Loudnorm, _: StreamSite) -> Change:
    if node.gain_db is None:
        raise ValueError(f"the gain of %{node.name} has not been measured")
    return _scale(gain_factor(node.gain_db))


def _fade(node: ir.Fade, site: StreamSite) -> Change:
    length, curve = node.length, node.curve
    if node.edge is ir.Edge.IN:

        def change(samples: FloatArray, at: int) -> FloatArray:
            count = samples.shape[1]
            return samples * fade_in(length, curve, count, at) if at < length else samples

        return change
    begin = (site.graph.signals[node.name].length or 0) - length

    def change_out(samples: FloatArray, at: int) -> FloatArray:
        count = samples.shape[1]
        inside = at + count > begin
        return samples * fade_out(length, curve, count, at - begin) if inside else samples

    return change_out


def _gain_automation(node: ir.GainAutomation, _: StreamSite) -> Change:
    frames = frames_of(node.points)
    return lambda samples, at: samples * gain_envelope(frames, at, samples.shape[1])


def _pan(node: ir.Pan, site: StreamSite) -> Change:
    channels = site.operands[0].channels
    gains = pan.gains(node.position, node.law.value, channels)
    if channels == 1 and gains[0] == gains[1]:
        gains = gains[:1]  # one channel serves as both
    return lambda samples, _: samples * gains


def _pan_automation(node: ir.PanAutomation, _: StreamSite) -> Change:
    frames, law = frames_of(node.points), node.law.value

    def change(samples: FloatArray, at: int) -> FloatArray:
        positions = np.arange(at, at + samples.shape[1])
        return pan.pan(samples, interpolate(frames, positions), law)

    return change


def _downmix(_: ir.Downmix, __: StreamSite) -> Change:
    return lambda samples, _: pan.downmix(samples)


def _changed(
    make: Callable[[Any, StreamSite], Change], *, alike: bool = True
) -> Callable[[Any, StreamSite], Stream]:
    """What makes the stream of a node; alike: whether it does the same to every channel."""

    def stream(node: ir.Node, site: StreamSite) -> Stream:
        channels, change = site.graph.signals[node.name].channels, make(node, site)
        return Changed(site.operands[0], change, channels, site.origin, site.end, alike=alike)

    return stream


STREAMS: Mapping[type[ir.Node], Callable[[Any, StreamSite], Stream]] = {
    ir.Clip: _played,
    ir.Silence: _silent,
    ir.Gain: _changed(_gain),
    ir.Fade: _changed(_fade),
    ir.Crossfade: _changed(_fade),
    ir.GainAutomation: _changed(_gain_automation),
    ir.Filter: _filtered,
    ir.FilterAutomation: _moving,
    ir.Gate: _dynamic,
    ir.Deess: _dynamic,
    ir.Compress: _dynamic,
    ir.Pan: _changed(_pan, alike=False),
    ir.PanAutomation: _changed(_pan_automation, alike=False),
    ir.Downmix: _changed(_downmix, alike=False),
    ir.Place: _placed,
    ir.Slice: _sliced,
    ir.Lane: _summed,
    ir.Mix: _summed,
    ir.Bus: _summed,
    ir.Headroom: _changed(_gain),
    ir.Loudnorm: _changed(_loudnorm),
    ir.Limiter: _limited,
    ir.Dither: _dithered,
}
