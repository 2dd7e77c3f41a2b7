"""The loudness loop: one static gain and one limiter margin, corrected until the file is right.

Promises (docs/semantics.md, "Loudness and the finish"): the first gain is the target minus the
measured integrated loudness (ITU-R BS.1770-5) of what enters it, and minus the gain of the encoder
if that has one; 0 dB if what enters has no loudness, because it is silent or shorter than a window
of the meter. Where mixdown's own limiter follows, its effect on the loudness is predicted first; if
the prediction misses the target by more than a correction aims for, the first gain makes up for it.
The delivered file is measured, and a bounded number of corrections follows. Of all attempts, the
one under the ceiling and nearest to the target is delivered. The ceiling outranks the target: a
target that cannot be reached under it is a warning, a ceiling that cannot be held is an error.

A limiter lowers the loudness of material whose peaks it holds, so a correction is divided by the
slope that the last two attempts showed (the secant method). The push into the limiter beyond the
first gain is bounded, because a limiter that is pushed too far distorts more than it gains.

An encoder moves peaks anew at every setting, so the distance below the ceiling grows with every
attempt that exceeds it. If the corrections leave no file that is under the ceiling and near the
target, a few last ones turn an attempt down: a lower gain with a lower limit leaves the same
signal, only quieter, which brings peaks down that the limiter does not reach.

`LoopRules` holds every number of the loop itself. The shell scripts of plans run the same loop in
awk (script_loop.py), written from the same record; they predict nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, RenderError, Severity
from ..ir.finish import Reading

if TYPE_CHECKING:
    from ..plans.plan import LoudnessGoal


@frozen
class LoopRules:
    """The numbers of the loop.

    Attributes:
        tolerance_lu: how far from the target a master may be without a warning.
        aim_lu: how near a correction tries to come. It is less than the tolerance because two
            meters that both conform differ by some hundredths.
        corrections: how many may follow the first attempt.
        more_corrections: how many more may follow while no attempt is under the ceiling and within
            the tolerance.
        last_resorts: how many more attempts may be turned down after that.
        push_db: how much more gain than target minus measured loudness a correction may ask for.
        safety_db: how much further than the overshoot the limiter's target is lowered.
        safety_growth: the factor of `safety_db` from one attempt over the ceiling to the next, and
            from one last resort to the next.
        least_slope: the least LU that a dB of gain is expected to bring; the most is 1.
        decimals: of the settings in dB: finer than any ear or meter, coarse enough to be the same
            on every machine.
        silence_lufs: the absolute gate of BS.1770-5. Nothing at or below it has a loudness; meters
            that print a number for it print this one.
    """

    tolerance_lu: float = 0.1
    aim_lu: float = 0.05
    corrections: int = 3
    more_corrections: int = 2
    last_resorts: int = 4
    push_db: float = 6.0
    safety_db: float = 0.05
    safety_growth: float = 3.0
    least_slope: float = 0.25
    decimals: int = 4
    silence_lufs: float = -70.0


RULES = LoopRules()

_PREDICTIONS = 4
"""How many gains may be tried in a prediction after the first."""
_PREDICTED_LU = 0.005
"""How near to the target a predicted gain is brought."""

Limited = Callable[[float, float], float]
"""(gain, dB; the limiter's ceiling, dB) -> the predicted loudness of the master, LUFS."""


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


class OverCeilingError(RenderError):
    """A master remains over its ceiling (MIX607), by `by_db` decibels."""

    by_db: float


def is_silent(lufs: float, rules: LoopRules = RULES) -> bool:
    """Whether a reading means that there is nothing to measure."""
    return not lufs > rules.silence_lufs


def first_setting(goal: LoudnessGoal, premaster_lufs: float, rules: LoopRules = RULES) -> Setting:
    """The setting that the measured loudness asks for; gain 0 for silence."""
    uncoded_lufs = goal.target_lufs - goal.encoder_gain_db
    gain = 0.0 if is_silent(premaster_lufs, rules) else uncoded_lufs - premaster_lufs
    return Setting(round(gain, rules.decimals))


def predicted_setting(
    goal: LoudnessGoal, first: Setting, limited: Limited, rules: LoopRules = RULES
) -> Setting:
    """The setting at which the prediction meets the target; `first` if that is near enough.

    Each gain is corrected by the secant method, as in the loop.
    """
    tried = [(first.gain_db, limited(first.gain_db, goal.ceiling_db))]
    while len(tried) <= _PREDICTIONS:
        gain, lufs = tried[-1]
        missed = goal.target_lufs - goal.encoder_gain_db - lufs
        enough = rules.aim_lu if len(tried) == 1 else _PREDICTED_LU
        if not enough < abs(missed) < math.inf:  # a mix shorter than a window is not predicted
            break
        slope = 1.0
        if len(tried) > 1 and gain != tried[-2][0]:
            slope = (lufs - tried[-2][1]) / (gain - tried[-2][0])
        slope = min(1.0, max(rules.least_slope, slope))
        gain = min(gain + missed / slope, first.gain_db + rules.push_db)
        tried.append((gain, limited(gain, goal.ceiling_db)))
    return _rounded(tried[-1][0], first.margin_db, rules)


def run_loop(
    goal: LoudnessGoal,
    premaster_lufs: float,
    finish: Callable[[Setting], Levels],
    limited: Limited | None = None,
) -> Outcome:
    """Finish, measure and correct until the delivered file meets the goal.

    Args:
        goal: target and ceiling.
        premaster_lufs: integrated loudness of what enters the gain; -inf, NaN or -70 for silence.
        finish: makes the file with a setting and measures it; the last call has the setting of the
            outcome.
        limited: predicts what the limiter leaves of the premaster's loudness; None: nobody can.

    Raises:
        RenderError: MIX603, the loudness is infinite; MIX607, no attempt was under the ceiling; and
            what `finish` raises.
    """
    if premaster_lufs == math.inf:
        message = "the mix is too loud to be measured: its samples overflow"
        raise RenderError.of(Code.STEP_FAILED, message, help="lower the gains")

    def attempt(setting: Setting) -> Attempt:
        return Attempt(setting, finish(setting))

    first = start = first_setting(goal, premaster_lufs)
    if limited is not None and not is_silent(premaster_lufs):
        start = predicted_setting(goal, first, limited)
    attempts = [attempt(start)]
    while (setting := next_setting(goal, attempts, first=first)) is not None:
        attempts.append(attempt(setting))
    best = best_attempt(goal, attempts)
    if best is not attempts[-1]:
        finish(best.setting)
    extra = extra_gain(goal.target_lufs, premaster_lufs, best.setting.gain_db)
    margin = best.setting.margin_db
    warnings = judge(goal.target_lufs, goal.ceiling_db, best.levels, extra, margin, goal.reading)
    return Outcome(best.setting, best.levels, warnings)


def next_setting(
    goal: LoudnessGoal,
    attempts: Sequence[Attempt],
    rules: LoopRules = RULES,
    *,
    first: Setting | None = None,
) -> Setting | None:
    """The next setting to try; None where the corrections are used up or nothing is to correct.

    first: what the measured loudness asks for, if the first attempt has a predicted setting.
    """
    done, last = len(attempts) - 1, attempts[-1].setting
    kept = _is_kept(goal, best_attempt(goal, attempts), rules)
    most = rules.corrections + rules.more_corrections
    if done < rules.corrections or (done < most and not kept):
        setting = _corrected(goal, attempts, (first or attempts[0].setting).gain_db, rules)
        if setting != last:
            return setting
    if kept or done >= most + rules.last_resorts:
        return None
    return _turned_down(goal, attempts, max(0, done - most), rules)


def extra_gain(target_lufs: float, premaster_lufs: float, gain_db: float) -> float | None:
    """The gain of a master beyond its target minus its premaster's loudness; None for silence."""
    if is_silent(premaster_lufs):
        return None
    return round(gain_db - round(target_lufs - premaster_lufs, RULES.decimals), RULES.decimals)


def best_attempt(goal: LoudnessGoal, attempts: Sequence[Attempt]) -> Attempt:
    """The first of those least over the ceiling, and of these nearest to the target."""

    def distance(attempt: Attempt) -> tuple[float, float]:
        levels = attempt.levels
        over = max(0.0, levels.true_peak_dbtp - goal.ceiling_db)
        return over, abs(goal.target_lufs - levels.integrated)

    return min(attempts, key=distance)


def judge(
    target_lufs: float,
    ceiling_db: float,
    levels: Levels,
    extra_db: float | None = None,
    margin_db: float = 0.0,
    reading: Reading = Reading.INTEGRATED,
) -> tuple[Diagnostic, ...]:
    """The warnings about a delivered master.

    Args:
        target_lufs: its target.
        ceiling_db: its ceiling, dBTP.
        levels: of the file.
        extra_db: the extra gain (`extra_gain`); None also where the gain is the graph's own.
        margin_db: how far under the ceiling the limiter aimed.
        reading: what the target is of.

    Raises:
        OverCeilingError: it is over the ceiling.
    """
    over = levels.true_peak_dbtp - ceiling_db
    if over > 0.0:
        problem = f"{over:.2f} dB over its ceiling of {ceiling_db:g} dBTP"
        message = f"the master's true peak remains {problem}"
        help = "nothing was delivered; choose a preset with a lower target or turn down what peaks"
        error = OverCeilingError.of(Code.CEILING_MISSED, message, help=help)
        error.by_db = over
        raise error
    if is_silent(levels.integrated):
        return (_no_loudness(levels, extra_db),)
    missed = target_lufs - levels.integrated
    if abs(missed) <= RULES.tolerance_lu:
        return ()
    side, why = "over", ""
    if missed > 0.0:
        side, why = "under", _cause(ceiling_db, extra_db, margin_db)
    return (
        Diagnostic(
            Code.TARGET_MISSED,
            f"the master is at {levels.integrated:.1f} {reading.unit}, {abs(missed):.1f} "
            f"{'dB' if reading is Reading.RMS else 'LU'} {side} its "
            f"target of {target_lufs:g}{why}",
            help="turn down or compress the loudest peaks, or choose a preset with a lower target",
            severity=Severity.WARNING,
        ),
    )


_CHECKED = (
    "peaks are limited before encoding; a preset with a loudness target also checks the encoded "
    "file"
)


def judge_peak(
    ceiling_db: float,
    peak_db: float,
    what: str,
    unit: str,
    whose: str = "the master",
    help: str = _CHECKED,
) -> tuple[Diagnostic, ...]:
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
            f"the {what} of {whose} is {over:.2f} dB over its ceiling of {ceiling_db:g} {unit}",
            help=help,
            severity=Severity.WARNING,
        ),
    )


