"""Hints about a timeline that is valid, but probably not what was meant.

Promises: a hint is a note with a place; nothing but `check` looks for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...documents.values import shown
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Severity
from ...ir.nodes import Source
from ...ir.units import clock, milliseconds
from .model import Timeline

SHORT_MS = 400
LONG_S = 10.0


def hints(timeline: Timeline, media: Mapping[str, Source]) -> Iterator[Diagnostic]:
    """Seconds that are probably taken for milliseconds: at most one note.

    If every duration in the document is under `SHORT_MS`, and that of a clip is so although its
    source lasts over `LONG_S`, the durations are probably seconds.
    """
    given = [
        (t, c, clip)
        for t, track in enumerate(timeline.tracks)
        for c, clip in enumerate(track.clips)
        if clip.duration_ms is not None
    ]
    if any((clip.duration_ms or 0) >= SHORT_MS for _, _, clip in given):
        return
    rate = timeline.sample_rate
    for t, c, clip in given:
        source = media.get(clip.source)
        lasts = 0.0 if source is None else float(milliseconds(source.length(rate), rate)) / 1000
        if lasts > LONG_S and clip.duration_ms is not None:
            seconds = clip.duration_ms.normalize()
            yield Diagnostic(
                Code.SECONDS_MEANT,
                f"this clip plays {seconds:f} ms of {shown(clip.source)}, which lasts "
                f"{clock(lasts)}",
                timeline.origin("tracks", t, "clips", c, "duration_ms"),
                f"times are milliseconds: {seconds:f} s are {seconds * 1000:f}, or a clock time "
                f"such as {clock(float(seconds))}",
                severity=Severity.NOTE,
            )
            return
