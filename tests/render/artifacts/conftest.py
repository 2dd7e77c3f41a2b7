"""Small timelines, and registries in every kind of database that is tested."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from databases import postgresql, url
from mixdown.compiler.request import RenderRequest

__all__ = ["postgresql", "url"]

RATE = 8000


@pytest.fixture
def request_() -> RenderRequest:
    """Quick to render: the engine in this process, and nothing measured twice."""
    return RenderRequest(export_preset="draft", stems=True, backend="native")


@pytest.fixture
def show(tmp_path: Path) -> Callable[[str], mixdown.Timeline]:
    """Timelines of a tenth of a second by id, on two buses; each sounds its own way."""
    folder = tmp_path / "media"
    folder.mkdir()
    noise = np.random.default_rng(11).uniform(-0.1, 0.1, RATE // 10)
    soundfile.write(folder / "a.wav", noise, RATE)

    def make(name: str = "show", gain_db: float = 0) -> mixdown.Timeline:
        timeline = mixdown.Timeline(id=name, root=folder, sample_rate=RATE)
        timeline = timeline.track("a", role="dialogue", gain_db=gain_db).clip("a.wav")
        return timeline.track("b", role="music").clip("a.wav", start_ms=20)

    return make
