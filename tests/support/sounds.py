"""Small plain media of every coding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from attrs import frozen
from mixdown.ir.nodes import Source

CODINGS = {
    "wav": ("WAV", "PCM_24"),
    "float": ("WAV", "FLOAT"),
    "flac": ("FLAC", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
}


@frozen
class Media:
    """Files by name, with the sources that stand for them in a graph."""

    directory: Path

    def add(
        self, name: str, rate: int, channels: int, frames: int, coding: str = "float"
    ) -> Source:
        """Writes noise under a tone and gives its source."""
        generator = np.random.Generator(np.random.Philox(sum(name.encode())))
        time = np.arange(frames)[:, None] / rate
        noise = 0.2 * generator.standard_normal((frames, channels))
        samples = np.clip(0.5 * np.sin(2 * np.pi * 330 * time) + noise, -1, 1)
        format, subtype = CODINGS[coding]
        path = self.directory / f"{name}.{coding}"
        with soundfile.SoundFile(path, "w", rate, channels, subtype, format=format) as file:
            for block in np.array_split(samples, max(1, frames // 4096)):
                file.write(block)
        info = soundfile.info(path)
        codec = f"{info.format}/{info.subtype}".lower()
        return Source(name, path.name, f"sha256:{name}", rate, channels, info.frames, codec)

    def locate(self, source: Source) -> str:
        """The path of a source."""
        return str(self.directory / source.path)
