"""Which steps of a plan the loudness loop repeats, and which stand before and after it."""

from __future__ import annotations

from attrs import frozen

from ..ir.nodes import OutputRole
from .plan import LoudnessLoop, Plan, Step


@frozen
class LoopPhases:
    """The steps of a plan with a loudness loop, each part in the plan's order.

    Attributes:
        before: know nothing of the gain.
        looped: lead from the gain to the delivered master.
        after: need the settled gain and feed no master.
    """

    before: tuple[Step, ...]
    looped: tuple[Step, ...]
    after: tuple[Step, ...]


def loop_phases(plan: Plan, goal: LoudnessLoop) -> LoopPhases:
    """The plan's steps, by what the gain has to do with them."""
    moved: set[str] = set()
    for step in plan.steps:
        known = {goal.gain_fact, goal.margin_fact}.intersection(step.facts())
        if known or moved.intersection(step.after):
            moved.add(step.id)
    feeding = _with_ancestors(plan, _delivering(plan).id)
    return LoopPhases(
        before=tuple(s for s in plan.steps if s.id not in moved),
        looped=tuple(s for s in plan.steps if s.id in moved and s.id in feeding),
        after=tuple(s for s in plan.steps if s.id in moved and s.id not in feeding),
    )


def _delivering(plan: Plan) -> Step:
    """The step that writes the master."""
    master = next(d.file for d in plan.deliveries if d.role is OutputRole.MASTER)
    return next(step for step in plan.steps if master in step.outputs)


def _with_ancestors(plan: Plan, step_id: str) -> set[str]:
    """A step and all that must have run before it."""
    found = {step_id}
    for step in reversed(plan.steps):
        if step.id in found:
            found.update(step.after)
    return found
