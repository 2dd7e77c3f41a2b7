"""From the graph that the passes leave to the plan: what goes into the files beside the samples."""

from __future__ import annotations

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError, Severity
from ..ir.graph import Graph
from ..ir.nodes import Loudnorm
from ..plans import encoding
from ..plans.encoding import Extras
from ..plans.plan import EmitOptions, Plan
from .chapters import chapters
from .unit import Unit


def plan_of(unit: Unit, *, single: bool = False, one_pass: bool = False) -> Plan:
    """The plan of a unit that has been through all passes.

    Args:
        unit: whose graph is legal for its backend.
        single: one command with everything in it.
        one_pass: with `single`, whether the program may normalise the loudness by its own means.

    Raises:
        MixdownError: MIX307, one pass is asked of several steps.
        BackendError: MIX502, the backend cannot express it.
    """
    if one_pass and not single:
        raise MixdownError(
            Diagnostic(
                Code.BAD_REQUEST,
                "one pass is a way of one command alone",
                help="ask for one command too (--single); several steps measure, which is exact",
            )
        )
    timeline = unit.timeline
    extras = Extras(
        chapters=chapters(timeline, unit.ir.session.length or 0),
        cover=unit.cover.path if unit.cover else None,
    )
    tags = tuple(sorted(timeline.metadata.items()))
    options = EmitOptions(single=single, one_pass=one_pass, tags=tags)
    return encoding.emit(unit.backend.emit, unit.ir, options, extras)


def one_pass_warnings(graph: Graph) -> tuple[Diagnostic, ...]:
    """What is to be said of a loudness that a program reaches by its own means, if one is."""
    unknown = [n for n in graph if isinstance(n, Loudnorm) and n.gain_db is None]
    return tuple(
        Diagnostic(
            Code.ONE_PASS,
            f"one pass only comes near {node.target_lufs:g} LUFS (0.1 LU off as a rule, 2 on loops "
            "of hard hits), with a gain that moves",
            origin=node.origin,
            help="for the exact loudness and a static gain, render it, or give its --facts",
            severity=Severity.WARNING,
        )
        for node in unknown[:1]
    )
