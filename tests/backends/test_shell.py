"""Plans as scripts, whatever backend made them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from attrs import evolve
from handmade import loudness_plan
from mixdown.backends.protocol import File, Plan, Script, Space
from mixdown.backends.shell import LONGEST_WORD, to_shell
from mixdown.ir.diagnostics import BackendError
from mixdown.render.service import render


@pytest.fixture
def timeline(tmp_path: Path) -> mixdown.Timeline:
    noise = 0.1 * np.random.default_rng(2).standard_normal((48000, 2)).clip(-3, 3)
    soundfile.write(tmp_path / "a.wav", noise, 48000, "PCM_16")
    (tmp_path / "t.yaml").write_text(
        "{schema_version: 1, id: t, tracks: [{id: a, role: music, clips: "
        "[{source: a.wav, start_ms: 100, fade_in_ms: 50}]}]}"
    )
    return mixdown.load(tmp_path / "t.yaml")


@pytest.mark.parametrize(
    "backend", ["native", pytest.param("ffmpeg", marks=pytest.mark.requires("ffmpeg_debian"))]
)
def test_a_script_of_any_backend_gives_the_files_of_a_render(timeline, tmp_path, backend):
    rendered = render(timeline, out=tmp_path / "rendered", preset="podcast", backend=backend)
    plan = mixdown.compile(timeline, preset="podcast", backend=backend).plan
    (tmp_path / "mix.sh").write_text(to_shell(plan))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "mix.sh"],
        cwd=tmp_path,
        env={"PATH": path, "OUT": "hand"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    made, meant = (
        soundfile.read(p)[0] for p in (tmp_path / "hand/master.wav", rendered.master.path)
    )
    # ffmpeg's plan measures with its own meter, which differs by hundredths of a LU.
    assert np.max(np.abs(made - meant)) <= (0.0 if backend == "native" else 0.02)


def test_a_text_may_hold_the_word_that_ends_it():
    plan = loudness_plan("sine=f=440:r=48000", 1.0)
    script = Script(File(Space.WORK, "a b.mir"), "END\nEND_\n$x\n")
    first, *others = plan.steps
    shown = to_shell(evolve(plan, steps=(evolve(first, scripts=(script,)), *others)))
    assert "cat >\"$WORK/\"'a b.mir' <<'END__'\nEND\nEND_\n$x\nEND__\n" in shown


def test_stand_ins_occur_nowhere_else():
    plan = loudness_plan("sine=f=440:r=48000", 1.0)
    *others, finish = plan.steps
    named = evolve(finish, argv=(*finish.argv, "@gain_db@"))
    shown = to_shell(evolve(plan, steps=(*others, named)))
    assert "--gain @@gain_db@@ --margin @margin_db@" in shown
    assert "volume=@@gain_db@@dB" in shown


@pytest.mark.parametrize("number", [0, 2])
def test_what_no_script_can_do_is_refused(number):
    plan = loudness_plan("sine=f=440:r=48000", 1.0)
    if number:
        broken: Plan = evolve(plan, loudness=None)
    else:
        first, *others = plan.steps
        long = evolve(first, argv=(*first.argv, "x" * (LONGEST_WORD + 1)))
        broken = evolve(plan, steps=(long, *others))
    with pytest.raises(BackendError, match="MIX502") as caught:
        to_shell(broken)
    assert "render the plan" in str(caught.value)
