"""From each node kind to chains: the nodes between the sources and the finish.

A value is the content of a chain times a matrix of gains and a level. Gains, pans and downmixes
only change the matrix and the level, and linear effects commute with them. So they are applied
once, where a sum or a lane needs them, in the float64 arithmetic of its `remix` or `-v`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import evolve, field, frozen

from ...audio import pan
from ...ir import nodes as ir
from ...ir.curves import FilterKind
from ...ir.graph import Graph
from ...ir.node import Signal
from ...ir.units import gain_factor
from ...plans.carried import file_of
from .builder import PlanBuilder
from .chain import EffectChain, How, Input, IntegerFile, combined, read
from .levels import DIRECT, growth, is_direct, moving_peak, room, section
from .matrix import Matrix, common_gain, identity, is_diagonal, number, product, scaled

MOST_INPUTS = 64
"""Files that one run of SoX reads at most, far below the limits on open files and on the length of
a command line. More files are combined in several runs."""

FADES: Mapping[tuple[ir.Edge, str], str] = {
    **{
        (edge, curve): kind
        for edge in ir.Edge
        for curve, kind in {"tri": "t", "qsin": "q", "hsin": "h", "ipar": "p"}.items()
    },
    (ir.Edge.OUT, "exp"): "l",
}
"""The fades that SoX renders exactly -> its letter for them."""


FILTERS: Mapping[FilterKind, tuple[str, ...]] = {
    FilterKind.HIGHPASS: ("highpass", "hz", "q"),
    FilterKind.LOWPASS: ("lowpass", "hz", "q"),
    FilterKind.PEAKING: ("equalizer", "hz", "q", "db"),
    FilterKind.LOWSHELF: ("bass", "db", "hz", "q"),
    FilterKind.HIGHSHELF: ("treble", "db", "hz", "q"),
}
"""SoX's effect and its arguments, in order. With a width in q these are the cookbook's filters: the
same samples as `biquad` gives with our own coefficients."""


@frozen
class Value:
    """A value of the graph.

    Attributes:
        chain: of its content.
        gains: the matrix that the content is multiplied by, a row for each channel of the value.
        level: another factor, which keeps `gains` equal for values that are panned alike.
        moving: fades and automations still to be applied, in order.
    """

    chain: EffectChain
    gains: Matrix
    level: float = 1.0
    moving: tuple[ir.Node, ...] = ()


@frozen
class EffectSite:
    """Where a node is emitted.

    Attributes:
        graph: the graph of the first phase.
        builder: the plan under construction.
        ranges: the samples [begin, end) of each source that clips play.
        prepared: the sources that are files of integers already, and where these begin.
        name: of the node.
        operands: the values of its operands.
        operand_names: their names, in the same order.
    """

    graph: Graph
    builder: PlanBuilder
    ranges: Mapping[str, tuple[int, int]]
    prepared: dict[str, tuple[IntegerFile, int]]
    name: str = ""
    operands: tuple[Value, ...] = ()
    operand_names: tuple[str, ...] = field(default=())

    @property
    def signal(self) -> Signal:
        """The type of the node's value."""
        return self.graph.signals[self.name]

    @property
    def length(self) -> int:
        """Samples of the node's value."""
        return self.signal.length or 0


def settled(site: EffectSite, value: Value) -> Value:
    """The value with nothing left to apply: multiplied by an envelope for everything that moves."""
    if not value.moving:
        return value
    chain, moving = value.chain, value.moving
    ones = Signal(site.builder.rate, chain.channels, chain.length)
    if isinstance(moving[-1], ir.PanAutomation) and chain.channels == 1:
        chain = chain.remixed(((1.0,), (1.0,)))
    peak = 1.0
    for node in moving:
        peak *= growth(node, site.builder.rate)
    stored = site.builder.store(moving[0].operands[0], chain)
    envelope = site.builder.envelope(moving[-1].name, moving, ones, peak)
    unity = identity(chain.channels)
    pair = ((Input(stored, unity), chain.bound), (Input(envelope, unity), peak))
    return Value(
        combined(moving[-1].name, How.MULTIPLY, pair, chain.length), value.gains, value.level
    )


def materialised(value: Value) -> Value:
    """The value with the same gain, other than 0, on each channel, and none across channels."""
    if common_gain(value.gains):
        return value
    remixed = value.chain.remixed(value.gains)
    return Value(remixed, identity(len(value.gains)), value.level)


