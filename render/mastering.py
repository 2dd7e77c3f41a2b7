"""Runs a whole plan, with the loudness loop around the steps that have to be repeated.

Promises: every step runs once, after those that it depends on, except the steps between the
loudness gain and the delivered master, which run once an attempt. Steps that depend on the settled
gain but do not lead to the master (mastered stems) run once, after the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import evolve, frozen

from ..audio.meter.measure import Measurement
from ..audio.meter.premaster import PremasterLevels
from ..compiler.facts import FinishFacts
from ..ir.diagnostics import Diagnostic
from ..ir.nodes import Reading
from ..plans.loop import level_key, loop_steps, measuring_steps
from ..plans.plan import OURSELVES, LoudnessGoal, Step
from .delivery import loop_levels
from .executor import Executor
from .loudness import Levels, Setting, is_silent, run_loop


@frozen
class PremasterReading:
    """The loudness of a premaster in LUFS, and its levels if this process measured it."""

    lufs: float
    levels: PremasterLevels | None


@frozen
class Mastered:
    """How a plan with a loudness loop ended.

    Attributes:
        finish: how the master reached its loudness.
        measurement: of the master as it will be delivered.
        premaster: what entered the gain.
        diagnostics: warnings.
    """

    finish: FinishFacts
    measurement: Measurement
    premaster: PremasterReading
    diagnostics: tuple[Diagnostic, ...]


def run_plan(
    executor: Executor,
    measure: Callable[[Path], Measurement],
    premaster: PremasterReading | None = None,
) -> Mastered | None:
    """Run every step of the executor's plan; None where its plan has no loudness loop.

    `measure` measures a finished master. With `premaster` that is there already, and so read: the
    steps that make and measure it are left out.

    Raises:
        RenderError: a step failed, or the ceiling could not be held.
    """
    plan = executor.plan
    goal = plan.loudness
    if goal is None:
        executor.run_steps(plan.steps, {})
        return None
    parts = loop_steps(plan, goal)
    if premaster is None:
        readings = executor.run_steps(parts.before, {})
        premaster = PremasterReading(
            readings[goal.measure].get(level_key(goal.reading), float("-inf")),
            _levels(executor, goal),
        )
    else:
        done = measuring_steps(plan, goal)
        executor.run_steps([step for step in parts.before if step.id not in done], {})
    master = Path(executor.spaces.path(plan.deliveries[0].file))
    measurements: list[Measurement] = []

    def finish(setting: Setting) -> Levels:
        attempt = len(measurements)
        which = f", correction {attempt}" if attempt else ""
        steps = [evolve(step, purpose=f"{step.purpose}{which}") for step in parts.looped]
        executor.run_steps(steps, _facts(goal, setting))
        measurements.append(measure(master))
        return loop_levels(measurements[-1], goal.reading)

    limited = None
    levels = None if goal.reading is Reading.RMS else premaster.levels
    if levels is not None and any(_limits(step, goal) for step in parts.looped):
        limited = levels.limited
    outcome = run_loop(goal, premaster.lufs, finish, limited)
    executor.run_steps(parts.after, _facts(goal, outcome.setting))
    reached = FinishFacts(
        integrated_lufs=None if is_silent(premaster.lufs) else premaster.lufs,
        gain_db=outcome.setting.gain_db,
        margin_db=outcome.setting.margin_db,
    )
    return Mastered(reached, measurements[-1], premaster, outcome.diagnostics)


def _levels(executor: Executor, goal: LoudnessGoal) -> PremasterLevels | None:
    """What this process measured of the premaster; None if another program did."""
    file = executor.plan[goal.measure].inputs[0]
    tap = executor.taps.get(Path(executor.spaces.path(file)))
    return tap.result() if tap is not None and tap.has_begun else None


def _limits(step: Step, goal: LoudnessGoal) -> bool:
    """Whether it is a step of mixdown's own with the limiter, whose effect can be predicted."""
    return step.program == OURSELVES and goal.margin_fact in step.facts()


def _facts(goal: LoudnessGoal, setting: Setting) -> Mapping[str, float]:
    return {goal.gain_fact: setting.gain_db, goal.margin_fact: setting.margin_db}
