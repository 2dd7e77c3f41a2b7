"""Two speakers 12 LU apart, a bed under them, and what their talks are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from attrs import frozen
from speech import RATE, Talk, noisy, talk


@frozen
class Episode:
    """A folder with host.wav, guest.wav and bed.wav, and the talks of the two speakers."""

    folder: Path
    host: Talk
    guest: Talk


@pytest.fixture(scope="session")
def episode(tmp_path_factory: pytest.TempPathFactory) -> Episode:
    folder = tmp_path_factory.mktemp("episode")
    host, guest = talk(seconds=25, seed=1), talk(seconds=25, voice="en-us+f3", seed=2)
    soundfile.write(folder / "host.wav", noisy(host, 45), RATE, subtype="PCM_24")
    quiet = 10 ** (-12 / 20) * noisy(guest, 35)
    soundfile.write(folder / "guest.wav", quiet, RATE, subtype="PCM_24")
    time = np.arange(30 * RATE) / RATE
    chord = sum(
        np.sin(2 * np.pi * f * time) * (1 + 0.5 * np.sin(0.4 * f * time)) for f in (220, 330)
    )
    soundfile.write(folder / "bed.wav", 0.1 * np.stack([chord, 0.8 * chord], 1), RATE)
    return Episode(folder, host, guest)
