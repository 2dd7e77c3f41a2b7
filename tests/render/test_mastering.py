"""A plan with a loudness loop, run by the real ffmpeg and measured by its own meter."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from handmade import MASTER, RATE, finish_step, loudness_plan, measure_step, mix_step, step
from meters import ebur128
from mixdown.audio.meter.measure import measure_file
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import RenderError
from mixdown.ir.nodes import OutputRole
from mixdown.plans.loop import loop_steps
from mixdown.plans.plan import Delivery, Fact, File, Plan, Space
from mixdown.render.mastering import run_plan

# Noise, a hum, and a loud tick each half second: a limiter has work to do.
PEAKY = (
    "aevalsrc='0.06*sin(1300*t)+0.04*random(0)+if(lt(mod(t,0.5),0.002),0.7*sin(9000*t),0)':s=48000"
)
NOISE = "anoisesrc=r=48000:a=0.05:c=pink:seed=1"


@pytest.mark.parametrize("source", [NOISE, PEAKY], ids=["noise", "ticks"])
def test_the_delivered_master_meets_target_and_ceiling(executor, spaces, ffmpegs, source):
    plan = loudness_plan(source, 6)
    mastered = run_plan(executor(plan), measure_file)
    assert mastered is not None
    assert mastered.diagnostics == ()
    loudness, peak = ebur128(ffmpegs, Path(spaces.path(MASTER)))
    assert loudness == pytest.approx(-16.0, abs=0.1)
    assert peak <= -1.0
    assert mastered.measurement.integrated == pytest.approx(loudness, abs=0.03)


def test_a_limiter_that_overshoots_is_aimed_lower(executor, spaces):
    """At sample peaks of exactly -1 dBFS the true peak is over, until the margin grows."""
    at_the_ceiling = "alimiter@limiter=limit=0.891:attack=5:release=50:level=0:latency=1"
    source = "aevalsrc='0.3*random(0)':s=48000"
    plan = loudness_plan(source, 4, target=-5.5, limiter=at_the_ceiling)
    told = []
    mastered = run_plan(executor(plan, told), measure_file)
    assert mastered is not None
    assert mastered.finish.margin_db > 0.05
    assert mastered.measurement.true_peak_dbtp <= -1.0
    purposes = list(dict.fromkeys(p.purpose for p in told if p.step == "finish"))
    assert purposes[:2] == ["finish it", "finish it, correction 1"]


def test_one_click_cannot_be_loud(executor):
    plan = loudness_plan("aevalsrc='eq(n,24000)*0.5':s=48000", 3)
    mastered = run_plan(executor(plan), measure_file)
    assert mastered is not None
    assert [d.code for d in mastered.diagnostics] == [Code.TARGET_MISSED]
    assert mastered.measurement.true_peak_dbtp <= -1.0


@pytest.mark.parametrize("seconds", [2.0, 0.2], ids=["silence", "too short to have a loudness"])
def test_silence_is_delivered_as_silence(executor, seconds):
    plan = loudness_plan("anullsrc=r=48000:cl=mono", seconds)
    mastered = run_plan(executor(plan), measure_file)
    assert mastered is not None
    assert [d.code for d in mastered.diagnostics] == [Code.NO_LOUDNESS]
    assert (mastered.finish.integrated_lufs, mastered.finish.gain_db) == (None, 0.0)
    assert mastered.measurement.sample_peak_dbfs == float("-inf")


def test_a_plan_without_a_loop_runs_its_steps_once(executor, spaces):
    mix = mix_step("sine=f=440:r=48000", 0.5)
    assert run_plan(executor(Plan("hand", (mix,), ())), measure_file) is None
    assert Path(spaces.path(mix.outputs[0])).stat().st_size > RATE


def test_a_finish_that_fails_stops_the_render(executor):
    plan = loudness_plan("sine=r=48000", 1, limiter="alimiter@limiter=limit=7")
    with pytest.raises(RenderError, match=r"MIX603.*'finish' failed in %master\.limiter"):
        run_plan(executor(plan), measure_file)


def test_only_the_finish_is_repeated():
    """Mastered stems need the gain but feed no master: they wait for the loop to end."""
    stem_file = File(Space.OUT, "bus_a.wav")
    stems = step("stems", "-i", Fact("gain_db"), stem_file, outputs=(stem_file,), after=("mix",))
    encoded = File(Space.OUT, "master.flac")
    encode = step("encode", "-i", MASTER, encoded, outputs=(encoded,), after=("finish",))
    listing = step("listing", "-i", stem_file, after=("stems",))
    plan = Plan(
        "hand",
        (mix_step("sine", 1), measure_step(1), stems, finish_step(), encode, listing),
        (Delivery(OutputRole.MASTER, "master", encoded),),
        loudness=loudness_plan("sine", 1).loudness,
    )
    assert plan.loudness is not None
    parts = loop_steps(plan, plan.loudness)
    assert [s.id for s in parts.before] == ["mix", "measure"]
    assert [s.id for s in parts.looped] == ["finish", "encode"]
    assert [s.id for s in parts.after] == ["stems", "listing"]
    plain = loop_steps(
        evolve(plan, deliveries=(Delivery(OutputRole.MASTER, "m", MASTER),)), plan.loudness
    )
    assert [s.id for s in plain.looped] == ["finish"]
