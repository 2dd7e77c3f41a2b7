"""The nodes of a graph as data, with what each does to the level over time.

Gains are those of the native kernels: curves are evaluated here, and followed by straight lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
import numpy as np

from ...audio import IndexArray
from ...audio.curves import fade_in
from ...audio.envelope import interpolate, log_frequency_envelope
from ...audio.pan import position_gains
from ...backends.native.values import frames_of
from ...ir import nodes as ir
from ...ir.curves import Shape
from ...ir.graph import Graph
from ...ir.places import cause_of
from ..gains import effect
from ..owners import owners
from ..words import phrase
from .model import (
    Breakpoints,
    FadeGain,
    GraphNode,
    NodeGain,
    NodeOwner,
    ValueType,
)
from .places import Places

PIECES = 32
"""Straight lines in place of a curve between two keyframes."""

FADE_PIECES = 256


def graph_nodes(graph: Graph, places: Places, *, gains: bool) -> tuple[GraphNode, ...]:
    """The nodes in their order; `gains`: with what they do to the level."""
    return tuple(_nodes(graph, places, gains=gains))


def _nodes(graph: Graph, places: Places, *, gains: bool) -> Iterator[GraphNode]:
    of = owners(graph)
    for node in graph.nodes:
        owner, audio, signal = of[node.name], node.audio_operands, graph.signals[node.name]
        starts = node.starts[: len(audio)]
        yield GraphNode(
            name=node.name,
            kind=node.kind,
            operands=node.operands,
            measures=node.operands[len(audio) :],
            starts=starts if any(starts) else (),
            attributes={name: _plain(value) for name, value in node.attributes().items()},
            type=ValueType(rate=signal.rate, channels=signal.channels, length=signal.length),
            owner=NodeOwner(level=owner.level.value, id=owner.id, track=owner.track, bus=owner.bus),
            does=phrase(graph, node),
            cause=cause_of(node.origin),
            gain=node_gain(graph, node) if gains else None,
            place=places.of(node.origin),
        )


def _plain(value: object) -> object:
    """An attribute as JSON data."""
    if isinstance(value, ir.Point):
        shown = {"at": value.at, "value": value.value, "shape": value.shape.value}
        return shown if value.aim is None else shown | {"aim": attrs.asdict(value.aim)}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def node_gain(graph: Graph, node: ir.Node) -> NodeGain:
    """What a node does to the level of its first operand, over all of its time."""
    operand = graph.signals[node.operands[0]] if node.operands else graph.signals[node.name]
    if isinstance(node, ir.Automated):
        return NodeGain(moving=_moving(node, operand.channels))
    length = operand.length or 0
    if isinstance(node, ir.Fade):
        is_in = node.edge is ir.Edge.IN
        start = 0 if is_in else length - node.length
        fade = FadeGain(shape=node.curve, is_in=is_in, start=start, length=node.length)
        return NodeGain(fade=fade)
    done = effect(node, 0, length, operand.channels)
    return NodeGain(factors=done.factors, known=done.known, shapes=done.shapes)


def _moving(node: ir.Automated, channels: int) -> Breakpoints:
    frames, at = frames_of(node.points), _breaks(node)
    shown = tuple(at.tolist())
    if isinstance(node, ir.FilterAutomation):
        hertz = log_frequency_envelope(frames, at)
        return Breakpoints(unit="hz", at=shown, values=(_rounded(hertz),))
    values = interpolate(frames, at)
    if isinstance(node, ir.PanAutomation):
        sides = [position_gains(float(v), node.law.value, channels) for v in values]
        return Breakpoints(unit="factor", at=shown, values=tuple(map(_rounded, np.array(sides).T)))
    return Breakpoints(unit="db", at=shown, values=(_rounded(values),))


def _breaks(node: ir.Automated) -> IndexArray:
    """Where the straight lines meet that follow an automation."""
    is_straight = isinstance(node, ir.GainAutomation)
    found = [np.array([node.points[0].at])]
    for point, following in zip(node.points, node.points[1:], strict=False):
        if is_straight and point.shape is Shape.LINEAR and point.aim is None:
            found.append(np.array([following.at]))
            continue
        last = following.at - 1  # its own value may be a jump away
        count = 2 if point.shape is Shape.HOLD else PIECES + 1
        found.append(np.rint(np.linspace(point.at, last, count)).astype(np.int64))
        found.append(np.array([following.at]))
    return np.unique(np.concatenate(found))


def _rounded(values: object) -> tuple[float, ...]:
    return tuple(np.round(np.asarray(values, float), 6).tolist())


def fade_shapes(graph: Graph) -> Mapping[str, tuple[float, ...]]:
    """The curves of all fades of a graph: their factors at equal steps."""
    names = sorted({node.curve for node in graph.nodes if isinstance(node, ir.Fade)})
    return {name: _rounded(fade_in(FADE_PIECES, name, FADE_PIECES + 1)) for name in names}
