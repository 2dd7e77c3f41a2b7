"""Checks and measures a finished file before it is delivered.

A file passes only if it can be read back with the rate, channels and length that the graph's type
gives its output. Its levels are measured by mixdown's own meter (ITU-R BS.1770-5, EBU Tech 3342),
whichever program wrote it.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile

from ..audio.meter.measure import Measurement
from ..ir.codes import Code
from ..ir.containers import CONTAINERS
from ..ir.diagnostics import RenderError, counted
from ..ir.finish import Reading
from ..media.headers import readable
from .loudness import Levels

if TYPE_CHECKING:
    from ..compiler.meta import FileMeta


def check_shape(path: Path, target: str, meta: FileMeta) -> int:
    """Check a file against its metadata and return its sample rate, Hz.

    In some formats a decoder may append a tail (docs/formats.md).

    Raises:
        RenderError: MIX603, it cannot be read, or has another rate, channel count or length.
    """
    try:
        with readable(path, path.parent) as audio:
            info = soundfile.info(str(audio))
    except (soundfile.LibsndfileError, ValueError, OSError) as error:
        raise faulty(target, f"cannot be read back: {error}") from error
    found = (info.samplerate, info.channels, info.frames)
    wanted = (meta.sample_rate, meta.channels, meta.samples)
    container = CONTAINERS.get(meta.container)
    over = info.frames - meta.samples
    if found[:2] != wanted[:2] or not 0 <= over <= (container.tail if container else 0):
        raise faulty(
            target,
            f"has {_shape(*found)} instead of {_shape(*wanted)}",
        )
    return int(info.samplerate)


def _shape(rate: int, channels: int, frames: int) -> str:
    return f"{rate} Hz, {counted(channels, 'channel')}, {counted(frames, 'sample')}"


def loop_levels(measurement: Measurement, reading: Reading) -> Levels:
    """What the loudness loop reads of a measurement."""
    if reading is Reading.MOMENTARY:
        return Levels(measurement.padded, measurement.true_peak_dbtp)
    if reading is Reading.RMS:
        return Levels(measurement.rms_dbfs, measurement.true_peak_dbtp)
    has_window = math.isfinite(measurement.momentary_max)
    has_sound = math.isfinite(measurement.sample_peak_dbfs)
    return Levels(
        measurement.integrated,
        measurement.true_peak_dbtp,
        too_short=has_sound and not has_window,
    )


def levels_meta(measurement: Measurement, rate: int) -> dict[str, object]:
    """A measurement as metadata: levels in LUFS, LU, dBTP and dBFS, None for silence."""
    return {
        "integrated_lufs": level(measurement.integrated),
        "loudness_range_lu": level(measurement.range),
        "momentary_max_lufs": level(measurement.momentary_max),
        "short_term_max_lufs": level(measurement.short_term_max),
        "true_peak_dbtp": level(measurement.true_peak_dbtp),
        "sample_peak_dbfs": level(measurement.sample_peak_dbfs),
        "rms_dbfs": level(measurement.rms_dbfs),
        "duration_s": measurement.duration_samples / rate,
    }


def level(value: float) -> float | None:
    """A level to four decimals; None if it is not finite."""
    return round(value, 4) if math.isfinite(value) else None


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's content, after "sha256:"."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def faulty(target: str, message: str) -> RenderError:
    """The error about a file that was rendered and is not what it must be."""
    return RenderError.of(
        Code.STEP_FAILED,
        f"the file for {target!r} {message}",
        help="nothing was delivered; this is a bug in mixdown or in the program it ran",
    )
