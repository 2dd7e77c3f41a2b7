"""The loudness loop: one static gain and one limiter margin, corrected until the file is right.

Promises (docs/semantics.md, "Loudness and the finish"): the first gain is the target minus the
measured integrated loudness (ITU-R BS.1770-5) of what enters it; 0 dB if it has none, because it
is silent or shorter than a window of the meter. The delivered file is measured, and a bounded
number of corrections follows. Of all attempts, the one under the ceiling and nearest to the target
is delivered. The ceiling outranks the target: a target that cannot be reached under it is a
warning, a ceiling that cannot be held is an error.

A limiter lowers the loudness of material whose peaks it holds, so a correction is divided by the
slope that the last two attempts showed (the secant method). The push into the limiter beyond the
first gain is bounded, because a limiter that is pushed too far distorts more than it gains.

An encoder moves peaks anew at every setting, so the distance below the ceiling grows with every
attempt that exceeds it. If the corrections leave no file that is under the ceiling and not too
loud, a few last ones follow, which never raise the gain.

`LoopRules` holds every number of the loop. The shell scripts of plans run the same loop in awk
(script_loop.py), written from the same record.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from attrs import frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError, Severity
from ..plans.plan import LoudnessGoal


@frozen
class LoopRules:
    """The numbers of the loop.

    Attributes:
        tolerance_lu: how far from the target a master may be without a warning.
        aim_lu: how near a correction tries to come. It is less than the tolerance because two
            meters that both conform differ by some hundredths.
        corrections: how many may follow the first attempt.
        push_db: how much more gain than target minus measured loudness a correction may ask for.
        last_resorts: how many more may follow while no attempt is under the ceiling and not too
            loud.
        safety_db: how much further than the overshoot the limiter's target is lowered.
        safety_growth: the factor of `safety_db` from one attempt over the ceiling to the next.
        least_slope: the least LU that a dB of gain is expected to bring; the most is 1.
        decimals: of the settings in dB: finer than any ear or meter, coarse enough to be the same
            on every machine.
        silence_lufs: the absolute gate of BS.1770-5. Nothing at or below it has a loudness; meters
            that print a number for it print this one.
    """

    tolerance_lu: float = 0.1
    aim_lu: float = 0.05
    corrections: int = 3
    push_db: float = 6.0
    last_resorts: int = 2
    safety_db: float = 0.05
    safety_growth: float = 3.0
    least_slope: float = 0.25
    decimals: int = 4
    silence_lufs: float = -70.0


RULES = LoopRules()


@frozen
class Setting:
    """What the loop sets: the static gain, and the limiter's margin under the ceiling, in dB."""

    gain_db: float
    margin_db: float = 0.0


@frozen
class Levels:
    """The levels of a finished file.

    Attributes:
        integrated: LUFS; -inf for silence and for a file without a whole window.
        true_peak_dbtp: dBTP; -inf for silence.
        too_short: whether it has samples, but no whole window of 400 ms.
    """

    integrated: float
    true_peak_dbtp: float
    too_short: bool = False


@frozen
class Attempt:
    """A setting, and the levels of the file that was finished with it."""

    setting: Setting
    levels: Levels


@frozen
class Outcome:
    """How the loop ended: the setting and the levels of the delivered file, and warnings."""

    setting: Setting
    levels: Levels
    diagnostics: tuple[Diagnostic, ...] = ()


def is_silent(lufs: float, rules: LoopRules = RULES) -> bool:
    """Whether a reading means that there is nothing to measure."""
    return not lufs > rules.silence_lufs


def first_setting(goal: LoudnessGoal, premaster_lufs: float, rules: LoopRules = RULES) -> Setting:
    """The setting that the measured loudness asks for; gain 0 for silence."""
    gain = 0.0 if is_silent(premaster_lufs, rules) else goal.target_lufs - premaster_lufs
    return Setting(round(gain, rules.decimals))


def run_loop(
    goal: LoudnessGoal, premaster_lufs: float, finish: Callable[[Setting], Levels]
) -> Outcome:
    """Finish, measure and correct until the delivered file meets the goal.

    Args:
        goal: target and ceiling.
        premaster_lufs: integrated loudness of what enters the gain; -inf, NaN or -70 for silence.
        finish: makes the file with a setting and measures it; the last call has the setting of the
            outcome.

    Raises:
        RenderError: MIX603, the loudness is infinite; MIX607, no attempt was under the ceiling; and
            what `finish` raises.
    """
    if premaster_lufs == math.inf:
        message = "the mix is too loud to be measured: its samples overflow"
        raise RenderError.of(Code.STEP_FAILED, message, help="lower the gains")

    def attempt(setting: Setting) -> Attempt:
        return Attempt(setting, finish(setting))

    attempts = [attempt(first_setting(goal, premaster_lufs))]
    while (setting := next_setting(goal, attempts)) is not None:
        attempts.append(attempt(setting))
    best = best_attempt(goal, attempts)
    if best is not attempts[-1]:
        finish(best.setting)
    pushed = is_pushed(attempts[0].setting.gain_db, best.setting.gain_db)
    warnings = judge(goal.target_lufs, goal.ceiling_db, best.levels, pushed=pushed)
    return Outcome(best.setting, best.levels, warnings)