def _cause(ceiling_db: float, extra_db: float | None, margin_db: float) -> str:
    """Why a master is under its target, from how it was finished; empty where that is unknown."""
    if extra_db is None:
        return ""
    causes = []
    if extra_db >= RULES.push_db:
        causes.append(f"the maximum extra gain of {RULES.push_db:g} dB does not reach it")
    if margin_db > 0.0:
        lower = f"with the limiter {margin_db:.1f} dB lower"
        causes.append(f"the file stays under {ceiling_db:g} dBTP only {lower}")
    if not causes and extra_db <= 0.0:
        causes.append(f"its peaks leave no room under {ceiling_db:g} dBTP")
    elif not causes:
        causes.append(f"no correction came nearer under {ceiling_db:g} dBTP")
    return f": {', and '.join(causes)}"


def _no_loudness(levels: Levels, extra_db: float | None) -> Diagnostic:
    if extra_db is not None and not levels.too_short:
        return Diagnostic(
            Code.NO_LOUDNESS,
            "the master is silent, although the mix is not: its format keeps nothing of this sound",
            help="choose a higher bit rate or another format",
            severity=Severity.WARNING,
        )
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


def _is_kept(goal: LoudnessGoal, attempt: Attempt, rules: LoopRules) -> bool:
    """Whether a file is under the ceiling, and near the target if it has a loudness."""
    lufs = attempt.levels.integrated
    near = is_silent(lufs, rules) or abs(goal.target_lufs - lufs) <= rules.tolerance_lu
    return attempt.levels.true_peak_dbtp <= goal.ceiling_db and near


