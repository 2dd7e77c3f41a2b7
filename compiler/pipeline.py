"""The pipeline: one ordered tuple of passes, and the loop that runs them.

Promises: the errors of a pass stop the pipeline after it, all of them collected, with those of the
next passes that check invalid timelines too. The verifier runs
after every pass that changes the graph; what it finds is a fault of that pass, not of the user, as
is any exception of a pass that is not a diagnostic. A faulty pass leaves a reproducer.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from time import perf_counter

from attrs import evolve, frozen

from ..ir.diagnostics import Diagnostic, IRError, MixdownError, TimelineError, errors
from ..ir.graph import Graph
from ..ir.verify import verify
from ..programs.timings import timed
from .edits.cut import Cutting
from .edits.dynamics import Gates, Thresholds
from .edits.level import Leveling
from .edits.place import Placing
from .edits.select import Selecting
from .passes.base import Pass
from .passes.clamp_overlaps import ClampOverlaps
from .passes.duck import Ducking
from .passes.fold_automation import FoldAutomation
from .passes.fold_gain import FoldGain
from .passes.join_clips import JoinClips
from .passes.legalize import Legalize, Toposort, VerifyLegal
from .passes.lower import Lower
from .passes.pack_lanes import PackLanes
from .passes.resolve_facts import ResolveFacts
from .passes.resolve_roles import ResolveRoles
from .passes.simplify import CommonSubexpressions, DeadCode, DropIdentity
from .passes.validate import Validate
from .reproducer import failure
from .unit import Unit

# From a timeline to a graph.
FRONT: tuple[Pass, ...] = (
    Placing(),
    Validate(),
    ResolveRoles(),
    ClampOverlaps(),
    Leveling(),
    Thresholds(),
    Cutting(),
    Ducking(),
    Gates(),
    Selecting(),
    Lower(),
)

OPTIMISATIONS: tuple[Pass, ...] = (
    FoldAutomation(),
    FoldGain(),
    DropIdentity(),
    JoinClips(),
    DeadCode(),
    CommonSubexpressions(),
    PackLanes(),
)

# To a graph that the backend can express.
BACK: tuple[Pass, ...] = (Legalize(), Toposort(), VerifyLegal())


def pipeline(optimisations: tuple[Pass, ...] = OPTIMISATIONS) -> tuple[Pass, ...]:
    """Every pass of a compilation, in order."""
    return (*FRONT, ResolveFacts(), *optimisations, *BACK)


@frozen
class Ran:
    """One pass that ran: the unit before and after it, the seconds in it and in the verifier."""

    step: Pass
    before: Unit
    after: Unit
    seconds: float
    verifying: float

    @property
    def changed(self) -> bool:
        """Whether it changed anything besides warnings and the keys of the facts."""
        before, after = (evolve(u, keys=None, diagnostics=()) for u in (self.before, self.after))
        return before != after


def run_pipeline(unit: Unit, passes: tuple[Pass, ...]) -> Iterator[Ran]:
    """Runs the passes on a unit in their order, each when its result is asked for.

    Raises:
        TimelineError: what a pass found wrong with the timeline; warnings stay on the unit.
        PassError: MIX416, a pass failed, or it left a graph that breaks an invariant.
    """
    for number in range(len(passes)):
        ran = _run(unit, passes[number:])
        yield ran
        unit = ran.after


def final(unit: Unit, passes: tuple[Pass, ...]) -> Unit:
    """The unit after all of the passes; errors as `run_pipeline`."""
    for ran in run_pipeline(unit, passes):
        unit = ran.after
    return unit


def problems(unit: Unit) -> tuple[Diagnostic, ...]:
    """Everything that the passes find wrong with a timeline that has errors already."""
    return _with_later(unit, FRONT)


def _with_later(unit: Unit, rest: tuple[Pass, ...]) -> tuple[Diagnostic, ...]:
    """The diagnostics of a unit with errors, and those of the next passes that can still check."""
    for later in takewhile(lambda step: step.checks_invalid, rest):
        try:
            unit = later.run(unit)
        except MixdownError:  # made by what is wrong already
            break
    return unit.diagnostics


def _run(unit: Unit, rest: tuple[Pass, ...]) -> Ran:
    """The first of `rest` on the unit, verified."""
    began = perf_counter()
    try:
        with timed("pass", rest[0].name):
            after = rest[0].run(unit)
        if unit.graph is not None and not isinstance(after.graph, Graph):
            raise TypeError("it returned no graph")
    except IRError as error:  # it built a graph that cannot exist
        raise failure(unit, rest, error) from error
    except MixdownError:
        raise
    except Exception as error:
        raise failure(unit, rest, error) from error
    ended = perf_counter()
    if errors(after.diagnostics):
        raise TimelineError(_with_later(after, rest[1:]), after.timeline.documents)
    if after.graph is not None and after.graph is not unit.graph:
        with timed("verifier", rest[0].name):
            found = verify(after.graph, before=unit.graph)
        if found:
            raise failure(unit, rest, found)
    return Ran(rest[0], unit, after, ended - began, perf_counter() - ended)
