"""A small timeline, and the command line run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
import pytest
import soundfile
from mixdown.cli.app import run

TIMELINE = """\
schema_version: 1
id: small
sources: {voice: media/voice.wav, bed: media/bed.flac}
metadata: {title: A small show}
markers: [{at_ms: 0, label: Start}]
tracks:
  - id: host
    role: dialogue
    clips:
      - {id: hello, source: voice, start_ms: 300, fade_in_ms: 20, fade_out_ms: 50}
  - id: music
    role: music
    gain_db: -12
    clips:
      - {id: bed, source: bed, start_ms: 0, fade_out_ms: 200}
"""


@attrs.frozen
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def data(self):
        return json.loads(self.out)

    @property
    def codes(self) -> list[str]:
        return [diagnostic["code"] for diagnostic in self.data["diagnostics"]]


@pytest.fixture
def mixdown(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs a command line."""

    def call(*args: object) -> Ended:
        capfd.readouterr()
        code = run([str(arg) for arg in args])
        return Ended(code, *capfd.readouterr())

    return call


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A timeline with its media, in a directory that is the current one."""
    folder = tmp_path / "show"
    (folder / "media").mkdir(parents=True)
    noise = np.random.default_rng(7)
    # Speech-like bursts, and a quiet bed at another rate.
    bursts = np.repeat(noise.uniform(0, 1, 20), 1600) ** 2
    voice = 0.3 * bursts * noise.standard_normal(32_000).clip(-3, 3) / 3
    soundfile.write(folder / "media/voice.wav", voice, 16_000, subtype="PCM_16")
    bed = 0.2 * np.sin(np.arange(2 * 44_100)[:, None] * (0.03, 0.031))
    soundfile.write(folder / "media/bed.flac", bed, 44_100, subtype="PCM_16")
    (folder / "small.yaml").write_text(TIMELINE)
    monkeypatch.chdir(folder)
    return folder / "small.yaml"


@pytest.fixture
def listing(show: Path) -> Callable[[], list[str]]:
    """Every file and directory below the show's, by name: to see that nothing was added."""

    def names() -> list[str]:
        return sorted(path.relative_to(show.parent).as_posix() for path in show.parent.rglob("*"))

    return names
