"""Plans as scripts, whatever backend made them: run, checked, and held against a render."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from attrs import evolve
from handmade import loudness_plan
from mixdown.audio.meter.measure import measure_file
from mixdown.ir.diagnostics import BackendError
from mixdown.plans.plan import File, FilterScript, Plan, Script, Space, Template
from mixdown.render.service import render
from mixdown.render.shell import LONGEST_WORD, to_shell

RATE = 48000


@pytest.fixture
def timeline(tmp_path: Path) -> mixdown.Timeline:
    # Two tones: resampling for the limiter takes nothing from them, so the first gain is right.
    tones = 0.2 * np.sin(np.arange(RATE)[:, None] * (0.05, 0.07))
    soundfile.write(tmp_path / "a.wav", tones, RATE, "PCM_16")
    (tmp_path / "t.yaml").write_text(
        "{schema_version: 1, id: t, tracks: [{id: a, role: music, clips: "
        "[{source: a.wav, start_ms: 100, fade_in_ms: 50}]}]}"
    )
    return mixdown.load(tmp_path / "t.yaml")


def peaky(folder: Path) -> mixdown.Timeline:
    """Ticks so loud that the limiter takes loudness away, and the loop must correct."""
    time = np.arange(6 * RATE) / RATE
    noise = np.random.default_rng(4).uniform(-0.04, 0.04, time.size)
    ticks = 0.7 * np.sin(9000 * time) * (time % 0.5 < 0.002)
    soundfile.write(folder / "ticks.wav", 0.06 * np.sin(1300 * time) + noise + ticks, RATE)
    (folder / "ticks.yaml").write_text(
        "{schema_version: 1, id: t, tracks: [{id: a, role: music, clips: [{source: ticks.wav}]}]}"
    )
    return mixdown.load(folder / "ticks.yaml")


def busy(folder: Path) -> mixdown.Timeline:
    """More clips than one run reads, whose graph in one command is longer than an argument."""
    noise = np.random.default_rng(5).uniform(-0.2, 0.2, (4 * RATE, 2))
    soundfile.write(folder / "b.flac", noise, RATE, "PCM_16")
    clips = ", ".join(
        f"{{source: b.flac, start_ms: {37 * n}, offset_ms: {7 * n}, duration_ms: 60, fade_in_ms: 9,"
        "automation: {gain: [{at_ms: 0, value: -3}, {at_ms: 40, value: 0, curve: smooth}]}}"
        for n in range(150)
    )
    (folder / "busy.yaml").write_text(
        f"{{schema_version: 1, id: busy, tracks: [{{id: a, role: music, clips: [{clips}]}}]}}"
    )
    return mixdown.load(folder / "busy.yaml")


def run(text: str, folder: Path, ffmpeg: str | None = None) -> subprocess.CompletedProcess[str]:
    """A script in an empty directory; with nothing but this ffmpeg and the system on PATH, or with
    this mixdown too."""
    folder.mkdir()
    (folder / "mix.sh").write_text(text)
    programs = folder / "programs"
    programs.mkdir()
    if ffmpeg is None:
        (programs / "mixdown").symlink_to(Path(sys.executable).parent / "mixdown")
    else:
        (programs / "ffmpeg").symlink_to(ffmpeg)
    env = {"PATH": f"{programs}:/usr/bin:/bin", "SRC": "..", "OUT": "hand"}
    return subprocess.run(
        ["sh", "mix.sh"], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def same_files(rendered: mixdown.RenderResult, folder: Path) -> bool:
    made = folder / "hand"
    assert sorted(p.name for p in made.iterdir()) == sorted(f.path.name for f in rendered.files)
    return all((made / f.path.name).read_bytes() == f.path.read_bytes() for f in rendered.files)


def test_a_script_of_the_native_engine_gives_the_files_of_a_render(timeline, tmp_path):
    rendered = render(timeline, out=tmp_path / "out", preset="podcast", backend="native")
    plan = mixdown.compile(timeline, preset="podcast", backend="native").plan
    done = run(to_shell(plan), tmp_path / "by")
    assert (done.returncode, done.stderr) == (0, "")
    assert same_files(rendered, tmp_path / "by")


@pytest.mark.parametrize("choices", [{"stems": True}, {"stems": True, "stem_mode": "mastered"}])
def test_a_script_of_ffmpeg_needs_only_ffmpeg_and_gives_the_files_of_a_render(
    timeline, tmp_path, ffmpegs, monkeypatch, choices
):
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    rendered = render(timeline, out=tmp_path / "out", preset="podcast", **choices)
    plan = mixdown.compile(timeline, preset="podcast", **choices).plan
    done = run(to_shell(plan), tmp_path / "by", ffmpegs)
    assert (done.returncode, done.stderr) == (0, "")
    assert same_files(rendered, tmp_path / "by")


@pytest.mark.parametrize("single", [False, True])
def test_with_facts_there_is_nothing_to_measure(timeline, tmp_path, ffmpegs, monkeypatch, single):
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    facts = render(timeline, out=tmp_path / "first", preset="podcast").facts
    rendered = render(timeline, out=tmp_path / "out", preset="podcast", facts=facts)
    plan = mixdown.compile(timeline, preset="podcast", facts=facts, single=single).plan
    done = run(to_shell(plan), tmp_path / "by", ffmpegs)
    assert (done.returncode, done.stderr) == (0, "")
    assert same_files(rendered, tmp_path / "by")


@pytest.mark.parametrize("single", [False, True])
def test_a_graph_too_long_for_an_argument_is_in_a_file(tmp_path, ffmpegs, monkeypatch, single):
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    timeline = busy(tmp_path)
    rendered = render(timeline, out=tmp_path / "out", preset="draft")
    plan = mixdown.compile(timeline, preset="draft", single=single).plan
    text = to_shell(plan)
    graphs = [len(str(a)) for s in plan.steps for a in s.argv if isinstance(a, FilterScript)]
    assert (max(graphs) > LONGEST_WORD) == single == ('"$GRAPH" "$WORK/mix.graph"' in text)
    done = run(text, tmp_path / "by", ffmpegs)
    assert (done.returncode, done.stderr) == (0, "")
    assert same_files(rendered, tmp_path / "by")


@pytest.mark.parametrize("rate", [8_000, RATE])
def test_the_loop_of_a_script_corrects_as_a_render_does(tmp_path, ffmpegs, monkeypatch, rate):
    """With ffmpeg's readings, which differ from ours by hundredths."""
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    timeline = peaky(tmp_path)
    choices = {"preset": "podcast", "sample_rate": rate}
    rendered = render(timeline, out=tmp_path / "out", **choices)
    plan = mixdown.compile(timeline, **choices).plan
    first = plan.loudness.target_lufs - rendered.finish.integrated_lufs
    assert abs(rendered.finish.gain_db - first) > 0.05, "the render had nothing to correct"
    done = run(to_shell(plan), tmp_path / "by", ffmpegs)
    assert (done.returncode, done.stderr) == (0, "")
    levels = measure_file(tmp_path / "by/hand/master.wav")
    assert levels.integrated == pytest.approx(-16.0, abs=0.1)
    assert levels.true_peak_dbtp <= -1.0
    assert levels.integrated == pytest.approx(rendered.master.meta.integrated_lufs, abs=0.05)


