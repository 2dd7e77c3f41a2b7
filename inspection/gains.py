"""The effect of a node on the level at one sample, computed by the native kernels.

The factors are those of the native engine at that sample. Filters, dynamics, the limiter
and dither, which have no single factor, have none here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from attrs import frozen

from ..audio.biquad import CONTROL_INTERVAL, round_to_6_digits
from ..audio.curves import fade_in, fade_out
from ..audio.envelope import interpolate, log_frequency_envelope
from ..audio.pan import position_gains
from ..backends.native.values import frames_of
from ..ir import nodes as ir
from ..ir.units import gain_factor
from .words import decibels, hertz, shown_pan


@frozen
class Effect:
    """The effect of a node at a sample.

    Attributes:
        factors: the factor of each channel; None if the node has no single factor.
        now: the current value of an automation or a fade, in words; "" if it is static.
        known: whether the factors are known; the loudness gain is not until it is measured.
        shapes: whether it changes samples other than by a fixed factor.
        reduction_db: how far a compressor, gate or de-esser lowers the level; None if unknown.
    """

    factors: tuple[float, ...] | None
    now: str = ""
    known: bool = True
    shapes: bool = False
    reduction_db: float | None = None


def effect(node: ir.Node, at: int, length: int, channels: int) -> Effect:
    """The effect of a node on its first operand.

    Args:
        node: of any kind.
        at: the sample of the operand, counted from its start.
        length: of the operand, samples.
        channels: of the operand.
    """
    return _EFFECTS[type(node)](node, at, length, channels)


def _gain(node: ir.Gain | ir.Headroom, at: int, length: int, channels: int) -> Effect:
    return Effect((gain_factor(node.gain_db),) * channels)


def _fade(node: ir.Fade, at: int, length: int, channels: int) -> Effect:
    if node.edge is ir.Edge.IN:
        inside = at
        factor = fade_in(node.length, node.curve, 1, inside)[0]
    else:
        inside = at - (length - node.length)
        factor = fade_out(node.length, node.curve, 1, inside)[0]
    if not 0 <= inside < node.length:
        return Effect((float(factor),) * channels)
    return Effect((float(factor),) * channels, f"{100 * inside / node.length:.3g}% through")


def _gain_automation(node: ir.GainAutomation, at: int, length: int, channels: int) -> Effect:
    value = float(interpolate(frames_of(node.points), np.array([at]))[0])
    return Effect((gain_factor(value),) * channels, f"now {decibels(value)}")


def _pan(node: ir.Pan, at: int, length: int, channels: int) -> Effect:
    return Effect(position_gains(node.position, node.law.value, channels))


def _pan_automation(node: ir.PanAutomation, at: int, length: int, channels: int) -> Effect:
    value = float(interpolate(frames_of(node.points), np.array([at]))[0])
    return Effect(
        position_gains(value, node.law.value, channels), f"now {shown_pan(round(value, 4))}"
    )


def _downmix(node: ir.Downmix, at: int, length: int, channels: int) -> Effect:
    return Effect((0.5,), "per channel")


def _filter_automation(node: ir.FilterAutomation, at: int, length: int, channels: int) -> Effect:
    step = at - at % CONTROL_INTERVAL
    value = log_frequency_envelope(frames_of(node.points), np.array([step]))
    return Effect(None, f"now {hertz(float(round_to_6_digits(value)[0]))}")


def _loudnorm(node: ir.Loudnorm, at: int, length: int, channels: int) -> Effect:
    if node.gain_db is None:
        return Effect(None, known=False)
    return Effect((gain_factor(node.gain_db),) * channels)


def _shapes(node: ir.Node, at: int, length: int, channels: int) -> Effect:
    return Effect(None, shapes=True)


def _unity(node: ir.Node, at: int, length: int, channels: int) -> Effect:
    return Effect(None)


_EFFECTS: Mapping[type[ir.Node], Callable[..., Effect]] = {
    ir.Clip: _unity,
    ir.Silence: _unity,
    ir.Gain: _gain,
    ir.Fade: _fade,
    ir.Crossfade: _fade,
    ir.GainAutomation: _gain_automation,
    ir.Pan: _pan,
    ir.PanAutomation: _pan_automation,
    ir.Downmix: _downmix,
    ir.Filter: _shapes,
    ir.FilterAutomation: _filter_automation,
    ir.Gate: _shapes,
    ir.Deess: _shapes,
    ir.Compress: _shapes,
    ir.Place: _unity,
    ir.Slice: _unity,
    ir.Lane: _unity,
    ir.Mix: _unity,
    ir.Bus: _unity,
    ir.Headroom: _gain,
    ir.Loudnorm: _loudnorm,
    ir.Limiter: _shapes,
    ir.Dither: _shapes,
    ir.Output: _unity,
}
