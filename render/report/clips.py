"""Lists which clips sound where, for the checks of a report.

Positions equal those of the graph, because both come from compiler/geometry.py. A mix that was
compiled from a graph has no timeline clips, so the list is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from ...audio.envelope import gain_envelope
from ...backends.native.values import frames_of
from ...compiler.driver import Compilation
from ...compiler.geometry import Crossfades, crossfades, extent, points
from ...compiler.timeline.model import Clip, Timeline, Track, clip_id
from ...ir.nodes import Edge, Point, Source
from ...ir.origin import Origin
from ...ir.units import decibels, samples


@frozen(kw_only=True)
class SoundingClip:
    """A clip that sounds. Times are samples of the mix.

    Attributes:
        name: track and clip, as in the names of graph values: "host/c1".
        track, bus: their ids.
        start, stop: its first sample, and the first after it, where a crossfade may have cut it.
        offset: the sample of its source, at the session rate, at which it starts.
        fades: the length of the fade at each edge.
        crossfaded: the edges that are crossfades.
        source: the source it plays.
        ratio: samples of the mix per sample of the source.
        origin: its place in the document.
        accepts: the faults in it that are meant, with the reasons.
        moves: gain automation of clip and track, each with the origin of its points.
    """

    name: str
    track: str
    bus: str
    start: int
    stop: int
    offset: int
    fades: tuple[int, int]
    crossfaded: tuple[Edge, ...]
    source: Source
    ratio: float
    origin: Origin
    accepts: Mapping[str, str]
    moves: tuple[tuple[int, tuple[Point, ...]], ...]

    def automation_db(self, at: int) -> float:
        """The total gain automation of clip and track at a sample of the mix, dB."""
        total = 0.0
        for start, moves in self.moves:
            total += decibels(gain_envelope(frames_of(moves), max(at - start, 0), 1)[0])
        return total


def sounding_clips(compilation: Compilation) -> tuple[SoundingClip, ...]:
    """Every sounding clip of the mix, in timeline order."""
    timeline = compilation.timeline
    solo = any(track.solo for track in timeline.tracks)
    return tuple(
        clip
        for number, track in enumerate(timeline.tracks)
        if not track.mute and (track.solo or not solo)
        for clip in _of_track(compilation, number, track)
    )


def united(clips: Iterable[SoundingClip]) -> list[tuple[int, int]]:
    """The samples [start, stop) of the mix in which at least one of the clips plays, in order."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted((clip.start, clip.stop) for clip in clips):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], stop))
        else:
            found.append((start, stop))
    return found


def _of_track(compilation: Compilation, number: int, track: Track) -> Iterator[SoundingClip]:
    timeline, media = compilation.timeline, compilation.media
    rate = timeline.sample_rate
    extents = [extent(clip, rate, media) for clip in track.clips]
    joined = crossfades(track, extents, rate)
    for index, (clip, where) in enumerate(zip(track.clips, extents, strict=True)):
        join = joined.get(index, Crossfades())
        length = where.length if join.length is None else join.length
        if clip.mute or where.start >= compilation.length or length <= 0:
            continue
        source = media[clip.source]
        played, session = source.rates(rate)
        yield SoundingClip(
            name=f"{track.id}/{clip_id(clip, index)}",
            track=track.id,
            bus=compilation.routes[track.id],
            start=where.start,
            stop=min(where.start + length, compilation.length),
            offset=where.offset,
            fades=_fades(clip, join, rate, cut=where.start + length > compilation.length),
            crossfaded=(*[Edge.IN] * bool(join.fade_in), *[Edge.OUT] * bool(join.fade_out)),
            source=source,
            ratio=session / played,
            origin=timeline.origin("tracks", number, "clips", index),
            accepts=clip.accept,
            moves=tuple(_moves(timeline, track, clip, where.start)),
        )


def _fades(clip: Clip, join: Crossfades, rate: int, *, cut: bool) -> tuple[int, int]:
    """The fade lengths of a clip; its fade-out is 0 if the mix ends first."""
    fade_in = join.fade_in or samples(clip.fade_in_ms, rate)
    fade_out = join.fade_out or samples(clip.fade_out_ms, rate)
    return fade_in, 0 if cut else fade_out


def _moves(
    timeline: Timeline, track: Track, clip: Clip, start: int
) -> Iterator[tuple[int, tuple[Point, ...]]]:
    for origin, automation in ((start, clip.automation), (0, track.automation)):
        if automation.gain:
            yield origin, points(automation.gain, timeline.sample_rate)
