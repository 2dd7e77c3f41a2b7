"""Small mixes for a server, quick to render."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import soundfile

RATE = 8000
QUICK = {"preset": "draft", "backend": "native"}
"""A request that is quick to render."""


def write_sound(path: Path, seconds: float = 0.5, seed: int = 11) -> str:
    """Write noise to a WAV; its digest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).uniform(-0.1, 0.1, int(seconds * RATE))
    soundfile.write(path, noise, RATE, format="WAV")
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def mix(name: str, source: str = "a.wav", gain_db: float = 0.0) -> dict:
    """A timeline on two buses."""
    return {
        "id": name,
        "sample_rate": RATE,
        "tracks": [
            {"id": "host", "role": "dialogue", "gain_db": gain_db, "clips": [{"source": source}]},
            {"id": "bed", "role": "music", "clips": [{"source": source, "start_ms": 100}]},
        ],
    }


def body(name: str, **more) -> dict:
    """The body of a quick render."""
    return {"document": mix(name), "request": QUICK, **more}
