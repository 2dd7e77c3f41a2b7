"""The loudness loop: one static gain and one limiter margin, corrected until the file is right.

Promises (docs/semantics.md, "Loudness and the finish"): the first gain is the target minus the
measured integrated loudness (ITU-R BS.1770-5) of what enters it. The delivered file is measured,
and a bounded number of corrections follows. Of all attempts, the one under the ceiling and nearest
to the target is delivered. The ceiling outranks the target: a target that cannot be reached under
it is a warning, a ceiling that cannot be held is an error.

A limiter lowers the loudness of material whose peaks it holds, so a correction is divided by the
slope that the last two attempts showed (the secant method). The push into the limiter beyond the
first gain is bounded, because a limiter that is pushed too far distorts more than it gains.

`LoopRules` holds every number of the loop. The shell scripts of plans run the same loop in awk
(script_loop.py), written from the same record.
"""

from __future__ import annotations

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
        safety_db: how much further than the overshoot the limiter's target is lowered.
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
    safety_db: float = 0.05
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
    """The levels of a finished file: integrated LUFS, true peak in dBTP; -inf for silence."""

    integrated: float
    true_peak_dbtp: float


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
        RenderError: MIX607, no attempt was under the ceiling; and what `finish` raises.
    """

    def attempt(setting: Setting) -> Attempt:
        return Attempt(setting, finish(setting))

    attempts = [attempt(first_setting(goal, premaster_lufs))]
    if is_silent(premaster_lufs):
        return Outcome(attempts[0].setting, attempts[0].levels, (silence(),))
    while (setting := next_setting(goal, attempts)) is not None:
        attempts.append(attempt(setting))
    best = best_attempt(goal, attempts)
    if best is not attempts[-1]:
        finish(best.setting)
    return Outcome(best.setting, best.levels, judge(goal.target_lufs, goal.ceiling_db, best.levels))


def next_setting(
    goal: LoudnessGoal, attempts: Sequence[Attempt], rules: LoopRules = RULES
) -> Setting | None:
    """The next setting to try; None where the corrections are used up or nothing is to correct."""
    last = attempts[-1]
    gain, margin = last.setting.gain_db, last.setting.margin_db
    over = last.levels.true_peak_dbtp - goal.ceiling_db
    if over > 0.0:
        margin += over + rules.safety_db
    missed = goal.target_lufs - last.levels.integrated
    if not is_silent(last.levels.integrated, rules) and abs(missed) > rules.aim_lu:
        most = attempts[0].setting.gain_db + rules.push_db
        gain = min(gain + missed / _slope(attempts, rules), most)
    setting = Setting(round(gain, rules.decimals), round(margin, rules.decimals))
    used_up = len(attempts) > rules.corrections
    return None if used_up or setting == last.setting else setting


def best_attempt(goal: LoudnessGoal, attempts: Sequence[Attempt]) -> Attempt:
    """The first of those least over the ceiling, and of these nearest to the target."""

    def distance(attempt: Attempt) -> tuple[float, float]:
        levels = attempt.levels
        over = max(0.0, levels.true_peak_dbtp - goal.ceiling_db)
        return over, abs(goal.target_lufs - levels.integrated)

    return min(attempts, key=distance)


def judge(target_lufs: float, ceiling_db: float, levels: Levels) -> tuple[Diagnostic, ...]:
    """The warnings about a delivered master.

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
    if abs(missed) <= RULES.tolerance_lu:
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


def _slope(attempts: Sequence[Attempt], rules: LoopRules) -> float:
    """How many LU a dB of gain brought last, from `least_slope` to 1."""
    if len(attempts) < 2:
        return 1.0
    before, last = attempts[-2:]
    moved = last.setting.gain_db - before.setting.gain_db
    if moved == 0.0:
        return 1.0
    gained = last.levels.integrated - before.levels.integrated
    return min(1.0, max(rules.least_slope, gained / moved))
