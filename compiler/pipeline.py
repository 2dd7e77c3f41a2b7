"""The pipeline: one ordered tuple of passes, and the loop that runs them.

Promises: errors of a pass stop the pipeline after it, all of them collected; the verifier runs
after every pass that leaves a graph, and what it finds is a fault of that pass, not of the user. So
is whatever a pass raises besides diagnostics of its own. A faulty pass leaves a reproducer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, IRError, MixdownError, TimelineError, did_you_mean, errors
from ..ir.verify import verify
from .lower import LOWER
from .passes.clamp_overlaps import CLAMP_OVERLAPS
from .passes.common_subexpressions import COMMON_SUBEXPRESSIONS
from .passes.dead_code import DEAD_CODE
from .passes.drop_identity import DROP_IDENTITY
from .passes.duck import DUCK
from .passes.fold_gain import FOLD_GAIN
from .passes.legalize import LEGALIZE, VERIFY_LEGAL
from .passes.pack_lanes import PACK_LANES
from .passes.resolve_facts import RESOLVE_FACTS
from .passes.resolve_roles import RESOLVE_ROLES
from .passes.toposort import TOPOSORT
from .passes.validate import VALIDATE
from .reproducer import failure
from .unit import Pass, Unit

PIPELINE: tuple[Pass, ...] = (
    VALIDATE,
    RESOLVE_ROLES,
    CLAMP_OVERLAPS,
    DUCK,
    LOWER,
    RESOLVE_FACTS,
    FOLD_GAIN,
    DROP_IDENTITY,
    DEAD_CODE,
    COMMON_SUBEXPRESSIONS,
    PACK_LANES,
    LEGALIZE,
    TOPOSORT,
    VERIFY_LEGAL,
)

# What is left to do with a graph, however it was made.
AFTER_LOWER = PIPELINE[PIPELINE.index(LOWER) + 1 :]

# Called after each pass that ran, with the unit before and after it.
Observer = Callable[[Pass, Unit, Unit], None]


def run_pipeline(
    unit: Unit,
    *,
    passes: tuple[Pass, ...] = PIPELINE,
    disable: Collection[str] = (),
    limit: int | None = None,
    observer: Observer | None = None,
    reproducer_dir: Path | None = None,
) -> Unit:
    """The unit after all passes but those that are left out.

    Args:
        unit: where to begin.
        passes: what to run, in this order.
        disable: names of optional passes to leave out.
        limit: how many optional passes may run, the first so many; to find the one to blame.
        observer: called after each pass.
        reproducer_dir: where the reproducer of a faulty pass goes; None: see `reproducer`.

    Raises:
        TimelineError: what a pass found wrong with the timeline; warnings stay on the unit.
        MixdownError: MIX307, a disabled pass is unknown or cannot be switched off.
        PassError: MIX416 a pass failed; MIX4xx it left a graph that breaks an invariant.
    """
    _check_disabled(passes, disable)
    chosen = select(passes, disable, limit)
    for number, step in enumerate(chosen):
        after = _run(unit, chosen[number:], reproducer_dir)
        if observer is not None:
            observer(step, unit, after)
        unit = after
    return unit


def select(
    passes: tuple[Pass, ...], disable: Collection[str] = (), limit: int | None = None
) -> tuple[Pass, ...]:
    """Those that run: all that must, and the first `limit` of the optional ones left."""
    left = [step for step in passes if step.name not in disable]
    allowed = [step.name for step in left if step.optional][:limit]
    return tuple(step for step in left if not step.optional or step.name in allowed)


def _run(unit: Unit, rest: tuple[Pass, ...], reproducer_dir: Path | None) -> Unit:
    """The unit after the first of `rest`, verified."""
    try:
        after = rest[0].run(unit)
    except IRError as error:  # it built a graph that cannot be
        raise failure(unit, rest, error, reproducer_dir) from error
    except MixdownError:
        raise
    except Exception as error:
        raise failure(unit, rest, error, reproducer_dir) from error
    if errors(after.diagnostics):
        raise TimelineError(after.diagnostics, after.timeline.documents)
    if after.graph is not None and after.graph is not unit.graph:
        found = verify(after.graph)
        if found:
            raise failure(unit, rest, found, reproducer_dir)
    return after


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
