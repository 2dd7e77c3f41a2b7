"""The pipeline: one ordered tuple of passes, and the loop that runs them.

Promises: the errors of a pass stop the pipeline after it, all of them collected. The verifier runs
after every pass that changes the graph; what it finds is a fault of that pass, not of the user, as
is any exception of a pass that is not a diagnostic. A faulty pass leaves a reproducer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from time import perf_counter

from attrs import evolve, frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, IRError, MixdownError, TimelineError, did_you_mean, errors
from ..ir.verify import verify
from .lower import Lower
from .passes.base import Pass
from .passes.clamp_overlaps import ClampOverlaps
from .passes.common_subexpressions import CommonSubexpressions
from .passes.dead_code import DeadCode
from .passes.drop_identity import DropIdentity
from .passes.duck import Ducking
from .passes.fold_gain import FoldGain
from .passes.legalize import Legalize, VerifyLegal
from .passes.pack_lanes import PackLanes
from .passes.resolve_facts import ResolveFacts
from .passes.resolve_roles import ResolveRoles
from .passes.toposort import Toposort
from .passes.validate import Validate
from .reproducer import failure
from .unit import Unit

PIPELINE: tuple[Pass, ...] = (
    Validate(),
    ResolveRoles(),
    ClampOverlaps(),
    Ducking(),
    Lower(),
    ResolveFacts(),
    FoldGain(),
    DropIdentity(),
    DeadCode(),
    CommonSubexpressions(),
    PackLanes(),
    Legalize(),
    Toposort(),
    VerifyLegal(),
)

# The passes for a graph, whether lowered or read from a file.
AFTER_LOWER = PIPELINE[PIPELINE.index(Lower()) + 1 :]


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
        """Whether it changed anything besides warnings and the key of the facts."""
        before, after = (evolve(u, fact_key="", diagnostics=()) for u in (self.before, self.after))
        return before != after


def run_pipeline(
    unit: Unit, passes: tuple[Pass, ...], reproducer_dir: Path | None = None
) -> Iterator[Ran]:
    """Runs the passes in their order, each when its result is asked for.

    Args:
        unit: where to begin.
        passes: what to run.
        reproducer_dir: where the reproducer of a faulty pass goes; None: see `reproducer`.

    Raises:
        TimelineError: what a pass found wrong with the timeline; warnings stay on the unit.
        PassError: MIX416 a pass failed; MIX4xx it left a graph that breaks an invariant.
    """
    for number in range(len(passes)):
        ran = _run(unit, passes[number:], reproducer_dir)
        yield ran
        unit = ran.after


def final(unit: Unit, passes: tuple[Pass, ...]) -> Unit:
    """The unit after all of the passes; errors as `run_pipeline`."""
    for ran in run_pipeline(unit, passes):
        unit = ran.after
    return unit


def select(
    passes: tuple[Pass, ...], disable: Collection[str] = (), limit: int | None = None
) -> tuple[Pass, ...]:
    """The passes that run: all that must, and the first `limit` of the optional ones left.

    Args:
        passes: all of them.
        disable: names of optional passes to leave out.
        limit: how many optional passes may run; None: all. It helps to find a faulty one.

    Raises:
        MixdownError: MIX307, a disabled pass is unknown or cannot be switched off.
    """
    _check_disabled(passes, disable)
    left = [step for step in passes if step.name not in disable]
    allowed = [step.name for step in left if step.optional][:limit]
    return tuple(step for step in left if not step.optional or step.name in allowed)


def _run(unit: Unit, rest: tuple[Pass, ...], reproducer_dir: Path | None) -> Ran:
    """The first of `rest` on the unit, verified."""
    began = perf_counter()
    try:
        after = rest[0].run(unit)
    except IRError as error:  # it built a graph that cannot exist
        raise failure(unit, rest, error, reproducer_dir) from error
    except MixdownError:
        raise
    except Exception as error:
        raise failure(unit, rest, error, reproducer_dir) from error
    ended = perf_counter()
    if errors(after.diagnostics):
        raise TimelineError(after.diagnostics, after.timeline.documents)
    if after.graph is not None and after.graph is not unit.graph:
        found = verify(after.graph)
        if found:
            raise failure(unit, rest, found, reproducer_dir)
    return Ran(rest[0], unit, after, ended - began, perf_counter() - ended)


def _check_disabled(passes: tuple[Pass, ...], disable: Collection[str]) -> None:
    optional = [step.name for step in passes if step.optional]
    problems = [
        Diagnostic(
            Code.BAD_REQUEST,
            f"no pass called {name!r} can be switched off",
            help=did_you_mean(name, optional),
        )
        for name in disable
        if name not in optional
    ]
    if problems:
        raise MixdownError(problems)
