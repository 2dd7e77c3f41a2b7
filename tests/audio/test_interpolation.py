"""Bounds of interpolated waveforms: what they skip cannot reach the level."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.audio.interpolation import curve_bounds
from mixdown.audio.kernels import KERNELS, ROW
from mixdown.audio.meter.truepeak import LEAD, TAPS, interpolation_phases

ROWS = 200
SIZE = (ROWS + TAPS // ROW + 1) * ROW
RNG = np.random.default_rng(5)
SIGNALS = {
    "noise": RNG.standard_normal(SIZE),
    "low frequencies": np.cumsum(RNG.standard_normal(SIZE)),
    "alternating signs": np.where(np.arange(SIZE) % 2, 1.0, -1.0) * RNG.uniform(0.5, 1.0, SIZE),
    "clicks": np.where(RNG.random(SIZE) < 0.01, RNG.standard_normal(SIZE), 0.0),
    "a slow tone": np.sin(np.arange(SIZE) / 15.0) * np.linspace(0.0, 1.0, SIZE),
}


def heights(signal, phases):
    """The highest point of the curve in each row."""
    windows = np.lib.stride_tricks.sliding_window_view(signal, TAPS)[: ROWS * ROW]
    return np.abs(windows @ phases.T).reshape(ROWS, -1).max(axis=1)


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("factor", [4, 5, 8])
def test_no_row_that_is_skipped_reaches_the_level(name, factor):
    phases, signal = interpolation_phases(factor), SIGNALS[name]
    bounds, highest = curve_bounds(phases, LEAD), heights(signal, phases)
    for floor in [0.0, *np.quantile(highest, [0.1, 0.5, 0.9, 0.99]), highest.max()]:
        reaching, peak = KERNELS.reaching(signal, floor, ROWS, bounds)
        assert peak == np.abs(signal).max()
        assert np.all(highest[~reaching] <= floor)


def test_of_slow_sounds_little_but_the_peak_is_left():
    phases, signal = interpolation_phases(4), SIGNALS["a slow tone"]
    level = 0.9 * heights(signal, phases).max()
    reaching, _ = KERNELS.reaching(signal, level, ROWS, curve_bounds(phases, LEAD))
    assert 0 < np.count_nonzero(reaching) < 0.2 * ROWS


def test_interpolators_that_are_no_lines_between_two_samples_are_refused():
    with pytest.raises(AssertionError, match="a line leaves its two samples"):
        curve_bounds(np.array([[1.0, 1.0, 0.0, 0.0]]) / 2.0, 1)