def test_a_script_says_what_cannot_be_reached(tmp_path, ffmpegs):
    """One click has no room to be loud; the ceiling holds, and the script says what it missed."""
    click = np.zeros(3 * RATE)
    click[RATE] = 0.5
    soundfile.write(tmp_path / "click.wav", click, RATE)
    (tmp_path / "c.yaml").write_text(
        "{schema_version: 1, id: t, tracks: [{id: a, role: fx, clips: [{source: click.wav}]}]}"
    )
    plan = mixdown.compile(mixdown.load(tmp_path / "c.yaml"), preset="podcast").plan
    done = run(to_shell(plan), tmp_path / "by", ffmpegs)
    assert done.returncode == 0
    assert "LUFS; its target is -16" in done.stderr
    assert np.abs(soundfile.read(tmp_path / "by/hand/master.wav")[0]).max() <= 10 ** (-1 / 20)


@pytest.mark.parametrize("rate", [8_000, RATE])
def test_a_script_of_ffmpeg_gives_a_short_mix_its_momentary_loudness(
    tmp_path, ffmpegs, monkeypatch, rate
):
    monkeypatch.setenv("MIXDOWN_FFMPEG", ffmpegs)
    check_momentary(tmp_path, "ffmpeg", rate, ffmpegs)


@pytest.mark.parametrize("rate", [8_000, RATE])
def test_a_script_of_the_native_engine_gives_a_short_mix_its_momentary_loudness(tmp_path, rate):
    check_momentary(tmp_path, "native", rate)


