"""What the class of a kind states is true of its samples, as the reference makes them."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from mixdown.backends.native import reference
from mixdown.ir import nodes as ir
from mixdown.ir.containers import Encoding
from mixdown.ir.curves import FilterKind, PanLaw, Shape
from mixdown.ir.graph import Graph
from mixdown.ir.node import Family, Signal

RATE, LENGTH = 8000, 400
MOVES = (
    ir.Point(0, -3.0, aim=ir.Aim(210, 9.0)),
    ir.Point(200, 4.0, Shape.HOLD),
    ir.Point(300, -9.0),
)
SWEEP = (ir.Point(0, 300.0), ir.Point(300, 3000.0))
LEFT_TO_RIGHT = (ir.Point(0, -1.0, Shape.SMOOTH), ir.Point(LENGTH, 1.0))
ONE, TWO, LAST = ("a",), ("a", "b"), ("a", "b", "c")

NODES: tuple[ir.Node, ...] = (
    ir.Clip("n", "a", 10, 50, RATE),
    ir.Silence("n", RATE, 2, 50),
    ir.Gain("n", 6.0, operands=ONE),
    ir.Gain("n", -6.0, operands=ONE),
    ir.Fade("n", ir.Edge.IN, 100, "tri", operands=ONE),
    ir.Fade("n", ir.Edge.OUT, 100, "qsin", operands=ONE),
    ir.Crossfade("n", ir.Edge.IN, 100, "hsin", operands=ONE),
    ir.GainAutomation("n", MOVES, operands=ONE),
    ir.Filter("n", FilterKind.PEAKING, 900.0, 2.0, 9.0, operands=ONE),
    ir.FilterAutomation("n", FilterKind.LOWPASS, SWEEP, 1.0, 0.0, operands=ONE),
    ir.Gate("n", -15.0, 12.0, 20, 60, 50, 30, operands=ONE),
    ir.Deess("n", 2000.0, 8.0, -9.0, 4.0, 6.0, 8, 100, operands=ONE),
    ir.Compress("n", -30.0, 3.0, 6.0, 8, 100, 20, 6.0, operands=ONE),
    ir.Pan("n", 0.7, PanLaw.CONSTANT_POWER, operands=ONE),
    ir.PanAutomation("n", LEFT_TO_RIGHT, PanLaw.LINEAR, operands=ONE),
    ir.Downmix("n", operands=ONE),
    ir.Place("n", 30, operands=ONE),
    ir.Slice("n", 30, 250, operands=ONE),
    ir.Lane("n", (20, 20 + LENGTH + 7), 1000, operands=TWO),
    ir.Mix("n", LENGTH + 20, operands=LAST),
    ir.Bus("n", operands=LAST),
    ir.Headroom("n", 3.0, operands=ONE),
    ir.Headroom("n", -3.0, operands=ONE),
    ir.Loudnorm("n", -16.0, 4.0, operands=ONE),
    ir.Loudnorm("n", -16.0, -4.0, operands=TWO),
    ir.Limiter("n", -6.0, ir.LimitMode.SAMPLE_PEAK, operands=ONE),
    ir.Dither("n", 8, operands=ONE),
    ir.Output("n", ir.OutputRole.MASTER, "master", "wav", Encoding.S16, operands=ONE),
)
IDENTITIES: tuple[ir.Node, ...] = (
    ir.Gain("n", 0.0, operands=ONE),
    ir.Fade("n", ir.Edge.OUT, 0, "tri", operands=ONE),
    ir.Crossfade("n", ir.Edge.IN, 0, "tri", operands=ONE),
    ir.GainAutomation("n", (ir.Point(3, 0.0), ir.Point(30, 0.0)), operands=ONE),
    ir.Gate("n", -15.0, 0.0, 20, 60, 50, 30, operands=ONE),
    ir.Deess("n", 2000.0, 0.0, -9.0, 4.0, 6.0, 8, 100, operands=ONE),
    ir.Compress("n", -30.0, 1.0, 6.0, 8, 100, 20, 0.0, operands=ONE),
    ir.Pan("n", 0.0, PanLaw.LINEAR, operands=ONE),
    ir.PanAutomation("n", (ir.Point(9, 0.0),), PanLaw.LINEAR, operands=ONE),
    ir.Place("n", 0, operands=ONE),
    ir.Slice("n", 0, LENGTH, operands=ONE),
    ir.Mix("n", LENGTH, operands=ONE),
    ir.Headroom("n", 0.0, operands=ONE),
)
STEREO = Signal(RATE, 2, LENGTH)
each_node = pytest.mark.parametrize("node", NODES, ids=lambda node: node.kind)


def noise(seed: int, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.25, 0.25, (channels, LENGTH))


def value(node: ir.Node, **operands: np.ndarray) -> np.ndarray:
    """What the reference makes of a node, given its operands' samples by name."""
    names = node.operands or ("a",)
    sources = tuple(
        ir.Source(name, name, "sha256:0", RATE, len(operands[name]), LENGTH, "wav/double")
        for name in names
    )
    clips = (ir.Clip(name, name, 0, LENGTH, RATE) for name in node.operands)
    graph = Graph(sources, (*clips, node))
    return reference.evaluate(graph, lambda source: operands[source.name])["n"]


