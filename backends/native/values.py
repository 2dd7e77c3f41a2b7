"""What reference and engine make of a graph: keyframes, dynamics, and dither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...audio.dither import SilenceGate, TpdfNoise
from ...audio.envelope import Keyframes, keyframes
from ...audio.shaping import NoiseShaper
from ...ir import nodes as ir
from ...ir.graph import Graph
from ...ir.node import Signal
from ...ir.nodes import Dither, DitherNoise, Point

if TYPE_CHECKING:
    from ...audio.dynamics import LevelFollower


def frames_of(points: tuple[Point, ...]) -> Keyframes:
    """The points of an automation in the form that the kernels expect."""
    aims = {k: (p.aim.at, p.aim.value) for k, p in enumerate(points) if p.aim is not None}
    return keyframes(((point.at, point.value, point.shape) for point in points), aims)


def dynamics_of(node: ir.Dynamics, signal: Signal) -> LevelFollower:
    """What changes a signal of this type."""
    # scipy.signal, which compiled kernels do without, takes 70 MB and most of a second.
    from ...audio.dynamics import Compressor, DeEsser, NoiseGate  # noqa: PLC0415

    values: dict[str, Any] = node.attributes()
    if isinstance(node, ir.Compress):
        return Compressor(signal.channels, **values)
    if isinstance(node, ir.Gate):
        return NoiseGate(signal.channels, **values)
    return DeEsser(signal.rate, signal.channels, **values)


def dithering(graph: Graph, node: Dither) -> SilenceGate:
    """What dithers the operand of a node."""
    signal, noise = graph.signals[node.name], TpdfNoise(node.seed.encode())
    if node.noise is DitherNoise.SHAPED:
        shaper = NoiseShaper(noise, node.bits, signal.rate, signal.channels)
        return SilenceGate(shaper, signal.rate)
    return SilenceGate(noise.added(node.bits), signal.rate)
