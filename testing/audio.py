"""Assertions about rendered files: two are equal, one meets its loudness, a report is clean.

Promises: the message says how much two signals differ, where and in which channel. Files are read
as float64 and never resampled, because a null test between different rates means nothing.
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile
from attrs import frozen

from ..audio import FloatArray
from ..audio.meter.measure import Measurement, measure_file
from ..inspection.words import position
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, TimelineError, did_you_mean
from ..ir.units import decibels, gain_factor
from ..presets.load import library

if TYPE_CHECKING:
    from ..inspection.report import DeliveryReport
    from ..render.result import RenderResult

Signal: TypeAlias = str | PathLike[str] | npt.NDArray[np.float64]

SLACK_DB = 0.05
"""How far a true peak may read above its ceiling: meters differ by that much (ITU-R BS.1770-5)."""


def assert_null(a: Signal, b: Signal, dbfs: float = -90.0, *, rate: int | None = None) -> None:
    """Fail if two signals differ by more than `dbfs` at any sample.

    Args:
        a: a file, or samples of shape (frames,) or (frames, channels), full scale 1.0.
        b: the expected signal, likewise.
        dbfs: the largest residual allowed, in dB relative to full scale.
        rate: Hz, for the times in messages about arrays.

    Raises:
        AssertionError: the largest residual with its time and channel; or the rates, channels or
            lengths differ; or a sample is not a finite number.
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
    if worst > gain_factor(dbfs):
        raise AssertionError(
            f"the residual is {_dbfs(worst)} {_where(residual == worst, rate_a or rate_b)}, "
            f"above {dbfs:g} dBFS"
        )


def assert_loudness(
    path: str | PathLike[str],
    spec: str | float,
    *,
    tolerance: float | None = None,
    ceiling_db: float | None = None,
) -> Measurement:
    """Fail if a file misses its loudness or exceeds a ceiling.

    Args:
        path: the file.
        spec: the id of a delivery spec (`apple-podcasts`) or of an export preset (`podcast`), for
            its target and ceilings; or a target in LUFS (integrated loudness, ITU-R BS.1770-5).
        tolerance: LU; None: the spec's, or 0.1.
        ceiling_db: dBTP; None: the spec's, or none if `spec` is a number.

    Returns:
        All measurements.

    Raises:
        AssertionError: with the measured levels and the deviations.
        TimelineError: MIX303, there is no such spec or preset.
        ValueError: the spec or preset has no loudness target.
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
        way = "above" if by > 0 else "below"
        wrong.append(
            f"{levels.integrated:.2f} LUFS, {abs(by):.2f} LU {way} {target:g} +- {tolerance:g}"
        )
    limits = (
        ("a true peak", levels.true_peak_dbtp, "dBTP", ceiling_db),
        ("a sample peak", levels.sample_peak_dbfs, "dBFS", wanted.sample_peak),
        ("a loudness over 3 s", levels.short_term_max, "LUFS", wanted.short_term),
    )
    for what, level, unit, highest in limits:
        if highest is not None and level > highest + SLACK_DB:
            wrong.append(f"{what} of {level:.2f} {unit}, {level - highest:.2f} above {highest:g}")
    if wrong:
        raise AssertionError(f"{path}: {'; '.join(wrong)}")
    return levels


@frozen
class _Wanted:
    """The requirements on a file: LUFS, LU, dBTP, dBFS, LUFS over 3 s; None: no requirement."""

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
        message = f"no delivery spec or export preset is called {spec!r}"
        names = [*known.specs, *known.export]
        diagnostic = Diagnostic(Code.UNKNOWN_EXPORT_PRESET, message, help=did_you_mean(spec, names))
        raise TimelineError(diagnostic)
    if preset is None or preset.lufs is None:
        raise ValueError(f"{spec} has no loudness target")
    return _Wanted(preset.lufs, true_peak=preset.ceiling_db)


def _samples(signal: Signal, rate: int | None) -> tuple[FloatArray, int | None]:
    """Samples of shape (frames, channels), and their rate if it is known."""
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
    return f"{decibels(value):.1f} dBFS"


def assert_report(result: RenderResult) -> DeliveryReport:
    """Fail if a render missed a target of its preset, or has a click or a dropout.

    Args:
        result: of `mixdown.render`, with its report.

    Returns:
        The report.

    Raises:
        AssertionError: with every check that failed, what to do about it, and every click and
            dropout with its time.
        ValueError: the render made no report.
    """
    __tracebackhide__ = True
    report = result.report
    if report is None:
        raise ValueError("this render made no report: render it with report=True")
    failed = [
        f"{check.file}: {check.what} is {check.measured} {check.unit}".rstrip()
        + (f": {check.fix}" if check.fix else "")
        for check in report.checks
        if not check.passed
    ]
    failed += [f"{fault.code}: {fault.message}" for fault in report.faults]
    if failed:
        raise AssertionError("\n".join(["the report has failed checks", *failed]))
    return report
