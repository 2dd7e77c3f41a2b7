"""Curves keep every peak, agree with the meter, and do not depend on blocks or length."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from mixdown.audio.meter.measure import measure
from mixdown.render.report.curves import COLUMNS, PARTS, draw

RATE = 16_000


@pytest.fixture
def swelling(tmp_path):
    """25 s of stereo noise that swells and fades, with a click that nothing else comes near."""
    count = 25 * RATE + 123
    loud = 0.01 + 0.2 * np.sin(np.pi * np.arange(count) / count) ** 2
    samples = loud[:, None] * np.random.default_rng(4).uniform(-1, 1, (count, 2))
    samples[7 * RATE + 77, 1] = -0.9
    soundfile.write(tmp_path / "swelling.wav", samples, RATE, subtype="DOUBLE")
    return tmp_path / "swelling.wav", samples


def test_columns_are_the_extremes_of_their_parts(swelling):
    path, samples = swelling
    curves = draw(path)
    width = 3 * RATE // PARTS
    parts = [samples[k : k + width] for k in range(0, len(samples), width)]
    assert curves.lowest.values == tuple(round(part.min(), 4) for part in parts)
    assert curves.highest.values == tuple(round(part.max(), 4) for part in parts)
    assert COLUMNS / 2 <= len(parts) <= COLUMNS
    assert min(curves.lowest.values) == -0.9
    assert curves.lowest.step_s == pytest.approx(width / RATE)
    assert curves.peaks.values == tuple(round(np.abs(part).max(), 4) for part in parts)


def test_loudness_is_the_meter_s(swelling):
    path, samples = swelling
    curves = draw(path)
    levels = measure([samples.T], RATE, 2)
    assert max(curves.short_term.values) <= round(levels.short_term_max, 2)
    assert max(curves.momentary.values) == pytest.approx(levels.momentary_max, abs=0.2)
    assert (curves.momentary.start_s, curves.short_term.start_s) == (0.4, 3.0)
    assert curves.integrated(0.0, 26.0) == pytest.approx(levels.integrated, abs=1e-6)


def test_a_chapter_s_loudness_is_that_of_the_excerpt(swelling):
    """But for the filter's memory of what came before."""
    path, samples = swelling
    excerpt = samples[5 * RATE : 12 * RATE].T
    alone = measure([excerpt], RATE, 2).integrated
    assert draw(path).integrated(5.0, 12.0) == pytest.approx(alone, abs=0.02)
    assert draw(path).integrated(24.9, 25.0) == -np.inf


def test_a_long_file_has_no_longer_curves(tmp_path):
    path = tmp_path / "long.wav"
    block = np.random.default_rng(0).normal(0, 0.1, 8000 * 60)
    with soundfile.SoundFile(path, "w", 8000, 1, "PCM_16") as audio:
        for _ in range(10):
            audio.write(block)
    curves = draw(path)
    for curve in (curves.lowest, curves.highest, curves.momentary, curves.short_term):
        assert COLUMNS / 2 <= len(curve.values) <= COLUMNS
    assert curves.momentary.step_s == pytest.approx(0.3)


def test_silence_has_no_loudness_and_a_short_file_no_curve(tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(8000 * 4), 8000)
    soundfile.write(tmp_path / "short.wav", np.full(5, 0.5), 8000)
    silent, short = (draw(tmp_path / f"{name}.wav") for name in ("silence", "short"))
    assert set(silent.momentary.values) == {None}
    assert silent.lowest.values[:2] == (0.0, 0.0)
    assert silent.integrated(0.0, 4.0) == -np.inf
    assert (short.momentary.values, short.lowest.values) == ((), (0.5,))
