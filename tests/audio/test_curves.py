"""Fade curves: ends, shape, windows, and ffmpeg's afade as the witness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.audio.curves import CURVES, fade_in, fade_out

MIDPOINTS = {
    "tri": 0.5,
    "qsin": np.sqrt(0.5),
    "hsin": 0.5,
    "esin": 1 - np.sqrt(0.5),
    "iqsin": 1 / 3,
    "ihsin": 0.5,
    "qua": 0.25,
    "cub": 0.125,
    "squ": np.sqrt(0.5),
    "cbr": np.cbrt(0.5),
    "par": 1 - np.sqrt(0.5),
    "ipar": 0.75,
    "exp": 10**-2.5,
    "log": 1 + 0.2 * np.log10(0.5),
    "dese": 0.5,
    "desi": 0.5,
    "losi": 0.5,
    "sinc": 2 / np.pi,
    "isinc": 1 - 2 / np.pi,
}

each_curve = pytest.mark.parametrize("curve", sorted(CURVES))


def test_the_table_is_that_of_the_semantics():
    assert CURVES.keys() == MIDPOINTS.keys()


@each_curve
def test_value_halfway(curve):
    assert CURVES[curve](np.array([0.5]))[0] == pytest.approx(MIDPOINTS[curve], abs=1e-15)


@each_curve
def test_runs_from_exactly_0_to_exactly_1_and_never_falls(curve):
    gains = CURVES[curve](np.linspace(0, 1, 10_001))
    assert gains[0] == 0.0
    assert gains[-1] == 1.0
    assert np.all(np.diff(gains) >= 0.0)


@each_curve
def test_a_fade_out_is_a_fade_in_backwards_one_sample_later(curve):
    n = 1000
    assert np.array_equal(fade_out(n, curve)[1:], fade_in(n, curve)[:0:-1])
    assert fade_out(n, curve)[0] == 1.0
    assert fade_in(n, curve)[0] == 0.0


def test_outside_the_fade():
    assert fade_in(4, "tri", 8, -2).tolist() == [0, 0, 0, 0.25, 0.5, 0.75, 1, 1]
    assert fade_out(4, "tri", 8, -2).tolist() == [1, 1, 1, 0.75, 0.5, 0.25, 0, 0]


def test_a_fade_of_no_samples_is_a_step():
    assert fade_in(0, "qsin", 4, -2).tolist() == [0, 0, 1, 1]
    assert fade_out(0, "qsin", 4, -2).tolist() == [1, 1, 0, 0]


@given(
    n=st.integers(0, 3000),
    offset=st.integers(-100, 3100),
    count=st.integers(0, 300),
    curve=st.sampled_from(sorted(CURVES)),
)
@settings(deadline=None)
def test_a_window_is_a_part_of_the_whole(n, offset, count, curve):
    for fade in (fade_in, fade_out):
        whole = fade(n, curve, 3600, -150)
        assert np.array_equal(
            fade(n, curve, count, offset), whole[150 + offset : 150 + offset + count]
        )


def test_refusals():
    with pytest.raises(KeyError):
        fade_in(10, "linear")
    with pytest.raises(ValueError, match="-1 samples"):
        fade_out(-1, "tri")


def test_equals_afade(ffmpeg, dbfs):
    n, around = 4801, 700
    curves = sorted(CURVES)

    def afade(options):
        """Constant 1.0 through every curve, in one run: a row a curve."""
        names = [f"[{curve}]" for curve in curves]
        fades = [f"{name}afade={options}:curve={name[1:-1]}{name}" for name in names]
        joined = f"{''.join(names)}concat=n={len(names)}:v=0:a=1"
        graph = ";".join([f"asplit={len(names)}{''.join(names)}", *fades, joined])
        return ffmpeg(np.ones((1, n + around)), 48000, graph).reshape(len(names), -1)

    rising, falling = afade(f"t=in:ss=0:ns={n}"), afade(f"t=out:ss={around}:ns={n}")
    for row, curve in enumerate(curves):
        # Sample 0 apart: there ffmpeg's exp is 1e-5 and its sinc 4e-17, ours 0.
        assert dbfs(rising[row, 1:] - fade_in(n, curve, n + around)[1:]) <= -300, curve
        assert rising[row, 0] == pytest.approx(0.0, abs=1.1e-5 if curve == "exp" else 1e-16)
        assert dbfs(falling[row] - fade_out(n, curve, n + around, -around)) <= -300, curve
