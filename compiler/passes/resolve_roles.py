"""resolve-roles: the bus of each track.

A track's own `bus` has precedence over its role. The buses are those of the mix preset in its
order, as the timeline overrides them, then those that the timeline adds in its order. A role that a
bus of the timeline claims is removed from the preset's bus. Two buses that claim one role are an
error, and so are unknown roles and buses, and a bus with the name of the master.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import evolve, frozen

from ...documents.models import replace
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Related, did_you_mean
from ...presets.model import MASTER, BusPreset, LevelTarget
from ..timeline.model import BusOverride, Timeline
from ..unit import Unit
from .base import Pass


@frozen
class ResolveRoles(Pass):
    """Gives every track its bus.

    It is the track's own bus, or else the one that has its role in the mix preset, as the timeline
    overrides it.
    """

    name = "resolve-roles"
    requires = ("valid",)
    establishes = ("routed",)
    checks_invalid = True

    def run(self, unit: Unit) -> Unit:
        """The unit with its buses and routes."""
        buses = merge_buses(unit.mix.buses, unit.timeline.buses)
        by_role = {role: bus.id for bus in reversed(buses) for role in bus.roles}
        tracks = unit.timeline.tracks
        routes = {track.id: track.bus or by_role.get(track.role, "") for track in tracks}
        return evolve(unit, buses=buses, routes=routes).report(*_problems(unit, buses))


def merge_buses(
    preset: tuple[BusPreset, ...], overrides: tuple[BusOverride, ...]
) -> tuple[BusPreset, ...]:
    """The preset's buses as the timeline overrides them, then the buses that it adds."""
    claimed = {role: override.id for override in overrides for role in override.roles}
    merged = {bus.id: _without(bus, claimed) for bus in preset}
    for override in overrides:
        merged[override.id] = _override(merged.get(override.id), override)
    return tuple(merged.values())


def _without(bus: BusPreset, claimed: Mapping[str, str]) -> BusPreset:
    """A bus without the roles that the timeline gives to another."""
    kept = tuple(role for role in bus.roles if claimed.get(role, bus.id) == bus.id)
    return bus if kept == bus.roles else replace(bus, roles=kept)


def _override(bus: BusPreset | None, override: BusOverride) -> BusPreset:
    base = bus or BusPreset(id=override.id)
    return replace(
        base,
        roles=(*base.roles, *(r for r in override.roles if r not in base.roles)),
        gain_db=base.gain_db if override.gain_db is None else float(override.gain_db),
        pan=base.pan if override.pan is None else float(override.pan),
        eq=base.eq if override.eq is None else override.eq,
        gate=base.gate if override.gate is None else override.gate,
        deess=base.deess if override.deess is None else override.deess,
        compress=base.compress if override.compress is None else override.compress,
        duck=base.duck if override.duck is None else override.duck,
        level=base.level if override.level is None else override.level,
    )


def _problems(unit: Unit, buses: tuple[BusPreset, ...]) -> Iterator[Diagnostic]:
    """Unknown roles and buses, in the timeline and in the request."""
    timeline = unit.timeline
    ids = [bus.id for bus in buses]
    roles = list(dict.fromkeys(role for bus in buses for role in bus.roles))
    for index, track in enumerate(timeline.tracks):
        if track.role not in roles:
            yield Diagnostic(
                Code.UNKNOWN_ROLE,
                f"track {track.id!r} has the unknown role {track.role!r}",
                timeline.origin("tracks", index, "role"),
                did_you_mean(track.role, roles),
            )
        if track.bus is not None and track.bus not in ids:
            yield Diagnostic(
                Code.UNKNOWN_BUS,
                f"track {track.id!r} goes to the unknown bus {track.bus!r}",
                timeline.origin("tracks", index, "bus"),
                did_you_mean(track.bus, ids),
            )
    yield from _claims(timeline)
    for index, override in enumerate(timeline.buses):
        for role in override.duck.by if override.duck else ():
            if role not in roles:
                yield Diagnostic(
                    Code.UNKNOWN_ROLE,
                    f"bus {override.id!r} ducks for the unknown role {role!r}",
                    timeline.origin("buses", index, "duck", "by"),
                    did_you_mean(role, roles),
                )
    for role in timeline.tighten.roles if timeline.tighten else ():
        if role not in roles:
            yield Diagnostic(
                Code.UNKNOWN_ROLE,
                f"pauses of the unknown role {role!r} are tightened",
                timeline.origin("tighten", "roles"),
                did_you_mean(role, roles),
            )
    yield from _levels(timeline, buses)
    for bus in () if isinstance(unit.request.stems, bool) else unit.request.stems:
        if bus not in ids:
            message = f"a stem of the unknown bus {bus!r} is requested"
            yield Diagnostic(Code.UNKNOWN_BUS, message, help=did_you_mean(bus, ids))


def _claims(timeline: Timeline) -> Iterator[Diagnostic]:
    """Buses of the timeline that claim the same role, or the name of the master."""
    first: dict[str, int] = {}
    for index, override in enumerate(timeline.buses):
        if override.id == MASTER:
            yield Diagnostic(
                Code.DUPLICATE_ID,
                f"{MASTER!r} is the id of the master",
                timeline.origin("buses", index, "id"),
                "give this bus another id",
            )
        for role in override.roles:
            other = first.setdefault(role, index)
            if timeline.buses[other].id != override.id:
                yield Diagnostic(
                    Code.PRESET_CONFLICT,
                    f"role {role!r} is assigned to {timeline.buses[other].id!r} and to "
                    f"{override.id!r}",
                    timeline.origin("buses", index, "roles"),
                    "assign it to one bus; a track's own `bus` overrides its role",
                    (Related(timeline.origin("buses", other, "roles"), "the other"),),
                )


def _levels(timeline: Timeline, buses: tuple[BusPreset, ...]) -> Iterator[Diagnostic]:
    """Levels that contradict themselves, or stay below a role that no other bus has."""
    roles = [role for bus in buses for role in bus.roles]
    owned = {bus.id: bus.roles for bus in buses}
    for tokens, level, own in _stated_levels(timeline, owned):
        below = level.below
        if level.problem:
            place = timeline.origin(*tokens, "level")
            yield Diagnostic(Code.BAD_LEVEL, level.problem, place)
        elif below is not None and (below.role not in roles or below.role in own):
            place = timeline.origin(*tokens, "level", "below", "role")
            message = f"a level below the role {below.role!r} needs another bus with it"
            yield Diagnostic(Code.BAD_LEVEL, message, place, did_you_mean(below.role, roles))


def _stated_levels(
    timeline: Timeline, roles: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[tuple[str | int, ...], LevelTarget, tuple[str, ...]]]:
    """The place of the owner of each level of a timeline, the level, and the owner's roles."""
    for b, bus in enumerate(timeline.buses):
        if bus.level is not None:
            yield ("buses", b), bus.level, roles[bus.id]
    for t, track in enumerate(timeline.tracks):
        if track.level is not None:
            yield ("tracks", t), track.level, (track.role,)
        for c, clip in enumerate(track.clips):
            if clip.level is not None:
                yield ("tracks", t, "clips", c), clip.level, (track.role,)
