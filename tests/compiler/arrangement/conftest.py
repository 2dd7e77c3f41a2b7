"""Loops made of clicks, and arrangements over them as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import soundfile
from mixdown import Timeline
from mixdown.compiler.load import loads

RATE = 48000
Arrange = Callable[..., Timeline]


def write_clicks(path: Path, frames: int, places: list[int], rate: int = RATE) -> None:
    """A mono file with single samples of 0.5 at these places."""
    samples = np.zeros(frames)
    samples[places] = 0.5
    soundfile.write(path, samples, rate, "PCM_16")


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files at 48,000 Hz.

    click: 100 samples. bar: a bar of 4/4 at 120 BPM, a click on each beat. two: two such bars.
    fill: half a bar. voice: 3 s that are no loop.
    """
    folder = tmp_path_factory.mktemp("loops")
    write_clicks(folder / "click.wav", 100, [0])
    write_clicks(folder / "bar.wav", 96000, [0, 24000, 48000, 72000])
    write_clicks(folder / "two.wav", 192000, [24000 * beat for beat in range(8)])
    write_clicks(folder / "fill.wav", 48000, [0, 12000, 24000, 36000])
    write_clicks(folder / "voice.wav", 3 * RATE, [0])
    return folder


HEAD = """
arrangement_version: 1
id: song
mix_preset_id: flat
materials:
  - {id: click, source: click.wav, bars: 1}
  - {id: bar, source: bar.wav, bars: 1, tempo: 120}
  - {id: two, source: two.wav, bars: 2, tempo: 120}
  - {id: fill, source: fill.wav, bars: 0.5, tempo: 120}
  - {id: voice, source: voice.wav}
"""


@pytest.fixture
def arrange(media: Path) -> Arrange:
    """Makes the timeline of an arrangement: HEAD, further materials, and what the test adds."""

    def make(text: str, *materials: str) -> Timeline:
        more = "".join(f"  - {material}\n" for material in materials)
        return loads(HEAD + more + dedent(text), "song.yaml", media)

    return make


@pytest.fixture
def write() -> Callable[..., None]:
    """Writes a file of clicks."""
    return write_clicks
