"""The steps of a plan that its loudness loop repeats, and those before and after them."""

from __future__ import annotations

from typing import NamedTuple

from ..ir.nodes import OutputRole, Reading
from .plan import LoudnessGoal, Plan, Step

LOUDNESS_KEY = "lavfi.r128.I"
"""The key under which a measuring step gives the integrated loudness, LUFS: that of ffmpeg's
ebur128, for steps of other programs too."""


RMS_KEY = "lavfi.astats.Overall.RMS_level"
"""The same for the RMS, dBFS: that of ffmpeg's astats."""


def level_key(reading: Reading) -> str:
    """The key under which a measuring step gives what a goal reads."""
    return RMS_KEY if reading is Reading.RMS else LOUDNESS_KEY


WINDOW_MS = 400
"""The window of the measurement (ITU-R BS.1770-5)."""


def window_samples(rate: int) -> int:
    """The samples of a window at a rate, rounded up."""
    return -(-WINDOW_MS * rate // 1000)


class LoopSteps(NamedTuple):
    """The steps of a plan with a loudness to reach, each part in the plan's order.

    Attributes:
        before: do not depend on the gain.
        looped: lead from the gain to the delivered master.
        after: need the settled gain, but the master does not need them.
    """

    before: tuple[Step, ...]
    looped: tuple[Step, ...]
    after: tuple[Step, ...]


def loop_steps(plan: Plan, goal: LoudnessGoal) -> LoopSteps:
    """The plan's steps, by how they depend on the gain."""
    moved: set[str] = set()
    for step in plan.steps:
        known = {goal.gain_fact, goal.margin_fact}.intersection(step.facts())
        if known or moved.intersection(step.after):
            moved.add(step.id)
    feeding = _with_ancestors(plan, _delivering(plan).id)
    return LoopSteps(
        before=tuple(s for s in plan.steps if s.id not in moved),
        looped=tuple(s for s in plan.steps if s.id in moved and s.id in feeding),
        after=tuple(s for s in plan.steps if s.id in moved and s.id not in feeding),
    )


def measuring_steps(plan: Plan, goal: LoudnessGoal) -> set[str]:
    """The ids of the steps that make and measure the premaster."""
    return _with_ancestors(plan, goal.measure)


def _delivering(plan: Plan) -> Step:
    """The step that writes the master."""
    master = next(d.file for d in plan.deliveries if d.role is OutputRole.MASTER)
    return next(step for step in plan.steps if master in step.outputs)


def _with_ancestors(plan: Plan, step_id: str) -> set[str]:
    """A step and all that must run before it."""
    found = {step_id}
    for step in reversed(plan.steps):
        if step.id in found:
            found.update(step.after)
    return found
