"""Nodes in words: a short phrase for each node, for pictures, diffs and `explain`.

One phrase per node kind, with units; times are clock positions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import log2

from ..ir import nodes as ir
from ..ir.diagnostics import counted
from ..ir.graph import Graph
from ..ir.node import Repair
from ..ir.units import milliseconds


def position(at: int, rate: int) -> str:
    """A position in time: minutes, seconds, milliseconds, and further digits only if needed."""
    sign, at = ("-", -at) if at < 0 else ("", at)
    minutes, rest = divmod(at, 60 * rate)
    text = format(milliseconds(rest, rate) / 1000, "f")
    whole, _, part = text.partition(".")
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{sign}{head}:{whole:0>2}.{part:0<3}"


def duration(count: int, rate: int) -> str:
    """A duration: milliseconds below a second, otherwise seconds."""
    ms = milliseconds(count, rate)
    return f"{ms:f} ms" if abs(ms) < 1000 else f"{(ms / 1000).normalize():f} s"


def decibels(value: float) -> str:
    """A gain, with its sign."""
    return f"{value:+.4g} dB" if value else "0 dB"


def hertz(value: float) -> str:
    """A frequency."""
    return f"{value:g} Hz"


def shown_pan(value: float) -> str:
    """A pan position in words."""
    if value == 0:
        return "centre"
    return f"{abs(value) * 100:g}% {'left' if value < 0 else 'right'}"


def played_part(source: ir.Source) -> str:
    """The part of its file that a source plays; "" if it is all of it."""
    rows = max(source.channels, 1)
    width = len(source.matrix) // rows
    gains = [source.matrix[row * width : (row + 1) * width] for row in range(rows)]
    one = [0.0] * (width - 1) + [1.0]
    picked = [str(row.index(1.0)) for row in gains if sorted(row) == one]
    parts = [f"stream {source.stream}"] * (source.stream > 1)
    if source.matrix and len(picked) == rows:
        parts.append(f"channel{'s' * (rows > 1)} {' and '.join(picked)}")
    elif source.matrix:
        parts.append(f"{counted(width, 'channel')} mixed to {rows}")
    parts += ["samples repaired"] * (source.repair is not Repair.NONE)
    return ", ".join(parts)


def shown_speed(source: ir.Source) -> str:
    """The speed of a source, and how far it moves the pitch."""
    if source.speed == (1, 1):
        return "at its own speed"
    semitones = 12 * log2(Fraction(*source.speed))
    way = "higher" if semitones > 0 else "lower"
    return f"at speed {'/'.join(map(str, source.speed))}, {abs(semitones):.3g} semitones {way}"


def phrase(graph: Graph, node: ir.Node) -> str:
    """The phrase of a node."""
    return _PHRASES[type(node)](node, graph.signals[node.name].rate or 1)


def _clip(node: ir.Clip, rate: int) -> str:
    return f"@{node.source} from {position(node.offset, rate)}, {duration(node.length, rate)}"


def _silence(node: ir.Silence, rate: int) -> str:
    return f"silence, {duration(node.length, rate)}"


def _gain(node: ir.Gain, rate: int) -> str:
    return f"gain {decibels(node.gain_db)}"


def _fade(node: ir.Fade, rate: int) -> str:
    return f"{node.kind} {node.edge} {duration(node.length, rate)} {node.curve}"


def _automated(node: ir.Automated, rate: int) -> str:
    what, show = AUTOMATED[type(node)]
    values = [value for point in node.points for value in point.values]
    low, high = show(min(values, default=0.0)), show(max(values, default=0.0))
    count = counted(len(node.points), "keyframe")
    return f"{what} automation, {count}, {low} to {high}"


def _pan(node: ir.Pan, rate: int) -> str:
    return f"pan {shown_pan(node.position)}"


def _filter(node: ir.Filter, rate: int) -> str:
    boost = f" {decibels(node.gain_db)}" if node.gain_db else ""
    return f"{node.shape} {hertz(node.frequency_hz)} q {node.q:.3g}{boost}"


def _gate(node: ir.Gate, rate: int) -> str:
    return f"gate below {node.threshold_db:g} dBFS by {node.range_db:g} dB"


def _deess(node: ir.Deess, rate: int) -> str:
    return f"de-ess above {hertz(node.frequency_hz)} by at most {node.range_db:g} dB"


def _compress(node: ir.Compress, rate: int) -> str:
    makeup = f", then {decibels(node.makeup_db)}" if node.makeup_db else ""
    return f"compress {node.ratio:g}:1 above {node.threshold_db:g} dBFS{makeup}"


def _place(node: ir.Place, rate: int) -> str:
    return f"at {position(node.start, rate)}"


def _slice(node: ir.Slice, rate: int) -> str:
    return f"from {position(node.offset, rate)}, {duration(node.length, rate)}"


def _sum(node: ir.Node, rate: int) -> str:
    count = len(node.operands)
    return f"{node.kind} of {count}"


def _headroom(node: ir.Headroom, rate: int) -> str:
    return f"headroom {decibels(node.gain_db)}"


def _loudnorm(node: ir.Loudnorm, rate: int) -> str:
    gain = "to be measured" if node.gain_db is None else decibels(node.gain_db)
    return f"to {node.target_lufs:g} {node.reading.unit}: {gain}"


def _limiter(node: ir.Limiter, rate: int) -> str:
    unit = "dBTP" if node.mode is ir.LimitMode.TRUE_PEAK else "dBFS"
    return f"limit to {node.ceiling_db:g} {unit}"


def _dither(node: ir.Dither, rate: int) -> str:
    shaped = ", noise-shaped" if node.noise is ir.DitherNoise.SHAPED else ""
    return f"dither to {node.bits} bits{shaped}"


def _output(node: ir.Output, rate: int) -> str:
    stored = node.encoding if node.bit_rate is None else f"{node.bit_rate} kbit/s"
    return f"{node.target} as {node.container} {stored}"


def _downmix(node: ir.Downmix, rate: int) -> str:
    return "(L + R) / 2"


AUTOMATED: Mapping[type[ir.Automated], tuple[str, Callable[[float], str]]] = {
    ir.GainAutomation: ("gain", decibels),
    ir.PanAutomation: ("pan", shown_pan),
    ir.FilterAutomation: ("filter", hertz),
}
"""The automated parameter of each kind, and how its values are written."""

_PHRASES: Mapping[type[ir.Node], Callable[..., str]] = {
    ir.Clip: _clip,
    ir.Silence: _silence,
    ir.Gain: _gain,
    ir.Fade: _fade,
    ir.Crossfade: _fade,
    ir.GainAutomation: _automated,
    ir.Pan: _pan,
    ir.PanAutomation: _automated,
    ir.Downmix: _downmix,
    ir.Filter: _filter,
    ir.FilterAutomation: _automated,
    ir.Gate: _gate,
    ir.Deess: _deess,
    ir.Compress: _compress,
    ir.Place: _place,
    ir.Slice: _slice,
    ir.Lane: _sum,
    ir.Mix: _sum,
    ir.Bus: _sum,
    ir.Headroom: _headroom,
    ir.Loudnorm: _loudnorm,
    ir.Limiter: _limiter,
    ir.Dither: _dither,
    ir.Output: _output,
}