def check_momentary(tmp_path: Path, backend: str, rate: int, ffmpeg: str | None = None) -> None:
    tick = 0.05 * np.sin(np.arange(RATE // 5) * 0.05)
    soundfile.write(tmp_path / "tick.wav", tick, RATE, "FLOAT")
    (tmp_path / "t.yaml").write_text(
        "{schema_version: 1, id: t, tracks: [{id: a, role: fx, clips: "
        "[{source: tick.wav, fade_out_ms: 5}]}]}"
    )
    choices = {"backend": backend, "sample_rate": rate, "short": "momentary"}
    rendered = render(tmp_path / "t.yaml", out=tmp_path / "out", **choices)
    assert rendered.diagnostics == ()
    plan = mixdown.compile(tmp_path / "t.yaml", **choices).plan
    assert "until -16 LUFS, momentary if short" in plan.to_text()
    done = run(to_shell(plan), tmp_path / "by", ffmpeg)
    assert (done.returncode, done.stderr) == (0, "")
    assert same_files(rendered, tmp_path / "by")
    assert 12.0 < rendered.finish.gain_db < 30.0


def test_silence_is_rendered_as_silence(tmp_path, ffmpegs):
    soundfile.write(tmp_path / "s.wav", np.zeros(RATE), RATE)
    (tmp_path / "s.yaml").write_text(
        "{schema_version: 1, id: t, tracks: [{id: a, role: fx, clips: [{source: s.wav}]}]}"
    )
    plan = mixdown.compile(mixdown.load(tmp_path / "s.yaml")).plan
    done = run(to_shell(plan), tmp_path / "by", ffmpegs)
    assert (done.returncode, done.stderr.count("the mix is silent")) == (0, 1)
    assert not soundfile.read(tmp_path / "by/hand/master.wav")[0].any()


@pytest.mark.parametrize("broken", ["afade@host_c1=t=in:curve=nosuch", "volume@v=volume=foo(3)"])
def test_a_script_whose_ffmpeg_fails_leaves_nothing(tmp_path, ffmpegs, broken):
    plan = loudness_plan(f"sine=r=48000,{broken}", 1.0)
    done = run(to_shell(plan), tmp_path / "by", ffmpegs)
    assert done.returncode != 0
    assert broken.partition("=")[0] in done.stderr
    assert list((tmp_path / "by/hand").iterdir()) == []


@pytest.mark.requires("shellcheck")
def test_shellcheck_has_nothing_to_say_of_a_long_graph(tmp_path):
    plans = [
        mixdown.compile(busy(tmp_path), preset="draft", single=True).plan,
        with_long_finish(loudness_plan("sine=f=440:r=48000", 1.0)),
    ]
    for plan in plans:
        (tmp_path / "mix.sh").write_text(to_shell(plan))
        done = subprocess.run(["shellcheck", tmp_path / "mix.sh"], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "")


def with_long_finish(plan: Plan) -> Plan:
    """A finish whose graph, with facts in it, is too long for an argument."""
    *others, finish = plan.steps
    pad = Template((f"anullsrc=r=48000,atrim=end_sample={'0' * LONGEST_WORD}9,anullsink",))
    argv = tuple(
        FilterScript((*a.lines, pad)) if isinstance(a, FilterScript) else a for a in finish.argv
    )
    return evolve(plan, steps=(*others, evolve(finish, argv=argv)))


def test_facts_find_their_way_into_a_graph_in_a_file(tmp_path, ffmpegs):
    plan = loudness_plan("anoisesrc=r=48000:a=0.05:c=pink:seed=1", 3.0)
    for name, each in (("short", plan), ("long", with_long_finish(plan))):
        done = run(to_shell(each), tmp_path / name, ffmpegs)
        assert (done.returncode, done.stderr) == (0, "")
    short, long = (tmp_path / name / "hand/master.wav" for name in ("short", "long"))
    assert short.read_bytes() == long.read_bytes()
    assert '"$GRAPH" "$WORK/finish.graph"' in (tmp_path / "long/mix.sh").read_text()


def test_a_text_may_hold_the_word_that_ends_it():
    plan = loudness_plan("sine=f=440:r=48000", 1.0)
    script = Script(File(Space.WORK, "a b.mir"), "END\nEND_\n$x\n")
    first, *others = plan.steps
    shown = to_shell(evolve(plan, steps=(evolve(first, scripts=(script,)), *others)))
    assert "cat >\"$WORK/\"'a b.mir' <<'END__'\nEND\nEND_\n$x\nEND__\n" in shown


def test_stand_ins_occur_nowhere_else(timeline):
    plan = mixdown.compile(timeline, preset="podcast", backend="native").plan
    *others, finish = plan.steps
    named = evolve(finish, argv=(*finish.argv, "@gain_db@"))
    shown = to_shell(evolve(plan, steps=(*others, named)))
    assert "--gain @@gain_db@@ --margin @margin_db@" in shown
    assert "--gain-db @@gain_db@@" in shown


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_no_script_can_do_is_refused(timeline, number):
    plan = loudness_plan("sine=f=440:r=48000", 1.0)
    first, *others = plan.steps
    native = mixdown.compile(timeline, preset="podcast", backend="native").plan
    *before, finish = native.steps
    again = evolve(finish, id="again", after=(finish.id,), inputs=finish.outputs)
    broken = (
        evolve(plan, steps=(evolve(first, argv=(*first.argv, "x" * (LONGEST_WORD + 1))), *others)),
        evolve(plan, loudness=None),
        evolve(native, steps=(*before, finish, again)),
    )[number]
    with pytest.raises(BackendError, match="MIX502") as caught:
        to_shell(broken)
    assert "render the plan" in str(caught.value)
