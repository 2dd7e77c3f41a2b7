"""Plans as data: steps, names, facts, and what they depend on; then run with facts."""

from __future__ import annotations

import re
import subprocess
import sys

import attrs
import numpy as np
import pytest
from mixdown.audio.meter.measure import measure_file
from mixdown.backends.ffmpeg import BACKEND
from mixdown.backends.ffmpeg.emitters import EMITTERS
from mixdown.backends.protocol import Support
from mixdown.backends.registry import find_backend
from mixdown.ir import nodes as ir
from mixdown.ir.diagnostics import BackendError
from mixdown.ir.graph import Graph
from mixdown.ir.origin import Origin
from mixdown.plans.plan import EmitOptions, StepKind

RATE = 48000
STEPS, SINGLE = EmitOptions(), EmitOptions(single=True)


def source(name: str = "s", seconds: int = 60) -> ir.Source:
    return ir.Source(name, f"{name}.wav", "sha256:", RATE, 2, seconds * RATE, "wav/pcm_16")


def mastered(gain_db: float | None = None, *stems: ir.Output | ir.Loudnorm) -> Graph:
    """A clip, headroom, loudnorm, limiter, master; and stems."""
    nodes = [
        ir.Clip("a/c.clip", "s", 0, 10 * RATE, RATE),
        ir.Headroom("master.headroom", 3.0, operands=("a/c.clip",)),
        ir.Loudnorm("master.loudnorm", -16.0, gain_db, operands=("master.headroom",)),
        ir.Limiter("master.limiter", -1.0, ir.LimitMode.TRUE_PEAK, operands=("master.loudnorm",)),
        ir.Output(
            "master.output", ir.OutputRole.MASTER, "master", "wav", ir.Encoding.S24,
            operands=("master.limiter",),
        ),
        *stems,
    ]  # fmt: skip
    return Graph.ordered([source()], nodes)


def stem(operand: str, target: str = "voice", name: str = "stem") -> ir.Output:
    return ir.Output(name, ir.OutputRole.STEM, target, "wav", ir.Encoding.F64, operands=(operand,))


def test_every_kind_has_a_capability_and_every_native_one_an_emitter():
    assert list(BACKEND.capabilities) == sorted(BACKEND.capabilities, key=list(ir.KINDS).index)
    assert set(BACKEND.capabilities) == set(ir.KINDS)
    native = {k for k, c in BACKEND.capabilities.items() if c.support is Support.NATIVE}
    own_steps = {kind for kind, cls in ir.KINDS.items() if cls.follows_level}
    assert {cls.kind for cls in EMITTERS} == native - own_steps
    rules = {k: c.rule for k, c in BACKEND.capabilities.items() if c.rule}
    assert rules == {"crossfade": "crossfade-as-fade"}


