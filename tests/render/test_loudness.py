"""The loop reaches the target, never passes the ceiling, and says what it could not do."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import RenderError, Severity
from mixdown.plans.plan import LoudnessLoop
from mixdown.render.loudness import (
    MAX_CORRECTIONS,
    MAX_PUSH_DB,
    Levels,
    Setting,
    first_setting,
    judge,
    reach,
)

GOAL = LoudnessLoop("measure", "finish", -16.0, -1.0, "gain", "margin")
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


def codes(outcome) -> list[Code]:
    assert all(d.severity is Severity.WARNING for d in outcome.diagnostics)
    return [d.code for d in outcome.diagnostics]


def test_without_limiting_the_first_gain_is_right():
    limiter = Limiter(-23.0, -12.0)
    outcome = reach(GOAL, -23.0, limiter)
    assert limiter.calls == [Setting(7.0)]
    assert (outcome.setting, outcome.levels, codes(outcome)) == (Setting(7.0), Levels(-16, -5), [])


def test_a_gain_may_turn_down():
    assert reach(GOAL, -8.0, Limiter(-8.0, -0.5)).setting == Setting(-8.0)


def test_loudness_lost_to_the_limiter_is_made_up():
    limiter = Limiter(-23.0, -4.0, cost=0.3)
    outcome = reach(GOAL, -23.0, limiter)
    assert outcome.levels.integrated == pytest.approx(-16.0, abs=0.1)
    assert outcome.setting.gain_db > 7.0
    assert codes(outcome) == []
    assert len(limiter.calls) <= 1 + MAX_CORRECTIONS


def test_an_overshoot_lowers_the_limiters_aim():
    outcome = reach(GOAL, -23.0, Limiter(-23.0, -4.0, overshoot=0.3))
    assert outcome.levels.true_peak_dbtp <= -1.0
    assert outcome.setting.margin_db == pytest.approx(0.35)
    assert codes(outcome) == []


def test_a_target_that_peaks_forbid_is_missed_with_a_warning_under_the_ceiling():
    limiter = Limiter(-40.0, -4.0, cost=1.0)
    outcome = reach(GOAL, -40.0, limiter)
    assert codes(outcome) == [Code.TARGET_MISSED]
    assert outcome.levels.true_peak_dbtp <= -1.0
    assert outcome.diagnostics[0].message == (
        "the master is at -37.0 LUFS, 21.0 LU under its target of -16: its peaks leave no room "
        "under -1 dBTP"
    )
    assert max(s.gain_db for s in limiter.calls) <= 24.0 + MAX_PUSH_DB


def test_the_best_of_what_was_tried_is_delivered_last():
    # Each correction makes it worse, as a limiter may on single clicks: the first was the best.
    def finish(setting: Setting) -> Levels:
        calls.append(setting)
        return Levels(-17.0 - 0.5 * (setting.gain_db - 7.0), -1.5)

    calls: list[Setting] = []
    outcome = reach(GOAL, -23.0, finish)
    assert outcome.setting == Setting(7.0) == calls[-1]
    assert outcome.levels.integrated == -17.0
    assert len(calls) <= 2 + MAX_CORRECTIONS
    assert codes(outcome) == [Code.TARGET_MISSED]


def test_the_ceiling_outranks_the_target():
    # On target it is over, under the ceiling it is off target.
    def finish(setting: Setting) -> Levels:
        return Levels(-16.0, -0.9) if setting.margin_db < 0.1 else Levels(-16.4, -1.2)

    outcome = reach(GOAL, -23.0, finish)
    assert outcome.levels == Levels(-16.4, -1.2)
    assert codes(outcome) == [Code.TARGET_MISSED]


def test_a_ceiling_that_nothing_holds_is_an_error():
    calls: list[Setting] = []

    def finish(setting: Setting) -> Levels:
        calls.append(setting)
        return Levels(-16.0, -0.25)

    with pytest.raises(RenderError, match=r"MIX607.*0\.75 dB over its ceiling of -1 dBTP"):
        reach(GOAL, -23.0, finish)
    assert 1 < len(calls) <= 2 + MAX_CORRECTIONS


@pytest.mark.parametrize("measured", [-math.inf, math.nan, -70.0, -120.0])
def test_silence_is_left_alone_with_a_warning(measured):
    assert first_setting(GOAL, measured) == Setting(0.0)
    limiter = Limiter(-math.inf, -math.inf)
    outcome = reach(GOAL, measured, limiter)
    assert limiter.calls == [Setting(0.0)]
    assert codes(outcome) == [Code.SILENT_MIX]


def test_a_file_made_without_the_loop_is_judged_alike():
    assert judge(-16.0, -1.0, Levels(-16.05, -1.0)) == ()
    assert [d.code for d in judge(-16.0, -1.0, Levels(-math.inf, -math.inf))] == [Code.SILENT_MIX]
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
    outcome = reach(GOAL, lufs, limiter)
    assert outcome.levels.true_peak_dbtp <= GOAL.ceiling_db
    missed = abs(outcome.levels.integrated - GOAL.target_lufs) > 0.1
    assert missed is (codes(outcome) == [Code.TARGET_MISSED])
    assert len(limiter.calls) <= 2 + MAX_CORRECTIONS
    assert limiter.calls[-1] == outcome.setting
    assert max(s.gain_db for s in limiter.calls) <= -16.0 - lufs + MAX_PUSH_DB + 1e-4


@given(lufs=st.floats(-30, -10), crest=st.floats(4, 16), cost=st.floats(0, 0.5))
def test_material_that_limiting_costs_little_reaches_the_target(lufs, crest, cost):
    outcome = reach(GOAL, lufs, Limiter(lufs, lufs + crest, cost=cost, overshoot=0.1))
    lost = cost * max(0.0, crest - 15.0)
    assert lost > 3.0 or abs(outcome.levels.integrated + 16.0) <= 0.1
