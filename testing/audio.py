"""Assertions about what was rendered: two signals are one, and a file is as loud as it should be.

Promises: whatever differs, the message says by how much, where and in which channel; files are read
as float64 and never resampled, for a null test between rates means nothing.
"""

from __future__ import annotations

from os import PathLike
from typing import TypeAlias

import numpy as np
import soundfile
from attrs import frozen

from ..audio import FloatArray
from ..audio.meter.measure import Measurement, measure_file
from ..inspection.words import position
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, TimelineError, did_you_mean
from ..presets.load import library

Signal: TypeAlias = str | PathLike[str] | FloatArray

SLACK_DB = 0.05
"""How far over its ceiling a true peak may read: meters differ by that much (ITU-R BS.1770-5)."""


def assert_null(a: Signal, b: Signal, dbfs: float = -90.0, *, rate: int | None = None) -> None:
    """Fails where two signals differ by more than `dbfs` at any sample.

    Args:
        a: a file, or samples of shape (frames,) or (frames, channels), full scale 1.0.
        b: what it should be, likewise.
        dbfs: the largest difference allowed, in dB of full scale: the null test's residual.
        rate: Hz, to tell times of arrays.

    Raises:
        AssertionError: the worst residual with its time and channel; or another rate, number of
            channels or length; or samples that are no numbers.
    """
    __tracebackhide__ = True
    (one, rate_a), (other, rate_b) = _samples(a, rate), _samples(b, rate)
    if rate_a and rate_b and rate_a != rate_b:
        raise AssertionError(f"no null between {rate_a} Hz and {rate_b} Hz")
    if one.shape[1] != other.shape[1]:
        raise AssertionError(f"{one.shape[1]} channels, not {other.shape[1]}")
    if one.shape[0] != other.shape[0]:
        more = one.shape[0] - other.shape[0]
        way = "longer" if more > 0 else "shorter"
        raise AssertionError(f"{abs(more)} samples {way}: {one.shape[0]}, not {other.shape[0]}")
    residual = np.abs(one - other)
    if not np.all(np.isfinite(residual)):
        raise AssertionError(f"not a number {_where(~np.isfinite(residual), rate_a or rate_b)}")
    worst = float(residual.max(initial=0.0))
    if worst > 10 ** (dbfs / 20):
        raise AssertionError(
            f"the residual is {_dbfs(worst)} {_where(residual == worst, rate_a or rate_b)}, "
            f"more than {dbfs:g} dBFS"
        )


def assert_loudness(
    path: str | PathLike[str],
    spec: str | float,
    *,
    tolerance: float | None = None,
    ceiling_db: float | None = None,
) -> Measurement:
    """Fails where a file is not as loud as it should be, or its peaks are too high.

    Args:
        path: the file.
        spec: the id of a delivery spec (`apple-podcasts`) or of an export preset (`podcast`),
            whose target and ceilings count; or a target in LUFS (integrated loudness, ITU-R
            BS.1770-5).
        tolerance: LU; None: the spec's, or 0.1.
        ceiling_db: dBTP; None: the spec's, or none for a bare target.

    Returns:
        All that was measured.

    Raises:
        AssertionError: with what was measured, and by how much it misses.
        TimelineError: MIX303, there is no such spec or preset.
        ValueError: it asks for no loudness.
    """
    __tracebackhide__ = True
    wanted = _wanted(spec)
    target = wanted.lufs
    tolerance = wanted.tolerance if tolerance is None else tolerance
    ceiling_db = wanted.true_peak if ceiling_db is None else ceiling_db
    levels = measure_file(path)
    wrong = []
    if not abs(levels.integrated - target) <= tolerance:
        by = levels.integrated - target
        way = "over" if by > 0 else "under"
        wrong.append(
            f"{levels.integrated:.2f} LUFS, {abs(by):.2f} LU {way} {target:g} +- {tolerance:g}"
        )
    limits = (
        ("a true peak", levels.true_peak_dbtp, "dBTP", ceiling_db),
        ("a sample peak", levels.sample_peak_dbfs, "dBFS", wanted.sample_peak),
        ("at most, over 3 s,", levels.short_term_max, "LUFS", wanted.short_term),
    )
    for what, level, unit, highest in limits:
        if highest is not None and level > highest + SLACK_DB:
            wrong.append(f"{what} of {level:.2f} {unit}, {level - highest:.2f} over {highest:g}")
    if wrong:
        raise AssertionError(f"{path}: {'; '.join(wrong)}")
    return levels


@frozen
class _Wanted:
    """What a file is held to: LUFS, LU, dBTP, dBFS, LUFS over 3 s; None: to nothing."""

    lufs: float
    tolerance: float = 0.1
    true_peak: float | None = None
    sample_peak: float | None = None
    short_term: float | None = None


def _wanted(spec: str | float) -> _Wanted:
    if not isinstance(spec, str):
        return _Wanted(spec)
    known = library()
    asked, preset = known.specs.get(spec), known.export.get(spec)
    if asked is not None and asked.lufs is not None:
        return _Wanted(
            asked.lufs,
            asked.lufs_tolerance or 0.1,
            asked.true_peak_max_dbtp,
            asked.sample_peak_max_dbfs,
            asked.short_term_max_lufs,
        )
    if asked is None and preset is None:
        message = f"no delivery spec and no export preset is called {spec!r}"
        names = [*known.specs, *known.export]
        diagnostic = Diagnostic(Code.UNKNOWN_EXPORT_PRESET, message, help=did_you_mean(spec, names))
        raise TimelineError(diagnostic)
    if preset is None or preset.lufs is None:
        raise ValueError(f"{spec} asks for no loudness")
    return _Wanted(preset.lufs, true_peak=preset.ceiling_db)


def _samples(signal: Signal, rate: int | None) -> tuple[FloatArray, int | None]:
    """Samples of shape (frames, channels), and their rate where it is known."""
    if isinstance(signal, (str, PathLike)):
        samples, known = soundfile.read(signal, dtype="float64", always_2d=True)
        return samples, known
    array = np.asarray(signal, dtype=np.float64)
    return (array[:, None] if array.ndim == 1 else array), rate


def _where(marked: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], rate: int | None) -> str:
    """The first of the marked samples."""
    frame, channel = (int(index[0]) for index in np.nonzero(marked))
    when = f"at {position(frame, rate)}, sample {frame}" if rate else f"at sample {frame}"
    return f"{when}, channel {channel + 1}"


def _dbfs(value: float) -> str:
    return f"{20 * np.log10(value):.1f} dBFS"