def stored(site: EffectSite, name: str, value: Value) -> tuple[Input, float]:
    """A settled value in a file, with the largest sample of that file."""
    gains = scaled(value.gains, value.level)
    return Input(site.builder.store(name, value.chain), gains), value.chain.bound


def shared(site: EffectSite, name: str, value: Value) -> Value:
    """The value, settled and in a file, so that several nodes can use it."""
    value = settled(site, value)
    held, bound = stored(site, name, value)
    return Value(read(name, held.stored, bound), value.gains, value.level)


def _clip(site: EffectSite, node: ir.Clip) -> Value:
    source = site.graph.source_by_name[node.source]
    bound = room(source, node.rate)
    if is_direct(source, node.rate):
        kind = ("-t", DIRECT[source.codec.partition("/")[0]])
        length = source.length(node.rate)
        file, begin = IntegerFile(file_of(source), kind, 1.0, source.channels, length, source), 0
    else:
        if node.source not in site.prepared:
            begin, end = site.ranges[node.source]
            site.prepared[node.source] = site.builder.prepare(source, begin, end, bound), begin
        file, begin = site.prepared[node.source]
    chain = read(node.name, file, bound)
    if node.offset > begin or node.length < file.length:
        cut = ("trim", f"{node.offset - begin}s", f"{node.length}s")
        chain = chain.then(*cut, length=node.length)
    return Value(chain, identity(source.channels))


def _silence(site: EffectSite, node: ir.Silence) -> Value:
    nothing = IntegerFile(None, (), 1.0, node.channels, node.length)
    chain = read(node.name, nothing, 0.0).then("trim", "0s", f"{node.length}s")
    return Value(chain, identity(node.channels))


def _gain(site: EffectSite, node: ir.Gain | ir.Headroom) -> Value:
    (value,) = site.operands
    return evolve(value, level=value.level * gain_factor(node.gain_db))


def _fade(site: EffectSite, node: ir.Fade) -> Value:
    (value,) = site.operands
    kind = FADES.get((node.edge, node.curve))
    if not node.length:
        return value
    if kind is None or value.moving:
        return evolve(value, moving=(*value.moving, node))
    samples = f"{node.length}s"
    edges = (samples,) if node.edge is ir.Edge.IN else ("0s", f"{value.chain.length}s", samples)
    return evolve(value, chain=value.chain.then("fade", kind, *edges))


def _gain_automation(site: EffectSite, node: ir.GainAutomation) -> Value:
    (value,) = site.operands
    return evolve(value, moving=(*value.moving, node))


def _pan_automation(site: EffectSite, node: ir.PanAutomation) -> Value:
    """Apply a moving pan; its envelope has a left and a right channel, so the value needs both."""
    (value,) = site.operands
    gain = common_gain(value.gains)
    if gain is None and not is_diagonal(value.gains):
        value = materialised(settled(site, value))
        gain = 1.0
    gains = value.gains if gain is None else scaled(identity(2), gain)
    panned = evolve(value, gains=gains, moving=(*value.moving, node))
    return settled(site, panned)


def _filter(site: EffectSite, node: ir.Filter) -> Value:
    (value,) = site.operands
    value = settled(site, value)
    arguments = {
        "hz": number(node.frequency_hz),
        "q": f"{number(node.q)}q",
        "db": number(node.gain_db),
    }
    effect = (arguments.get(word, word) for word in FILTERS[node.shape])
    return evolve(value, chain=value.chain.filtered(section(node, site.builder.rate), *effect))


def _filter_automation(site: EffectSite, node: ir.FilterAutomation) -> Value:
    ((name,), (value,)) = site.operand_names, site.operands
    value = settled(site, value)
    bound = value.chain.bound * moving_peak(node, site.builder.rate)
    unfiltered = site.builder.store(name, value.chain)
    return evolve(
        value, chain=read(node.name, site.builder.processed(unfiltered, node, bound), bound)
    )


def _dynamics(site: EffectSite, node: ir.Dynamics) -> Value:
    """A node whose gain follows the level: at that level, in the native engine."""
    ((name,), (value,)) = site.operand_names, site.operands
    value = _level_apart(materialised(settled(site, value)))
    bound = value.chain.bound * value.level * node.growth
    content = site.builder.store(name, value.chain)
    made = site.builder.processed(content, node, bound, level=value.level)
    return Value(read(node.name, made, bound), identity(made.channels))


