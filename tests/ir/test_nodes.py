"""What the class of a kind states is true of its samples, as the reference makes them."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from mixdown.backends.native import reference
from mixdown.ir.containers import Encoding
from mixdown.ir.curves import FilterKind, PanLaw, Shape
from mixdown.ir.graph import Graph
from mixdown.ir.node import Family, Signal
from mixdown.ir.nodes import (
    KINDS,
    Aim,
    Bus,
    Clip,
    Crossfade,
    Dither,
    Downmix,
    Edge,
    Fade,
    Filter,
    FilterAutomation,
    Gain,
    GainAutomation,
    Headroom,
    Lane,
    Limiter,
    LimitMode,
    Loudnorm,
    Mix,
    Node,
    Output,
    OutputRole,
    Pan,
    PanAutomation,
    Place,
    Point,
    Silence,
    Source,
)

RATE, LENGTH = 8000, 400
MOVES = (Point(0, -3.0, aim=Aim(210, 9.0)), Point(200, 4.0, Shape.HOLD), Point(300, -9.0))
SWEEP = (Point(0, 300.0), Point(300, 3000.0))
LEFT_TO_RIGHT = (Point(0, -1.0, Shape.SMOOTH), Point(LENGTH, 1.0))
ONE, TWO, LAST = ("a",), ("a", "b"), ("a", "b", "c")

NODES: tuple[Node, ...] = (
    Clip("n", "a", 10, 50, RATE),
    Silence("n", RATE, 2, 50),
    Gain("n", 6.0, operands=ONE),
    Gain("n", -6.0, operands=ONE),
    Fade("n", Edge.IN, 100, "tri", operands=ONE),
    Fade("n", Edge.OUT, 100, "qsin", operands=ONE),
    Crossfade("n", Edge.IN, 100, "hsin", operands=ONE),
    GainAutomation("n", MOVES, operands=ONE),
    Filter("n", FilterKind.PEAKING, 900.0, 2.0, 9.0, operands=ONE),
    FilterAutomation("n", FilterKind.LOWPASS, SWEEP, 1.0, 0.0, operands=ONE),
    Pan("n", 0.7, PanLaw.CONSTANT_POWER, operands=ONE),
    PanAutomation("n", LEFT_TO_RIGHT, PanLaw.LINEAR, operands=ONE),
    Downmix("n", operands=ONE),
    Place("n", 30, operands=ONE),
    Lane("n", (20, 20 + LENGTH + 7), 1000, operands=TWO),
    Mix("n", LENGTH + 20, operands=LAST),
    Bus("n", operands=LAST),
    Headroom("n", 3.0, operands=ONE),
    Headroom("n", -3.0, operands=ONE),
    Loudnorm("n", -16.0, 4.0, operands=ONE),
    Loudnorm("n", -16.0, -4.0, operands=TWO),
    Limiter("n", -6.0, LimitMode.SAMPLE_PEAK, operands=ONE),
    Dither("n", 8, operands=ONE),
    Output("n", OutputRole.MASTER, "master", "wav", Encoding.S16, operands=ONE),
)
IDENTITIES: tuple[Node, ...] = (
    Gain("n", 0.0, operands=ONE),
    Fade("n", Edge.OUT, 0, "tri", operands=ONE),
    Crossfade("n", Edge.IN, 0, "tri", operands=ONE),
    GainAutomation("n", (Point(3, 0.0), Point(30, 0.0)), operands=ONE),
    Pan("n", 0.0, PanLaw.LINEAR, operands=ONE),
    PanAutomation("n", (Point(9, 0.0),), PanLaw.LINEAR, operands=ONE),
    Place("n", 0, operands=ONE),
    Mix("n", LENGTH, operands=ONE),
    Headroom("n", 0.0, operands=ONE),
)
STEREO = Signal(RATE, 2, LENGTH)
each_node = pytest.mark.parametrize("node", NODES, ids=lambda node: node.kind)


def noise(seed: int, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.25, 0.25, (channels, LENGTH))


def value(node: Node, **operands: np.ndarray) -> np.ndarray:
    """What the reference makes of a node, given its operands' samples by name."""
    names = node.operands or ("a",)
    sources = tuple(
        Source(name, name, "sha256:0", RATE, len(operands[name]), LENGTH, "wav/double")
        for name in names
    )
    clips = (Clip(name, name, 0, LENGTH, RATE) for name in node.operands)
    graph = Graph(sources, (*clips, node))
    return reference.evaluate(graph, lambda source: operands[source.name])["n"]


def test_every_kind_is_here():
    assert {type(node) for node in NODES} == set(KINDS.values())


@pytest.mark.parametrize("cls", KINDS.values(), ids=KINDS)
def test_every_kind_states_what_a_kind_has_to(cls: type[Node]):
    assert isinstance(cls.family, Family)
    assert not getattr(cls.growth, "__isabstractmethod__", False)


@each_node
def test_no_sample_grows_beyond_the_bound(node: Node):
    """By more than rounding, or than a dither's noise."""
    signals = {name: noise(seed) for seed, name in enumerate("abc")}
    if node.growth is None:
        assert node.family is Family.FILTER
        return
    loudest = sum(np.max(np.abs(signals[name])) for name in node.heard or "a")
    step = 2.0 ** (1 - node.bits) if isinstance(node, Dither) else 1e-15
    step = 2.0**-15 if isinstance(node, Output) else step
    assert np.max(np.abs(value(node, **signals))) <= loudest * node.growth + step


def test_a_gain_that_is_not_measured_has_no_bound():
    assert Loudnorm("n", -16.0, None).growth == np.inf


@each_node
def test_a_value_is_made_of_the_operands_that_are_heard(node: Node):
    signals = {name: noise(seed) for seed, name in enumerate("abc")}
    before = value(node, **signals)
    for name in node.operands:
        moved = np.array_equal(before, value(node, **{**signals, name: noise(9)}))
        assert moved == (name not in node.heard)


@each_node
def test_where_an_operand_begins_in_a_value(node: Node):
    silence = dict.fromkeys("abc", np.zeros((2, LENGTH)))
    click = np.zeros((2, LENGTH))
    click[:, 0] = 0.25
    assert len(node.starts) == len(node.heard)
    if isinstance(node, (Dither, Fade)):  # which hide a click under noise, or at their beginning
        return
    for name, start in zip(node.heard, node.starts, strict=True):
        sounding = np.flatnonzero(np.any(value(node, **{**silence, name: click}), axis=0))
        assert sounding[0] == start


@pytest.mark.parametrize(
    "node", [n for n in NODES if n.linear_without_memory], ids=lambda node: node.kind
)
def test_a_gain_passes_what_is_linear_and_has_no_memory(node: Node):
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
def test_an_identity_changes_no_sample(node: Node):
    assert node.is_identity([STEREO])
    assert np.array_equal(value(node, a=noise(1)), noise(1))


@each_node
def test_what_changes_samples_is_no_identity(node: Node):
    assert not node.is_identity([STEREO] * len(node.operands))


@pytest.mark.parametrize("node", [n for n in IDENTITIES if n.family is Family.PAN])
def test_no_pan_of_a_mono_signal_is_an_identity(node: Node):
    assert not node.is_identity([evolve(STEREO, channels=1)])
    assert len(value(node, a=noise(1, channels=1))) == 2


def test_a_signal_reads_like_its_text():
    assert str(Signal(48000, 2, 96000)) == "signal<48000, 2, 96000>"
    assert str(Signal(48000, 1, None)) == "signal<48000, 1, ?>"
