"""A picture of a measured file: loudness over time above, the waveform with its peaks below.

PNG or SVG, depending on the suffix. The same file and the same matplotlib give the same bytes (no
date, fixed ids). matplotlib is an extra, `mixdown[plot]`; without it MIX625 is raised.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ...audio.meter.survey import Survey
from ...inspection.report import Curve
from ...ir.codes import Code
from ...ir.diagnostics import RenderError, TimelineError
from ...ir.units import clock, gain_factor
from ...presets.model import DeliverySpec
from ..report.curves import Curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import MultipleLocator

ENDINGS = (".png", ".svg")

_STYLE = {
    "svg.hashsalt": "mixdown",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#808080",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "figure.facecolor": "white",
}
SHORT_TERM, _MOMENTARY, INTEGRATED = "#1f6fb4", "#a9c6e3", "#202020"
BAND, _WAVE, _PEAK, _SAMPLE = "#2f9e44", "#6c8ebf", "#c8301e", "#e08a1e"
_LEAST_SPAN_LU = 24.0


def check_picture(path: Path, files: Sequence[str]) -> None:
    """Check that a picture of these files can be drawn under this name.

    Raises:
        TimelineError: MIX307, the suffix is not .png or .svg, or there is not exactly one file.
        RenderError: MIX625, matplotlib is missing.
    """
    if path.suffix.lower() not in ENDINGS:
        message = f"cannot draw {str(path)!r}: pictures are .png or .svg"
        raise TimelineError.of(Code.BAD_REQUEST, message, help="choose one of the two")
    if len(files) != 1:
        message = f"a picture shows one file, not {len(files)}"
        raise TimelineError.of(Code.BAD_REQUEST, message, help="draw one file at a time")
    try:
        import matplotlib  # noqa: F401, PLC0415 (heavy, and an extra)
    except ImportError as error:
        raise RenderError.of(
            Code.EXTRA_MISSING,
            "pictures need matplotlib, which is not installed",
            help="pip install 'mixdown[plot]'",
        ) from error


def write_picture(
    path: Path, title: str, survey: Survey, curves: Curves, specs: Sequence[DeliverySpec]
) -> None:
    """Draw a file.

    Raises:
        RenderError: MIX604, it cannot be written.
    """
    with picture(path, title, height=6) as figure:
        _draw(figure, survey, curves, specs)


@contextmanager
def picture(path: Path, title: str, *, height: float) -> Iterator[Figure]:
    """An empty picture, 10 inches wide, which is written at the end of the context.

    Raises:
        RenderError: MIX604, it cannot be written.
    """
    from matplotlib import rc_context  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context(cast("Any", _STYLE)):
        figure = Figure(figsize=(10, height), layout="constrained")
        heading = title.replace("$", r"\$")
        figure.suptitle(heading, fontsize=11, fontweight="bold", x=0.01, ha="left")
        yield figure
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
        try:
            figure.savefig(path, format=path.suffix[1:].lower(), dpi=144, metadata=metadata)
        except OSError as error:
            message = f"cannot write {str(path)!r}: {error.strerror or error}"
            raise RenderError.of(Code.NOT_WRITABLE, message) from error


def _draw(figure: Figure, survey: Survey, curves: Curves, specs: Sequence[DeliverySpec]) -> None:
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    _loudness(upper, survey, curves, specs)
    _waveform(lower, survey, curves, specs)
    lower.set_xlim(0.0, max(survey.duration_s, 0.001))
    lower.xaxis.set_major_locator(whole_seconds(survey.duration_s))
    lower.xaxis.set_major_formatter(lambda seconds, _: clock(seconds).removesuffix(".0"))


def _loudness(axes: Axes, survey: Survey, curves: Curves, specs: Sequence[DeliverySpec]) -> None:
    for spec in specs:
        if spec.lufs is not None:
            half = max(spec.lufs_tolerance or 0.0, 0.1)
            label = f"{spec.title}: {spec.lufs:g} ± {spec.lufs_tolerance or 0:g} LUFS"
            axes.axhspan(
                spec.lufs - half, spec.lufs + half, color=BAND, alpha=0.15, lw=0, label=label
            )
    axes.plot(*_points(curves.momentary), color=_MOMENTARY, lw=0.8, label="momentary (400 ms)")
    axes.plot(*_points(curves.short_term), color=SHORT_TERM, lw=1.6, label="short-term (3 s)")
    integrated = survey.levels.integrated
    if math.isfinite(integrated):
        label = f"integrated: {integrated:.1f} LUFS"
        axes.axhline(integrated, color=INTEGRATED, lw=1.2, ls="--", label=label)
    axes.set_ylim(*_span(survey, curves, specs))
    axes.set_ylabel("LUFS")
    _legend(axes)


def _waveform(axes: Axes, survey: Survey, curves: Curves, specs: Sequence[DeliverySpec]) -> None:
    times, lowest = _points(curves.lowest)
    highest = _points(curves.highest)[1]
    axes.fill_between(times, lowest, highest, step="post", color=_WAVE, lw=0.3)
    ceilings = {spec.true_peak_max_dbtp for spec in specs} | {s.sample_peak_max_dbfs for s in specs}
    for ceiling in sorted(level for level in ceilings if level is not None):
        for sign, label in ((1.0, f"ceiling: {ceiling:g} dB"), (-1.0, None)):
            axes.axhline(sign * gain_factor(ceiling), color=BAND, lw=0.9, ls="--", label=label)
    levels = survey.levels
    if math.isfinite(levels.true_peak_dbtp):
        at, level = survey.peaks.position / survey.rate, levels.true_peak_dbtp
        label = f"true peak: {level:.1f} dBTP at {clock(max(0.0, at))}"
        axes.plot([at], [gain_factor(level)], "v", color=_PEAK, ms=7, clip_on=False, label=label)
    if times.size and math.isfinite(levels.sample_peak_dbfs):
        magnitudes = np.maximum(-lowest, highest)
        column = int(np.argmax(magnitudes))
        at = float(times[column]) + curves.highest.step_s / 2
        height = highest[column] if highest[column] == magnitudes[column] else lowest[column]
        label = f"sample peak: {levels.sample_peak_dbfs:.1f} dBFS at {clock(at)}"
        axes.plot(
            *([at], [height], "o"),
            color=_SAMPLE,
            markerfacecolor="none",
            markeredgewidth=1.8,
            ms=9,
            clip_on=False,
            label=label,
        )
    reach = max(1.0, gain_factor(levels.true_peak_dbtp)) * 1.12
    axes.set_ylim(-reach, reach)
    axes.set_ylabel("full scale")
    axes.set_xlabel("time")
    _legend(axes)


def _legend(axes: Axes) -> None:
    """Place the legend above the axes, where it covers nothing."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            borderpad=0.0,
            ncols=4,
            frameon=False,
            fontsize=8,
        )


def _points(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of a curve; NaN, which is not drawn, for None."""
    values = np.array([math.nan if value is None else value for value in curve.values])
    return curve.start_s + curve.step_s * np.arange(len(values)), values


def _span(survey: Survey, curves: Curves, specs: Sequence[DeliverySpec]) -> tuple[float, float]:
    """The range of the loudness axis: the loud parts of a mix matter more than its fades."""
    shown = [value for value in curves.momentary.values if value is not None]
    marks = [spec.lufs for spec in specs if spec.lufs is not None]
    if math.isfinite(survey.levels.integrated):
        marks.append(survey.levels.integrated)
    high = max([*shown, *(mark + 1.5 for mark in marks)], default=-10.0) + 2.0
    low = min([*(float(np.percentile(shown, 5)) for _ in shown[:1]), *marks], default=-40.0) - 3.0
    return max(-70.0, min(low, high - _LEAST_SPAN_LU)), high


def whole_seconds(duration: float) -> MultipleLocator:
    """Ticks at round times, at most a dozen."""
    from matplotlib.ticker import MultipleLocator  # noqa: PLC0415

    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
    return MultipleLocator(next((s for s in steps if duration / s <= 12), duration / 6))
