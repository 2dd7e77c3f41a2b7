"""`mixdown step` runs a step of a plan by hand, as the plan prints it."""

from __future__ import annotations

import re

import numpy as np
import pytest
import soundfile
from mixdown import compile, load
from mixdown.backends.native.run import COMMANDS


def test_the_printed_step_gives_the_file_of_the_render(mixdown, show):
    assert (
        mixdown("render", show.name, "-o", "out", "--preset", "draft", "--backend", "native").code
        == 0
    )
    plan = compile(load(show.name), preset="draft", backend="native").plan
    (step,) = plan.steps
    (script,) = step.scripts
    (show.parent / script.file.path).write_text(script.text)
    (delivery,) = plan.deliveries
    places = {"${SRC}/": "./", "${WORK}/": "./", "${OUT}/": "./by-hand-"}
    args = [str(arg) for arg in step.argv]
    for space, place in places.items():
        args = [arg.replace(space, place) for arg in args]
    ended = mixdown("step", *args)
    assert (ended.code, ended.err) == (0, "")
    by_hand = show.parent / f"by-hand-{delivery.file.path}"
    samples, _ = soundfile.read(by_hand, dtype="int16")
    assert len(samples) == 110_400
    # What a render puts behind the samples (cue points) is not the engine's.
    assert np.array_equal(samples, soundfile.read(show.parent / "out/master.wav", dtype="int16")[0])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["engine", "nothing.mir"], "nothing.mir: No such file"),
        (["engine", "small.yaml", "--outputs"], "not a command line of the engine"),
        (["integers", "nothing.mir", "--value", "a", "1", "b.au"], "nothing.mir: No such file"),
        (["envelope", "nothing.mir", "--value", "a", "1", "b.au"], "nothing.mir: No such file"),
        (["picture", "nothing.png", "out.txt"], "nothing.png: No such file"),
    ],
)
def test_an_unknown_step_is_a_coded_error(mixdown, show, args, said):
    ended = mixdown("step", *args)
    assert ended.code == 3
    assert ended.err.startswith(f"error[MIX603]: {said}")


def test_finish_says_what_it_lacks(mixdown):
    ended = mixdown("step", "finish", "--", "mixdown")
    assert ended.code == 2
    assert "--target-lufs" in ended.err


def test_every_kind_of_step_is_listed_and_the_command_itself_is_hidden(mixdown):
    """A script measures within `finish`, so that measuring is no step of its own there."""
    listed = re.findall(r"^  (\w+)  ", mixdown("step", "--help").out, re.MULTILINE)
    assert set(listed) == (COMMANDS.keys() - {"measure"}) | {"finish"}
    assert not re.search(r"^  step ", mixdown("--help").out, re.MULTILINE)
