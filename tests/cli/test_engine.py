"""engine runs a step of a native plan by hand, as the plan prints it."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from mixdown import compile, load


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
    ended = mixdown(*args)
    assert (ended.code, ended.err) == (0, "")
    by_hand = show.parent / f"by-hand-{delivery.file.path}"
    samples, _ = soundfile.read(by_hand, dtype="int16")
    assert len(samples) == 110_400
    # What a render puts behind the samples (cue points) is not the engine's.
    assert np.array_equal(samples, soundfile.read(show.parent / "out/master.wav", dtype="int16")[0])


@pytest.mark.parametrize("args", [["nothing.mir"], ["small.yaml", "--outputs"]])
def test_what_is_no_step_is_a_coded_error(mixdown, show, args):
    ended = mixdown("engine", *args)
    assert ended.code == 3
    assert ended.err.startswith("error[MIX603]: engine: ")
    assert "Traceback" not in ended.err
