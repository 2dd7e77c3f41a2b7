"""A picture of a survey: the level of every 100 ms, the spans behind it, and its loudness.

It has the format, the style and the errors of `measure_plot`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...audio.meter.loudness import lufs
from ...media.survey import STEP_MS, SourceSurvey
from .plot import BAND, INTEGRATED, SHORT_TERM, picture, whole_seconds


def write_survey_picture(path: Path, title: str, survey: SourceSurvey) -> None:
    """Draw a survey.

    Args:
        path: of the picture; checked by `check_picture`.
        title: the file's name.
        survey: of the file.

    Raises:
        RenderError: MIX604, it cannot be written.
    """
    with picture(path, title, height=3.6) as figure:
        axes = figure.subplots()
        levels = lufs(survey.channel_powers.sum(axis=0))
        times = np.arange(len(levels)) * STEP_MS / 1000
        for number, (start, end) in enumerate(survey.spans):
            label = None if number else f"active ({survey.contrast})"
            axes.axvspan(start / 1000, end / 1000, color=BAND, alpha=0.18, lw=0, label=label)
        axes.plot(times, levels, color=SHORT_TERM, lw=0.9, drawstyle="steps-post", label="100 ms")
        loudness = survey.active_lufs if survey.is_clear else survey.integrated_lufs
        if loudness is not None:
            what = "active" if survey.is_clear else "integrated"
            label = f"{what}: {loudness:.1f} LUFS"
            axes.axhline(loudness, color=INTEGRATED, lw=1.2, ls="--", label=label)
        top = float(levels.max()) if levels.size else -10.0
        axes.set_ylim(max(-100.0, top - 70.0), top + 6.0)
        axes.set_xlim(0.0, max(survey.duration_s, 0.001))
        axes.set_ylabel("LUFS")
        axes.set_xlabel("time")
        axes.xaxis.set_major_locator(whole_seconds(survey.duration_s))
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, frameon=False, fontsize=8)
