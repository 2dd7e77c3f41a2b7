"""Gains, fades, pans, filters and their automations against the native kernels."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.audio import biquad, curves, envelope
from mixdown.audio import pan as panning
from mixdown.backends.ffmpeg import BACKEND, automation
from mixdown.ir import nodes as ir
from mixdown.ir.curves import FADE_CURVES, FilterKind, PanLaw, Shape
from mixdown.ir.units import gain_factor
from mixdown.plans.plan import EmitOptions

RATE = 48000
BUDGET = -200.0
LENGTH = 96000  # of the noise that all tests here work on

# Points before, at and behind the edges of frames, steep and gentle; the last beyond the signal.
TIMES = (100, 4096, 4097, 20000, 20064, 70001, 96000)
SHAPES = (Shape.LINEAR, Shape.SMOOTH, Shape.HOLD, Shape.SMOOTH, Shape.LINEAR, Shape.LINEAR)


# Two ways, one smooth and one linear, are cut off before they arrive.
AIMS = {1: 5000, 4: 200_000}


def points(*values: float) -> tuple[ir.Point, ...]:
    shapes = (*SHAPES, Shape.LINEAR)
    aims = (ir.Aim(AIMS[k], values[k - 1]) if k in AIMS else None for k in range(len(TIMES)))
    return tuple(map(ir.Point, TIMES, values, shapes, aims))


def keyframes(of: tuple[ir.Point, ...]) -> envelope.Keyframes:
    aims = {k: (p.aim.at, p.aim.value) for k, p in enumerate(of) if p.aim}
    return envelope.keyframes(((p.at, p.value, p.shape.value) for p in of), aims)


def residual(got: np.ndarray, wanted: np.ndarray) -> float:
    """The greatest difference in dBFS."""
    assert got.shape == wanted.shape
    return 20 * np.log10(max(np.abs(got - wanted).max(), 1e-30))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("db", [-60.5, -3.0, 0.1, 24.0])
def test_gain(bench, channels, db):
    audio = bench.noise("s", channels)
    got = bench.render(bench.chain(bench.clip("s"), ir.Gain("g", db)))
    assert residual(got, audio * gain_factor(db)) < BUDGET


def test_headroom_and_loudness_gain(bench):
    audio = bench.noise("s", 2)
    graph = bench.chain(bench.clip("s"), ir.Headroom("h", 3.0), ir.Loudnorm("l", -16.0, 1.234567))
    assert residual(bench.render(graph), audio * gain_factor(1.234567 - 3.0)) < BUDGET


@pytest.mark.parametrize("edge", ir.Edge)
@pytest.mark.parametrize("curve", FADE_CURVES)
def test_fade(bench, edge, curve):
    audio = bench.noise("s")
    length = 12345
    gains = np.ones(LENGTH)
    if edge is ir.Edge.IN:
        gains[:length] = curves.fade_in(length, curve)
    else:
        gains[-length:] = curves.fade_out(length, curve)
    got = bench.render(bench.chain(bench.clip("s"), ir.Fade("f", edge, length, curve)))
    assert residual(got, audio * gains) < BUDGET


@pytest.mark.parametrize("curve", ["qsin", "exp"])
@pytest.mark.parametrize("length", [0, 1, LENGTH])
def test_fade_of_no_sample_one_and_all(bench, curve, length):
    audio = bench.noise("s", 2)
    got = bench.render(bench.chain(bench.clip("s"), ir.Fade("f", ir.Edge.IN, length, curve)))
    assert residual(got, audio * curves.fade_in(length, curve, LENGTH)) < BUDGET


@pytest.mark.parametrize("channels", [1, 2])
def test_gain_automation(bench, channels):
    audio = bench.noise("s", channels)
    moves = points(0.0, -6.0, 3.5, -60.0, -60.0, 2.0, -12.0)
    got = bench.render(bench.chain(bench.clip("s"), ir.GainAutomation("a", moves)))
    gains = envelope.gain_envelope(keyframes(moves), 0, LENGTH)
    assert residual(got, audio * gains) < BUDGET


@pytest.mark.parametrize("law", PanLaw)
@pytest.mark.parametrize("position", [-1.0, -0.3, 0.0, 0.77, 1.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_pan(bench, law, position, channels):
    audio = bench.noise("s", channels)
    got = bench.render(bench.chain(bench.clip("s"), ir.Pan("p", position, law)))
    assert residual(got, panning.pan(audio, position, law.value)) < BUDGET


@pytest.mark.parametrize("law", PanLaw)
@pytest.mark.parametrize("channels", [1, 2])
def test_pan_automation(bench, law, channels):
    audio = bench.noise("s", channels)
    moves = points(-1.0, 1.0, 0.0, 0.5, -0.5, -0.25, 1.0)
    got = bench.render(bench.chain(bench.clip("s"), ir.PanAutomation("p", moves, law)))
    positions = envelope.interpolate(keyframes(moves), np.arange(LENGTH))
    assert residual(got, panning.pan(audio, positions, law.value)) < BUDGET


def many(low: float, high: float) -> tuple[ir.Point, ...]:
    """300 points of every shape, some of them adjacent samples, beyond the end of the noise."""
    random = np.random.default_rng(9)
    times = sorted({*random.integers(0, LENGTH + 9000, 290).tolist(), *range(4090, 4100)})
    values, shapes = random.uniform(low, high, len(times)), random.choice(list(Shape), len(times))
    return tuple(map(ir.Point, times, values.tolist(), map(Shape, shapes)))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    "node",
    [
        ir.GainAutomation("a", many(-60.0, 6.0)),
        *(ir.PanAutomation("a", many(-1.0, 1.0), law) for law in PanLaw),
    ],
    ids=lambda node: getattr(node, "law", "gain"),
)
def test_many_spans_are_one_source_with_the_same_samples(bench, node, channels, monkeypatch):
    bench.noise("s", channels)
    graph = bench.chain(bench.clip("s"), node)
    assert BACKEND.emit(graph, EmitOptions()).to_text().count("aevalsrc@") == 1
    one = bench.render(graph)
    monkeypatch.setattr(automation, "MOST_SOURCES", 1000)
    assert np.array_equal(bench.render(graph), one)


def test_downmix(bench):
    audio = bench.noise("s", 2)
    got = bench.render(bench.chain(bench.clip("s"), ir.Downmix("d")))
    assert residual(got, panning.downmix(audio)) < BUDGET


@pytest.mark.parametrize("shape", FilterKind)
@pytest.mark.parametrize(
    ("frequency", "q", "db"), [(20.0, 0.1, -24.0), (997.3, 2**-0.5, 6.0), (23000.0, 18.0, 12.0)]
)
def test_filter(bench, shape, frequency, q, db):
    audio = bench.noise("s", 2)
    got = bench.render(bench.chain(bench.clip("s"), ir.Filter("f", shape, frequency, q, db)))
    section = biquad.coefficients(shape.value, frequency, RATE, q, db)[0]
    assert residual(got, biquad.StaticBiquad(section, 2).process(audio)) < BUDGET


@pytest.mark.parametrize("shape", FilterKind)
@pytest.mark.parametrize("channels", [1, 2])
def test_filter_automation(bench, shape, channels):
    audio = bench.noise("s", channels)
    moves = points(400.0, 12000.0, 90.0, 777.7, 15000.0, 60.0, 3000.0)
    got = bench.render(
        bench.chain(bench.clip("s"), ir.FilterAutomation("f", shape, moves, 0.9, -7.0))
    )
    assert residual(got, moved(audio, shape, moves, 0.9, -7.0)) < BUDGET


@pytest.mark.parametrize("at", [0, 64, 96000])
def test_filter_automation_of_one_point_is_constant(bench, at):
    audio = bench.noise("s")
    moves = (ir.Point(at, 1234.5678),)
    got = bench.render(
        bench.chain(bench.clip("s"), ir.FilterAutomation("f", FilterKind.LOWPASS, moves, 0.7, 0.0))
    )
    assert residual(got, moved(audio, FilterKind.LOWPASS, moves, 0.7, 0.0)) < BUDGET


def moved(audio, shape, moves, q, db):
    frames = keyframes(moves)
    return biquad.MovingBiquad(
        shape.value,
        RATE,
        len(audio),
        frequency=lambda positions: envelope.log_frequency_envelope(frames, positions),
        q=q,
        gain_db=db,
    ).process(audio)


@pytest.mark.parametrize("before", ["place", "lane", "mix", "gain automation"])
def test_a_moving_filter_counts_samples_whatever_came_before(bench, before):
    """Joining, delaying and summing each set the times of frames in a way of their own."""
    clip, audio = cut_behind_the_first_frame(bench)
    names = (clip.name, clip.name)
    ways = {
        "place": [ir.Place("b", 48_000, operands=names[:1])],
        "lane": [ir.Lane("b", (0, 48_000), LENGTH, operands=names)],
        "mix": [
            ir.Lane("l", (48_000,), LENGTH, operands=names[:1]),
            ir.Mix("b", LENGTH, operands=("l", "l")),
        ],
        "gain automation": [
            ir.Place("l", 48_000, operands=names[:1]),
            ir.GainAutomation("b", points(0.0, 0.0, 0.0, 0.0), operands=("l",)),
        ],
    }
    moves = points(400.0, 12000.0, 90.0, 777.7, 15000.0, 60.0, 3000.0)
    got = bench.render(
        bench.graph(
            clip,
            *ways[before],
            ir.FilterAutomation("f", FilterKind.LOWPASS, moves, 0.9, 0.0, operands=("b",)),
            ir.Output("o", ir.OutputRole.MASTER, "master", "wav", ir.Encoding.F64, operands=("f",)),
        )
    )
    late = np.hstack([np.zeros_like(audio), audio])
    whole = {"lane": np.hstack([audio, audio]), "mix": 2 * late}.get(before, late)
    assert residual(got, moved(whole, FilterKind.LOWPASS, moves, 0.9, 0.0)) < BUDGET


@pytest.mark.parametrize("edge", ir.Edge)
@pytest.mark.parametrize("before", ["place", "lane", "long lane"])
def test_a_fade_counts_samples_whatever_came_before(bench, before, edge):
    """afade goes by the times of frames, which delays and joins set in ways of their own."""
    clip, audio = cut_behind_the_first_frame(bench)
    gap = 5_000_011 if before == "long lane" else 3001
    length = gap + audio.shape[1]
    if before == "place":
        late = ir.Place("b", gap, operands=(clip.name,))
        wanted = np.hstack([np.zeros((2, gap)), audio])
    else:
        length += audio.shape[1]
        late = ir.Lane("b", (0, length - 48_000), length, operands=(clip.name, clip.name))
        wanted = np.hstack([audio, np.zeros((2, gap)), audio])
    fade = ir.Fade("f", edge, length, "tri", operands=("b",))
    output = ir.Output("o", ir.OutputRole.MASTER, "master", "wav", ir.Encoding.F64, operands=("f",))
    got = bench.render(bench.graph(clip, late, fade, output))
    ramp = np.arange(length) / length
    assert residual(got, wanted * (ramp if edge is ir.Edge.IN else 1 - ramp)) < BUDGET


def cut_behind_the_first_frame(bench):
    audio = bench.noise("s", 2, 1.25)[:, 12_000:]
    return bench.clip("s", 12_000), audio