def next_setting(
    goal: LoudnessGoal, attempts: Sequence[Attempt], rules: LoopRules = RULES
) -> Setting | None:
    """The next setting to try; None where the corrections are used up or nothing is to correct."""
    left = rules.corrections + 1 - len(attempts)
    if left <= 0 and (left <= -rules.last_resorts or any(_good(goal, a, rules) for a in attempts)):
        return None
    last = attempts[-1]
    gain, lowered = last.setting.gain_db, 0.0
    over = last.levels.true_peak_dbtp - goal.ceiling_db
    if over > 0.0:
        times = sum(a.levels.true_peak_dbtp > goal.ceiling_db for a in attempts)
        lowered = over + rules.safety_db * rules.safety_growth ** (times - 1)
    missed = goal.target_lufs - last.levels.integrated
    if not is_silent(last.levels.integrated, rules) and abs(missed) > rules.aim_lu:
        slope = _slope(attempts, rules)
        most = attempts[0].setting.gain_db + rules.push_db
        gain = min(gain + (missed + (1.0 - slope) * lowered) / slope, most)
    if left <= 0:
        gain = min(gain, last.setting.gain_db)
    margin = last.setting.margin_db + lowered
    setting = Setting(round(gain, rules.decimals), round(margin, rules.decimals))
    return None if setting == last.setting else setting


def is_pushed(first_gain_db: float, gain_db: float, rules: LoopRules = RULES) -> bool:
    """Whether a gain is the most that a correction may ask for."""
    return gain_db >= round(first_gain_db + rules.push_db, rules.decimals)


def best_attempt(goal: LoudnessGoal, attempts: Sequence[Attempt]) -> Attempt:
    """The first of those least over the ceiling, and of these nearest to the target."""

    def distance(attempt: Attempt) -> tuple[float, float]:
        levels = attempt.levels
        over = max(0.0, levels.true_peak_dbtp - goal.ceiling_db)
        return over, abs(goal.target_lufs - levels.integrated)

    return min(attempts, key=distance)


def judge(
    target_lufs: float, ceiling_db: float, levels: Levels, *, pushed: bool = False
) -> tuple[Diagnostic, ...]:
    """The warnings about a delivered master; `pushed`: its gain is the most that is allowed.

    Raises:
        RenderError: MIX607, it is over the ceiling.
    """
    over = levels.true_peak_dbtp - ceiling_db
    if over > 0.0:
        raise RenderError.of(
            Code.CEILING_MISSED,
            f"the master's true peak remains {over:.2f} dB over its ceiling of {ceiling_db:g} dBTP",
            help="nothing was delivered; choose a preset with a lower target, or turn down "
            "what peaks",
        )
    if is_silent(levels.integrated):
        return (_no_loudness(levels),)
    missed = target_lufs - levels.integrated
    if abs(missed) <= RULES.tolerance_lu:
        return ()
    side, why = "over", ""
    if missed > 0.0:
        side, why = "under", f": its peaks leave no room under {ceiling_db:g} dBTP"
        if pushed:
            why = (
                f": the maximum extra gain of {RULES.push_db:g} dB does not make up for what "
                "limiting takes"
            )
    return (
        Diagnostic(
            Code.TARGET_MISSED,
            f"the master is at {levels.integrated:.1f} LUFS, {abs(missed):.1f} LU {side} its "
            f"target of {target_lufs:g}{why}",
            help="turn down or compress the loudest peaks, or choose a preset with a lower target",
            severity=Severity.WARNING,
        ),
    )


def judge_peak(ceiling_db: float, peak_db: float, what: str, unit: str) -> tuple[Diagnostic, ...]:
    """The warning about a file without a loudness target, which no loop holds under its ceiling.

    Quantising may raise a peak by less than 0.005 dB, which is no reason to warn; an encoder raises
    it by decibels.
    """
    over = round(peak_db - ceiling_db, 2)
    if not over > 0.0:
        return ()
    return (
        Diagnostic(
            Code.CEILING_MISSED,
            f"the {what} of the master is {over:.2f} dB over its ceiling of {ceiling_db:g} {unit}",
            help="peaks are limited before encoding; a preset with a loudness target also checks "
            "the encoded file",
            severity=Severity.WARNING,
        ),
    )


def _no_loudness(levels: Levels) -> Diagnostic:
    if levels.too_short:
        message = "the mix is too short to have a loudness: it lasts less than 400 ms"
        help_text = (
            "its ceiling is held; set its level with gains, or choose short = momentary, which "
            "measures it with silence appended"
        )
    else:
        message = "the mix is silent, so it has no loudness to bring to the target"
        help_text = "check mutes, solos and gains"
    return Diagnostic(
        Code.NO_LOUDNESS,
        f"{message}; its gain is 0 dB",
        help=help_text,
        severity=Severity.WARNING,
    )


def _good(goal: LoudnessGoal, attempt: Attempt, rules: LoopRules) -> bool:
    """Whether a file is under the ceiling and not too loud."""
    levels = attempt.levels
    louder = levels.integrated - goal.target_lufs
    return levels.true_peak_dbtp <= goal.ceiling_db and louder <= rules.tolerance_lu


def _slope(attempts: Sequence[Attempt], rules: LoopRules) -> float:
    """How many LU a dB of gain brought last, from `least_slope` to 1.

    What is held at the ceiling costs 1 - slope LU per dB, whether the gain rises or the limiter's
    target is lowered, so both count.
    """
    if len(attempts) < 2:
        return 1.0
    before, last = attempts[-2:]
    lowered = last.setting.margin_db - before.setting.margin_db
    pushed = last.setting.gain_db - before.setting.gain_db + lowered
    if abs(pushed) < rules.aim_lu:
        return 1.0
    gained = last.levels.integrated - before.levels.integrated + lowered
    return min(1.0, max(rules.least_slope, gained / pushed))
