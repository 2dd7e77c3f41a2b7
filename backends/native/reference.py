"""The meaning of a mix, as docs/semantics.md defines it: one small function for each node kind.

Promises: `evaluate` returns every value of a graph as a whole array, so there are no blocks, no
state and no scheduling here; every other engine, backend and optimisation is compared with it. It
is slow and keeps all values in memory. Arrays are float64 of shape (channels, n), full scale 1.0.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import soundfile
from attrs import frozen

from ...audio import FloatArray, biquad, dither, pan
from ...audio.curves import fade_in, fade_out
from ...audio.envelope import gain_envelope, interpolate, log_frequency_envelope
from ...audio.limiter import TruePeakLimiter
from ...audio.meter.measure import LevelMeter
from ...audio.resample import resample
from ...ir import nodes as ir
from ...ir.graph import Graph
from ...ir.units import gain_factor
from .values import dithering, dynamics_of, frames_of

SourceReader = Callable[[ir.Source], FloatArray]
"""Source -> all its samples, shape (channels, frames), at its own rate."""


FLOATS: Mapping[int, type[np.floating[Any]]] = {
    32: np.float32,
    64: np.float64,
}


@frozen
class Context:
    """The input of a node besides its operands."""

    graph: Graph
    read: SourceReader


def evaluate(
    graph: Graph, open_source: SourceReader, keep: Collection[str] | None = None
) -> dict[str, FloatArray]:
    """Values of the graph, by name; an output's value is the content of its file.

    Args:
        graph: a valid graph.
        open_source: reads sources.
        keep: the values to return; None: all. Others are freed after their last use.

    Raises:
        ValueError: a filter frequency or a pan out of range. Errors of the reader pass through.
    """
    context = Context(graph, open_source)
    values: dict[str, FloatArray] = {}
    last = {name: node.name for node in graph.nodes for name in node.operands}
    for node in graph.nodes:
        operands = [values[name] for name in node.operands]
        values[node.name] = MEANING[type(node)](node, operands, context)
        if keep is not None:
            for name in dict.fromkeys((node.name, *node.operands)):
                if name not in keep and last.get(name, node.name) == node.name:
                    del values[name]
    return values


def read_file(path: str) -> FloatArray:
    """All samples of an audio file, shape (channels, frames), float64."""
    samples, _ = soundfile.read(path, dtype="float64", always_2d=True)
    return np.ascontiguousarray(samples.T)


def _clip(node: ir.Clip, _: list[FloatArray], context: Context) -> FloatArray:
    """y[i] = s[offset + i], s the whole source at its speed and the session rate."""
    source = context.graph.source_by_name[node.source]
    samples = context.read(source)
    played, session = source.rates(node.rate)
    if played != session:
        samples = resample(samples, played, session)
    return samples[:, node.offset : node.offset + node.length]


def _silence(node: ir.Silence, _: list[FloatArray], __: Context) -> FloatArray:
    """y[i] = 0."""
    return np.zeros((node.channels, node.length))


def _gain(node: ir.Gain, operands: list[FloatArray], _: Context) -> FloatArray:
    """The operand times 10^(dB/20)."""
    return gain_factor(node.gain_db) * operands[0]


def _fade(node: ir.Fade, operands: list[FloatArray], _: Context) -> FloatArray:
    """In: y[i] = f(i/N) * x[i] for i < N. Out: y[L-N+i] = f(1-i/N) * x[L-N+i]. Elsewhere y = x."""
    count = operands[0].shape[1]
    if node.edge is ir.Edge.IN:
        return fade_in(node.length, node.curve, count) * operands[0]
    return fade_out(node.length, node.curve, count, node.length - count) * operands[0]


def _gain_automation(node: ir.GainAutomation, operands: list[FloatArray], _: Context) -> FloatArray:
    """y[i] = 10^(g(i)/20) * x[i], g in dB between the points."""
    return gain_envelope(frames_of(node.points), 0, operands[0].shape[1]) * operands[0]


def _filter(node: ir.Filter, operands: list[FloatArray], context: Context) -> FloatArray:
    """The RBJ biquad in transposed direct form II, from silence."""
    rate = context.graph.signals[node.name].rate
    rows = biquad.coefficients(node.shape.value, node.frequency_hz, rate, node.q, node.gain_db)
    return biquad.StaticBiquad(rows[0], operands[0].shape[0]).process(operands[0])


def _filter_automation(
    node: ir.FilterAutomation, operands: list[FloatArray], context: Context
) -> FloatArray:
    """The same, with new coefficients at every 64th sample from f at that sample, to 6 digits."""
    frames = frames_of(node.points)
    moving = biquad.MovingBiquad(
        node.shape.value,
        context.graph.signals[node.name].rate,
        operands[0].shape[0],
        frequency=lambda positions: log_frequency_envelope(frames, positions),
        q=node.q,
        gain_db=node.gain_db,
    )
    return moving.process(operands[0])


def _dynamics(node: ir.Dynamics, operands: list[FloatArray], context: Context) -> FloatArray:
    """The operand, or its high band, times a gain that follows its level, from silence."""
    dynamics = dynamics_of(node, context.graph.signals[node.name])
    return np.concatenate([dynamics.process(operands[0]), dynamics.flush()], axis=1)


def _pan(node: ir.Pan, operands: list[FloatArray], _: Context) -> FloatArray:
    """Mono: (l(p) * x, r(p) * x) by the law. Stereo: balance, whatever the law."""
    return pan.pan(operands[0], node.position, node.law.value)


def _pan_automation(node: ir.PanAutomation, operands: list[FloatArray], _: Context) -> FloatArray:
    """The same with p(i) between the points, sample by sample."""
    positions = interpolate(frames_of(node.points), np.arange(operands[0].shape[1]))
    return pan.pan(operands[0], positions, node.law.value)


def _downmix(_: ir.Downmix, operands: list[FloatArray], __: Context) -> FloatArray:
    """Of left and right: (L + R) / 2."""
    return pan.downmix(operands[0])


def _place(node: ir.Place, operands: list[FloatArray], _: Context) -> FloatArray:
    """y[i] = 0 for i < start, otherwise x[i - start]."""
    return np.pad(operands[0], ((0, 0), (node.start, 0)))


def _slice(node: ir.Slice, operands: list[FloatArray], _: Context) -> FloatArray:
    """y[i] = x[offset + i]."""
    return operands[0][:, node.offset : node.offset + node.length]


def _lane(node: ir.Lane, operands: list[FloatArray], _: Context) -> FloatArray:
    """Each operand from its start on, silence between."""
    lane = np.zeros((operands[0].shape[0], node.length))
    for start, operand in zip(node.starts, operands, strict=True):
        lane[:, start : start + operand.shape[1]] = operand
    return lane


def _mix(node: ir.Mix, operands: list[FloatArray], _: Context) -> FloatArray:
    """The sum of the operands in their order, each cut or padded to the length."""
    total = np.zeros((operands[0].shape[0], node.length))
    for operand in operands:
        sounding = operand[:, : node.length]
        total[:, : sounding.shape[1]] += sounding
    return total


def _bus(_: ir.Bus, operands: list[FloatArray], __: Context) -> FloatArray:
    """The sum of the operands in their order."""
    total = np.zeros_like(operands[0])
    for operand in operands:
        total += operand
    return total


def _headroom(node: ir.Headroom, operands: list[FloatArray], _: Context) -> FloatArray:
    """The operand times 10^(-dB/20)."""
    return gain_factor(-node.headroom_db) * operands[0]


def _loudnorm(node: ir.Loudnorm, operands: list[FloatArray], context: Context) -> FloatArray:
    """The operand times 10^((target - measured)/20), measured the reading of the last operand.

    Silence has no level, nor has less than 400 ms an integrated loudness: the gain is 0 dB.
    """
    gain_db = node.gain_db
    if gain_db is None:
        signal = context.graph.signals[node.operands[-1]]
        meter = LevelMeter(node.reading, signal.rate, signal.channels)
        meter.feed(operands[-1])
        level = meter.result()
        gain_db = node.target_lufs - level if np.isfinite(level) else 0.0
    return gain_factor(gain_db) * operands[0]


def _limiter(node: ir.Limiter, operands: list[FloatArray], context: Context) -> FloatArray:
    """The look-ahead limiter of dsp/limiter.py, aimed `margin_db` under the ceiling."""
    limiter = TruePeakLimiter(
        context.graph.signals[node.name].rate,
        operands[0].shape[0],
        node.ceiling_db - node.margin_db,
        detector=node.mode.value,
    )
    return np.concatenate([limiter.process(operands[0]), limiter.flush()], axis=1)


def _dither(node: ir.Dither, operands: list[FloatArray], context: Context) -> FloatArray:
    """The operand plus TPDF noise of one step of 2^(1-bits), or shaped; 0 in long silence."""
    gate = dithering(context.graph, node)
    return gate.process(operands[0], operands[0].shape[1])


def _output(node: ir.Output, operands: list[FloatArray], _: Context) -> FloatArray:
    """Whole steps of 2^(1-bits), rounded half to even and clipped; floats as they are stored.

    For a lossy encoding, the input of the encoder.
    """
    if node.encoding.is_float:
        return np.asarray(operands[0].astype(FLOATS[node.encoding.bits]), np.float64)
    whole = dither.quantise(operands[0], node.encoding.bits).samples
    return whole.astype(np.float64) * 2.0 ** (1 - node.encoding.bits)


MEANING: Mapping[type[ir.Node], Callable[[Any, list[FloatArray], Context], FloatArray]] = {
    ir.Clip: _clip,
    ir.Silence: _silence,
    ir.Gain: _gain,
    ir.Fade: _fade,
    ir.Crossfade: _fade,
    ir.GainAutomation: _gain_automation,
    ir.Filter: _filter,
    ir.FilterAutomation: _filter_automation,
    ir.Gate: _dynamics,
    ir.Deess: _dynamics,
    ir.Compress: _dynamics,
    ir.Pan: _pan,
    ir.PanAutomation: _pan_automation,
    ir.Downmix: _downmix,
    ir.Place: _place,
    ir.Slice: _slice,
    ir.Lane: _lane,
    ir.Mix: _mix,
    ir.Bus: _bus,
    ir.Headroom: _headroom,
    ir.Loudnorm: _loudnorm,
    ir.Limiter: _limiter,
    ir.Dither: _dither,
    ir.Output: _output,
}
