"""A step becomes one run of its program; what goes wrong leads back to the timeline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile
from handmade import MASTER, PREMASTER, QUIET, RATE, measure_step, mix_step, script, step
from mixdown.ir.diagnostics import RenderError
from mixdown.ir.origin import Document, Origin, Span
from mixdown.plans.plan import (
    Fact,
    File,
    FilterScript,
    Plan,
    Script,
    Space,
    Step,
    StepKind,
    Template,
)
from mixdown.programs.ffmpeg import FFMPEG
from mixdown.programs.program import Tool
from mixdown.render.executor import INLINE_BYTES, command

DOCUMENT = Document("show.yaml", "fade: 3", lambda text, pointer: Span(1, 7, 1, "fade: 3"))


def plan_of(*steps: Step) -> Plan:
    return Plan("hand", steps, ())


def test_steps_run_and_their_files_meet(executor, spaces):
    plan = plan_of(mix_step("sine=f=1000:r=48000", 0.5), measure_step(0.5))
    run = executor(plan)
    assert run.run_step(plan["mix"], {}) == {}
    info = soundfile.info(spaces.path(PREMASTER))
    assert (info.samplerate, info.frames) == (RATE, RATE // 2)
    readings = run.run_step(plan["measure"], {})
    assert -22 < readings["lavfi.r128.I"] < -20


def test_the_last_reading_of_each_key_counts(executor):
    # 1 s of silence, then a tone: the loudness told first is not that told last.
    plan = plan_of(mix_step("aevalsrc='gte(t,1)*0.5*sin(2000*PI*t)':s=48000", 3), measure_step(3))
    run = executor(plan)
    run.run_step(plan["mix"], {})
    readings = run.run_step(plan["measure"], {})
    assert -11 < readings["lavfi.r128.I"] < -7
    assert readings["lavfi.r128.true_peak"] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("kind", ["render", "measure"])
def test_progress_runs_from_nothing_to_all(executor, kind):
    told = []
    plan = plan_of(mix_step("anoisesrc=r=48000:a=0.1:seed=1", 60), measure_step(60))
    run = executor(plan, told)
    run.run_step(plan["mix"], {})
    if kind == "measure":
        told.clear()
        run.run_step(plan["measure"], {})
    done = [progress.done for progress in told]
    assert (done[0], done[-1]) == (0.0, 1.0)
    assert done == sorted(done)
    assert {(p.step, p.purpose) for p in told} == {
        ("mix", "mix it") if kind == "render" else ("measure", "measure it")
    }


def test_facts_are_filled_in(executor, spaces):
    graph = script(Template(("sine=r=48000:d=0.1,volume=", Fact("gain"), "dB[out]")))
    quiet = step(
        "quiet",
        *("-filter_complex", graph, "-map", "[out]", "-c:a", "pcm_f32le", PREMASTER),
        outputs=(PREMASTER,),
    )
    peaks = []
    for gain in (0.0, -20.0):
        executor(plan_of(quiet)).run_step(quiet, {"gain": gain})
        peaks.append(abs(soundfile.read(spaces.path(PREMASTER))[0]).max())
    assert peaks[1] / peaks[0] == pytest.approx(0.1, rel=1e-3)


def test_a_step_finds_its_scripts_in_their_files(executor, spaces):
    commands = Script(File(Space.WORK, "texts/gain.txt"), "0.0 volume@v volume 0.25;\n")
    graph = script(
        f"aevalsrc=1:s=48000:d=0.1,asendcmd=f={spaces.path(commands.file)},volume@v=1[out]"
    )
    quiet = step(
        "quiet",
        *("-filter_complex", graph, "-map", "[out]", "-c:a", "pcm_f32le", PREMASTER),
        outputs=(PREMASTER,),
        scripts=(commands,),
    )
    executor(plan_of(quiet)).run_step(quiet, {})
    assert soundfile.read(spaces.path(PREMASTER))[0].max() == pytest.approx(0.25)


def big_constant() -> FilterScript:
    """A graph of few filters with more text than one argument may have."""
    zeros = "0" * (INLINE_BYTES + 1)
    return script(f"aevalsrc='0.25{zeros}':s=48000:d=0.1[out]")


def test_a_big_graph_goes_through_a_file(executor, spaces):
    big = step(
        "big",
        *("-filter_complex", big_constant(), "-map", "[out]", PREMASTER),
        outputs=(PREMASTER,),
    )
    executor(plan_of(big)).run_step(big, {})
    assert soundfile.read(spaces.path(PREMASTER))[0].max() == pytest.approx(0.25, abs=1e-4)
    assert [path.name for path in spaces.work.glob("*.filtergraph")] == ["big-6.filtergraph"]


@pytest.mark.parametrize(
    ("version", "option"),
    [
        ((5, 1, 9), "-filter_complex_script"),
        ((7, 0), "-/filter_complex"),
        ((9, 0), "-/filter_complex"),
    ],
)
def test_the_option_for_a_file_depends_on_the_version(spaces, version, option):
    big = step("big", "-filter_complex", big_constant(), "out.wav")
    argv = command(big, FFMPEG, Tool("ffmpeg", version, "", "test"), spaces, {})
    path = Path(argv[argv.index(option) + 1])
    assert path.read_text() == str(big_constant())
    assert "-filter_complex" not in argv


def test_a_graph_under_the_limit_stays_an_argument(spaces):
    edge = script("x" * (INLINE_BYTES - 1))
    argv = command(
        step("edge", "-filter_complex", edge),
        FFMPEG,
        Tool("ffmpeg", (9, 0), "", "test"),
        spaces,
        {},
    )
    assert argv[-2:] == ("-filter_complex", "x" * (INLINE_BYTES - 1))
    assert list(spaces.work.iterdir()) == []


def failing(executor, plan: Plan, **fields) -> RenderError:
    with pytest.raises(RenderError) as caught:
        executor(plan, **fields).run_step(plan.steps[0], {})
    return caught.value


@pytest.mark.parametrize(
    ("instance", "options"),
    [("afade@host_c1", "t=in:curve=nosuch"), ("volume@host_c1", "volume=foo(3):eval=once")],
    ids=["bad option", "bad expression"],
)
@pytest.mark.parametrize("label", ["whole", "without the filter"])
def test_a_failing_filter_leads_to_its_line(executor, instance, options, label):
    graph = script("sine=d=0.1[a]", f"[a]{instance}={options}[out]")
    mix = step("mix", "-filter_complex", graph, "-map", "[out]", PREMASTER, outputs=(PREMASTER,))
    name = instance if label == "whole" else "host_c1"
    plan = Plan("hand", (mix,), (), {"volume@other": "other", name: "host/c1.fade_in"})
    origins = {"host/c1.fade_in": Origin("show.yaml", "/tracks/0/clips/0/fade_in_ms")}
    error = failing(executor, plan, origins=origins, documents={"show.yaml": DOCUMENT})
    text = str(error)
    assert text.startswith("error[MIX603]: step 'mix' failed in %host/c1.fade_in: ffmpeg ended")
    assert "--> show.yaml:1:7" in text
    assert "host_c1" in text
    assert " @ 0x" not in text
    assert json.dumps([d.to_dict(error.documents) for d in error.diagnostics])


def test_a_failure_that_no_label_explains_shows_what_the_program_said(executor, spaces):
    plan = plan_of(
        step("mix", "-i", File(Space.SOURCE, "gone.wav"), PREMASTER, outputs=(PREMASTER,))
    )
    text = str(failing(executor, plan))
    assert "gone.wav" in text and "No such file" in text
    assert str(spaces.source) not in text


def test_a_program_that_cannot_be_started_is_a_failed_step(executor):
    plan = plan_of(step("mix", "x" * 200_000))
    assert "Argument list too long" in str(failing(executor, plan))


def test_a_step_without_a_known_fact_is_a_fault_of_the_plan(executor):
    plan = plan_of(step("mix", Fact("gain")))
    with pytest.raises(KeyError, match="gain"):
        executor(plan).run_step(plan.steps[0], {})


def test_measuring_steps_keep_their_output_to_themselves(spaces):
    """Progress and readings would mix on one stream."""
    measure = step("measure", "-i", PREMASTER, kind=StepKind.MEASURE)
    argv = command(measure, FFMPEG, Tool("ffmpeg", (9, 0), "", "test"), spaces, {})
    assert argv == ("ffmpeg", *QUIET, "-i", spaces.path(PREMASTER))
    assert MASTER.space is Space.OUT
