"""Stems: what they add up to, which there are, and what does not fit into their format."""

from __future__ import annotations

from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.ir.codes import Code

RATE = 48000
BACKENDS = ["ffmpeg", "native", pytest.param("sox", marks=pytest.mark.requires("sox"))]


@pytest.fixture
def show(tmp_path: Path) -> mixdown.Timeline:
    """Three buses, one of them panned, filtered and ducked."""
    noise = np.random.default_rng(5).uniform(-0.3, 0.3, (RATE, 2))
    soundfile.write(tmp_path / "noise.wav", noise, RATE, subtype="DOUBLE")
    soundfile.write(tmp_path / "voice.wav", noise[: RATE // 2, 0], RATE, subtype="DOUBLE")
    timeline = mixdown.Timeline(id="show", root=tmp_path)
    duck = {"by": ["dialogue"], "attack_ms": 50, "release_ms": 50, "hold_ms": 10}
    eq = [{"kind": "highpass", "frequency_hz": 200}]
    timeline = timeline.bus("bus_music", gain_db=-4, pan=0.3, eq=eq, duck=duck)
    timeline = timeline.track("a", role="dialogue").clip("voice.wav", start_ms=200)
    timeline = timeline.track("b", role="music").clip("noise.wav")
    return timeline.track("c", role="fx", pan=-0.5).clip("noise.wav", start_ms=500)


def samples(result: mixdown.RenderResult) -> list[np.ndarray]:
    return [soundfile.read(file.path, always_2d=True)[0] for file in result.files]


def dbfs(difference: np.ndarray) -> float:
    return 20 * np.log10(max(np.abs(difference).max(), 1e-20))


@pytest.mark.parametrize("backend", BACKENDS)
def test_they_add_up(show, tmp_path, backend):
    """Premaster stems to the premaster; mastered ones to what enters the master's limiter.

    The draft's limiter has nothing to do here, so its master is the premaster under its headroom.
    """
    choices = {"stems": True, "bit_depth": "64f", "backend": backend}
    draft = mixdown.render(show, out=tmp_path / "a", preset="draft", **choices)
    master, *stems = samples(draft)
    assert len(stems) == 3
    premaster = master / 10 ** (-3 / 20)
    assert dbfs(sum(stems) - premaster) < -200
    choices |= {"stem_mode": "mastered", "preset": "podcast"}
    mastered = mixdown.render(show, out=tmp_path / "b", **choices)
    assert mastered.finish is not None
    _, *stems = samples(mastered)
    assert {len(stem) for stem in stems} == {len(premaster)}
    moved = premaster * 10 ** ((mastered.finish.gain_db - 3) / 20)
    assert dbfs(sum(stems) - moved) < -200


def test_which_stems_there_are(show, tmp_path):
    def targets(**choices: object) -> list[str]:
        out = tmp_path / "out"
        result = mixdown.render(show, out=out, preset="draft", backend="native", **choices)
        assert len({file.meta.samples for file in result.files}) == 1
        return [file.target for file in result.stems]

    assert targets() == []
    assert targets(stems=True) == ["bus_dialogue", "bus_music", "bus_fx"]
    assert targets(stems=["bus_fx", "bus_dialogue"]) == ["bus_dialogue", "bus_fx"]
    assert targets(stems=["bus_drums"]) == []
    assert targets(stems=["bus_drums"], silent_stems=True) == ["bus_drums"]
    everything = targets(stems=True, silent_stems=True)
    assert everything == [bus.id for bus in mixdown.compile(show).request.library.mix["flat"].buses]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("mode", ["premaster", "mastered"])
def test_a_silent_stem_is_silence_as_long_as_the_mix(show, tmp_path, backend, mode):
    choices = {"preset": "draft", "stems": ["bus_bass"], "stem_mode": mode, "backend": backend}
    result = mixdown.render(show, out=tmp_path / "out", silent_stems=True, **choices)
    master, silent = samples(result)
    assert silent.shape == master.shape
    assert not silent.any()
    assert result.stems[0].meta.integrated_lufs is None


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("preset", "mode"), [("draft", "premaster"), ("podcast", "mastered")])
def test_a_stem_that_clips_says_by_how_much(show, tmp_path, backend, preset, mode):
    loud = show.bus("bus_fx", gain_db=14)
    choices = {"preset": preset, "stems": True, "backend": backend, "stem_mode": mode}
    result = mixdown.render(loud, out=tmp_path / "int", bit_depth="16", **choices)
    floating = mixdown.render(loud, out=tmp_path / "float", bit_depth="32f", **choices)
    assert Code.STEM_CLIPPED not in [d.code for d in floating.diagnostics]
    peaks = {file.target: file.meta.sample_peak_dbfs for file in floating.stems}
    over = {target: peak for target, peak in peaks.items() if peak > 0}
    found = [d for d in result.diagnostics if d.code is Code.STEM_CLIPPED]
    assert [target for target in over if any(repr(target) in d.message for d in found)] == [*over]
    assert len(found) == len(over)
    if mode == "premaster":
        (warning,) = found
        assert "'bus_fx'" in warning.message
        assert f"by {over['bus_fx']:.1f}"[:-1] in warning.message
        assert warning.help is not None and "32f" in warning.help


def test_a_stem_at_full_scale_has_no_warning(tmp_path):
    soundfile.write(tmp_path / "full.wav", np.tile([0.0, 32767 / 32768], RATE), RATE, "PCM_16")
    timeline = mixdown.Timeline(id="full", root=tmp_path, channels=1)
    timeline = timeline.track("a", role="fx").clip("full.wav")
    choices = {"preset": "draft", "mix": "flat", "backend": "native", "stems": True}
    result = mixdown.render(timeline, out=tmp_path / "out", **choices)
    assert result.stems[0].meta.sample_peak_dbfs == pytest.approx(0, abs=0.001)
    assert Code.STEM_CLIPPED not in [d.code for d in result.diagnostics]
