"""What each pass changed, and the plan, as data.

The text of the mix is given once, at the start; each pass has the lines that it replaced, so that
the text before and after any pass can be put together again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...compiler.pipeline_text import pipeline_text
from ...ir.diagnostics import MixdownError
from ...ir.graph import Graph
from ...plans.plan import Plan
from ..dumps import unit_text
from ..linediff import hunks
from ..owners import Owner, owners
from ..trace import Trace
from .model import FilterLabel, LineEdit, PassLog, PassRun, PlanText


def pass_log(done: Trace, *, timed: bool) -> PassLog:
    """The passes of a compilation in order, with what each changed; `timed`: and its time."""
    before = unit_text(done.start, origins=False)
    chosen = [ran.step for ran in done.ran if ran.step.optional]
    return PassLog(
        start=before,
        pipeline=pipeline_text(chosen),
        runs=tuple(_runs(done, before.splitlines(), timed=timed)),
    )


def _runs(done: Trace, lines: list[str], *, timed: bool) -> Iterator[PassRun]:
    """Each pass; `lines`: of the text before the first."""
    for ran in done.ran:
        edits: tuple[LineEdit, ...] = ()
        if ran.changed:
            after = unit_text(ran.after, origins=False).splitlines()
            if (ran.before.graph is None) == (ran.after.graph is None):
                found = hunks(lines, after)
            else:  # another language: nothing is kept
                found = iter([(0, len(lines), 0, len(after))])
            edits = tuple(
                LineEdit(at=a, removed=b - a, lines=tuple(after[c:d])) for a, b, c, d in found
            )
            lines = after
        graph = ran.after.graph
        yield PassRun(
            name=ran.step.name,
            changed=ran.changed,
            ms=round(1000 * ran.seconds, 3) if timed else None,
            verifying_ms=round(1000 * ran.verifying, 3) if timed else None,
            nodes=None if graph is None else len(graph),
            edits=edits,
        )


def plan_text(done: Trace, plan: Plan | None) -> PlanText:
    """A plan; None: that of the backend. What it cannot express is the problem instead."""
    try:
        plan = done.plan() if plan is None else plan
    except MixdownError as error:
        return PlanText(text="", labels=(), problem=str(error))
    of = _owners_of_all(done)
    labels = tuple(
        FilterLabel(filter=name, value=value, level=of[value].level.value, owner=of[value].id)
        for name, value in plan.labels.items()
        if value in of
    )
    return PlanText(text=plan.to_text(), labels=labels, problem="")


def _owners_of_all(done: Trace) -> Mapping[str, Owner]:
    """The owners of the values of the first graph and the last."""
    graphs: list[Graph] = [done.lowered.ir, done.final.ir]
    return {name: owner for graph in graphs for name, owner in owners(graph).items()}
