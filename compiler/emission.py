"""From the graph that the passes leave to the plan: what goes into the files beside the samples."""

from __future__ import annotations

from functools import partial

from ..backends.protocol import plan_for
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, Severity, located
from ..ir.graph import Graph
from ..ir.nodes import Loudnorm
from ..plans import encoding
from ..plans.encoding import Extras
from ..plans.plan import EmitOptions, Plan
from .chapters import chapters
from .options import CompileOptions
from .unit import Unit


def plan_of(unit: Unit, options: CompileOptions) -> Plan:
    """The plan of a unit whose graph is legal for its backend.

    Raises:
        BackendError: MIX502, the backend cannot express it; MIX505, it fails.
    """
    timeline = unit.timeline
    extras = Extras(
        chapters=chapters(timeline, unit.ir.session.length or 0),
        cover=unit.cover.path if unit.cover else None,
    )
    tags = tuple(sorted(timeline.metadata.items()))
    emit = EmitOptions(single=options.single, one_pass=options.one_pass, tags=tags)
    with located(timeline.documents):
        return encoding.emit(partial(plan_for, unit.backend), unit.ir, emit, extras)


def one_pass_warnings(graph: Graph, options: CompileOptions) -> tuple[Diagnostic, ...]:
    """A warning where a program normalises the loudness by its own means."""
    if not options.one_pass:
        return ()
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
