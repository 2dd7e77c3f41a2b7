"""Every node kind, by SoX and by the reference."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.backends.sox import BACKEND
from mixdown.backends.sox.emitters import FADES, MOST_INPUTS
from mixdown.ir import nodes as ir
from mixdown.ir.curves import FADE_CURVES, FilterKind, PanLaw, Shape
from mixdown.plans.plan import EmitOptions
from sox_bench import RATE, Bench, master, programs, stem

pytestmark = pytest.mark.requires("sox")

ROUNDED = -175.0  # a few roundings of a full scale near 1
DECIBELS = (
    ir.Point(2000, 0.0, Shape.SMOOTH, ir.Aim(7000, 6.0)),
    ir.Point(5000, -9.0, Shape.HOLD),
    ir.Point(7000, 6.0),
    ir.Point(11000, -40.0),
)
POSITIONS = (ir.Point(0, -1.0), ir.Point(5000, 0.3, Shape.SMOOTH), ir.Point(9000, 1.0))
HERTZ = (
    ir.Point(0, 200.0, aim=ir.Aim(9000, 15_000.0)),
    ir.Point(6000, 8000.0, Shape.SMOOTH),
    ir.Point(11000, 60.0),
)


@pytest.fixture
def noisy(bench: Bench) -> Bench:
    """Mono `m` and stereo `s`, at full scale."""
    bench.noise("m")
    bench.noise("s", 2)
    return bench


@pytest.mark.parametrize(
    ("file", "coding"),
    [
        ("a.wav", "PCM_16"),
        ("a.wav", "PCM_24"),
        ("a.wav", "PCM_32"),
        ("a.aiff", "PCM_24"),
        ("a.flac", "PCM_16"),
        ("a.flac", "PCM_24"),
    ],
)
def test_integers_are_read_by_sox_itself_to_the_bit(bench, file, coding):
    bench.noise("a", 2, file=file, coding=coding)
    graph = bench.chain(bench.clip("a", 4321, 5003), ir.Place("p", 7))
    assert bench.residual(graph) == -np.inf
    assert programs(BACKEND.emit(graph, EmitOptions())) == ["sox", "engine"]
    sliced = bench.chain(bench.clip("a", 4321, 5003), ir.Slice("x", 1002, 3001))
    assert bench.residual(sliced) == -np.inf


@pytest.mark.parametrize(
    ("file", "coding", "rate", "worst"),
    [
        ("a.wav", "FLOAT", RATE, -168.0),
        ("a.wav", "DOUBLE", RATE, -168.0),
        ("a.wav", "PCM_16", 44100, -180.0),
        ("a.flac", "PCM_16", 8000, -180.0),
        ("a.wav", "PCM_24", 96000, -180.0),
    ],
)
def test_other_sources_are_prepared_once_over_the_stretch_that_plays(
    bench, file, coding, rate, worst
):
    bench.noise("a", 2, file=file, coding=coding, rate=rate)
    one, two = bench.clip("a", 700, 900, "one"), bench.clip("a", 1400, 333, "two")
    lane = ir.Lane("l", (5, 1000), 2000, operands=("one", "two"))
    graph = bench.graph(one, two, lane, master("l"))
    assert bench.residual(graph) <= worst
    plan = BACKEND.emit(graph, EmitOptions())
    assert programs(plan).count("integers") == 1
    (script,) = plan.steps[0].scripts
    assert "offset = 700, length = 1033" in script.text


def test_silence(bench):
    assert bench.residual(bench.chain(ir.Silence("s", RATE, 2, 1234))) == -np.inf


@pytest.mark.parametrize("gain_db", [-60.0, -3.3, 0.0, 11.7])
def test_gains_cost_neither_steps_nor_bits(noisy, gain_db):
    graph = noisy.chain(noisy.clip("s"), ir.Gain("g", gain_db), ir.Headroom("h", 3.0))
    assert noisy.residual(graph) < -300.0
    assert programs(BACKEND.emit(graph, EmitOptions())) == ["engine"]


@pytest.mark.parametrize("kind", [ir.Fade, ir.Crossfade])
@pytest.mark.parametrize("edge", ir.Edge)
def test_fades_of_every_curve(noisy, edge, kind):
    nodes = [noisy.clip("s")]
    for curve in FADE_CURVES:
        for length in (1, 5001, 12_000):
            nodes.append(kind(f"{curve}{length}", edge, length, curve, operands=("s.clip",)))
    stems = [stem(node.name, number) for number, node in enumerate(nodes[1:], 1)]
    graph = noisy.graph(*nodes, *stems, master("s.clip"))
    assert noisy.residual(graph) <= ROUNDED
    envelopes = programs(BACKEND.emit(graph, EmitOptions())).count("envelope")
    assert envelopes == 3 * sum((edge, curve) not in FADES for curve in FADE_CURVES)


def test_a_fade_of_no_length_is_nothing(noisy):
    assert (
        noisy.residual(noisy.chain(noisy.clip("s"), ir.Fade("f", ir.Edge.IN, 0, "hsin"))) == -np.inf
    )


@pytest.mark.parametrize("source", ["m", "s"])
def test_gain_automation(noisy, source):
    graph = noisy.chain(noisy.clip(source, 100), ir.GainAutomation("a", DECIBELS))
    assert noisy.residual(graph) <= ROUNDED


def test_what_moves_one_after_the_other_is_one_envelope(noisy):
    graph = noisy.chain(
        noisy.clip("m"),
        ir.Fade("in", ir.Edge.IN, 3000, "sinc"),
        ir.Fade("out", ir.Edge.OUT, 3000, "tri"),
        ir.GainAutomation("a", DECIBELS),
        ir.Gain("g", -2.0),
        ir.PanAutomation("p", POSITIONS, PanLaw.CONSTANT_POWER),
    )
    assert noisy.residual(graph) <= ROUNDED
    assert programs(BACKEND.emit(graph, EmitOptions())).count("envelope") == 1


@pytest.mark.parametrize("kind", FilterKind)
@pytest.mark.parametrize(("hertz", "q"), [(20.0, 0.7), (997.0, 3.0), (15_000.0, 0.2)])
def test_filters(noisy, kind, hertz, q):
    graph = noisy.chain(
        noisy.clip("s"),
        ir.Filter("f", kind, hertz, q, 11.0),
        ir.Filter("g", kind, hertz / 3, q, -7.0),
    )
    assert noisy.residual(graph) <= -150.0
    assert "sox" in programs(BACKEND.emit(graph, EmitOptions()))


@pytest.mark.parametrize("kind", FilterKind)
@pytest.mark.parametrize("source", ["m", "s"])
def test_filter_automation_is_a_step_of_the_engine(noisy, kind, source):
    graph = noisy.chain(
        noisy.clip(source, 50), ir.Gain("g", 3.0), ir.FilterAutomation("f", kind, HERTZ, 2.0, 8.0)
    )
    assert noisy.residual(graph) <= -150.0
    plan = BACKEND.emit(graph, EmitOptions())
    assert "filter f in the native engine" in [step.purpose for step in plan.steps]


@pytest.mark.parametrize("law", PanLaw)
@pytest.mark.parametrize("position", [-1.0, 0.0, 0.37])
def test_pans(noisy, law, position):
    for source in ("m", "s"):
        graph = noisy.chain(noisy.clip(source), ir.Pan("p", position, law), ir.Pan("q", -0.2, law))
        assert noisy.residual(graph) <= ROUNDED


@pytest.mark.parametrize("law", PanLaw)
def test_pan_automation(noisy, law):
    moving = ir.PanAutomation("p", POSITIONS, law)
    for nodes in (
        [noisy.clip("m")],
        [noisy.clip("s", 3), ir.Gain("g", 2.0)],
        [noisy.clip("s"), ir.Pan("q", 0.5, law)],
        [noisy.clip("m"), ir.Pan("q", -0.5, law)],
        [noisy.clip("s"), ir.Downmix("d")],
        [noisy.clip("s"), ir.Downmix("d"), ir.Pan("q", 0.1, law)],
    ):
        assert noisy.residual(noisy.chain(*nodes, moving)) <= ROUNDED


def test_downmix(noisy):
    assert noisy.residual(noisy.chain(noisy.clip("s"), ir.Downmix("d"))) <= ROUNDED
    graph = noisy.chain(noisy.clip("s"), ir.Downmix("d"), ir.Pan("p", 0.3, PanLaw.LINEAR))
    assert noisy.residual(graph) <= ROUNDED


@pytest.mark.parametrize("start", [0, 1, 100_003])
def test_place(noisy, start):
    assert noisy.residual(noisy.chain(noisy.clip("s", 9), ir.Place("p", start))) == -np.inf


@pytest.mark.parametrize("alike", [True, False])
def test_a_lane_is_panned_at_once_where_its_clips_are_panned_alike(noisy, alike):
    law = PanLaw.CONSTANT_POWER
    names = []
    nodes = []
    for number in range(4):
        clip = noisy.clip("m", 500 * number, 600, f"c{number}")
        gain = ir.Gain(f"g{number}", -1.5 * number, operands=(clip.name,))
        position = 0.25 if alike else 0.2 * number
        pan = ir.Pan(f"p{number}", position, law, operands=(gain.name,))
        nodes += [clip, gain, pan]
        names.append(pan.name)
    lane = ir.Lane("l", (0, 600, 1300, 2000), 3001, operands=tuple(names))
    graph = noisy.graph(*nodes, lane, master("l"))
    assert noisy.residual(graph) <= ROUNDED
    plan = BACKEND.emit(graph, EmitOptions())
    joined = plan["l"].argv
    assert ("remix" in joined) == alike


@pytest.mark.parametrize("length", [100, 12_000, 15_000])
def test_a_mix_is_cut_or_padded(noisy, length):
    one = noisy.clip("s", 0, 7000, "one")
    two = noisy.clip("s", 3, name="two")
    placed = ir.Place("p", 400, operands=("two",))
    for operands in (("one",), ("p",), ("one", "p"), ("p", "one", "p")):
        kept = [n for n in (one, two, placed) if n is not one or "one" in operands]
        kept = [n for n in kept if n is one or "p" in operands]
        graph = noisy.graph(*kept, ir.Mix("mix", length, operands=operands), master("mix"))
        assert noisy.residual(graph) <= ROUNDED


def test_a_bus_used_by_its_stem_and_the_master(noisy):
    nodes = [noisy.clip("s", 0, 5000, "one"), noisy.clip("s", 5000, 5000, "two")]
    bus = ir.Bus("bus", operands=("one", "two"))
    gain = ir.Gain("gain", -4.0, operands=("bus",))
    mix = ir.Mix("mix", 5000, operands=("gain", "gain"))
    graph = noisy.graph(*nodes, bus, gain, stem("gain", 1), mix, master("mix"))
    assert noisy.residual(graph) <= ROUNDED


@pytest.mark.parametrize("kind", ["lane", "mix"])
def test_more_inputs_than_a_run_takes_are_combined_in_several(noisy, kind):
    count = 2 * MOST_INPUTS + 1
    clips = [noisy.clip("s", 10 * i, 50, f"c{i}") for i in range(count)]
    names = tuple(clip.name for clip in clips)
    starts = tuple(60 * i for i in range(count))
    summed = ir.Lane("x", starts, 60 * count, operands=names)
    if kind == "mix":
        summed = ir.Mix("x", 55, operands=names)
    graph = noisy.graph(*clips, summed, master("x"))
    assert noisy.residual(graph) <= ROUNDED + 20
    plan = BACKEND.emit(graph, EmitOptions())
    assert max(len(step.inputs) for step in plan.steps) <= MOST_INPUTS
