"""Which level each clip has, and which clips share a gain.

A clip's own level counts before that of its track, and that before that of its bus. A track has one
gain for all of its clips. A bus has one for each source on each of its tracks: a speaker is then as
loud in every clip, and clips keep their differences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ...presets.model import BusPreset, LevelTarget
from ..timeline.model import Timeline, Track

ClipNumber = tuple[int, int]
"""The number of a track, and of a clip on it."""


class LevelGroup(NamedTuple):
    """Clips that get one gain.

    Attributes:
        target: their level.
        place: of the level in the timeline, by the keys that lead to it.
        bus: of their track.
        clips: the clips.
        wider: further groups, each to be measured instead if those before it are too short.
    """

    target: LevelTarget
    place: tuple[str | int, ...]
    bus: BusPreset
    clips: tuple[ClipNumber, ...]
    wider: tuple[tuple[ClipNumber, ...], ...]


def level_groups(
    timeline: Timeline, buses: tuple[BusPreset, ...], routes: Mapping[str, str]
) -> tuple[LevelGroup, ...]:
    """The groups of a timeline whose tracks are routed; muted clips and tracks are left out."""
    by_id = {bus.id: bus for bus in buses}
    return tuple(
        group
        for number, track in enumerate(timeline.tracks)
        if not track.mute
        for group in _of_track(timeline, number, track, by_id[routes[track.id]])
    )


def _of_track(
    timeline: Timeline, number: int, track: Track, bus: BusPreset
) -> Iterator[LevelGroup]:
    every = tuple((number, c) for c, clip in enumerate(track.clips) if not clip.mute)
    by_source: dict[str, list[ClipNumber]] = {}
    for t, c in every:
        by_source.setdefault(track.clips[c].source, []).append((t, c))
    rest = []
    for t, c in every:
        clip = track.clips[c]
        if clip.level is None:
            rest.append((t, c))
            continue
        place = ("tracks", t, "clips", c, "level")
        wider = (tuple(by_source[clip.source]), every)
        yield LevelGroup(clip.level, place, bus, ((t, c),), wider)
    if track.level is not None and rest:
        yield LevelGroup(track.level, ("tracks", number, "level"), bus, tuple(rest), (every,))
    elif bus.level is not None:
        for clips in by_source.values():
            shared = tuple(clip for clip in clips if clip in rest)
            if shared:
                yield LevelGroup(
                    bus.level, bus_place(timeline, bus, "level"), bus, shared, (every,)
                )


def bus_place(timeline: Timeline, bus: BusPreset, key: str) -> tuple[str | int, ...]:
    """The place of a value of a bus: in the timeline, or else that of the preset's name."""
    for index, override in enumerate(timeline.buses):
        if override.id == bus.id and getattr(override, key) is not None:
            return ("buses", index, key)
    return ("mix_preset_id",)
