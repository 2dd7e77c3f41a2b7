"""How the voices and beds of a mix compare: lint's rules that need their levels over time.

Levels are those of 100 ms, with the gains of clips, tracks and buses, their gain automation and the
ducking; fades and filters are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from attrs import frozen

from ...audio import FloatArray
from ...audio.activity import active_blocks, active_loudness, spans_of
from ...audio.meter.loudness import lufs, power_of
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Related, Severity, counted
from ...ir.nodes import Point
from ...ir.units import clock
from ..geometry import extent, mix_length, points
from .excerpts import Surveyed, excerpt_of

VOICES = ("dialogue", "vox", "voiceover")
AMBIENCE = "ambience"
BEDS = ("music", "drums", "bass", "keys", AMBIENCE)

APART_LU = 3.0
ENOUGH_S = 10.0
"""Speakers with less activity are not compared."""
CLOSE_LU, FAR_LU = 10.0, 25.0
WANTED_LU, AMBIENCE_LU = 16, 20
LEAST_S = 2.0
OVERLAP_S = 1.0

STEP_MS = 100
_STEPS_PER_SECOND = 10


@frozen(eq=False)
class Heard:
    """A track as the mix plays it, every 100 ms.

    Attributes:
        number: of the track.
        powers: K-weighted mean squares.
        shares: the part in which something is said or played.
    """

    number: int
    powers: FloatArray
    shares: FloatArray

    @property
    def active_s(self) -> float:
        """How long something is said or played."""
        return float(self.shares.sum()) / _STEPS_PER_SECOND


def balance_findings(mix: Surveyed) -> Iterator[Diagnostic]:
    """The warnings about voices that differ or overlap, and beds that are too close or too far."""
    heard = [_heard(mix, number) for number in range(len(mix.timeline.tracks))]
    sounding = [track for track in heard if track is not None]
    voices = [t for t in sounding if mix.timeline.tracks[t.number].role in VOICES]
    beds = [t for t in sounding if mix.timeline.tracks[t.number].role in BEDS]
    yield from _apart(mix, voices)
    yield from _overlaps(mix, voices)
    if voices:
        for bed in beds:
            yield from _distance(mix, voices, bed)


def _apart(mix: Surveyed, voices: Sequence[Heard]) -> Iterator[Diagnostic]:
    levels = {
        voice.number: active_loudness(voice.powers, voice.shares)
        for voice in voices
        if voice.active_s >= ENOUGH_S
    }
    if len(levels) < 2:
        return
    (quiet, low), *_, (loud, high) = sorted(levels.items(), key=lambda item: item[1])
    if high - low > APART_LU:
        tracks = mix.timeline.tracks
        yield Diagnostic(
            Code.VOICES_APART,
            f"{tracks[loud].id} is {high - low:.1f} LU louder than {tracks[quiet].id}",
            mix.timeline.origin("tracks", quiet),
            f"on the tracks {tracks[quiet].id} and {tracks[loud].id}: level: {{to: -20}}",
            (Related(mix.timeline.origin("tracks", loud), "the louder one"),),
            Severity.WARNING,
        )


def _overlaps(mix: Surveyed, voices: Sequence[Heard]) -> Iterator[Diagnostic]:
    for one, other in combinations(voices, 2):
        both = (one.shares > 0.5) & (other.shares > 0.5)
        spans = [s for s in spans_of(both) if s[1] - s[0] >= OVERLAP_S * _STEPS_PER_SECOND]
        if spans:
            start, end = (step / _STEPS_PER_SECOND for step in spans[0])
            others = counted(len(spans) - 1, "more time")
            more = f", and {others}" if len(spans) > 1 else ""
            tracks = mix.timeline.tracks
            yield Diagnostic(
                Code.VOICES_OVERLAP,
                f"{tracks[one.number].id} and {tracks[other.number].id} speak at the same time "
                f"from {clock(start)} to {clock(end)}{more}",
                mix.timeline.origin("tracks", other.number),
                "move one of the clips: a later start_ms",
                (Related(mix.timeline.origin("tracks", one.number), "the other one"),),
                Severity.WARNING,
            )


def _distance(mix: Surveyed, voices: Sequence[Heard], bed: Heard) -> Iterator[Diagnostic]:
    """A bed that is too close below the voices where they speak, or too far."""
    spoken = np.max([voice.shares for voice in voices], axis=0)
    spoken = np.where(bed.powers > 0.0, spoken, 0.0)
    speech = active_blocks(np.sum([voice.powers for voice in voices], axis=0), spoken)
    below = active_blocks(bed.powers, spoken)
    audible = (speech > 0.0) & (below > 0.0)
    if audible.sum() < LEAST_S * _STEPS_PER_SECOND:
        return
    distances = lufs(speech[audible]) - lufs(below[audible])
    close = [distances[s:e] for s, e in spans_of(distances < CLOSE_LU)]
    close = [run for run in close if len(run) > LEAST_S * _STEPS_PER_SECOND]
    apart = float(np.median(distances))
    track = mix.timeline.tracks[bed.number]
    role = mix.timeline.tracks[voices[0].number].role
    wanted = AMBIENCE_LU if track.role == AMBIENCE else WANTED_LU
    help = f"level: {{below: {{role: {role}, lu: {wanted}}}}}"
    if close:
        near = np.concatenate(close)
        seconds = len(near) / _STEPS_PER_SECOND
        message = (
            f"{track.id} is only {np.median(near):.1f} LU below the speech, for {seconds:.0f} s"
        )
        yield _bed(mix, bed, Code.BED_CLOSE, message, help)
    elif apart > FAR_LU and track.role != AMBIENCE:
        message = f"{track.id} is {apart:.1f} LU below the speech, where it is hardly audible"
        yield _bed(mix, bed, Code.BED_FAR, message, help)


def _bed(mix: Surveyed, bed: Heard, code: Code, message: str, help: str) -> Diagnostic:
    origin = mix.timeline.origin("tracks", bed.number)
    return Diagnostic(code, message, origin, help, severity=Severity.WARNING)


def _heard(mix: Surveyed, number: int) -> Heard | None:
    """A track on the clock of the mix; None if it is silent, or was not surveyed."""
    timeline, rate = mix.timeline, mix.timeline.sample_rate
    track = timeline.tracks[number]
    solo = any(each.solo for each in timeline.tracks)
    if track.mute or (solo and not track.solo):
        return None
    count = _step(mix_length(timeline, mix.media), rate)
    powers, shares = np.zeros(count), np.zeros(count)
    for c, clip in enumerate(track.clips):
        excerpt = None if clip.mute else excerpt_of(mix, (number, c))
        if excerpt is None or not len(excerpt.powers):
            continue
        where = extent(clip, rate, mix.media)
        first, last = _step(where.start, rate), min(_step(where.end, rate), count)
        steps = np.arange(max(last - first, 0))
        at = np.minimum((steps * excerpt.speed).astype(np.int64), len(excerpt.powers) - 1)
        moved = _moved(points(clip.automation.gain, rate), steps * rate // _STEPS_PER_SECOND)
        gained = lufs(excerpt.powers[at]) + float(clip.gain_db) + moved
        powers[first:last] += power_of(gained)
        shares[first:last] = np.maximum(shares[first:last], excerpt.shares[at])
    samples = np.arange(count) * rate // _STEPS_PER_SECOND
    bus = next(bus for bus in mix.buses if bus.id == mix.routes[track.id])
    gains = _moved(points(track.automation.gain, rate), samples)
    gains += float(track.gain_db) + bus.gain_db
    if bus.id in mix.ducking:
        gains += _moved(mix.ducking[bus.id].points, samples)
    return Heard(number, power_of(lufs(powers) + gains), shares) if powers.any() else None


def _moved(moves: Sequence[Point], samples: np.ndarray) -> FloatArray:
    """The gain of automation at samples, dB, taken as linear."""
    if not moves:
        return np.zeros(len(samples))
    return np.asarray(np.interp(samples, [p.at for p in moves], [p.value for p in moves]))


def _step(sample: int, rate: int) -> int:
    return sample * _STEPS_PER_SECOND // rate
