"""The loudness loop: one static gain and one limiter margin, corrected until the file is right.

Promises (docs/semantics.md, "Loudness and the finish"): the first gain is the target minus the
measured integrated loudness (ITU-R BS.1770-5) of what enters it. What is delivered is measured,
and at most three corrections follow. Among what was tried, the file that is under the ceiling and
nearest to the target is the one delivered. The ceiling outranks the target: a target that cannot
be reached under it is a warning, a ceiling that cannot be held is an error.

A limiter takes away loudness from material whose peaks it holds, so a correction is divided by
the slope that the last two attempts showed (the secant method). The push into the limiter beyond
the first gain is bounded: past 6 dB it would distort more than it gains.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from attrs import frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError, Severity
from ..plans.plan import LoudnessLoop

TOLERANCE_LU = 0.1
"""How far from the target a master may be without a warning."""

AIM_LU = 0.05
"""How near a correction tries to come: two meters that both conform differ by some hundredths."""

MAX_CORRECTIONS = 3
MAX_PUSH_DB = 6.0
"""How much more gain than target minus measured loudness a correction may ask for."""

SAFETY_DB = 0.05
"""How much further than the overshoot the limiter's aim is lowered."""

SILENCE_LUFS = -70.0
"""The absolute gate of BS.1770-5: nothing at or below it has a loudness; meters that print a
number for it print this one."""

LEAST_SLOPE = 0.25
DECIMALS = 4
"""Of the settings, in dB: finer than any ear or meter, coarse enough to be the same everywhere."""


@frozen
class Setting:
    """What the loop may move: the static gain and the limiter's margin under the ceiling, dB."""

    gain_db: float
    margin_db: float = 0.0


@frozen
class Levels:
    """What counts of a delivered file: integrated LUFS, true peak in dBTP; -inf for silence."""

    integrated: float
    true_peak_dbtp: float


@frozen
class Outcome:
    """How the loop ended: the setting of the delivered file, its levels, and warnings."""

    setting: Setting
    levels: Levels
    diagnostics: tuple[Diagnostic, ...] = ()


@frozen
class _Attempt:
    setting: Setting
    levels: Levels


def is_silent(lufs: float) -> bool:
    """Whether a reading says that there is nothing to measure."""
    return not lufs > SILENCE_LUFS


def first_setting(goal: LoudnessLoop, measured_lufs: float) -> Setting:
    """The setting that the measured loudness asks for; gain 0 for silence."""
    gain = 0.0 if is_silent(measured_lufs) else goal.target_lufs - measured_lufs
    return Setting(round(gain, DECIMALS))


def reach(goal: LoudnessLoop, measured_lufs: float, finish: Callable[[Setting], Levels]) -> Outcome:
    """Finish, measure and correct until the delivered file meets the goal.

    Args:
        goal: target and ceiling.
        measured_lufs: integrated loudness of what enters the gain; -inf, NaN or -70 for silence.
        finish: makes the file with a setting and measures it; called once to five times, the last
            time with the setting of the outcome.

    Raises:
        RenderError: MIX607, no attempt was under the ceiling; and what `finish` raises.
    """
    attempts = [_attempt(first_setting(goal, measured_lufs), finish)]
    if is_silent(measured_lufs):
        return Outcome(attempts[0].setting, attempts[0].levels, (silence(),))
    while len(attempts) <= MAX_CORRECTIONS:
        setting = _corrected(goal, attempts)
        if setting == attempts[-1].setting:
            break
        attempts.append(_attempt(setting, finish))
    best = min(attempts, key=lambda attempt: _distance(goal, attempt.levels))
    if best is not attempts[-1]:
        finish(best.setting)
    return Outcome(best.setting, best.levels, judge(goal.target_lufs, goal.ceiling_db, best.levels))


def judge(target_lufs: float, ceiling_db: float, levels: Levels) -> tuple[Diagnostic, ...]:
    """What is to be said of a delivered master.

    Raises:
        RenderError: MIX607, it is over the ceiling.
    """
    over = levels.true_peak_dbtp - ceiling_db
    if over > 0.0:
        raise RenderError(
            Diagnostic(
                Code.CEILING_MISSED,
                f"the master's true peak stays {over:.2f} dB over its ceiling of "
                f"{ceiling_db:g} dBTP",
                help="nothing was delivered; choose a preset with a lower target, or turn down "
                "what peaks",
            )
        )
    if is_silent(levels.integrated):
        return (silence(),)
    missed = target_lufs - levels.integrated
    if abs(missed) <= TOLERANCE_LU:
        return ()
    side = "under" if missed > 0.0 else "over"
    why = f": its peaks leave no room under {ceiling_db:g} dBTP" if missed > 0.0 else ""
    return (
        Diagnostic(
            Code.TARGET_MISSED,
            f"the master is at {levels.integrated:.1f} LUFS, {abs(missed):.1f} LU {side} its "
            f"target of {target_lufs:g}{why}",
            help="turn down or compress what peaks, or choose a preset with a lower target",
            severity=Severity.WARNING,
        ),
    )


def silence() -> Diagnostic:
    """The warning for a mix that has no loudness."""
    return Diagnostic(
        Code.SILENT_MIX,
        "the mix is silent, so it has no loudness to bring to the target; its gain is 0 dB",
        help="check mutes, solos and gains",
        severity=Severity.WARNING,
    )


def _attempt(setting: Setting, finish: Callable[[Setting], Levels]) -> _Attempt:
    return _Attempt(setting, finish(setting))


def _corrected(goal: LoudnessLoop, attempts: list[_Attempt]) -> Setting:
    """The next setting to try; the last one where nothing is left to correct."""
    last = attempts[-1]
    over = last.levels.true_peak_dbtp - goal.ceiling_db
    margin = last.setting.margin_db + (over + SAFETY_DB if over > 0.0 else 0.0)
    error = goal.target_lufs - last.levels.integrated
    gain = last.setting.gain_db
    if math.isfinite(error) and abs(error) > AIM_LU:
        most = attempts[0].setting.gain_db + MAX_PUSH_DB
        gain = min(gain + error / _slope(attempts), most)
    return Setting(round(gain, DECIMALS), round(margin, DECIMALS))


def _slope(attempts: list[_Attempt]) -> float:
    """How many LU a dB of gain brought last, between `LEAST_SLOPE` and 1."""
    if len(attempts) < 2:
        return 1.0
    before, last = attempts[-2:]
    moved = last.setting.gain_db - before.setting.gain_db
    if moved == 0.0:
        return 1.0
    gained = last.levels.integrated - before.levels.integrated
    return min(1.0, max(LEAST_SLOPE, gained / moved))


def _distance(goal: LoudnessLoop, levels: Levels) -> tuple[float, float]:
    """Smaller is better: first the ceiling, then the target."""
    over = max(0.0, levels.true_peak_dbtp - goal.ceiling_db)
    return over, abs(goal.target_lufs - levels.integrated)
