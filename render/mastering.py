"""Runs a whole plan, with the loudness loop around the steps that have to be repeated.

Promises: every step runs once, after those that it depends on, except the steps between the
loudness gain and the delivered master, which run once an attempt. Steps that depend on the settled
gain but do not lead to the master (mastered stems) run once, after the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from attrs import evolve, frozen

from ..audio.meter.measure import Measurement
from ..audio.meter.premaster import PremasterLevels
from ..compiler.facts import FinishFacts
from ..ir.diagnostics import Diagnostic
from ..ir.nodes import Reading
from ..plans.loop import level_key, loop_steps, measuring_steps
from ..plans.plan import LoudnessGoal
from .delivery import loop_levels
from .executor import Executor
from .loudness import Levels, Limited, Setting, is_silent, run_loop
from .recording import feed_file

_LOWER_DB: Mapping[str, float] = {"ffmpeg": 0.2}
"""Program -> how much lower than its own ceiling one of mixdown's limiter is that takes as much
loudness. alimiter aims 0.4 dB lower than ours, and recovers faster; over speech and music limited
by up to 1.5 LU, this came within 0.06 LU."""


@frozen
class PremasterReading:
    """The loudness of a premaster in LUFS, and its levels if this process measured them."""

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
    limiters = [step.program for step in parts.looped if goal.margin_fact in step.facts()]
    if premaster is None:
        readings = executor.run_steps(parts.before, {})
        premaster = PremasterReading(
            readings[goal.measure].get(level_key(goal.reading), float("-inf")),
            _levels(executor, goal, is_limited=bool(limiters)),
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

    limited = prediction(premaster.levels, goal.reading, limiters)
    outcome = run_loop(goal, premaster.lufs, finish, limited)
    executor.run_steps(parts.after, _facts(goal, outcome.setting))
    reached = FinishFacts(
        integrated_lufs=None if is_silent(premaster.lufs) else premaster.lufs,
        gain_db=outcome.setting.gain_db,
        margin_db=outcome.setting.margin_db,
    )
    return Mastered(reached, measurements[-1], premaster, outcome.diagnostics)


def prediction(
    levels: PremasterLevels | None, reading: Reading, limiters: Sequence[str]
) -> Limited | None:
    """What predicts the loudness of the master; None if nothing can.

    limiters: the programs of the steps that limit it.
    """
    if levels is None or reading is Reading.RMS or not limiters:
        return None
    lower = _LOWER_DB.get(limiters[0], 0.0)
    return lambda gain_db, ceiling_db: levels.limited(gain_db, ceiling_db - lower)


def _levels(executor: Executor, goal: LoudnessGoal, *, is_limited: bool) -> PremasterLevels | None:
    """What this process measures of the premaster; None if it cannot, or nothing depends on it.

    One that another program made is read for the limiter: to finish it once more costs much more.
    """
    path = Path(executor.spaces.path(executor.plan[goal.measure].inputs[0]))
    tap = executor.taps.get(path)
    if tap is None or not (tap.has_begun or is_limited):
        return None
    try:
        if not tap.has_begun:
            feed_file(path, tap, lambda done: None)
        found: PremasterLevels = tap.result()
    except (ValueError, OSError):
        return None
    return found


def _facts(goal: LoudnessGoal, setting: Setting) -> Mapping[str, float]:
    return {goal.gain_fact: setting.gain_db, goal.margin_fact: setting.margin_db}
