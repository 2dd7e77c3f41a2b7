"""The loudness loop around a command: ours run in this process, others as programs."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
import pytest
import soundfile
from mixdown.audio.meter.measure import measure_file
from mixdown.cli.app import run
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import RenderError
from mixdown.render.finish import FinishCommand, run_finish

GRAPH = """\
mixdown.ir 1
source @in = "in.wav" {digest = "value:00", rate = 48000, channels = 1, frames = 96000, \
codec = "wav/double"}
%in = clip {source = @in, offset = 0, length = 96000, rate = 48000} : signal<48000, 1, 96000>
%loud = loudnorm %in {target_lufs = -16.0, gain_db = ?} : signal<48000, 1, 96000>
%limited = limiter %loud {ceiling_db = -1.0, mode = true_peak, margin_db = 0.0} \
: signal<48000, 1, 96000>
%out = output %limited {role = master, target = "master", container = "wav", encoding = s24, \
index = 0} : signal<48000, 1, 96000>
"""


@pytest.fixture
def finish(tmp_path: Path) -> FinishCommand:
    noise = 0.02 * np.random.default_rng(3).standard_normal(96_000)
    soundfile.write(tmp_path / "in.wav", noise, 48000, "DOUBLE")
    (tmp_path / "finish.mir").write_text(GRAPH)
    here = f"{tmp_path}/"
    return FinishCommand(
        target_lufs=-16.0,
        ceiling_db=-1.0,
        premaster=tmp_path / "in.wav",
        master=tmp_path / "master.wav",
        gain="@gain@",
        margin="@margin@",
        command=(
            *("mixdown", "step", "engine", f"{here}finish.mir", "--sources", here, "--work", here),
            *("--gain-db", "@gain@", "--margin-db", "@margin@"),
            *("--output", "out", f"{here}master.wav"),
        ),
    )


def test_the_master_reaches_its_loudness(finish):
    outcome = run_finish(finish)
    assert abs(measure_file(finish.master).integrated + 16.0) <= 0.1
    assert outcome.diagnostics == ()


def test_a_target_that_peaks_leave_no_room_for_is_a_warning(finish, capfd):
    """A click a second, through the command line."""
    clicks = np.zeros(96_000)
    clicks[::48_000] = 0.9
    soundfile.write(finish.premaster, clicks, 48000, "DOUBLE")
    goal = ("--target-lufs", "-16.0", "--ceiling-db", "-1.0")
    files = ("--measure", str(finish.premaster), "--master", str(finish.master))
    stand_ins = ("--gain", finish.gain, "--margin", finish.margin)
    assert run(["step", "finish", *goal, *files, *stand_ins, "--", *finish.command]) == 0
    assert "warning[MIX605]" in capfd.readouterr().err
    assert measure_file(finish.master).true_peak_dbtp <= -1.0


@pytest.mark.requires("ffmpeg_debian")
def test_the_command_may_be_another_program(finish):
    command = ("ffmpeg", "-nostdin", "-y", "-loglevel", "error", "-i", str(finish.premaster))
    command += ("-af", "volume=@gain@dB:precision=double", "-c:a", "pcm_s24le", str(finish.master))
    run_finish(attrs.evolve(finish, ceiling_db=6.0, command=command))
    assert abs(measure_file(finish.master).integrated + 16.0) <= 0.1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"premaster": Path("/nowhere.wav")}, "nowhere.wav"),
        ({"command": ("mixdown", "step", "engine", "/nowhere.mir", "--work", ".")}, "/nowhere.mir"),
        (
            {"command": ("mixdown", "engine", "in.mir")},
            "not a step of a plan: mixdown engine in.mir",
        ),
        ({"command": ("no-such-program",)}, "'no-such-program'"),
        ({"command": ("ffmpeg", "-nostdin", "-i", "/nowhere.wav", "-")}, "ended with status"),
    ],
)
@pytest.mark.requires("ffmpeg_debian")
def test_what_fails_is_a_coded_error(finish, changed, said):
    with pytest.raises(RenderError) as caught:
        run_finish(attrs.evolve(finish, **changed))
    (found,) = caught.value.diagnostics
    assert found.code is Code.STEP_FAILED
    assert said in str(found)
