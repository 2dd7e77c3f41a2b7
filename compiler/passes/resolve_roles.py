"""resolve-roles: which bus each track goes to.

A track's own `bus` wins over its role. The buses are those of the mix preset in its order, with the
timeline's overrides applied, then the timeline's own in its order. Unknown roles and buses are
errors that list the known ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, did_you_mean
from ...presets.model import BusEq, BusPreset
from ..timeline.model import BusOverride, EqBand, Timeline
from ..unit import Pass, Unit


def resolve_roles(unit: Unit) -> Unit:
    """The unit with its buses and routes."""
    buses = merge_buses(unit.mix.buses, unit.timeline.buses)
    routes, problems = _routes(unit.timeline, buses)
    return evolve(unit, buses=buses, routes=routes).report(*problems)


def merge_buses(
    preset: tuple[BusPreset, ...], overrides: tuple[BusOverride, ...]
) -> tuple[BusPreset, ...]:
    """The preset's buses as the timeline changes them, then the buses it adds."""
    merged = {bus.id: bus for bus in preset}
    for override in overrides:
        merged[override.id] = _override(merged.get(override.id), override)
    return tuple(merged.values())


def _override(bus: BusPreset | None, override: BusOverride) -> BusPreset:
    base = bus or BusPreset(id=override.id)
    return evolve(
        base,
        roles=(*base.roles, *(r for r in override.roles if r not in base.roles)),
        gain_db=base.gain_db if override.gain_db is None else float(override.gain_db),
        pan=base.pan if override.pan is None else float(override.pan),
        eq=base.eq if override.eq is None else tuple(bus_eq(band) for band in override.eq),
    )


def bus_eq(band: EqBand) -> BusEq:
    """A document's band as a preset's."""
    eq = BusEq(kind=band.kind, frequency_hz=float(band.frequency_hz), gain_db=float(band.gain_db))
    return eq if band.q is None else evolve(eq, q=float(band.q))


def _routes(
    timeline: Timeline, buses: tuple[BusPreset, ...]
) -> tuple[Mapping[str, str], list[Diagnostic]]:
    by_role = {role: bus.id for bus in reversed(buses) for role in bus.roles}
    ids = [bus.id for bus in buses]
    roles = list(dict.fromkeys(role for bus in buses for role in bus.roles))
    routes: dict[str, str] = {}
    problems: list[Diagnostic] = []
    for index, track in enumerate(timeline.tracks):
        if track.role not in by_role:
            problems.append(
                Diagnostic(
                    Code.UNKNOWN_ROLE,
                    f"track {track.id!r} has the unknown role {track.role!r}",
                    origin=timeline.origin("tracks", index, "role"),
                    help=did_you_mean(track.role, roles),
                )
            )
        if track.bus is not None and track.bus not in ids:
            problems.append(
                Diagnostic(
                    Code.UNKNOWN_BUS,
                    f"track {track.id!r} goes to the unknown bus {track.bus!r}",
                    origin=timeline.origin("tracks", index, "bus"),
                    help=did_you_mean(track.bus, ids),
                )
            )
        routes[track.id] = track.bus or by_role.get(track.role, "")
    return routes, problems


RESOLVE_ROLES = Pass(
    name="resolve-roles",
    doc="Gives every track its bus: the track's own, or else the one that takes its role in the "
    "mix preset as the timeline overrides it.",
    run=resolve_roles,
    requires=("valid",),
    establishes=("routed",),
)
