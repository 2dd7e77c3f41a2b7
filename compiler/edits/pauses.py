"""Finds the pauses of a timeline that are to be shortened, from the surveys of its sources.

Promises: only time in which a clip of the roles plays, and none of them says anything, is taken
out. A clip whose source has no reliable spans, or much noise, counts as speech from start to end;
in some noise, more of each pause is kept. Cuts begin and end at whole milliseconds, so that they
can be written as lines of a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Severity
from ...ir.units import milliseconds, samples
from ..geometry import crossfades, extent, played_spans
from ..timeline.cuts import CutRange, Tighten
from ..unit import Unit

AFTER = Decimal("0.625")
"""The part of what is left of a pause that follows the last word: 250 ms of 400. The detector loses
quiet endings before it loses beginnings."""

LEAST_SNR_DB = 12.0
"""At a lower signal-to-noise ratio whole words can be missed, so nothing is cut."""
_CLEAN_SNR_DB, _MARGIN_MS_PER_DB = 20.0, 15
"""How much is kept besides at both ends of a pause, for every dB that the ratio is lower."""

Span = tuple[int, int]


def pauses(unit: Unit, tighten: Tighten) -> tuple[tuple[CutRange, ...], tuple[Diagnostic, ...]]:
    """What is cut from each pause, in order, and a note for each source that cannot be relied on.

    Args:
        unit: the compilation, with surveys of the clips of the roles.
        tighten: which pauses.
    """
    notes: dict[str, Diagnostic] = {}
    clips: list[Span] = []
    spoken: list[Span] = []
    for where, spans in _clips(unit, tighten, notes):
        clips.append(where)
        spoken += spans
    found = _between(_merged(clips), _merged(spoken))
    rate = unit.timeline.sample_rate
    longest = samples(tighten.longer_than_ms, rate)
    cuts = (
        _cut(milliseconds(start, rate), milliseconds(end, rate), tighten)
        for start, end in found
        if end - start > longest
    )
    return tuple(cut for cut in cuts if cut.to_ms > cut.from_ms), tuple(notes.values())


def _cut(start: Decimal, end: Decimal, tighten: Tighten) -> CutRange:
    """What is cut from a pause, in whole milliseconds."""
    begin = (start + AFTER * tighten.keep_ms).to_integral_value(ROUND_CEILING)
    stop = (end - (1 - AFTER) * tighten.keep_ms).to_integral_value(ROUND_FLOOR)
    return CutRange(from_ms=begin, to_ms=max(stop, begin), crossfade_ms=tighten.crossfade_ms)


def _clips(
    unit: Unit, tighten: Tighten, notes: dict[str, Diagnostic]
) -> Iterator[tuple[Span, list[Span]]]:
    """Each clip of the roles that sounds: where it is, and where something is said in it."""
    timeline, rate = unit.timeline, unit.timeline.sample_rate
    solo = any(track.solo for track in timeline.tracks)
    for t, track in enumerate(timeline.tracks):
        if track.role not in tighten.roles or track.mute or (solo and not track.solo):
            continue
        extents = [extent(clip, rate, unit.media) for clip in track.clips]
        joined = crossfades(track, extents, rate)
        for c, (clip, where) in enumerate(zip(track.clips, extents, strict=True)):
            cut = joined[c].length if c in joined else None
            whole = where.start, where.end if cut is None else where.start + cut
            survey = unit.surveys.get(clip.source)
            if clip.mute:
                continue
            snr = None if survey is None else survey.snr_db
            if survey is None or not survey.is_clear or (snr is not None and snr < LEAST_SNR_DB):
                why = "what is said in it cannot be told from its noise" if survey else "not read"
                notes.setdefault(
                    clip.source,
                    Diagnostic(
                        Code.NOT_TIGHTENED,
                        f"the pauses of {clip.source!r} are not tightened: {why}",
                        timeline.origin("tracks", t, "clips", c, "source"),
                        severity=Severity.NOTE,
                    ),
                )
                yield whole, [whole]
                continue
            spans = played_spans(survey.spans, where, unit.media[clip.source], rate)
            margin = samples(_margin_ms(snr), rate)
            yield whole, [(max(a - margin, whole[0]), min(b + margin, whole[1])) for a, b in spans]


def _margin_ms(snr_db: float | None) -> Decimal:
    """How much is kept besides before and after what is said."""
    below = 0.0 if snr_db is None else max(_CLEAN_SNR_DB - snr_db, 0.0)
    return Decimal(round(_MARGIN_MS_PER_DB * below))


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Sorted spans, those that overlap or touch as one."""
    made: list[Span] = []
    for start, end in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = made[-1][0], max(made[-1][1], end)
        elif end > start:
            made.append((start, end))
    return made


def _between(clips: list[Span], spoken: list[Span]) -> Iterator[Span]:
    """The parts of clips that are not spoken."""
    rest = iter(spoken)
    current = next(rest, None)
    for start, end in clips:
        at = start
        while current is not None and current[0] < end:
            if current[0] > at:
                yield at, current[0]
            at = max(at, current[1])
            current = next(rest, None)
        if end > at:
            yield at, end
