"""The pipeline: one ordered tuple of passes, and the loop that runs them.

Promises: errors of a pass stop the pipeline after it, all of them collected; the verifier runs
after every pass that leaves a graph, and what it finds is a fault of that pass, not of the user.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, IRError, MixdownError, TimelineError, did_you_mean, errors
from ..ir.verify import verify
from .lower import LOWER
from .passes.clamp_overlaps import CLAMP_OVERLAPS
from .passes.common_subexpressions import COMMON_SUBEXPRESSIONS
from .passes.dead_code import DEAD_CODE
from .passes.drop_identity import DROP_IDENTITY
from .passes.fold_gain import FOLD_GAIN
from .passes.legalize import LEGALIZE, VERIFY_LEGAL
from .passes.pack_lanes import PACK_LANES
from .passes.resolve_facts import RESOLVE_FACTS
from .passes.resolve_roles import RESOLVE_ROLES
from .passes.toposort import TOPOSORT
from .passes.validate import VALIDATE
from .unit import Pass, Unit

PIPELINE: tuple[Pass, ...] = (
    VALIDATE,
    RESOLVE_ROLES,
    CLAMP_OVERLAPS,
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

# Called after each pass that ran, with the unit before and after it.
Observer = Callable[[Pass, Unit, Unit], None]


def run_pipeline(
    unit: Unit,
    *,
    passes: tuple[Pass, ...] = PIPELINE,
    disable: Collection[str] = (),
    observer: Observer | None = None,
) -> Unit:
    """The unit after all passes but the disabled ones.

    Raises:
        TimelineError: what a pass found wrong with the timeline; warnings stay on the unit.
        MixdownError: MIX307, a disabled pass is unknown or cannot be switched off.
        IRError: a pass left a graph that breaks an invariant.
    """
    _check_disabled(passes, disable)
    for step in passes:
        if step.name in disable:
            continue
        after = step.run(unit)
        if errors(after.diagnostics):
            raise TimelineError(after.diagnostics, after.timeline.documents)
        if after.graph is not None and after.graph is not unit.graph:
            _verify(step, after)
        if observer is not None:
            observer(step, unit, after)
        unit = after
    return unit


def _verify(step: Pass, unit: Unit) -> None:
    found = verify(unit.ir)
    if found:
        about = Diagnostic(
            found[0].code,
            f"the pass {step.name} left a graph that breaks an invariant; this is a fault of "
            "mixdown, not of the timeline",
            help=f"--disable {step.name} may help until it is mended" if step.optional else None,
        )
        raise IRError((about, *found), unit.timeline.documents)


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
