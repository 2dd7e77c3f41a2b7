"""Sounds that no one mixes on purpose: each backend keeps them under the ceiling, or refuses."""

from __future__ import annotations

import mixdown
import numpy as np
import pytest
import soundfile
from meters import ebur128
from mixdown.compiler.timeline.model import Clip, Timeline, Track
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import MixdownError

CEILING = -1.0
NOISE = np.random.default_rng(1).uniform(-1, 1, 96_000)


def click() -> np.ndarray:
    samples = np.zeros(3 * 48_000)
    samples[48_000] = 0.9
    return samples


SOUNDS = {
    "far over full scale": (1e30 * NOISE, 48_000, []),
    "32-bit floats at their end": (3e38 * NOISE, 48_000, []),
    "denormals": (np.full(48_000, 5e-324), 48_000, [Code.NO_LOUDNESS]),
    "1e-300": (1e-300 * NOISE, 48_000, [Code.NO_LOUDNESS]),
    "DC": (np.full(48_000, 0.5), 48_000, [Code.TARGET_MISSED]),
    "DC at full scale": (np.ones(48_000), 48_000, [Code.TARGET_MISSED]),
    "a click in silence": (click(), 48_000, [Code.TARGET_MISSED]),
    "8 kHz": (0.5 * NOISE, 8_000, []),
    "192 kHz": (0.5 * NOISE, 192_000, []),
}
"""Samples, their rate, and the codes of warnings about the level of the master."""

OF_LEVELS = {Code.NO_LOUDNESS, Code.TARGET_MISSED, Code.CEILING_MISSED}


@pytest.mark.parametrize(
    "backend", ["ffmpeg", "native", pytest.param("sox", marks=pytest.mark.requires("sox"))]
)
@pytest.mark.parametrize("name", SOUNDS)
def test_an_odd_sound_is_mastered_under_its_ceiling(tmp_path, embedded_ffmpeg, name, backend):
    samples, rate, expected = SOUNDS[name]
    soundfile.write(tmp_path / "odd.wav", samples, rate, "DOUBLE")
    clip = Clip(source="odd.wav", start_ms=0)
    track = Track(id="odd", role="fx", clips=(clip,))
    timeline = Timeline(id="odd", sample_rate=rate, tracks=(track,), root=tmp_path)
    out = tmp_path / "out"
    if backend == "sox" and np.abs(samples).max() > 16:
        with pytest.raises(MixdownError, match=r"MIX502.*hold up to \+24\.1 dBFS"):
            mixdown.render(timeline, out=out, preset="podcast", mix="flat", backend=backend)
        return
    result = mixdown.render(timeline, out=out, preset="podcast", mix="flat", backend=backend)
    assert [d.code for d in result.diagnostics if d.code in OF_LEVELS] == expected
    loudness, peak = ebur128(embedded_ffmpeg, result.master.path, 48_000 if rate < 16_000 else None)
    assert peak <= CEILING + 0.02
    assert expected or loudness == pytest.approx(-16.0, abs=0.1)


def test_samples_whose_squares_overflow_are_refused(tmp_path):
    soundfile.write(tmp_path / "odd.wav", 1e200 * np.sign(NOISE), 48_000, "DOUBLE")
    clip = Clip(source="odd.wav", start_ms=0)
    track = Track(id="odd", role="fx", clips=(clip,))
    timeline = Timeline(id="odd", tracks=(track,), root=tmp_path)
    with pytest.raises(MixdownError, match="MIX240"):
        mixdown.render(timeline, out=tmp_path / "out")
