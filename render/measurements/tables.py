"""Measurements of files, and their compliance with delivery specs, as lines and rows of text.

Levels have the units of their standards and one decimal, or two in specs, as they are judged. A
level that does not exist is shown as "none".
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ...ir.diagnostics import counted
from ...ir.units import clock

if TYPE_CHECKING:
    from ...audio.meter.survey import Survey
    from ...inspection.report import Check
    from ..compliance import Compliance
    from ..measuring import MeasuredFile

LAYOUTS = {1: "mono", 2: "stereo"}

Table = tuple[tuple[str, ...], list[tuple[str, ...]], int]


def overview(files: Sequence[MeasuredFile]) -> Table:
    """A row for each file with the main columns, and the number of numeric columns at the end."""
    specs = [one.spec.id for one in files[0].compliances] if files else []
    columns = ("file", *specs, "LUFS", "LU range", "peak dBTP", "clipped", "duration")
    rows = [
        (
            measured.file,
            *("pass" if one.passed else "FAIL" for one in measured.compliances),
            _level(measured.survey.levels.integrated),
            _level(measured.survey.levels.range),
            _level(measured.survey.levels.true_peak_dbtp),
            str(measured.survey.clipping.runs or ""),
            clock(measured.survey.duration_s),
        )
        for measured in files
    ]
    return columns, rows, 5


def listing(files: Sequence[MeasuredFile], *, everything: bool) -> Iterator[str]:
    """The lines below the table: everything about each file, or only the rules that it fails."""
    for number, measured in enumerate(files):
        shown = [one for one in measured.compliances if everything or not one.passed]
        if number and everything:
            yield ""
        if everything:
            yield measured.file
            yield from details(measured.survey)
        elif shown:
            yield ""
            yield measured.file
        for compliance in shown:
            if everything:
                yield ""
            yield from verdict(compliance, failures_only=not everything)


def details(survey: Survey) -> Iterator[str]:
    """A line for each figure of a file: its name, value, unit and position."""
    levels, statistics, rate = survey.levels, survey.statistics, survey.rate
    layout = LAYOUTS.get(survey.channels, f"{survey.channels} channels")
    yield f"{clock(survey.duration_s)}, {rate} Hz, {layout}"
    loudest = survey.short_term_max_s
    peak_at = f"at {clock(max(0.0, survey.peaks.position / rate))}"
    figures = (
        ("integrated loudness", levels.integrated, "LUFS", ""),
        ("loudness range", levels.range, "LU", ""),
        ("max momentary", levels.momentary_max, "LUFS", ""),
        (
            "max short-term",
            levels.short_term_max,
            "LUFS",
            "" if loudest is None else f"from {clock(loudest)}",
        ),
        ("true peak", levels.true_peak_dbtp, "dBTP", peak_at),
        ("sample peak", levels.sample_peak_dbfs, "dBFS", ""),
        ("RMS", statistics.rms_dbfs, "dBFS", ""),
        ("noise floor", statistics.noise_floor_dbfs, "dBFS", "the quietest half second"),
    )
    for name, value, unit, note in figures:
        absent = _level(value) == "none"
        yield figure_line(name, _level(value), "" if absent else unit, "" if absent else note)
    first, *others = (f"{100 * offset:.3f} %" for offset in statistics.dc_offset)
    yield figure_line("DC offset", first[:-2], "%", "".join(f"and {other}" for other in others))
    yield _clipping_line(survey)
    yield figure_line("silence at head", f"{survey.silence.head / rate:.2f}", "s", "")
    yield figure_line("silence at tail", f"{survey.silence.tail / rate:.2f}", "s", "")
    if statistics.correlation is not None:
        yield figure_line("correlation", f"{statistics.correlation:.2f}", "", "of left and right")


def verdict(compliance: Compliance, *, failures_only: bool = False) -> Iterator[str]:
    """The result of a spec: a heading, a line for each rule, and the fix of each failed rule."""
    checks = compliance.checks
    failed = sum(not check.passed for check in checks)
    rules = counted(len(checks), "rule")
    summary = f"fails {failed} of {rules}" if failed else f"passes {rules}"
    yield f"{compliance.spec.title}: {summary}"
    for check in checks:
        if check.passed and failures_only:
            continue
        yield f"  {'pass' if check.passed else 'FAIL'}  {_rule(check)}"
        if check.fix is not None:
            indent = " " * 8
            yield textwrap.fill(
                check.fix,
                80,
                initial_indent=indent,
                subsequent_indent=indent,
                break_on_hyphens=False,
            )


def figure_line(name: str, figure: str, unit: str, note: str) -> str:
    """The line of one figure."""
    return f"{name:<20} {figure:>9} {unit:<5} {note}".rstrip()


def _clipping_line(survey: Survey) -> str:
    found = survey.clipping
    if found.first is None:
        return figure_line("clipping", "none", "", "")
    note = f"longest: {found.longest} samples, first at {clock(found.first / survey.rate)}"
    return figure_line("clipping", str(found.runs), "run" if found.runs == 1 else "runs", note)


def _rule(check: Check) -> str:
    figure = "none" if check.measured is None else _number(check.measured, check.unit)
    return f"{check.what:<20} {figure:>8} {check.unit:<5}  required: {_required(check)}"


def _required(check: Check) -> str:
    if check.low is not None and check.high is not None:
        return f"{check.low:g}" if check.low == check.high else f"{check.low:g} to {check.high:g}"
    return f"at most {check.high:g}" if check.low is None else f"at least {check.low:g}"


def _number(value: float, unit: str) -> str:
    return f"{value:.2f}" if unit.startswith(("dB", "LU")) else f"{value:g}"


def _level(value: float) -> str:
    return f"{value:.1f}" if value > float("-inf") else "none"