def _mixed(site: EffectSite, gains: Matrix) -> Value:
    (value,) = site.operands
    return evolve(value, gains=product(gains, value.gains))


def _pan(site: EffectSite, node: ir.Pan) -> Value:
    channels = len(site.operands[0].gains)
    return _mixed(site, pan.matrix(node.position, node.law.value, channels))


def _downmix(site: EffectSite, _: ir.Downmix) -> Value:
    return _mixed(site, ((0.5, 0.5),))


def _place(site: EffectSite, node: ir.Place) -> Value:
    (value,) = site.operands
    value = settled(site, value)
    return evolve(value, chain=value.chain.padded(node.start, 0))


def _slice(site: EffectSite, node: ir.Slice) -> Value:
    (value,) = site.operands
    value = settled(site, value)
    cut = ("trim", f"{node.offset}s", f"{node.length}s")
    return evolve(value, chain=value.chain.then(*cut, length=node.length))


def _lane(site: EffectSite, node: ir.Lane) -> Value:
    """The operands, each with the silence before it, one after the other.

    Where all of them are panned alike, the pan is left for later.
    """
    values = [settled(site, value) for value in site.operands]
    shared = values[0].gains
    if any(value.gains != shared for value in values):
        values = [_level_apart(materialised(value)) for value in values]
        shared = values[0].gains
    parts: list[tuple[str, Value]] = []
    end = 0
    for name, value, start in zip(site.operand_names, values, node.starts, strict=True):
        chain = value.chain.padded(start - end, 0)
        parts.append((name, Value(chain, identity(chain.channels), value.level)))
        end = start + value.chain.length
    joined = _in_runs(site, How.JOIN, parts)
    return Value(joined.chain.fitted(node.length), shared, joined.level)


def _level_apart(value: Value) -> Value:
    """The value with the common gain of its channels as its level."""
    gain = common_gain(value.gains)
    assert gain is not None
    return Value(value.chain, identity(len(value.gains)), value.level * gain)


def _sum(site: EffectSite, node: ir.Mix | ir.Bus) -> Value:
    parts = [
        (name, settled(site, value))
        for name, value in zip(site.operand_names, site.operands, strict=True)
    ]
    total = _in_runs(site, How.SUM, parts)
    return evolve(total, chain=total.chain.fitted(site.length))


def _in_runs(site: EffectSite, how: How, parts: Sequence[tuple[str, Value]]) -> Value:
    """Join or add values, in as many runs of SoX as they need."""
    while len(parts) > 1:
        groups = [parts[i : i + MOST_INPUTS] for i in range(0, len(parts), MOST_INPUTS)]
        parts = [(site.name, _in_one_run(site, how, group)) for group in groups]
    return parts[0][1]


def _in_one_run(site: EffectSite, how: How, parts: Sequence[tuple[str, Value]]) -> Value:
    if len(parts) == 1:
        return parts[0][1]
    inputs = [stored(site, name, value) for name, value in parts]
    lengths = [each.stored.length for each, _ in inputs]
    length = sum(lengths) if how is How.JOIN else max(lengths)
    return Value(combined(site.name, how, inputs, length), identity(len(inputs[0][0].gains)))


EMITTERS: Mapping[type[ir.Node], Callable[[EffectSite, Any], Value]] = {
    ir.Clip: _clip,
    ir.Silence: _silence,
    ir.Gain: _gain,
    ir.Headroom: _gain,
    ir.Fade: _fade,
    ir.Crossfade: _fade,
    ir.GainAutomation: _gain_automation,
    ir.PanAutomation: _pan_automation,
    ir.Filter: _filter,
    ir.FilterAutomation: _filter_automation,
    ir.Gate: _dynamics,
    ir.Deess: _dynamics,
    ir.Compress: _dynamics,
    ir.Pan: _pan,
    ir.Downmix: _downmix,
    ir.Place: _place,
    ir.Slice: _slice,
    ir.Lane: _lane,
    ir.Mix: _sum,
    ir.Bus: _sum,
}
"""The kinds that SoX renders; the others belong to the finish."""
