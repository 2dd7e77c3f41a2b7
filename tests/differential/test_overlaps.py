"""Overlapping automation through every backend, and against an evaluation of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown.compiler.timeline.automation import Automation, Region, Target
from mixdown.compiler.timeline.model import Timeline
from mixdown.programs.ffmpeg import probe
from mixdown.render.verify import PREMASTER, Renderer, render_premaster, residual
from overlaps import value_at

RATE, COUNT = 48000, 48000
VALUES = {
    Target.GAIN: (0, -30, 6, -12),
    Target.PAN: (0, -1, 1, 0.3),
    Target.FILTER: (200, 9000, 60, 700),
}


def regions(target: Target, shape: str) -> list[Region]:
    """One that a later one cuts off amid its shape, and one behind a gap."""
    a, b, c, d = VALUES[target]
    return [
        Region(target=target, start_ms=50, duration_ms=600, keyframes=[(0, a, shape), (600, b)]),
        Region(target=target, start_ms=313, duration_ms=200, keyframes=[(40, c, shape), (200, d)]),
        Region(target=target, start_ms=800, duration_ms=100, keyframes=[(10, a, shape), (90, c)]),
    ]


def renderers() -> list[Renderer]:
    tool = probe(str(shutil.which("ffmpeg")), "system")
    return [
        Renderer("reference", "reference"),
        Renderer("native", "native"),
        Renderer("ffmpeg", "ffmpeg", {"ffmpeg": tool}),
        Renderer("sox", "sox"),
    ]


@pytest.mark.requires("ffmpeg_debian", "sox")
@pytest.mark.parametrize("shape", ["linear", "hold", "smooth"])
def test_everyone_plays_what_overlapping_regions_mean(tmp_path: Path, shape: str):
    soundfile.write(tmp_path / "one.wav", np.full(COUNT, 0.5), RATE, "PCM_24")
    noise = np.random.Generator(np.random.Philox(5)).uniform(-0.5, 0.5, COUNT)
    soundfile.write(tmp_path / "noise.wav", noise, RATE, "PCM_24")
    moving = Automation(regions=[*regions(Target.GAIN, shape), *regions(Target.PAN, shape)])
    timeline = Timeline(id="x", root=tmp_path).track("t", role="music", automation=moving)
    timeline = timeline.clip("one.wav")
    sweep = Automation(regions=regions(Target.FILTER, shape))
    swept = timeline.track("u", role="drums").clip(
        "noise.wav", filter={"kind": "lowpass", "frequency_hz": 500}, automation=sweep
    )
    for mix in (timeline, swept):
        takes = [render_premaster(mix, r, tmp_path / r.name) for r in renderers()]
        for take in takes[1:]:
            for what in takes[0].files:
                found = residual(what, takes[0], take)
                assert found.is_within, found
        if mix is timeline:
            got = soundfile.read(takes[0].files[PREMASTER])[0]
    db, pan = (
        np.array([value_at(moving, t, n, RATE) for n in range(COUNT)])
        for t in (Target.GAIN, Target.PAN)
    )
    sides = [np.cos(np.maximum(pan, 0) * np.pi / 2), np.cos(np.maximum(-pan, 0) * np.pi / 2)]
    # It begins at 0 dB in the centre.
    assert np.allclose(got.T / got[0, 0], 10 ** (db / 20) * sides, rtol=0, atol=1e-9)
