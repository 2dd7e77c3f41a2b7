"""The loop reaches the target, never passes the ceiling, and says what it could not do."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import RenderError, Severity
from mixdown.plans.plan import LoudnessGoal
from mixdown.render.loudness import (
    RULES,
    Attempt,
    Levels,
    LoopRules,
    Setting,
    best_attempt,
    first_setting,
    judge,
    next_setting,
    run_loop,
)
from mixdown.render.script_loop import PEAK_ALLOWANCE_DB, loop_functions, loop_run

GOAL = LoudnessGoal("measure", "finish", -16.0, -1.0, "gain", "margin")
MOST = 2 + RULES.corrections + RULES.more_corrections + RULES.last_resorts
Finish = Callable[[Setting], Levels]


class Limiter:
    """The levels that a limiter leaves of material with a loudness and a peak.

    What stands over the limit is held there, and takes `cost` of its height off the loudness; the
    limiter lets `overshoot` dB through above its limit.
    """

    def __init__(
        self, lufs: float, peak: float, *, cost: float = 0.0, overshoot: float = 0.0
    ) -> None:
        self.material = (lufs, peak)
        self.cost = cost
        self.overshoot = overshoot
        self.calls: list[Setting] = []

    def __call__(self, setting: Setting) -> Levels:
        self.calls.append(setting)
        lufs, peak = (level + setting.gain_db for level in self.material)
        held = max(0.0, peak - (GOAL.ceiling_db - setting.margin_db))
        overshoot = self.overshoot if held else 0.0
        return Levels(lufs - self.cost * held, peak - held + overshoot)


def decimal(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda number: round(number, 4) + 0.0)


DB = decimal(-40, 40)
OTHER_RULES = st.builds(
    LoopRules,
    aim_lu=decimal(0.01, 2.0),
    corrections=st.integers(0, 5),
    more_corrections=st.integers(0, 3),
    last_resorts=st.integers(0, 3),
    push_db=decimal(0.5, 9.0),
    safety_db=decimal(0.0, 1.0),
    least_slope=decimal(0.05, 0.9),
    decimals=st.integers(1, 4),
    silence_lufs=decimal(-80.0, -20.0),
)


def codes(outcome) -> list[Code]:
    assert all(d.severity is Severity.WARNING for d in outcome.diagnostics)
    return [d.code for d in outcome.diagnostics]


def test_without_limiting_the_first_gain_is_right():
    limiter = Limiter(-23.0, -12.0)
    outcome = run_loop(GOAL, -23.0, limiter)
    assert limiter.calls == [Setting(7.0)]
    assert (outcome.setting, outcome.levels, codes(outcome)) == (Setting(7.0), Levels(-16, -5), [])


def test_a_gain_may_turn_down():
    assert run_loop(GOAL, -8.0, Limiter(-8.0, -0.5)).setting == Setting(-8.0)


def test_loudness_lost_to_the_limiter_is_made_up():
    limiter = Limiter(-23.0, -4.0, cost=0.3)
    outcome = run_loop(GOAL, -23.0, limiter)
    assert outcome.levels.integrated == pytest.approx(-16.0, abs=0.1)
    assert outcome.setting.gain_db > 7.0
    assert codes(outcome) == []
    assert len(limiter.calls) <= 1 + RULES.corrections


def predicted(limiter: Limiter, **wrong: float) -> Callable[[float, float], float]:
    """The loudness behind the limiter, or behind one with another cost."""
    other = Limiter(*limiter.material, cost=wrong.get("cost", limiter.cost))
    return lambda gain_db, ceiling_db: (
        other(Setting(gain_db, GOAL.ceiling_db - ceiling_db)).integrated
    )


@pytest.mark.parametrize("cost", [0.0, 0.1, 0.3, 0.6])
def test_a_predicted_gain_needs_no_correction(cost):
    limiter = Limiter(-23.0, -4.0, cost=cost)
    outcome = run_loop(GOAL, -23.0, limiter, predicted(limiter))
    assert len(limiter.calls) == 1
    assert outcome.levels.integrated == pytest.approx(-16.0, abs=0.006)
    assert codes(outcome) == []


def test_what_is_shorter_than_a_window_is_not_predicted():
    limiter = Limiter(-23.0, -4.0, cost=0.0)
    outcome = run_loop(GOAL, -23.0, limiter, lambda gain_db, ceiling_db: -math.inf)
    assert (outcome.setting, len(limiter.calls)) == (Setting(7.0), 1)


def test_a_prediction_within_the_aim_changes_nothing():
    limiter = Limiter(-23.0, -7.95, cost=0.5)
    assert run_loop(GOAL, -23.0, limiter, predicted(limiter)).setting == Setting(7.0)


@pytest.mark.parametrize("cost", [0.0, 0.2, 0.5])
def test_a_wrong_prediction_is_corrected(cost):
    limiter = Limiter(-23.0, -4.0, cost=0.3)
    outcome = run_loop(GOAL, -23.0, limiter, predicted(limiter, cost=cost))
    assert outcome.levels.integrated == pytest.approx(-16.0, abs=0.05)


def test_a_prediction_pushes_no_further_than_corrections_do():
    limiter = Limiter(-23.0, 8.0, cost=0.6)
    outcome = run_loop(GOAL, -23.0, limiter, predicted(limiter))
    assert {call.gain_db for call in limiter.calls} == {7.0 + RULES.push_db}
    assert codes(outcome) == [Code.TARGET_MISSED]


def test_an_overshoot_lowers_the_limiters_aim():
    outcome = run_loop(GOAL, -23.0, Limiter(-23.0, -4.0, overshoot=0.3))
    assert outcome.levels.true_peak_dbtp <= -1.0
    assert outcome.setting.margin_db == pytest.approx(0.35)
    assert codes(outcome) == []


def test_a_target_that_peaks_forbid_is_missed_with_a_warning_under_the_ceiling():
    limiter = Limiter(-40.0, -4.0, cost=1.0)
    outcome = run_loop(GOAL, -40.0, limiter)
    assert codes(outcome) == [Code.TARGET_MISSED]
    assert outcome.levels.true_peak_dbtp <= -1.0
    assert outcome.diagnostics[0].message == (
        "the master is at -37.0 LUFS, 21.0 LU under its target of -16: its peaks leave no room "
        "under -1 dBTP"
    )
    assert max(s.gain_db for s in limiter.calls) <= 24.0 + RULES.push_db


def test_the_best_of_what_was_tried_is_delivered_last():
    # Each correction makes it worse, as a limiter may on single clicks: the first was the best.
    def finish(setting: Setting) -> Levels:
        calls.append(setting)
        return Levels(-17.0 - 0.5 * (setting.gain_db - 7.0), -1.5)

    calls: list[Setting] = []
    outcome = run_loop(GOAL, -23.0, finish)
    assert outcome.setting == Setting(7.0) == calls[-1]
    assert outcome.levels.integrated == -17.0
    assert len(calls) <= 2 + RULES.corrections
    assert codes(outcome) == [Code.TARGET_MISSED]


def test_the_ceiling_outranks_the_target():
    # On target it is over, under the ceiling it is off target.
    def finish(setting: Setting) -> Levels:
        return Levels(-16.0, -0.9) if setting.margin_db < 0.1 else Levels(-16.4, -1.2)

    outcome = run_loop(GOAL, -23.0, finish)
    assert outcome.levels == Levels(-16.4, -1.2)
    assert codes(outcome) == [Code.TARGET_MISSED]


def test_a_ceiling_that_nothing_holds_is_an_error():
    calls: list[Setting] = []

    def finish(setting: Setting) -> Levels:
        calls.append(setting)
        return Levels(-16.0, -0.25)

    with pytest.raises(RenderError, match=r"MIX607.*0\.75 dB over its ceiling of -1 dBTP"):
        run_loop(GOAL, -23.0, finish)
    assert 1 < len(calls) <= MOST


def test_an_encoder_that_moves_peaks_at_every_setting_ends_under_the_ceiling():
    """Each attempt is over by the little that the last correction allowed for."""
    moved = iter([0.4, 0.5, 0.6, 0.7, 1.2, 0.5, 0.5])

    def finish(setting: Setting) -> Levels:
        return Levels(-16.0 - 0.2 * setting.margin_db, -1.0 - setting.margin_db + next(moved))

    outcome = run_loop(GOAL, -23.0, finish)
    assert outcome.levels.true_peak_dbtp <= -1.0
    assert outcome.levels.integrated <= -15.9


def test_a_file_that_is_too_loud_is_turned_down_where_the_corrections_are_used_up():
    """Every file is 0.2 LU too loud: a lower gain is at hand, so it is tried."""
    calls: list[Setting] = []

    def finish(setting: Setting) -> Levels:
        calls.append(setting)
        return Levels(-15.8 if len(calls) <= 1 + RULES.corrections else -16.05, -2.0)

    outcome = run_loop(GOAL, -23.0, finish)
    assert len(calls) == 2 + RULES.corrections
    assert outcome.levels.integrated == -16.05
    assert calls == sorted(calls, key=lambda setting: -setting.gain_db)


def test_a_growing_margin_adds_no_more_gain_than_it_costs():
    """The loudness that a lower limit takes is not taken for a slope of the gain."""
    limiter = Limiter(-23.0, -4.0, cost=0.3, overshoot=0.4)
    outcome = run_loop(GOAL, -23.0, limiter)
    assert outcome.levels.integrated == pytest.approx(-16.0, abs=0.05)
    assert len(limiter.calls) <= 3


def test_the_ceiling_is_held_without_a_loudness():
    def finish(setting: Setting) -> Levels:
        return Levels(-math.inf, 1.7 - setting.margin_db, too_short=True)

    outcome = run_loop(GOAL, -math.inf, finish)
    assert outcome.setting.gain_db == 0.0
    assert outcome.levels.true_peak_dbtp <= -1.0
    (warning,) = outcome.diagnostics
    assert warning.code is Code.NO_LOUDNESS
    assert "too short to have a loudness" in warning.message


def test_the_limit_of_the_push_is_named_where_it_ended_the_loop():
    outcome = run_loop(GOAL, -23.0, Limiter(-23.0, 8.0, cost=0.6))
    assert outcome.setting.gain_db == 7.0 + RULES.push_db
    (warning,) = outcome.diagnostics
    assert warning.message.endswith(": the maximum extra gain of 6 dB does not reach it")


def encoder(peak: float, top: float = 0.0) -> Callable[[Setting], Levels]:
    """An encoder of material at -23 LUFS that brings peaks to `peak` dB over what it receives.

    What it receives has peaks of `top` dBFS at a gain of 0, unless the limiter holds them lower.
    """

    def finish(setting: Setting) -> Levels:
        reached = min(top + setting.gain_db, GOAL.ceiling_db - setting.margin_db)
        return Levels(-23.0 + setting.gain_db, reached + peak)

    return finish


def test_a_peak_of_the_encoder_that_the_limiter_does_not_reach_is_turned_down():
    """Lowering the limit changes nothing until it reaches the peaks of the mix, 10 dB lower."""
    outcome = run_loop(GOAL, -23.0, encoder(10.13, top=-18.0))
    assert outcome.levels.true_peak_dbtp <= -1.0
    assert outcome.levels.integrated == pytest.approx(-16.18, abs=0.01)
    assert outcome.setting == Setting(6.82, 0.18)
    (warning,) = outcome.diagnostics
    assert warning.message == (
        "the master is at -16.2 LUFS, 0.2 LU under its target of -16: the file stays under -1 dBTP "
        "only with the limiter 0.2 dB lower"
    )


def test_an_attempt_that_is_nearly_under_the_ceiling_beats_one_that_is_far_too_quiet():
    """The first is 0.8 LU too quiet; all that are louder are over the ceiling by 0.2 dB."""

    def finish(setting: Setting) -> Levels:
        calls.append(setting)
        if setting.gain_db == 7.0:
            return Levels(-16.8, -1.1)
        lower = 7.8 - setting.gain_db
        return Levels(-16.0 - lower, -0.8 - max(0.0, lower))

    calls: list[Setting] = []
    outcome = run_loop(GOAL, -23.0, finish)
    assert outcome.levels.true_peak_dbtp <= -1.0
    assert outcome.levels.integrated == pytest.approx(-16.25, abs=0.01)


def test_a_master_that_its_format_silences_is_not_called_a_silent_mix():
    outcome = run_loop(GOAL, -23.0, lambda setting: Levels(-math.inf, -40.0))
    (warning,) = outcome.diagnostics
    assert warning.code is Code.NO_LOUDNESS
    assert "the master is silent, although the mix is not" in warning.message


@pytest.mark.parametrize(
    ("extra", "margin", "cause"),
    [
        (None, 0.0, "target of -16"),
        (0.0, 0.0, ": its peaks leave no room under -1 dBTP"),
        (2.5, 0.0, ": no correction came nearer under -1 dBTP"),
        (6.0, 0.0, ": the maximum extra gain of 6 dB does not reach it"),
        (2.5, 1.25, ": the file stays under -1 dBTP only with the limiter 1.2 dB lower"),
        (
            6.0,
            0.4,
            ": the maximum extra gain of 6 dB does not reach it, and the file stays under -1 dBTP "
            "only with the limiter 0.4 dB lower",
        ),
    ],
)
def test_each_cause_of_a_miss_is_named(extra, margin, cause):
    (warning,) = judge(-16.0, -1.0, Levels(-17.0, -1.0), extra, margin)
    assert warning.message.endswith(cause)


def test_the_first_gain_makes_up_for_the_encoders():
    goal, limiter = evolve(GOAL, encoder_gain_db=-0.45), Limiter(-20.0, -20.0)
    outcome = run_loop(goal, -20.0, lambda setting: coded(limiter(setting), goal))
    assert limiter.calls == [outcome.setting] == [Setting(4.45)]
    limiter = Limiter(-23.0, -5.0, cost=0.2)
    outcome = run_loop(goal, -23.0, lambda s: coded(limiter(s), goal), predicted(limiter))
    assert limiter.calls == [outcome.setting]
    assert outcome.levels.integrated == pytest.approx(-16.0, abs=0.01)


def coded(levels: Levels, goal: LoudnessGoal) -> Levels:
    return evolve(levels, integrated=levels.integrated + goal.encoder_gain_db)


@pytest.mark.parametrize("measured", [-math.inf, math.nan, -70.0, -120.0])
def test_silence_is_left_alone_with_a_warning(measured):
    assert first_setting(GOAL, measured) == Setting(0.0)
    limiter = Limiter(-math.inf, -math.inf)
    outcome = run_loop(GOAL, measured, limiter)
    assert limiter.calls == [Setting(0.0)]
    assert codes(outcome) == [Code.NO_LOUDNESS]


def test_a_file_made_without_the_loop_is_judged_alike():
    assert judge(-16.0, -1.0, Levels(-16.05, -1.0)) == ()
    assert [d.code for d in judge(-16.0, -1.0, Levels(-math.inf, -math.inf))] == [Code.NO_LOUDNESS]
    (warning,) = judge(-16.0, -1.0, Levels(-15.5, -1.0))
    assert warning.message == "the master is at -15.5 LUFS, 0.5 LU over its target of -16"
    with pytest.raises(RenderError, match="MIX607"):
        judge(-16.0, -1.0, Levels(-16.0, -0.99))


@given(
    lufs=st.floats(-60, -5),
    crest=st.floats(0, 40),
    cost=st.floats(0, 1),
    overshoot=st.floats(0, 0.6),
)
def test_whatever_the_material_the_promise_holds(lufs, crest, cost, overshoot):
    limiter = Limiter(lufs, lufs + crest, cost=cost, overshoot=overshoot)
    outcome = run_loop(GOAL, lufs, limiter)
    assert outcome.levels.true_peak_dbtp <= GOAL.ceiling_db
    missed = abs(outcome.levels.integrated - GOAL.target_lufs) > 0.1
    assert missed is (codes(outcome) == [Code.TARGET_MISSED])
    assert len(limiter.calls) <= MOST
    assert limiter.calls[-1] == outcome.setting
    assert max(s.gain_db for s in limiter.calls) <= -16.0 - lufs + RULES.push_db + 1e-4


@given(lufs=st.floats(-30, -10), crest=st.floats(4, 16), cost=st.floats(0, 0.5))
def test_material_that_limiting_costs_little_reaches_the_target(lufs, crest, cost):
    outcome = run_loop(GOAL, lufs, Limiter(lufs, lufs + crest, cost=cost, overshoot=0.1))
    lost = cost * max(0.0, crest - 15.0)
    assert lost > 3.0 or abs(outcome.levels.integrated + 16.0) <= 0.1


@given(
    st.lists(st.builds(Attempt, st.builds(Setting, DB, DB), st.builds(Levels, DB, DB)), min_size=1),
    OTHER_RULES,
)
def test_a_script_decides_as_python_does(tmp_path_factory, attempts: list[Attempt], rules):
    """Whatever the numbers are: none of them is written in only one of the two."""
    work = tmp_path_factory.mktemp("work")
    lines = (
        f"{a.setting.gain_db} {a.setting.margin_db} {a.levels.integrated} {a.levels.true_peak_dbtp}"
        for a in attempts
    )
    (work / "attempts").write_text("\n".join(lines))
    attempts = [evolve(a, levels=allowing(a.levels)) for a in attempts]
    word, *numbers = run_shell(work, loop_functions(GOAL, 48000, rules) + "decide\n").split()
    wanted = next_setting(GOAL, attempts, rules)
    best = best_attempt(GOAL, attempts)
    if wanted is not None:
        assert word == "try"
        assert [float(n) for n in numbers] == [wanted.gain_db, wanted.margin_db]
    else:
        assert word == ("done" if best is attempts[-1] else "back")
        assert [float(n) for n in numbers[:2]] == [best.setting.gain_db, best.setting.margin_db]


@given(DB, st.sampled_from([0.0, -0.4455]), OTHER_RULES)
def test_a_script_begins_with_the_gain_that_python_begins_with(
    tmp_path_factory, lufs, encoder_gain, rules
):
    goal = evolve(GOAL, encoder_gain_db=encoder_gain)
    work = tmp_path_factory.mktemp("work")
    (work / "premaster.levels").write_text(f"lavfi.r128.I=-3\nlavfi.r128.I={lufs}\n")
    begin = loop_run(goal, "master.wav", rules).partition("MARGIN=")[0]
    shown = run_shell(work, f'{loop_functions(goal, 48000, rules)}{begin}echo "$GAIN"\n')
    assert Setting(float(shown)) == first_setting(goal, lufs, rules)


@pytest.mark.parametrize("name", [field.name for field in fields(LoopRules)])
def test_every_number_of_the_loop_is_in_a_script(name: str):
    other = evolve(RULES, **{name: getattr(RULES, name) + 1})
    texts = [
        loop_functions(GOAL, 48000, rules) + loop_run(GOAL, "m", rules) for rules in (RULES, other)
    ]
    assert texts[0] != texts[1]


def allowing(levels: Levels) -> Levels:
    """What a script takes the readings for."""
    return evolve(levels, true_peak_dbtp=levels.true_peak_dbtp + PEAK_ALLOWANCE_DB)


def run_shell(work: Path, text: str) -> str:
    return subprocess.run(
        ["sh", "-eu"], input=f"WORK={work}\n{text}", capture_output=True, text=True, check=True
    ).stdout


def test_a_loudness_that_overflows_is_an_error():
    with pytest.raises(RenderError, match=r"MIX603.*overflow"):
        run_loop(GOAL, float("1e999"), Limiter(0.0, 0.0))
