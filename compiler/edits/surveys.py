"""The surveys of the sources that a mix listens to.

Promises: a source is surveyed only if a level, dynamics, a ducking or a tightening needs it. A
survey that the facts carry is used as it is. Files that cannot be surveyed are reported where the
document names them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from attrs import evolve

from ...ir.diagnostics import Diagnostic
from ...ir.nodes import Source
from ...ir.origin import Origin
from ...presets.model import BusPreset, LevelTarget, MixPreset
from ..facts import Facts
from ..passes.resolve_roles import merge_buses
from ..timeline.model import Clip, Timeline, Track

if TYPE_CHECKING:
    from ...media.survey import SourceSurvey


def survey_sources(
    timeline: Timeline,
    mix: MixPreset,
    media: Mapping[str, Source],
    facts: Facts,
    *,
    everything: bool = False,
) -> tuple[Mapping[str, SourceSurvey], tuple[Diagnostic, ...]]:
    """The surveys that the mix needs, by the names of their sources, and what is wrong with files.

    With `everything`, those of all sources of its clips.

    Raises:
        MixdownError: MIX309, the timeline's detector is unknown or unusable.
    """
    needed = _needed(timeline, mix, everything=everything)
    names = {name: at for name, at in needed.items() if name in media}
    if not names:
        return {}, ()
    from ...media.survey import survey_key, survey_source  # noqa: PLC0415 (numpy and soundfile)

    def surveyed(name: str) -> SourceSurvey | Diagnostic:
        source = media[name]
        known = facts.surveys.get(survey_key(source, timeline.detector))
        if known is not None:
            return known
        path = timeline.root / source.path
        return survey_source(path, source.path, source, timeline.detector)

    found: dict[str, SourceSurvey] = {}
    problems: list[Diagnostic] = []
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for name, survey in zip(names, pool.map(surveyed, names), strict=True):
            if isinstance(survey, Diagnostic):
                problems.append(evolve(survey, origin=names[name]))
            else:
                found[name] = survey
    return found, tuple(problems)


def _needed(timeline: Timeline, mix: MixPreset, *, everything: bool) -> Mapping[str, Origin]:
    """The sources of the clips that something needs to know, with a place of each."""
    buses = merge_buses(mix.buses, timeline.buses)
    by_id = {bus.id: bus for bus in buses}
    by_role = {role: bus for bus in reversed(buses) for role in bus.roles}
    roles = set(timeline.tighten.roles) if timeline.tighten is not None else set()
    for bus in buses:
        roles |= _referred(bus.level)
        roles |= set(bus.duck.by) if bus.duck is not None and bus.duck.listens else set()
    for track in timeline.tracks:
        for level in (track.level, *(clip.level for clip in track.clips)):
            roles |= _referred(level)
    needed: dict[str, Origin] = {}
    for t, track in enumerate(timeline.tracks):
        own = by_id.get(track.bus or "") or by_role.get(track.role)
        every = everything or track.role in roles or _listens(track)
        every = every or (own is not None and _listens(own))
        for c, clip in enumerate(track.clips):
            if every or _listens(clip):
                needed.setdefault(clip.source, timeline.origin("tracks", t, "clips", c, "source"))
    return needed


def _listens(owner: BusPreset | Track | Clip) -> bool:
    """Whether a level, a compressor or a gate of an owner needs to know what it plays."""
    compress, gate = owner.compress, owner.gate
    return (
        owner.level is not None
        or (compress is not None and compress.threshold_db is None)
        or (gate is not None and gate.threshold_db is None)
    )


def _referred(level: LevelTarget | None) -> set[str]:
    return {level.below.role} if level is not None and level.below is not None else set()
