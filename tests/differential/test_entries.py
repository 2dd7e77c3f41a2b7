"""The part of a file that an entry of `sources` plays, by numpy and on every backend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown import Timeline, render
from odd_media import nonfinite, tone

RATE = 48_000
FRAMES = 4_000
H = np.sqrt(0.5)
HEADROOM = 10 ** (-3 / 20)  # of the preset

# ITU-R BS.775-4, table 2: L, R, C, LFE, LS, RS.
TO_STEREO = [[1, 0, H, 0, H, 0], [0, 1, H, 0, 0, H]]
TO_MONO = [[H, H, 1, 0, 0.5, 0.5]]

# Files with their channels and subtype, an entry, the session's channels, the gains.
CASES = {
    "5.1 in stereo": ("six.wav", 6, "PCM_24", {"downmix": "itu"}, 2, TO_STEREO),
    "5.1 in mono": ("six.wav", 6, "PCM_24", {"downmix": "itu"}, 1, TO_MONO),
    "5.1 FLAC": ("six.flac", 6, "PCM_24", {"downmix": "itu"}, 2, TO_STEREO),
    "5.1 of floats": ("six.wav", 6, "FLOAT", {"downmix": "itu"}, 2, TO_STEREO),
    "quad": ("four.wav", 4, "PCM_16", {"downmix": "itu"}, 2, [[1, 0, H, 0], [0, 1, 0, H]]),
    "stereo in mono": ("two.wav", 2, "PCM_16", {"downmix": "itu"}, 1, [[H, H]]),
    "left": ("two.wav", 2, "PCM_16", {"channels": "left"}, 2, [[H, 0], [H, 0]]),
    "right": ("two.wav", 2, "PCM_16", {"channels": "right"}, 2, [[0, H], [0, H]]),
    "mid": ("two.wav", 2, "PCM_16", {"channels": "mid"}, 1, [[0.5, 0.5]]),
    "swapped": ("two.wav", 2, "PCM_24", {"channels": [1, 0]}, 2, [[0, 1], [1, 0]]),
    "the centre": ("six.wav", 6, "PCM_24", {"channels": [2]}, 1, [[0, 0, 1, 0, 0, 0]]),
    "surrounds": (
        *("six.wav", 6, "PCM_16", {"channels": [4, 5]}, 2),
        [[0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1]],
    ),
}

# The budgets of docs/semantics.md.
BACKENDS = [
    ("native", 1e-12),
    ("ffmpeg", 1e-10),
    pytest.param("sox", 1e-7, marks=pytest.mark.requires("sox")),
]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("backend", "within"), BACKENDS)
def test_engines_play_the_selected_part(case: str, backend: str, within: float, tmp_path: Path):
    name, channels, subtype, entry, session, gains = CASES[case]
    noise = np.random.Generator(np.random.Philox(7)).uniform(-0.2, 0.2, (FRAMES, channels))
    layout = "WAVEX" if name.endswith(".wav") else None
    soundfile.write(tmp_path / name, noise, RATE, subtype, format=layout)
    samples, _ = soundfile.read(tmp_path / name, always_2d=True)
    mix = rendered(tmp_path, {"path": name, **entry}, session, backend)
    wanted = samples @ np.transpose(gains) * HEADROOM
    assert np.max(np.abs(mix[:FRAMES] - wanted)) < within
    assert np.max(np.abs(mix[4800:] - wanted[960:])) < within


@pytest.mark.parametrize(("backend", "within"), BACKENDS)
def test_engines_play_repaired_samples_as_0(backend: str, within: float, tmp_path: Path):
    samples = tone(0.5)[:4800]
    samples[480:483] = 0
    nonfinite(tmp_path / "a.wav")
    mix = rendered(tmp_path, {"path": "a.wav", "repair": "zero"}, 1, backend)
    wanted = samples.astype("<f4").astype(float) * HEADROOM
    assert np.max(np.abs(mix[: len(wanted)] - wanted)) < within


def rendered(folder: Path, entry: dict[str, object], channels: int, backend: str) -> np.ndarray:
    """A source at 0 s, and again from its 20th ms on at 0.1 s."""
    timeline = Timeline(id="x", root=folder, channels=channels, sources={"a": entry})
    timeline = timeline.track("t", role="fx").clip("a").clip("a", start_ms=100, offset_ms=20)
    done = render(
        timeline,
        out=folder / "out",
        preset="draft",
        mix="flat",
        backend=backend,
        bit_depth="64f",
        report=False,
    )
    return soundfile.read(done.master.path, always_2d=True)[0]
