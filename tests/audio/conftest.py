"""Real ffmpegs to compare the kernels with: the embedded one, and the system's if any."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import imageio_ffmpeg
import numpy as np
import pytest

FFMPEGS = {"embedded": imageio_ffmpeg.get_ffmpeg_exe()}
if system := shutil.which("ffmpeg"):
    FFMPEGS["system"] = system


@pytest.fixture(params=sorted(FFMPEGS))
def ffmpeg(request: pytest.FixtureRequest) -> Callable[..., np.ndarray]:
    """A function (block, rate, filters) -> block that runs an ffmpeg filter chain in float64."""

    def run(block: np.ndarray, rate: int, filters: str) -> np.ndarray:
        channels = block.shape[0]
        layout = {1: "mono", 2: "stereo"}[channels]
        command = [FFMPEGS[request.param], "-hide_banner", "-loglevel", "error"]
        command += ["-f", "f64le", "-ar", str(rate), "-ac", str(channels), "-i", "pipe:0"]
        typed = f"aformat=sample_fmts=dblp:channel_layouts={layout}"
        command += ["-af", f"{typed},{filters},aformat=sample_fmts=dbl", "-f", "f64le", "pipe:1"]
        done = subprocess.run(command, input=block.T.tobytes(), capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return np.frombuffer(done.stdout).reshape(-1, channels).T

    return run


@pytest.fixture
def dbfs() -> Callable[[np.ndarray], float]:
    """The largest absolute sample in dBFS."""

    def peak(block: np.ndarray) -> float:
        with np.errstate(divide="ignore"):
            return float(20.0 * np.log10(np.max(np.abs(block), initial=0.0)))

    return peak
