"""A survey as lines and rows of text, like the measurements of `measure_tables`."""

from __future__ import annotations

from collections.abc import Iterator

from ...audio.activity import Contrast, active_loudness
from ...ir.diagnostics import counted
from ...ir.units import clock
from ...media.survey import STEP_MS, SourceSurvey
from .tables import LAYOUTS, figure_line

_CONTRASTS = {
    Contrast.CLEAR: "clear: they can be relied on",
    Contrast.UNSURE: "unsure: less than 8 dB above the rest",
    Contrast.NONE: "none: nothing exceeds a noise floor",
}


def survey_lines(survey: SourceSurvey) -> Iterator[str]:
    """A line for each figure of a survey: its name, value, unit and note."""
    layout = LAYOUTS.get(survey.channels, f"{survey.channels} channels")
    yield f"{clock(survey.duration_s)}, {survey.rate} Hz, {layout}"
    figures = (
        ("integrated loudness", survey.integrated_lufs, "LUFS", ""),
        ("active loudness", survey.active_lufs, "LUFS", "of the spans"),
        ("loudness range", survey.range_lu, "LU", ""),
        ("max momentary", survey.momentary_max_lufs, "LUFS", ""),
        ("max short-term", survey.short_term_max_lufs, "LUFS", ""),
        ("true peak", survey.true_peak_dbtp, "dBTP", ""),
        ("sample peak", survey.sample_peak_dbfs, "dBFS", ""),
        ("noise floor", survey.noise_floor_dbfs, "dBFS", "the quietest half second"),
        ("signal to noise", survey.snr_db, "dB", "the spans above the rest"),
    )
    for name, value, unit, note in figures:
        shown = "none" if value is None else f"{value:.1f}"
        yield figure_line(name, shown, unit * (value is not None), note * (value is not None))
    offsets = ", ".join(f"{100 * offset:.3f}" for offset in survey.dc_offset)
    yield figure_line("DC offset", offsets, "%", "")
    if survey.correlation is not None:
        yield figure_line("correlation", f"{survey.correlation:.2f}", "", "of left and right")
    if survey.hum_db is not None:
        note = f"of harmonics of {survey.mains_hz} Hz over the rest"
        yield figure_line("mains hum", f"{survey.hum_db:.1f}", "dB", note)
    yield figure_line("clipped runs", str(survey.clipped_runs or "none"), "", "")
    count = counted(len(survey.spans), "span")
    lasting = f", {clock(survey.active_s)} of {clock(survey.duration_s)}" if survey.spans else ""
    yield f"{count}{lasting}; contrast {_CONTRASTS[survey.contrast]}"


def survey_spans(survey: SourceSurvey) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The columns and a row for each span: start, end, duration, loudness; all are numbers."""
    powers = survey.channel_powers.sum(axis=0)
    rows = []
    for start, end in survey.spans:
        steps = slice(start // STEP_MS, max(-(-end // STEP_MS), start // STEP_MS + 4))
        level = active_loudness(powers[steps], survey.active_shares[steps])
        shown = "none" if level == float("-inf") else f"{level:.1f}"
        seconds = (clock(ms / 1000, 2) for ms in (start, end))
        rows.append((*seconds, f"{(end - start) / 1000:.2f}", shown))
    return ("start", "end", "s", "LUFS"), rows
