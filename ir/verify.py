"""The verifier: every invariant of a graph, checked after every pass.

`Graph` itself rejects duplicate names (MIX401), unknown operands (MIX402), cycles (MIX403) and
users before their operands (MIX414). The verifier collects all violations of the following:

- MIX402  no operand is an output, which has no value.
- MIX404  all operands of a node have the same rate.
- MIX405  channels match: the operands of a sum have equal numbers of channels; `pan` has an operand
          of 1 or 2 channels; `downmix` has an operand of 2.
- MIX406  lengths are known and positive; a fade-out is not longer than its operand (a fade-in may
          be, and is truncated); nothing starts before the timeline; the operands of a lane are in
          order, do not overlap, and end within it; a slice is within its operand; the operands of
          a bus have equal lengths.
- MIX407  attributes are in range: numbers are finite, levels within 1,000 dB, counts within 2^53,
          rates up to 768 kHz, 1 to 64 channels, frequencies inside (0, rate/2), Q from 1e-50 to
          1e6, ratios at least 1, ranges and knees at least 0, times of dynamics up to a minute,
          pan in [-1, 1], points present and strictly increasing, curves known, dither 1 to 24
          bits; a container supports the encoding of its output, a lossy encoding has a bit rate
          that the container supports at that sample rate, and any other encoding has none.
- MIX408  there is exactly one master output.
- MIX412  a node has the number of operands that its kind requires; otherwise types are undefined
          and nothing else is checked.
- MIX413  the source of a clip is declared, and the clip ends within it.
- MIX415  no two outputs have the same target.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import chain, pairwise
from typing import Any, get_args

from .codes import Code
from .containers import CONTAINERS, spelt
from .curves import FADE_CURVES
from .diagnostics import Diagnostic, IRError, Related
from .graph import Graph
from .node import attribute_fields
from .nodes import (
    KINDS,
    Automated,
    Bus,
    Clip,
    Deess,
    Dither,
    Downmix,
    Dynamics,
    Edge,
    Fade,
    Filter,
    FilterAutomation,
    GainAutomation,
    Lane,
    Node,
    Output,
    OutputRole,
    Pan,
    PanAutomation,
    Place,
    Silence,
    Slice,
)
from .units import MAX_CHANNELS, MAX_COUNT, MAX_DB, MAX_RATE

_QS = 1e-50, 1e6
"""The Qs with finite coefficients, whose poles are inside the unit circle."""

LONGEST_DYNAMICS_S = 60
"""Of the times of dynamics."""

_LEAST = {"ratio": 1.0, "range_db": 0.0, "knee_db": 0.0}
"""Of attributes of dynamics."""

_LARGEST = {"int": MAX_COUNT, "float": sys.float_info.max}

Problem = tuple[Code, str]
Rule = Callable[[Graph, Any], Iterable[Problem]]


def verify(graph: Graph, before: Graph | None = None) -> tuple[Diagnostic, ...]:
    """All violations of the graph, in node order; empty for a valid graph.

    Args:
        graph: to be verified.
        before: a valid graph of which it is a rewriting; nodes that are the same in both, with
            operands of the same types, are valid and not checked again.
    """
    nodes = graph.nodes if before is None else graph.take_types(before)
    found = list(_apply(_counting, graph, nodes)) or list(_apply(_rules, graph, nodes))
    return (*_unplayed(graph), *found, *_outputs(graph))


def _apply(
    rules: Callable[[type], Iterable[Rule]], graph: Graph, nodes: Iterable[Node]
) -> Iterator[Diagnostic]:
    for node in nodes:
        for rule in rules(type(node)):
            for code, text in rule(graph, node):
                yield Diagnostic(code, f"%{node.name}: {text}", origin=node.origin)


def _counting(_: type) -> tuple[Rule, ...]:
    return (_operand_count,)


@cache
def _rules(kind: type) -> tuple[Rule, ...]:
    """The rules for a kind."""
    return tuple(rule for rule, kinds in NODE_RULES.items() if issubclass(kind, kinds))


def check(graph: Graph) -> Graph:
    """Return the graph if it is valid.

    Raises:
        IRError: with all violations.
    """
    found = verify(graph)
    if found:
        raise IRError(found)
    return graph


def _operand_count(graph: Graph, node: Node) -> Iterator[Problem]:
    least, most = node.arity
    count = len(node.operands)
    if count < least or (most is not None and count > most):
        wanted = f"at least {least}" if most is None else f"{least} to {most}"
        wanted = str(least) if most == least else wanted
        plural = "" if wanted.endswith("1") else "s"
        yield Code.IR_OPERAND_COUNT, f"{node.kind} takes {wanted} operand{plural}, not {count}"


def _rates(graph: Graph, node: Node) -> Iterator[Problem]:
    rates = {graph.signals[o].rate: None for o in node.operands}
    if len(rates) > 1:
        listed = ", ".join(f"{rate} Hz" for rate in rates)
        yield Code.IR_RATE_MISMATCH, f"{node.kind} of different rates: {listed}"


def _channels(graph: Graph, node: Node) -> Iterator[Problem]:
    counts = [graph.signals[o].channels for o in node.operands]
    if len(set(counts)) > 1:
        yield Code.IR_CHANNEL_MISMATCH, f"{node.kind} of {counts} channels: no implicit upmix"


def _panned(graph: Graph, node: Pan | PanAutomation) -> Iterator[Problem]:
    count = graph.signals[node.operands[0]].channels
    if count not in (1, 2):
        yield Code.IR_CHANNEL_MISMATCH, f"pan takes 1 or 2 channels, not {count}"


def _mixed_down(graph: Graph, node: Downmix) -> Iterator[Problem]:
    count = graph.signals[node.operands[0]].channels
    if count != 2:
        yield Code.IR_CHANNEL_MISMATCH, f"downmix takes 2 channels, not {count}"


def _bus(graph: Graph, node: Bus) -> Iterator[Problem]:
    lengths = dict.fromkeys(graph.signals[o].length for o in node.operands)
    if len(lengths) > 1:
        listed = ", ".join(str(each) for each in lengths)
        yield Code.IR_LENGTH, f"a bus of different lengths: {listed} samples"


def _length(graph: Graph, node: Node) -> Iterator[Problem]:
    length = graph.signals[node.name].length
    if length is None or length <= 0:
        yield Code.IR_LENGTH, f"the length is {length}: it must be known and positive"


def _fade(graph: Graph, node: Fade) -> Iterator[Problem]:
    available = graph.signals[node.operands[0]].length
    too_long = node.edge is Edge.OUT and available is not None and node.length > available
    if node.length < 0 or too_long:
        yield Code.IR_LENGTH, f"a {node.kind} of {node.length} samples on {available}"


def _place(graph: Graph, node: Place) -> Iterator[Problem]:
    if node.start < 0:
        yield Code.IR_LENGTH, f"it starts at sample {node.start}, before the timeline"


def _slice(graph: Graph, node: Slice) -> Iterator[Problem]:
    available = graph.signals[node.operands[0]].length
    if node.offset < 0 or (available is not None and node.offset + node.length > available):
        text = f"samples {node.offset} to {node.offset + node.length} of {available}"
        yield Code.IR_LENGTH, text


def _lane(graph: Graph, node: Lane) -> Iterator[Problem]:
    if len(node.starts) != len(node.operands):
        yield Code.IR_LENGTH, f"{len(node.starts)} starts for {len(node.operands)} operands"
        return
    end = 0
    for operand, start in zip(node.operands, node.starts, strict=True):
        if start < end:
            text = f"%{operand} starts at {start}, before the operand before it ends at {end}"
            yield Code.IR_LENGTH, text
        end = start + (graph.signals[operand].length or 0)
    if end > node.length:
        yield Code.IR_LENGTH, f"the last operand ends at {end}, after the lane's {node.length}"


def _number(graph: Graph, node: Node) -> Iterator[Problem]:
    kind: type = type(node)
    for name, limit in _limits(kind).items():
        value = getattr(node, name)
        if value is None or abs(value) <= limit:
            continue
        if isinstance(value, float) and not math.isfinite(value):
            yield Code.IR_ATTRIBUTE, f"{name} is {value}"
        elif limit == MAX_DB:
            yield Code.IR_ATTRIBUTE, f"{name} is {value:g}: it must be within ±{MAX_DB:,g}"
        else:
            yield Code.IR_ATTRIBUTE, f"{name} is out of all range"


@cache
def _limits(kind: type) -> Mapping[str, float]:
    """The attributes that are numbers, or None, with the largest magnitude of each."""
    types = {f.name: str(f.type).partition(" ")[0] for f in attribute_fields(kind)}
    return {
        name: MAX_DB if name.endswith(("_db", "_lufs")) else _LARGEST[held]
        for name, held in types.items()
        if held in _LARGEST
    }


def _format(graph: Graph, node: Clip | Silence) -> Iterator[Problem]:
    signal = graph.signals[node.name]
    if not (0 < signal.rate <= MAX_RATE and 0 < signal.channels <= MAX_CHANNELS):
        limits = f"1 to {MAX_RATE:,} Hz and 1 to {MAX_CHANNELS} channels"
        yield Code.IR_ATTRIBUTE, f"the rate or the number of channels is not within {limits}"


def _curve(graph: Graph, node: Fade) -> Iterator[Problem]:
    if node.curve not in FADE_CURVES:
        yield Code.IR_ATTRIBUTE, f"unknown fade curve {node.curve!r}"


def _filter(graph: Graph, node: Filter | FilterAutomation) -> Iterator[Problem]:
    frequencies = (node.frequency_hz,) if isinstance(node, Filter) else _values(node)
    nyquist = min(graph.signals[node.name].rate, MAX_RATE) / 2
    if not all(0 < f < nyquist for f in frequencies):
        yield Code.IR_ATTRIBUTE, f"a frequency is outside (0, {nyquist:g}) Hz"
    lowest, highest = _QS
    if not lowest <= node.q <= highest:
        yield Code.IR_ATTRIBUTE, f"q is {node.q:g}: it must be from {lowest:g} to {highest:g}"


def _dynamics(graph: Graph, node: Dynamics) -> Iterator[Problem]:
    signal = graph.signals[node.name]
    times = [name for name, value in node.attributes().items() if isinstance(value, int)]
    longest = LONGEST_DYNAMICS_S * signal.rate
    for name in times:
        if not 0 <= getattr(node, name) <= longest:
            yield Code.IR_ATTRIBUTE, f"{name} is not from 0 to {longest} samples"
    for name, least in _LEAST.items():
        value = getattr(node, name, least)
        if value < least:
            yield Code.IR_ATTRIBUTE, f"{name} is {value:g}: it must be {least:g} or more"
    if isinstance(node, Deess):
        nyquist = min(signal.rate, MAX_RATE) / 2
        if not 0 < node.frequency_hz < nyquist:
            yield Code.IR_ATTRIBUTE, f"a frequency is outside (0, {nyquist:g}) Hz"


def _pan(graph: Graph, node: Pan | PanAutomation) -> Iterator[Problem]:
    positions = (node.position,) if isinstance(node, Pan) else _values(node)
    if not all(-1 <= p <= 1 for p in positions):
        yield Code.IR_ATTRIBUTE, "a pan is outside [-1, 1]"


def _values(node: Automated) -> tuple[float, ...]:
    return tuple(value for point in node.points for value in point.values)


def _points(graph: Graph, node: Automated) -> Iterator[Problem]:
    points = node.points
    if not points:
        yield Code.IR_ATTRIBUTE, "an automation without points"
    if any(b.at <= a.at for a, b in pairwise(points)):
        yield Code.IR_ATTRIBUTE, "points do not strictly increase"
    if not all(map(math.isfinite, _values(node))):
        yield Code.IR_ATTRIBUTE, "a point is not finite"
    elif isinstance(node, GainAutomation) and max(map(abs, _values(node)), default=0) > MAX_DB:
        yield Code.IR_ATTRIBUTE, f"a point is beyond ±{MAX_DB:,g} dB"
    if any(here.aim and here.aim.at < after.at for here, after in pairwise(points)):
        yield Code.IR_ATTRIBUTE, "a point's aim is before the next point"
    if points and points[-1].aim:
        yield Code.IR_ATTRIBUTE, "the last point has an aim"


def _dither(graph: Graph, node: Dither) -> Iterator[Problem]:
    if not 1 <= node.bits <= 24:
        yield Code.IR_ATTRIBUTE, f"bits is {node.bits}: it must be 1 to 24"


def _file(graph: Graph, node: Output) -> Iterator[Problem]:
    """The backend judges an unknown container, but it must not hold a lossy encoding."""
    container, encoding = CONTAINERS.get(node.container), node.encoding
    holds = encoding in container.encodings if container else not encoding.is_lossy
    if not holds:
        yield Code.IR_ATTRIBUTE, f"{node.container} does not support {encoding}"
        return
    signal = graph.signals[node.operands[0]]
    allowed = container.allowed(signal.rate, signal.channels) if container else ()
    if allowed and node.bit_rate not in allowed:
        given = "no bit rate" if node.bit_rate is None else f"{node.bit_rate} kbit/s"
        where = f"{node.container} of {signal.channels} x {signal.rate} Hz"
        yield Code.IR_ATTRIBUTE, f"{given} in {where}: {spelt(allowed)}"
    elif not allowed and node.bit_rate is not None:
        yield Code.IR_ATTRIBUTE, f"{node.container} with {encoding} has no bit rate"


def _clip(graph: Graph, node: Clip) -> Iterator[Problem]:
    source = graph.source_by_name.get(node.source)
    if source is None:
        yield Code.IR_UNKNOWN_SOURCE, f"unknown source @{node.source}"
        return
    if source.problem is not None:
        yield Code.IR_ATTRIBUTE, f"@{source.name} {source.problem}"
        return
    available = source.length(node.rate)
    if node.offset < 0 or node.offset + node.length > available:
        end = node.offset + node.length
        yield (
            Code.IR_UNKNOWN_SOURCE,
            f"samples [{node.offset}, {end}) of @{node.source}, which has {available}",
        )


def _unplayed(graph: Graph) -> Iterator[Diagnostic]:
    """Sources that cannot be played, and that no clip plays, at which that would be said."""
    for source in graph.sources:
        if source.problem is not None:
            played = any(isinstance(n, Clip) and n.source == source.name for n in graph.nodes)
            if not played:
                yield Diagnostic(Code.IR_ATTRIBUTE, f"@{source.name} {source.problem}")


def _outputs(graph: Graph) -> Iterator[Diagnostic]:
    masters = [o for o in graph.outputs if o.role is OutputRole.MASTER]
    if len(masters) != 1:
        yield Diagnostic(
            Code.IR_NO_OUTPUT,
            f"a graph must have exactly one master output, not {len(masters)}",
            origin=masters[1].origin if masters else None,
        )
    first: dict[str, Output] = {}
    for output in graph.outputs:
        other = first.setdefault(output.target, output)
        if other is not output:
            yield Diagnostic(
                Code.IR_DUPLICATE_OUTPUT,
                f"%{output.name}: two outputs have the target {output.target!r}",
                origin=output.origin,
                related=(Related(other.origin, "the first one"),) if other.origin else (),
            )
    names = {output.name for output in graph.outputs}
    if names.isdisjoint(chain.from_iterable(node.operands for node in graph.nodes)):
        return
    for node in graph.nodes:
        for name in names.intersection(node.operands):
            text = f"%{node.name} uses %{name}, which is an output and has no value"
            yield Diagnostic(Code.IR_UNKNOWN_OPERAND, text, origin=node.origin)


_SEVERAL = tuple(cls for cls in KINDS.values() if cls.arity[1] != 1)
_SUMS = tuple(cls for cls in KINDS.values() if cls.is_sum)
_AUTOMATED = get_args(Automated)

# The rules, each with the kinds that it is for, in the order of their messages.
NODE_RULES: Mapping[Rule, type[Node] | tuple[type[Node], ...]] = {
    _rates: _SEVERAL,
    _channels: _SUMS,
    _panned: (Pan, PanAutomation),
    _mixed_down: Downmix,
    _bus: Bus,
    _length: Node,
    _fade: Fade,
    _place: Place,
    _slice: Slice,
    _lane: Lane,
    _number: Node,
    _format: (Clip, Silence),
    _curve: Fade,
    _filter: (Filter, FilterAutomation),
    _dynamics: get_args(Dynamics),
    _pan: (Pan, PanAutomation),
    _points: _AUTOMATED,
    _dither: Dither,
    _file: Output,
    _clip: Clip,
}
