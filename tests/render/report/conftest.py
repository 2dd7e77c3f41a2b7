"""Small mixes for reports: tones, noise and real recordings, rendered by the native engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.render.result import RenderResult
from small_mixes import RATE, TONE_HZ, TONE_PHASE


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A loud tone of 4 s, the same with an empty stretch of 10 ms at 3 s, and noise."""
    folder = tmp_path / "media"
    folder.mkdir()
    tone = 0.4 * np.sin(2 * np.pi * TONE_HZ * np.arange(4 * RATE) / RATE + TONE_PHASE)
    soundfile.write(folder / "tone.wav", tone, RATE, subtype="PCM_24")
    tone[3 * RATE + 30 : 3 * RATE + 510] = 0.0
    soundfile.write(folder / "holed.wav", tone, RATE, subtype="PCM_24")
    noise = np.random.default_rng(5).normal(0.0, 0.1, 4 * RATE)
    soundfile.write(folder / "noise.wav", noise, RATE, subtype="PCM_24")
    return folder


@pytest.fixture
def mixed(media: Path, tmp_path: Path) -> Callable[..., RenderResult]:
    """Renders a document with these tracks, as YAML, and the choices given."""

    def render(tracks: str, *, head: str = "", out: str = "out", **choices) -> RenderResult:
        document = f"schema_version: 1\nid: mix\n{head}tracks:\n{tracks}"
        (media / "mix.yaml").write_text(document)
        timeline = mixdown.load(media / "mix.yaml", allow_outside=True)
        chosen = {"backend": "native", "preset": "draft", **choices}
        return mixdown.render(timeline, out=tmp_path / out, **chosen)

    return render
