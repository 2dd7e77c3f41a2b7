"""No sample saturates, and the roundings stay in their budget: bounds, room, and the way out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio import biquad
from mixdown.audio.envelope import log_frequency_envelope
from mixdown.backends.native.values import frames_of
from mixdown.backends.sox import BACKEND
from mixdown.backends.sox.levels import exponent, l1_norm, largest_gain, moving_peak, section
from mixdown.ir import nodes as ir
from mixdown.ir.curves import FilterKind, PanLaw, Shape
from mixdown.ir.diagnostics import BackendError
from mixdown.plans.plan import EmitOptions
from scipy.signal import freqz, lfilter
from sox_bench import BUDGET, RATE, Bench, master, programs

FILTERS = st.builds(
    ir.Filter,
    name=st.just("f"),
    shape=st.sampled_from(FilterKind),
    frequency_hz=st.floats(40, 23_000),
    q=st.floats(0.1, 12),
    gain_db=st.floats(-24, 24),
)


@pytest.mark.parametrize(
    ("bound", "power"),
    [
        (0.0, 0),
        (1.0, 0),
        (1.0000001, 1),
        (64.0, 6),
        (0.5, -1),
        (0.3, -1),
        (1e9, 30),
        (np.inf, 1000),
    ],
)
def test_the_least_power_of_two_that_holds_a_bound(bound, power):
    assert exponent(bound) == power


@settings(max_examples=30)
@given(st.lists(FILTERS, min_size=1, max_size=3))
def test_the_loudest_signal_passes_filters_at_their_bound(filters):
    """The worst input is the sign of the reversed impulse response: it attains the L1 norm."""
    sections = tuple(section(node, RATE) for node in filters)
    response = np.zeros(1 << 19)
    response[0] = 1.0
    for b0, b1, b2, a1, a2 in sections:
        response = lfilter((b0, b1, b2), (1.0, a1, a2), response)
    attained = np.sum(np.abs(response))
    assert attained <= l1_norm(sections) <= attained * 1.001


def test_filters_that_ring_for_too_long_are_still_bounded():
    node = ir.Filter("f", FilterKind.PEAKING, 5.0, 90.0, 12.0)
    part = section(node, RATE)
    response = np.zeros(1 << 21)
    response[0] = 1.0
    attained = np.sum(np.abs(lfilter(part[:3], (1.0, *part[3:]), response)))
    assert attained <= l1_norm((part,)) < 2.0 * attained


@given(FILTERS)
def test_no_frequency_is_louder_than_the_largest_gain(node):
    part = section(node, RATE)
    radians = np.concatenate([np.linspace(0, np.pi, 4000), np.geomspace(1e-4, np.pi, 4000)])
    _, gains = freqz(part[:3], (1.0, *part[3:]), radians)
    assert np.max(np.abs(gains)) <= largest_gain(part) <= np.max(np.abs(gains)) * 1.15


@pytest.mark.parametrize("kind", FilterKind)
@pytest.mark.parametrize("q", [0.7, 5.0])
@pytest.mark.parametrize(
    "points",
    [
        (ir.Point(0, 12_000.0, Shape.HOLD), ir.Point(1500, 500.0)),
        (ir.Point(0, 300.0, Shape.HOLD), ir.Point(1500, 15_000.0)),
        (ir.Point(1000, 12_000.0), ir.Point(1200, 500.0)),
        (ir.Point(1000, 2000.0, Shape.SMOOTH), ir.Point(1900, 200.0)),
        (ir.Point(0, 100.0, aim=ir.Aim(2000, 15_000.0)), ir.Point(1500, 100.0)),
        (ir.Point(0, 9000.0, Shape.HOLD), ir.Point(900, 900.0, Shape.HOLD), ir.Point(1500, 90.0)),
    ],
)
def test_the_loudest_signal_passes_moving_filters_at_their_bound(kind, q, points):
    """Sums of magnitudes of the response to every impulse: what the worst input attains."""
    node = ir.FilterAutomation("f", kind, points, q, 12.0)
    frames = frames_of(points)
    count = 2200
    moving = biquad.MovingBiquad(
        kind.value,
        RATE,
        count,
        frequency=lambda positions: log_frequency_envelope(frames, positions),
        q=q,
        gain_db=12.0,
    )
    responses = moving.process(np.eye(count))
    assert np.max(np.sum(np.abs(responses), axis=0)) <= moving_peak(node, RATE)


def test_frequencies_whose_product_is_0_have_a_bound():
    points = (ir.Point(0, 1e-38), ir.Point(1500, 1e-323))
    assert moving_peak(ir.FilterAutomation("f", FilterKind.LOWPASS, points, 0.7, 0.0), RATE) > 0


def in_phase(bench: Bench, count: int) -> None:
    """Full scale, all alike: what adds up to the most."""
    square = np.where(np.arange(3000) % 96 < 48, 1.0, -1.0)
    bench.source("loud", np.stack([square, square]), coding="PCM_16")
    assert bench.sources["loud"].frames == 3000


@pytest.mark.requires("sox")
@pytest.mark.parametrize("laid_out", ["mix of buses", "one bus", "lanes"])
def test_64_full_scale_tracks_in_phase(bench, laid_out):
    in_phase(bench, 64)
    tracks, names = [], []
    for number in range(64):
        clip = bench.clip("loud", 0, 2400, f"c{number}")
        fade = ir.Fade(f"f{number}", ir.Edge.IN, 30, "tri", operands=(clip.name,))
        tracks += [clip, fade]
        names.append(fade.name)
    if laid_out == "lanes":
        tracks += [ir.Lane(f"l{i}", (5,), 2500, operands=(n,)) for i, n in enumerate(names)]
        names = [f"l{i}" for i in range(64)]
    if laid_out == "mix of buses":
        tracks += [ir.Bus(f"b{i}", operands=tuple(names[8 * i : 8 * i + 8])) for i in range(8)]
        names = [f"b{i}" for i in range(8)]
    total = ir.Mix("mix", 2500, operands=tuple(names))
    graph = bench.graph(*tracks, total, master("mix"))
    assert np.max(np.abs(bench.meant(graph)["master"])) > 63.9
    assert bench.residual(graph) <= BUDGET
    plan = BACKEND.emit(graph, EmitOptions())
    assert [step.id for step in plan.steps if step.program != "sox"] == ["restore"]


@pytest.mark.requires("sox")
@pytest.mark.parametrize("coding", ["FLOAT", "DOUBLE"])
def test_floats_over_full_scale_do_not_clip(bench, coding):
    bench.source("hot", 15.0 * np.random.default_rng(1).uniform(-1, 1, (2, 5000)), coding=coding)
    graph = bench.chain(bench.clip("hot"), ir.Gain("g", -20.0), ir.Pan("p", 0.3, PanLaw.UNITY))
    assert np.max(np.abs(bench.meant(graph)["master"])) > 1.4
    assert bench.residual(graph) <= BUDGET - 20


@pytest.mark.requires("sox")
def test_a_float_source_beyond_its_room_is_an_error_and_never_clipped(bench):
    bench.source("wild", np.full((1, 100), 500.0), coding="FLOAT", file="media/wild é.wav")
    with pytest.raises(BackendError, match=r"MIX502.*'media/wild é\.wav'.*\+54\.0 dBFS") as caught:
        bench.render(bench.chain(bench.clip("wild")))
    assert "hold up to +24.1 dBFS" in str(caught.value)
    assert "turn the file down, or render with another backend" in str(caught.value)


@pytest.mark.requires("sox")
def test_resampled_squares_overshoot_and_fit(bench):
    square = np.sign(np.sin(np.arange(8000) * 0.37))
    bench.source("square", square[None], rate=44100, coding="PCM_16")
    graph = bench.chain(bench.clip("square"))
    assert np.max(np.abs(bench.meant(graph)["master"])) > 1.1
    assert bench.residual(graph) <= -175.0


@pytest.mark.requires("sox")
def test_levels_that_cost_too_much_are_left_to_the_engine_and_the_plan_says_so(bench):
    """A track turned up by 70 dB is the engine's; its neighbour, an ordinary one, is SoX's."""
    bench.noise("s", 2)
    nodes = [bench.clip("s", 0, 5000, "a"), bench.clip("s", 5000, 5000, "b")]
    for name in ("a", "b"):
        nodes.append(ir.Fade(f"{name}.fade", ir.Edge.IN, 400, "hsin", operands=(name,)))
    nodes.append(ir.Gain("a.gain", 70.0, operands=("a.fade",)))
    mix = ir.Mix("mix", 5000, operands=("a.gain", "b.fade"))
    graph = bench.graph(*nodes, mix, master("mix"))
    assert bench.residual(graph) <= BUDGET
    plan = BACKEND.emit(graph, EmitOptions())
    runs = [step.purpose for step in plan.steps if step.program == "sox"]
    assert runs == ["play a", "play b up to b.fade"]
    assert plan["deliver"].purpose == "mix in floats what 32 bits cannot hold, and deliver"


@pytest.mark.requires("sox")
def test_gains_that_no_one_can_hear_or_bear(bench):
    bench.noise("s", 2)
    quiet = bench.chain(
        bench.clip("s"), ir.Gain("g", -900.0), ir.GainAutomation("a", (ir.Point(0, -500.0),))
    )
    assert bench.residual(quiet) <= BUDGET
    nodes = [bench.clip("s"), ir.Gain("up", 900.0, operands=("s.clip",))]
    stem = ir.Output("o", ir.OutputRole.STEM, "b", "wav", master().encoding, 1, operands=("up",))
    mix = ir.Mix("mix", 500, operands=("up", "up"))
    plan = BACKEND.emit(bench.graph(*nodes, mix, stem, master("mix")), EmitOptions())
    assert programs(plan) == ["engine", "engine"]
