"""What an engineer writes in numpy for one episode, in blocks: the anchor of the comparisons.

Premaster, two stems, one static gain to -16 LUFS, dithered 16-bit files. No limiter, no true peak,
no checks, no report, no error handling; 32-bit floats.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile
from scipy.signal import butter, sosfilt

RATE, BLOCK = 48000, 1 << 17
GATE_BLOCK = 4800
K_WEIGHTING = np.array(
    [
        [1.53512485958697, -2.69169619940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077],
        [1, -2, 1, 1, -1.99004745483398, 0.99007225036621],
    ]
)


def samples(ms: float) -> int:
    return round(ms * RATE / 1000)


class Clip:
    """A clip in samples."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.start, self.length = samples(said["start_ms"]), samples(said["duration_ms"])
        self.offset, self.source = samples(said.get("offset_ms", 0)), said["source"]
        self.fade_in, self.fade_out = (samples(said.get(f"fade_{e}_ms", 0)) for e in ("in", "out"))
        self.gain = 10 ** (said.get("gain_db", 0) / 20)
        self.moves = said.get("automation", {}).get("gain", [])

    def gains(self, first: int, count: int) -> np.ndarray:
        at = np.arange(first, first + count)
        gains = np.full(count, self.gain, np.float32)
        if first < self.fade_in:
            gains *= np.minimum(at / self.fade_in, 1)
        if self.fade_out and at[-1] >= self.length - self.fade_out:
            gains *= np.minimum((self.length - at) / self.fade_out, 1)
        if self.moves:
            times = [samples(move["at_ms"]) for move in self.moves]
            levels = np.interp(at, times, [move["value"] for move in self.moves])
            gains *= (10 ** (levels / 20)).astype(np.float32)
        return gains


def render(document: dict[str, Any], directory: Path) -> None:
    """Write master.wav and a file for each role into the directory of the sources."""
    tracks = [
        (track["role"], [Clip(said) for said in track["clips"]], bool(track.get("eq")))
        for track in document["tracks"]
    ]
    total = max(clip.start + clip.length for _, clips, _ in tracks for clip in clips)
    roles = list(dict.fromkeys(role for role, _, _ in tracks))
    buses: dict[str, BinaryIO] = {role: tempfile.TemporaryFile() for role in roles}  # noqa: SIM115
    powers = mix(tracks, total, buses, directory)
    gain = np.float32(10 ** ((-16 - integrated(powers)) / 20))
    random = np.random.default_rng(0)
    files = {
        name: soundfile.SoundFile(directory / f"by_hand_{name}.wav", "w", RATE, 2, "PCM_16")
        for name in ("master", *roles)
    }
    for bus in buses.values():
        bus.seek(0)
    for _ in range(0, total, BLOCK):
        read = {
            role: np.frombuffer(bus.read(BLOCK * 8), np.float32).reshape(-1, 2)
            for role, bus in buses.items()
        }
        for name, block in {"master": sum(read.values()), **read}.items():
            scaled = np.clip(block * gain, -0.89, 0.89) * 32767
            noise = random.random((2, *scaled.shape), dtype=np.float32)
            files[name].write(np.rint(scaled + noise[0] - noise[1]).astype(np.int16))


def mix(tracks: list[Any], total: int, buses: dict[str, BinaryIO], directory: Path) -> np.ndarray:
    """Write the buses; the powers of the K-weighted premaster in blocks of 100 ms."""
    files = {
        clip.source: soundfile.SoundFile(directory / clip.source)
        for _, clips, _ in tracks
        for clip in clips
    }
    highpass = butter(2, 80, "high", fs=RATE, output="sos")
    states = [np.zeros((1, 2, 2)) for _ in tracks]
    weighting, powers, rest = np.zeros((2, 2, 2)), [], np.zeros(0)
    for at in range(0, total, BLOCK):
        count = min(BLOCK, total - at)
        block = {role: np.zeros((count, 2), np.float32) for role in buses}
        for number, (role, clips, filtered) in enumerate(tracks):
            sums = np.zeros((count, 2), np.float32)
            for clip in clips:
                begin, end = max(clip.start, at), min(clip.start + clip.length, at + count)
                if begin >= end:
                    continue
                file, first = files[clip.source], begin - clip.start
                file.seek(clip.offset + first)
                read = file.read(end - begin, dtype="float32", always_2d=True)
                pan = np.float32(0.5**0.5) if read.shape[1] == 1 else 1
                place = sums[begin - at : begin - at + len(read)]
                place += read * clip.gains(first, len(read))[:, None] * pan
            if filtered:
                sums, states[number] = sosfilt(highpass, sums, axis=0, zi=states[number])
            block[role] += sums
        weighted, weighting = sosfilt(K_WEIGHTING, sum(block.values()), axis=0, zi=weighting)
        power = np.concatenate([rest, (weighted * weighted).sum(1)])
        whole = len(power) // GATE_BLOCK * GATE_BLOCK
        powers.append(power[:whole].reshape(-1, GATE_BLOCK).mean(1))
        rest = power[whole:]
        for role, samples_ in block.items():
            buses[role].write(samples_.astype(np.float32).tobytes())
    return np.concatenate(powers)


def integrated(powers: np.ndarray) -> float:
    """The gated loudness, LUFS (ITU-R BS.1770)."""
    gates = (powers[:-3] + powers[1:-2] + powers[2:-1] + powers[3:]) / 4
    levels = -0.691 + 10 * np.log10(gates + 1e-20)
    relative = -0.691 + 10 * np.log10(gates[levels > -70].mean()) - 10
    return float(-0.691 + 10 * np.log10(gates[levels > max(-70, relative)].mean()))