def _corrected(
    goal: LoudnessGoal, attempts: Sequence[Attempt], first_db: float, rules: LoopRules
) -> Setting:
    """The last setting with a gain for what it missed, and a limit for what it exceeded.

    first_db: the gain that the measured loudness asks for.
    """
    last = attempts[-1]
    gain, lowered = last.setting.gain_db, 0.0
    over = last.levels.true_peak_dbtp - goal.ceiling_db
    if over > 0.0:
        times = sum(a.levels.true_peak_dbtp > goal.ceiling_db for a in attempts)
        lowered = over + rules.safety_db * rules.safety_growth ** (times - 1)
    missed = goal.target_lufs - last.levels.integrated
    if not is_silent(last.levels.integrated, rules) and abs(missed) > rules.aim_lu:
        slope = _slope(attempts, rules)
        most = first_db + rules.push_db
        gain = min(gain + (missed + (1.0 - slope) * lowered) / slope, most)
    return _rounded(gain, last.setting.margin_db + lowered, rules)


def _turned_down(
    goal: LoudnessGoal, attempts: Sequence[Attempt], used: int, rules: LoopRules
) -> Setting | None:
    """The attempt that is nearest to the target once it is turned down by what is too much of it.

    `used`: how many last resorts there were. None if no attempt is likely to be better than the
    best one by more than the tolerance.
    """
    tried = {attempt.setting for attempt in attempts}
    nearest, found = math.inf, None
    for attempt in attempts:
        over = attempt.levels.true_peak_dbtp - goal.ceiling_db
        louder = attempt.levels.integrated - goal.target_lufs
        lowered = louder if louder > rules.tolerance_lu else 0.0
        if over > 0.0:
            lowered = max(lowered, over + rules.safety_db * rules.safety_growth**used)
        setting = attempt.setting
        down = _rounded(setting.gain_db - lowered, setting.margin_db + lowered, rules)
        distance = abs(lowered - louder)
        if lowered > 0.0 and down not in tried and (found is None or distance < nearest):
            nearest, found = distance, down
    best = best_attempt(goal, attempts).levels
    missed = abs(goal.target_lufs - best.integrated)
    if best.true_peak_dbtp <= goal.ceiling_db and nearest > missed - rules.tolerance_lu:
        return None
    return found


def _rounded(gain_db: float, margin_db: float, rules: LoopRules) -> Setting:
    return Setting(round(gain_db, rules.decimals), round(margin_db, rules.decimals))


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
