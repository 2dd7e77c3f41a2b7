"""The reference against the formulas of docs/semantics.md, written out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from mixdown.audio.meter.measure import measure
from mixdown.backends.native import reference
from mixdown.ir import nodes as ir
from mixdown.ir.curves import FilterKind, PanLaw, Shape
from mixdown.ir.graph import Graph

RATE = 8000
RNG = np.random.Generator(np.random.Philox(7))
MONO = RNG.uniform(-0.5, 0.5, (1, 400))
STEREO = RNG.uniform(-0.5, 0.5, (2, 400))
FILES = {"mono": MONO, "stereo": STEREO}


def play(*nodes: ir.Node, source: str = "mono") -> np.ndarray:
    """The value of the last node; the first takes a clip of the whole source."""
    channels, frames = FILES[source].shape
    sources = (ir.Source(source, source, "sha256:0", RATE, channels, frames, "wav/double"),)
    graph = Graph(sources, (ir.Clip("clip", source, 0, frames, RATE), *nodes))
    return reference.evaluate(graph, lambda s: FILES[s.name])[graph.nodes[-1].name]


def test_a_clip_is_a_cut():
    sources = (ir.Source("mono", "mono", "sha256:0", RATE, 1, 400, "wav/double"),)
    graph = Graph(sources, (ir.Clip("c", "mono", 30, 50, RATE),))
    value = reference.evaluate(graph, lambda s: MONO)["c"]
    assert np.array_equal(value, MONO[:, 30:80])


def test_gain_and_headroom_are_factors():
    assert np.allclose(
        play(ir.Gain("g", -6.0, operands=("clip",))), MONO * 10 ** (-6 / 20), atol=1e-16
    )
    lower = play(ir.Headroom("h", 3.0, operands=("clip",)))
    assert np.allclose(lower, MONO * 10 ** (-3 / 20), atol=1e-16)


@pytest.mark.parametrize("kind", [ir.Fade, ir.Crossfade])
def test_fades_count_from_the_edge(kind: type[ir.Fade | ir.Crossfade]):
    fade_in = play(kind("f", ir.Edge.IN, 100, "tri", operands=("clip",)))
    ramp = np.concatenate([np.arange(100) / 100, np.ones(300)])
    assert np.allclose(fade_in, MONO * ramp, atol=1e-16)
    fade_out = play(kind("f", ir.Edge.OUT, 100, "tri", operands=("clip",)))
    assert np.allclose(fade_out, MONO * np.concatenate([np.ones(300), 1 - np.arange(100) / 100]))


def test_a_fade_longer_than_its_clip_is_cut_short():
    value = play(ir.Fade("f", ir.Edge.IN, 1000, "qua", operands=("clip",)))
    assert np.allclose(value, MONO * (np.arange(400) / 1000) ** 2, atol=1e-16)


def test_gain_moves_in_decibels():
    points = (ir.Point(100, 0, Shape.LINEAR), ir.Point(300, -12, Shape.HOLD), ir.Point(350, 6))
    value = play(ir.GainAutomation("a", points, operands=("clip",)))
    db = np.interp(np.arange(400), [100, 300], [0, -12])
    db[350:] = 6
    assert np.allclose(value, MONO * 10 ** (db / 20), atol=1e-15)


def test_pan_moves_a_mono_clip_at_constant_power():
    points = (ir.Point(0, -1, Shape.SMOOTH), ir.Point(400, 1))
    value = play(ir.PanAutomation("p", points, PanLaw.CONSTANT_POWER, operands=("clip",)))
    position = -1 + 2 * (1 - np.cos(np.pi * np.arange(400) / 400)) / 2
    theta = (position + 1) * np.pi / 4
    assert np.allclose(value, MONO * np.stack([np.cos(theta), np.sin(theta)]), atol=1e-15)


def test_pan_balances_stereo_whatever_the_law():
    for law in PanLaw:
        value = play(ir.Pan("p", 0.4, law, operands=("clip",)), source="stereo")
        factors = np.array([[math.cos(0.4 * math.pi / 2)], [1.0]])
        assert np.allclose(value, STEREO * factors, atol=1e-15)


def test_downmix_is_the_mean():
    value = play(ir.Downmix("d", operands=("clip",)), source="stereo")
    assert np.array_equal(value, (STEREO[:1] + STEREO[1:]) / 2)


def biquad(x: np.ndarray, hertz: np.ndarray, q: float) -> np.ndarray:
    """A lowpass by the cookbook, sample by sample, with a frequency of its own at each."""
    out, s1, s2 = np.zeros_like(x), 0.0, 0.0
    for n, f in enumerate(hertz):
        w0 = 2 * math.pi * f / RATE
        alpha, cos = math.sin(w0) / (2 * q), math.cos(w0)
        a0 = 1 + alpha
        b0 = b2 = (1 - cos) / 2 / a0
        b1, a1, a2 = (1 - cos) / a0, -2 * cos / a0, (1 - alpha) / a0
        out[n] = b0 * x[n] + s1
        s1 = b1 * x[n] - a1 * out[n] + s2
        s2 = b2 * x[n] - a2 * out[n]
    return out


def test_a_filter_is_the_cookbooks():
    value = play(ir.Filter("f", FilterKind.LOWPASS, 700.0, 2.0, 0.0, operands=("clip",)))
    assert np.allclose(value[0], biquad(MONO[0], np.full(400, 700.0), 2.0), atol=1e-14)


def test_a_moving_filter_is_set_at_every_64th_sample():
    points = (ir.Point(0, 200), ir.Point(400, 3200))
    value = play(ir.FilterAutomation("f", FilterKind.LOWPASS, points, 0.7, 0.0, operands=("clip",)))
    held = np.arange(400) // 64 * 64
    hertz = np.array([float(f"{200 * 16 ** (n / 400):g}") for n in held])
    assert np.allclose(value[0], biquad(MONO[0], hertz, 0.7), atol=1e-14)


def test_sums_and_places():
    value = play(
        ir.Place("p", 50, operands=("clip",)),
        ir.Mix("m", 300, operands=("clip", "p")),
        ir.Lane("l", (10, 500), 1000, operands=("m", "clip")),
        ir.Bus("b", operands=("l", "l")),
    )
    expected = np.zeros((1, 1000))
    expected[:, 10:310] += MONO[:, :300]
    expected[:, 60:310] += MONO[:, :250]
    expected[:, 500:900] += MONO
    assert np.allclose(value, 2 * expected, atol=1e-16)


def test_silence_is_zeros():
    silence = play(ir.Silence("s", RATE, 2, 30))
    assert silence.shape == (2, 30)
    assert not silence.any()


def long_noise() -> tuple[Graph, np.ndarray]:
    samples = RNG.uniform(-0.9, 0.9, (2, 48000))
    source = ir.Source("noise", "noise", "sha256:1", 48000, 2, 48000, "wav/double")
    clip = ir.Clip("clip", "noise", 0, 48000, 48000)
    loud = ir.Loudnorm("loud", -20.0, None, operands=("clip",))
    stem = ir.Loudnorm("stem", -20.0, None, operands=("half", "clip"))
    return Graph((source,), (clip, loud, ir.Gain("half", -6.0, operands=("clip",)), stem)), samples


def test_loudnorm_brings_what_it_measures_to_the_target():
    graph, samples = long_noise()
    values = reference.evaluate(graph, lambda s: samples)
    assert measure([values["loud"]], 48000, 2).integrated == pytest.approx(-20.0, abs=1e-9)
    assert np.allclose(values["stem"], values["loud"] * 10 ** (-6 / 20))


def test_silence_has_no_loudness_to_change():
    graph, samples = long_noise()
    assert not reference.evaluate(graph, lambda s: samples * 0)["loud"].any()


def test_the_limiter_holds_its_ceiling_and_its_length():
    loud = play(
        ir.Gain("g", 20.0, operands=("clip",)),
        ir.Limiter("l", -1.0, ir.LimitMode.SAMPLE_PEAK, 0.5, operands=("g",)),
    )
    assert loud.shape == MONO.shape
    assert np.max(np.abs(loud)) <= 10 ** (-1.5 / 20)


def test_dither_and_output_round_to_whole_steps():
    def out(operand: str, encoding: ir.Encoding) -> ir.Output:
        return ir.Output("o", ir.OutputRole.MASTER, "master", "wav", encoding, operands=(operand,))

    dithered = play(ir.Dither("d", 16, operands=("clip",)), out("d", ir.Encoding.S16))
    steps = dithered * 2**15
    assert np.array_equal(steps, np.rint(steps))
    error = dithered - MONO
    assert 0.5 < np.max(np.abs(error)) * 2**15 <= 1.5
    plain = play(out("clip", ir.Encoding.S24))
    assert np.array_equal(plain, np.rint(MONO * 2**23) / 2**23)
    assert np.array_equal(play(out("clip", ir.Encoding.F32)), MONO.astype(np.float32))
    assert np.array_equal(play(out("clip", ir.Encoding.F64)), MONO)


def test_only_what_is_kept_is_given():
    graph, samples = long_noise()
    everything = reference.evaluate(graph, lambda s: samples)
    kept = reference.evaluate(graph, lambda s: samples, ["stem", "clip"])
    assert set(kept) == {"stem", "clip"}
    assert np.array_equal(kept["stem"], everything["stem"])


def test_the_noise_of_a_dither_depends_on_its_seed_alone():
    def noise(gain_db: float, seed: str) -> np.ndarray:
        gain = ir.Gain("g", gain_db, operands=("clip",))
        return play(gain, ir.Dither("d", 16, seed=seed, operands=("g",))) - play(gain)

    assert np.allclose(noise(0.0, "bus"), noise(-7.25, "bus"), atol=1e-15)
    assert not np.allclose(noise(0.0, "bus"), noise(0.0, "master"), atol=1e-6)
