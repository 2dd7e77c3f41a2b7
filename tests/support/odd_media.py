"""Files that readers do not agree on: what public bug reports are about, made small.

Each is made from a tone, so that what must be in it is known.
"""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import numpy as np
import soundfile

RATE = 48_000


def tone(seconds: float = 1.0, rate: int = RATE, channels: int = 1) -> np.ndarray:
    """A tone of -12 dBFS whose level differs from channel to channel, shape (n, channels)."""
    n = np.arange(round(seconds * rate))
    wave = 0.25 * np.sin(2 * np.pi * 997 / rate * n)
    return np.stack([wave * (1 - 0.1 * c) for c in range(channels)], axis=1)


def write_tone(path: Path, seconds: float = 1.0, rate: int = RATE, channels: int = 1) -> Path:
    """The tone as a WAV of 32-bit floats."""
    soundfile.write(path, tone(seconds, rate, channels), rate, subtype="FLOAT")
    return path


def encode(ffmpeg: str, source: Path, target: Path, *options: str) -> Path:
    """The file in another form."""
    argv = [ffmpeg, "-v", "error", "-y", "-i", str(source), *options, "-fflags", "+bitexact"]
    subprocess.run([*argv, f"file:{target}"], check=True)
    return target


def wav(
    samples: bytes,
    *,
    tag: int = 1,
    channels: int = 1,
    rate: int = RATE,
    bits: int = 16,
    block: int | None = None,
    valid: int | None = None,
    riff_size: int | None = None,
    data_size: int | None = None,
    after: bytes = b"",
) -> bytes:
    """A WAV whose header says what it is told to say."""
    block = channels * bits // 8 if block is None else block
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * block & 0xFFFFFFFF, block, bits)
    if valid is not None:
        guid = struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")
        form = struct.pack("<H", 0xFFFE) + form[2:] + struct.pack("<HHI", 22, valid, 4) + guid
    size = len(samples) if data_size is None else data_size
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    body += b"data" + struct.pack("<I", size) + samples + after
    return b"RIFF" + struct.pack("<I", len(body) if riff_size is None else riff_size) + body


def pcm16(samples: np.ndarray) -> bytes:
    """Samples as 16-bit integers."""
    return np.round(samples * 32767).astype("<i2").tobytes()


def flac(path: Path, total: int | None = None, keep: float = 1.0) -> Path:
    """Four seconds of the tone with noise as FLAC, with another total in its header, or cut off."""
    noise = np.random.default_rng(1).normal(0, 0.01, 4 * RATE)
    soundfile.write(path, tone(4)[:, 0] + noise, RATE, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    if total is not None:
        (word,) = struct.unpack(">Q", data[18:26])
        data[18:26] = struct.pack(">Q", word >> 36 << 36 | total)
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def gsm(path: Path) -> Path:
    """Telephony: GSM 6.10 in a WAV, 8 kHz."""
    soundfile.write(path, tone(1.12, 8000), 8000, format="WAV", subtype="GSM610")
    return path


def nonfinite(path: Path, at: int = 480, count: int = 3) -> Path:
    """A float WAV of half a second with NaN and infinity in it."""
    samples = tone(0.5).astype("<f4")
    samples[at : at + count] = [[np.nan], [np.inf], [-np.inf]][:count]
    path.write_bytes(wav(samples.tobytes(), tag=3, bits=32))
    return path


def padded_24_in_32(path: Path) -> Path:
    """WAVE_FORMAT_EXTENSIBLE with 24 valid bits in 32."""
    samples = np.round(tone(1.0) * 2**23).astype("<i4") << 8
    path.write_bytes(wav(samples.tobytes(), bits=32, valid=24))
    return path


def unfinished(path: Path, size: int) -> Path:
    """A WAV whose recorder was cut off before it wrote the sizes."""
    path.write_bytes(wav(pcm16(tone(0.2)), riff_size=size, data_size=size))
    return path


def chained(ffmpeg: str, path: Path, *options: str) -> Path:
    """Two streams of 2 s, one after the other, in one Ogg file."""
    parts = []
    for number in range(2):
        source = write_tone(path.with_suffix(f".{number}.wav"), 2.0)
        part = encode(ffmpeg, source, path.with_suffix(f".{number}{path.suffix}"), *options)
        parts.append(part.read_bytes())
    path.write_bytes(b"".join(parts))
    return path