def test_it_is_registered_and_costs_nothing_until_used():
    assert find_backend("ffmpeg") is BACKEND
    code = (
        "import sys, mixdown.backends.ffmpeg as f; f.BACKEND.capabilities;"
        "print(sorted(m for m in ('numpy', 'networkx', 'soundfile') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_one_step_where_the_loudness_is_known():
    for options in (STEPS, SINGLE):
        plan = BACKEND.emit(mastered(1.5, stem("a/c.clip")), options)
        assert [s.id for s in plan.steps] == ["mix"]
        assert plan.loudness is None
        assert not plan["mix"].facts()
        assert [str(f) for f in plan["mix"].outputs] == ["${OUT}/master.wav", "${OUT}/voice.wav"]


def test_mix_measure_finish_where_it_is_not():
    plan = BACKEND.emit(mastered(None, stem("a/c.clip")), STEPS)
    assert [(s.id, s.kind, s.after) for s in plan.steps] == [
        ("mix", StepKind.RENDER, ()),
        ("measure", StepKind.MEASURE, ("mix",)),
        ("finish", StepKind.RENDER, ("mix", "measure")),
    ]
    headroom = "${WORK}/master_headroom.wav"
    assert [str(f) for f in plan["mix"].outputs] == [headroom, "${OUT}/voice.wav"]
    assert [str(f) for f in plan["measure"].inputs] == [headroom]
    assert [str(f) for f in plan["finish"].inputs] == [headroom]
    assert [str(f) for f in plan["finish"].outputs] == ["${OUT}/master.wav"]
    assert plan["mix"].facts() == ()
    gain, margin = "master.loudnorm.gain_db", "master.limiter.margin_db"
    assert plan["finish"].facts() == (gain, margin)
    loop = plan.loudness
    assert (loop.measure, loop.finish, loop.gain_fact) == ("measure", "finish", gain)
    assert (loop.margin_fact, loop.target_lufs, loop.ceiling_db) == (margin, -16.0, -1.0)
    assert [(d.role.value, d.target) for d in plan.deliveries] == [
        ("master", "master"),
        ("stem", "voice"),
    ]


def test_a_mastered_stem_waits_for_the_masters_gain():
    norm = ir.Loudnorm("s.loudnorm", -16.0, None, operands=("a/c.clip", "master.headroom"))
    plan = BACKEND.emit(mastered(None, norm, stem("s.loudnorm")), STEPS)
    assert [str(f) for f in plan["mix"].outputs] == [
        "${WORK}/a_c_clip.wav",
        "${WORK}/master_headroom.wav",
    ]
    assert plan["finish"].facts() == ("master.loudnorm.gain_db", "master.limiter.margin_db")
    gain = "volume=${master.loudnorm.gain_db}dB:precision=double"
    assert plan.filter_complex.count(gain) == 2


def test_a_single_command_needs_the_loudness():
    graph = mastered(None)
    with pytest.raises(BackendError, match=r"MIX502(.|\n)*--facts"):
        BACKEND.emit(graph, SINGLE)


def test_more_channels_than_stereo_are_refused():
    silence = ir.Silence("wide", 48000, 8, 100)
    out = ir.Output("o", ir.OutputRole.MASTER, "master", "wav", ir.Encoding.S16, operands=("wide",))
    with pytest.raises(BackendError, match=r"MIX502.*%wide has 8 channels"):
        BACKEND.emit(Graph((), (silence, out)), STEPS)


def test_a_kind_that_was_not_legalised_is_an_error_with_its_place():
    graph = mastered(0.0)
    place = Origin("mix.yaml", "/tracks/0/clips/0")
    clip, *rest = graph.nodes
    cross = ir.Crossfade("x", ir.Edge.IN, 10, "qsin", operands=(clip.name,), origin=place)
    rest[0] = attrs.evolve(rest[0], operands=("x",))
    with pytest.raises(BackendError, match=r"cannot express crossfade \(%x\)") as refused:
        BACKEND.emit(Graph(graph.sources, (clip, cross, *rest)), STEPS)
    assert refused.value.diagnostics[0].origin == place


def test_dead_nodes_are_not_emitted():
    graph = mastered(0.0)
    dead = ir.Gain("dead", 1.0, operands=("a/c.clip",))
    with_dead = Graph(graph.sources, (*graph.nodes, dead))
    assert BACKEND.emit(with_dead, STEPS).to_text() == BACKEND.emit(graph, STEPS).to_text()


def test_the_text_of_a_small_plan():
    plan = BACKEND.emit(mastered(-1.25), STEPS)
    assert plan.filter_complex == (
        "[0:a:0]aformat@a_c_clip=sample_rates=48000,aresample@a_c_clip=osf=dblp:tsf=dblp,"
        "pan@a_c_clip=stereo|c0=c0|c1=c1,atrim@a_c_clip=start_sample=0:end_sample=480000,"
        "asetpts@a_c_clip=PTS-STARTPTS,volume@master_headroom=volume=-3.0dB:precision=double,"
        "volume@master_loudnorm=volume=-1.25dB:precision=double,"
        "aresample@master_limiter=192000:resampler=soxr:precision=28:tsf=dblp:osf=dbl,"
        "alimiter@master_limiter=limit=10^((-1.0-0.4-0.0)/20):attack=17:release=30:level=0:asc=0:"
        "latency=1,aresample@master_limiter_2=48000:resampler=soxr:precision=28:tsf=dblp:osf=dblp,"
        "apad@master_limiter=whole_len=480000,atrim@master_limiter=end_sample=480000,"
        "volume@master_output=volume=0.00390625:precision=double,"
        "aresample@master_output=osf=s32:tsf=dblp:dither_method=none,"
        "volume@master_output_2=volume=256:precision=fixed[master_output]"
    )


def test_every_filter_is_named_after_its_value():
    plan = BACKEND.emit(mastered(None, stem("a/c.clip")), STEPS)
    written = re.findall(r"(?:[\],]|^)([a-z0-9]+@\w+)", plan.filter_complex, re.MULTILINE)
    measuring = ["aresample@master_headroom_2", "ebur128@master_headroom"]
    assert sorted(written) == sorted(plan.labels)
    assert set(measuring) <= set(written)
    unnamed = re.findall(r"(?:[\],]|^)([a-z0-9]+)[=,\[]", plan.filter_complex, re.MULTILINE)
    assert not unnamed
    assert plan.labels["volume@master_headroom"] == "master.headroom"
    assert plan.labels["aformat@a_c_clip"] == "a/c.clip"


def test_names_that_look_alike_stay_apart():
    names = ("a/b", "a.b", "a_b", "a_b_2", "ä", "😀", "a b]", "a';b", "")
    clips = [ir.Clip(f"{n}.clip", "s", 0, RATE, RATE) for n in names]
    mix = ir.Mix("m", RATE, operands=tuple(c.name for c in clips))
    output = ir.Output("o", ir.OutputRole.MASTER, "master", "wav", ir.Encoding.S16, operands=("m",))
    plan = BACKEND.emit(Graph.ordered([source()], [*clips, mix, output]), STEPS)
    trims = {k: v for k, v in plan.labels.items() if k.startswith("atrim@") and v != "m"}
    assert list(trims.values()) == [c.name for c in clips]
    assert all(re.fullmatch(r"atrim@\w+", k, re.ASCII) for k in trims)
    inputs = plan.filter_complex.split("amix@")[0].rsplit("\n", 1)[1]
    assert len(set(re.findall(r"\[(\w+)\]", inputs))) == len(names) + 1


@pytest.mark.parametrize(
    ("targets", "files"),
    [
        (("../../up", "a/b", "a\\b", "a_b"), (".._.._up", "a_b", "a_b_2", "a_b_3")),
        (("Zoë & co", ".", "-y", "nul\0"), ("Zoë & co", ".", "-y", "nul_")),
    ],
)
def test_no_target_leaves_the_out_directory_or_takes_anothers_file(targets, files):
    stems = [stem("a/c.clip", target, f"stem{i}") for i, target in enumerate(targets)]
    plan = BACKEND.emit(mastered(0.0, *stems), STEPS)
    got = {d.target: d.file.path for d in plan.deliveries}
    assert got.pop("master") == "master.wav"
    assert sorted(got.values()) == sorted(f"{file}.wav" for file in files)


def test_the_plan_depends_on_the_graph_alone():
    """Not on the order in which nodes or sources were listed."""
    stems = [stem("a/c.clip", f"t{i}", f"stem{i}") for i in range(5)]
    graph = mastered(None, *stems)
    again = Graph.ordered(reversed(graph.sources), reversed(graph.nodes))
    plan = BACKEND.emit(graph, STEPS)
    assert BACKEND.emit(again, STEPS).to_dict() == plan.to_dict()
    assert BACKEND.emit(graph, STEPS).digest == plan.digest


def test_a_graph_may_be_thousands_of_nodes_deep():
    clip = ir.Clip("c", "s", 0, RATE, RATE)
    nodes = [clip]
    for number in range(5000):
        nodes.append(ir.Gain(f"g{number}", 0.001, operands=(nodes[-1].name,)))
    output = ir.Output(
        "o", ir.OutputRole.MASTER, "m", "wav", ir.Encoding.S16, operands=(nodes[-1].name,)
    )
    plan = BACKEND.emit(Graph((source(),), (*nodes, output)), STEPS)
    assert plan.filter_complex.count("volume@g") == 5000


def test_an_error_of_ffmpeg_names_the_filter_and_so_the_value(bench):
    bench.noise("s", 1, 1.0)
    graph = bench.chain(bench.clip("s"), ir.Fade("host/c1.fade_in", ir.Edge.IN, 9, "tri"))
    bad = graph.rewrite(lambda n: attrs.evolve(n, curve="no") if isinstance(n, ir.Fade) else n)
    plan = BACKEND.emit(bad, STEPS)
    with pytest.raises(AssertionError) as failed:
        bench.run(plan)
    named = re.search(r"\[(\S+@\S+) @ 0x", str(failed.value))
    assert plan.labels[named[1]] == "host/c1.fade_in"


def test_steps_run_with_facts_give_what_one_command_gives(bench):
    bench.noise("s", 2, 12.0, coding="PCM_16")
    steps = BACKEND.emit(mastered(None), STEPS)
    single = BACKEND.emit(mastered(-7.25), SINGLE)
    printed = bench.run(steps, {steps.loudness.gain_fact: -7.25, steps.loudness.margin_fact: 0.0})
    by_steps = bench.read(steps.deliveries[0].file)
    bench.run(single)
    assert np.array_equal(bench.read(single.deliveries[0].file), by_steps)
    assert by_steps.shape == (2, 10 * RATE)

    measured = measure_file(bench.path(steps["measure"].inputs[0]))
    last = dict(re.findall(r"lavfi\.r128\.(\w+)=(\S+)", printed["measure"]))
    assert float(last["I"]) == pytest.approx(measured.integrated, abs=0.02)


ONE_PASS = EmitOptions(single=True, one_pass=True)


def test_ffmpegs_own_loudness_only_where_it_is_asked_for():
    plan = BACKEND.emit(mastered(None, stem("a/c.clip")), ONE_PASS)
    assert [s.id for s in plan.steps] == ["mix"]
    assert (plan.loudness, plan["mix"].facts()) == (None, ())
    assert "loudnorm@master_loudnorm=I=-16.0:TP=0:LRA=11," in plan.filter_complex
    assert "alimiter@master_limiter" in plan.filter_complex
    known = BACKEND.emit(mastered(-7.25), ONE_PASS)
    assert known.to_text() == BACKEND.emit(mastered(-7.25), SINGLE).to_text()
    steps = EmitOptions(one_pass=True)
    assert (
        BACKEND.emit(mastered(None), steps).to_text()
        == BACKEND.emit(mastered(None), STEPS).to_text()
    )


def test_one_pass_has_no_gain_for_mastered_stems():
    norm = ir.Loudnorm("s.loudnorm", -16.0, None, operands=("a/c.clip", "master.headroom"))
    with pytest.raises(BackendError, match=r"MIX502(.|\n)*premaster stems"):
        BACKEND.emit(mastered(None, norm, stem("s.loudnorm")), ONE_PASS)


def test_one_pass_comes_near_and_keeps_length_place_and_ceiling(bench):
    """Speech-like bursts: 0.1 to 0.3 LU off, as measured; loops of drums can be 2.3 off."""
    time = np.arange(20 * RATE) / RATE
    bursts = np.repeat(np.random.default_rng(6).uniform(0, 1, 200), RATE // 10) ** 2
    tone = 0.2 * bursts * np.sin(2 * np.pi * 440 * time)
    bench.source("s", np.stack([tone, tone]), coding="PCM_16")
    plan = BACKEND.emit(mastered(None), ONE_PASS)
    bench.run(plan)
    got = bench.read(plan.deliveries[0].file)
    assert got.shape == (2, 10 * RATE)
    levels = measure_file(bench.path(plan.deliveries[0].file))
    assert levels.integrated == pytest.approx(-16.0, abs=1.0)
    assert levels.true_peak_dbtp <= -1.0
    shifts = range(-50, 51)
    middle = slice(4 * RATE, 5 * RATE)
    fits = [
        float(np.dot(np.roll(got[0], -n)[middle], tone[: got.shape[1]][middle])) for n in shifts
    ]
    assert shifts[int(np.argmax(fits))] == 0
