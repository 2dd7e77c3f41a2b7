"""The transcripts of the sources that a mix plays.

Promises: only files that the gate lets through are opened, each once. A transcript that cannot be
used is reported where the document names it, and so is one that goes on after its source has ended:
it is that of another file.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Severity
from ...ir.nodes import Source
from ...ir.units import clock
from ...media.gate import refused
from ...media.transcript import SpokenWord, read_transcript
from ..timeline.model import Timeline
from ..timeline.sources import entry_origin

_LATE_S = 1.0
"""Tools for speech recognition end words up to this much after their file."""


def read_transcripts(
    timeline: Timeline, media: Mapping[str, Source]
) -> tuple[Mapping[str, tuple[SpokenWord, ...]], tuple[Diagnostic, ...]]:
    """The words of the sources that have transcripts, by name, and what is wrong with these files.

    Args:
        timeline: names the transcripts, in `sources`.
        media: the sources in use that can be used.
    """
    found: dict[str, tuple[SpokenWord, ...]] = {}
    problems: list[Diagnostic] = []
    for name, source in media.items():
        entry = timeline.sources.get(name)
        if entry is None or entry.transcript is None:
            continue
        if refused(timeline.root, entry.transcript, allow_outside=timeline.allow_outside):
            continue  # `validate` reports it
        words = read_transcript(timeline.root / entry.transcript, entry.transcript)
        if isinstance(words, Diagnostic):
            problems.append(evolve(words, origin=entry_origin(timeline, name, "transcript")))
            continue
        found[name] = words
        lasts = (source.frames or 0) / source.rate
        if words[-1].start / 1000 > lasts + _LATE_S:
            problems.append(
                Diagnostic(
                    Code.BAD_TRANSCRIPT,
                    f"transcript {entry.transcript!r} has a word at "
                    f"{clock(words[-1].start / 1000)}, and its source lasts {clock(lasts)}",
                    entry_origin(timeline, name, "transcript"),
                    "is it the transcript of another file, or of the file before it was edited?",
                    severity=Severity.WARNING,
                )
            )
    return found, tuple(problems)
