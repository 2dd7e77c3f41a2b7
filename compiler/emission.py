"""From the graph that the passes leave to the plan: what goes into the files beside the samples."""

from __future__ import annotations

from ..backends import encoding
from ..backends.encoding import Extras
from ..backends.protocol import EmitOptions, Plan
from .chapters import chapters
from .unit import Unit


def plan_of(unit: Unit, *, single: bool = False) -> Plan:
    """The plan of a unit that has been through all passes.

    Args:
        unit: whose graph is legal for its backend.
        single: one command with everything in it.

    Raises:
        BackendError: MIX502, the backend cannot express it.
    """
    timeline = unit.timeline
    extras = Extras(
        chapters=chapters(timeline, unit.ir.session.length or 0),
        cover=unit.cover.path if unit.cover else None,
    )
    options = EmitOptions(single=single, tags=tuple(sorted(timeline.metadata.items())))
    return encoding.emit(unit.backend, unit.ir, options, extras)
