"""Warnings about mixes that are valid and loud enough, and still sound wrong.

`lint` surveys every source of a mix and compiles it as far as its levels and ducking. `findings`
judges what is known of a mix: clips whose sources were not surveyed are left out. Every warning has
the place in the document and, where there is one, the fix as text to paste.

The thresholds were found on clean material, so that it causes no warnings; docs/listening.md has
them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from attrs import evolve

from ...audio.meter.loudness import lufs, power_of
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, MixdownError, Severity
from ...ir.origin import Origin
from ...ir.units import decibels
from ...media.survey import STEP_MS, SourceSurvey
from ...presets.model import EqKind
from ..driver import begin
from ..graph_input import Mix
from ..pipeline import FRONT, final
from ..request import RenderRequest
from ..timeline.entry import CLICK
from ..timeline.model import Timeline, clip_id
from .balance import VOICES, balance_findings
from .excerpts import Surveyed
from .surveys import survey_sources

NOISE_LUFS = -50.0
PAUSES_S = 1.0
"""With less of them, a source has no noise floor."""
BOOST_DB = 12.0
HUM_DB = 12.0
DC = 0.003
DC_S = 4.0
APART_DB = 20.0
"""Between the channels of a source of which one is silent."""
QUIET_LUFS, SOUNDING_LUFS = -70.0, -50.0
INVERTED = -0.9

HIGHPASS = "eq: [{kind: highpass, frequency_hz: %d}]"


def lint(mix: Mix | str | Path, request: RenderRequest) -> tuple[Timeline, tuple[Diagnostic, ...]]:
    """The timeline of a mix, and the warnings about it, those of its compilation first.

    Raises:
        MixdownError: the mix cannot be compiled, or is a graph, which has no clips and tracks.
    """
    unit = begin(mix, request)
    if unit.graph is not None:
        raise MixdownError.of(
            Code.BAD_REQUEST, "a graph cannot be linted", help="lint its timeline"
        )
    surveys, unheard = survey_sources(
        unit.timeline, unit.mix, unit.media, request.facts, everything=True
    )
    unit = final(evolve(unit, surveys=surveys), FRONT)
    failed = tuple(evolve(found, severity=Severity.WARNING) for found in unheard)
    found = (*unit.diagnostics, *failed, *findings(unit), *_accepted(unit.timeline))
    return unit.timeline, found


def _accepted(timeline: Timeline) -> Iterator[Diagnostic]:
    """A note for each fault that a clip accepts, so that none is forgotten."""
    for t, track in enumerate(timeline.tracks):
        for c, clip in enumerate(track.clips):
            for fault, reason in clip.accept.items():
                yield Diagnostic(
                    Code.CLICK if fault == CLICK else Code.DROPOUT,
                    f"a {fault} in clip {track.id}/{clip_id(clip, c)} is accepted"
                    + (f": {reason}" if reason else ""),
                    timeline.origin("tracks", t, "clips", c, "accept"),
                    None if reason else f'give the reason: accept: {{{fault}: "..."}}',
                    severity=Severity.NOTE,
                )


def findings(mix: Surveyed) -> tuple[Diagnostic, ...]:
    """The warnings about a mix whose levels are in its clips."""
    if not mix.surveys:
        return ()
    return (*_sources(mix), *_clips(mix), *balance_findings(mix))


def _sources(mix: Surveyed) -> Iterator[Diagnostic]:
    """What is wrong with the sources, each once."""
    timeline = mix.timeline
    humming, offset = (_without(timeline, kind) for kind in (EqKind.HUM, EqKind.HIGHPASS))
    spoken = {c.source for t in timeline.tracks if t.role in VOICES for c in t.clips}
    played: dict[str, Origin] = {}
    for t, track in enumerate(timeline.tracks):
        for c, clip in enumerate(track.clips):
            played.setdefault(clip.source, timeline.origin("tracks", t, "clips", c, "source"))
    for name, survey in mix.surveys.items():
        if name not in played:  # it plays outside the delivered range
            continue
        declared = name in timeline.sources
        origin = timeline.origin("sources", name) if declared else played[name]
        mended = {Code.HUM: name not in humming & spoken, Code.DC_OFFSET: name not in offset}
        for code, message, help in _faults(name, mix.media[name].path, survey):
            if mended.get(code):
                continue
            yield Diagnostic(code, message, origin, help, severity=Severity.WARNING)


def _without(timeline: Timeline, kind: EqKind) -> set[str]:
    """The sources of clips without a filter of a kind, on themselves or on their tracks."""
    return {
        clip.source
        for track in timeline.tracks
        for clip in track.clips
        if all(band.kind is not kind for band in (*track.eq, *clip.eq))
    }


def _faults(name: str, path: str, survey: SourceSurvey) -> Iterator[tuple[Code, str, str]]:
    """The faults of a source: code, message and fix."""
    if survey.channels == 2:
        left, right = (float(power.mean()) for power in survey.channel_powers)
        silent = _silent_channel(left, right)
        entry = f"sources: {{{name}: {{path: {path}, channels: %s}}}}"
        if silent is not None:
            other = ("right", "left")[silent]
            side = ("left", "right")[silent]
            yield Code.SILENT_CHANNEL, f"the {side} channel of {name!r} is silent", entry % other
        elif survey.correlation is not None and survey.correlation < INVERTED:
            message = f"one channel of {name!r} is inverted: the two cancel in mono"
            yield Code.INVERTED_CHANNEL, message, entry % "left"
    if survey.clipped_runs:
        runs = "once" if survey.clipped_runs == 1 else f"{survey.clipped_runs} times"
        help = "use a take that is not clipped, or repair it: no gain removes the distortion"
        yield Code.CLIPPED_SOURCE, f"{name!r} is clipped {runs}", help
    if survey.hum_db is not None and survey.hum_db > HUM_DB and survey.is_clear:
        message = f"{name!r} hums at {survey.mains_hz} Hz and its harmonics"
        help = f"on its clips: eq: [{{kind: hum, frequency_hz: {survey.mains_hz}}}]"
        yield Code.HUM, message, help
    offset = max(survey.dc_offset, key=abs, default=0.0)
    if abs(offset) > DC and survey.duration_s >= DC_S:
        message = f"{name!r} has a DC offset of {100 * offset:.1f} % of full scale"
        yield Code.DC_OFFSET, message, f"on its clips: {HIGHPASS % 20}"


def _silent_channel(left: float, right: float) -> int | None:
    """The number of the silent channel of two with these powers; None if neither is."""
    quiet, sounding = map(float, power_of(np.array([QUIET_LUFS, SOUNDING_LUFS])))
    weak, strong = sorted((left, right))
    apart = weak == 0.0 or decibels(strong / weak) / 2.0 > APART_DB
    if strong > sounding and (weak < quiet or apart):
        return 0 if left < right else 1
    return None


def _noise_lufs(survey: SourceSurvey) -> float:
    """The loudness of the pauses of a source; -inf if it has too few, or none that are reliable."""
    pauses = survey.channel_powers.sum(axis=0)[survey.active_shares == 0.0]
    if not survey.is_clear or len(pauses) * STEP_MS < 1000 * PAUSES_S:
        return -math.inf
    return float(lufs(np.array([np.median(pauses)]))[0])


def _clips(mix: Surveyed) -> Iterator[Diagnostic]:
    """What is wrong with clips: noise that is lifted, and boosts."""
    timeline, buses = mix.timeline, {bus.id: bus for bus in mix.buses}
    for t, track in enumerate(timeline.tracks):
        if track.mute:
            continue
        added = float(track.gain_db) + buses[mix.routes[track.id]].gain_db
        noisy: set[str] = set()
        for c, clip in enumerate(track.clips):
            gain = float(clip.gain_db) + added
            name, survey = f"{track.id}/{clip_id(clip, c)}", mix.surveys.get(clip.source)
            if clip.mute or survey is None:
                continue
            if gain > BOOST_DB:
                yield Diagnostic(
                    Code.BOOST,
                    f"clip {name} is raised by {gain:.1f} dB, and its noise with it",
                    timeline.origin("tracks", t, "clips", c, "gain_db"),
                    f"use a louder take, or limit the gain: level: {{to: -20, max_gain_db: "
                    f"{BOOST_DB:g}}}",
                    severity=Severity.WARNING,
                )
            noise = _noise_lufs(survey) + gain
            if track.role in VOICES and noise > NOISE_LUFS and clip.source not in noisy:
                noisy.add(clip.source)
                yield Diagnostic(
                    Code.NOISE_FLOOR,
                    f"the noise in the pauses of clip {name} is at {noise:.0f} LUFS",
                    timeline.origin("tracks", t, "clips", c),
                    f"reduce the noise before mixing; if it is rumble: {HIGHPASS % 80}",
                    severity=Severity.WARNING,
                )