def test_every_kind_is_here():
    assert {type(node) for node in NODES} == set(ir.KINDS.values())


@pytest.mark.parametrize("cls", ir.KINDS.values(), ids=ir.KINDS)
def test_every_kind_states_what_a_kind_has_to(cls: type[ir.Node]):
    assert isinstance(cls.family, Family)
    assert not getattr(cls.growth, "__isabstractmethod__", False)


@each_node
def test_no_sample_grows_beyond_the_bound(node: ir.Node):
    """By more than rounding, or than a dither's noise."""
    signals = {name: noise(seed) for seed, name in enumerate("abc")}
    if node.growth is None:
        assert node.family is Family.FILTER
        return
    loudest = sum(np.max(np.abs(signals[name])) for name in node.audio_operands or "a")
    step = 2.0 ** (1 - node.bits) if isinstance(node, ir.Dither) else 1e-15
    step = 2.0**-15 if isinstance(node, ir.Output) else step
    assert np.max(np.abs(value(node, **signals))) <= loudest * node.growth + step


def test_a_gain_that_is_not_measured_has_no_bound():
    assert ir.Loudnorm("n", -16.0, None).growth == np.inf


@each_node
def test_a_value_depends_on_its_audio_operands_alone(node: ir.Node):
    signals = {name: noise(seed) for seed, name in enumerate("abc")}
    before = value(node, **signals)
    for name in node.operands:
        moved = np.array_equal(before, value(node, **{**signals, name: noise(9)}))
        assert moved == (name not in node.audio_operands)


@each_node
def test_where_an_operand_begins_in_a_value(node: ir.Node):
    silence = dict.fromkeys("abc", np.zeros((2, LENGTH)))
    assert len(node.starts) == len(node.audio_operands)
    if isinstance(
        node, (ir.Dither, ir.Fade)
    ):  # which hide a click under noise, or at their beginning
        return
    for name, start in zip(node.audio_operands, node.starts, strict=True):
        first = max(0, -start)  # of the samples of the operand that are in the value
        click = np.zeros((2, LENGTH))
        click[:, first] = 0.25
        sounding = np.flatnonzero(np.any(value(node, **{**silence, name: click}), axis=0))
        assert sounding[0] == start + first


@pytest.mark.parametrize(
    "node", [n for n in NODES if n.linear_without_memory], ids=lambda node: node.kind
)
def test_a_gain_passes_what_is_linear_and_has_no_memory(node: ir.Node):
    """A factor before is the same as one after, and a sample moves one sample only."""
    signals = {name: noise(seed) for seed, name in enumerate("abc")}
    doubled = value(node, **{name: -2.0 * samples for name, samples in signals.items()})
    assert np.array_equal(doubled, -2.0 * value(node, **signals))
    for name in node.operands:
        touched = {**signals, name: signals[name].copy()}
        touched[name][:, 200] += 0.1
        changed = np.any(value(node, **touched) != value(node, **signals), axis=0)
        assert np.count_nonzero(changed) == 1


@pytest.mark.parametrize("node", IDENTITIES, ids=lambda node: node.kind)
def test_an_identity_changes_no_sample(node: ir.Node):
    assert node.is_identity([STEREO])
    assert np.array_equal(value(node, a=noise(1)), noise(1))


@each_node
def test_a_node_that_changes_samples_is_not_an_identity(node: ir.Node):
    assert not node.is_identity([STEREO] * len(node.operands))


@pytest.mark.parametrize("node", [n for n in IDENTITIES if n.family is Family.PAN])
def test_no_pan_of_a_mono_signal_is_an_identity(node: ir.Node):
    assert not node.is_identity([evolve(STEREO, channels=1)])
    assert len(value(node, a=noise(1, channels=1))) == 2


def test_a_signal_reads_like_its_text():
    assert str(Signal(48000, 2, 96000)) == "signal<48000, 2, 96000>"
    assert str(Signal(48000, 1, None)) == "signal<48000, 1, ?>"
