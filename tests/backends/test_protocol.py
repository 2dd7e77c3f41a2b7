"""What a backend of others makes is checked, and what it cannot read is decoded for it."""

from __future__ import annotations

from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile
from attrs import evolve, frozen
from mixdown.backends import registry
from mixdown.backends.native.backend import NativeBackend
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import BackendError, Diagnostic
from mixdown.plans.plan import LoudnessGoal
from mixdown.programs.ffmpeg import FFMPEG
from mixdown.programs.program import Program

TIMELINE = """\
schema_version: 1
id: t
tracks:
  - id: a
    role: fx
    clips:
      - {id: c, source: a.flac}
"""


GOAL = LoudnessGoal("measure", "finish", -16.0, -1.0, "gain_db", "margin_db")


@frozen
class Toy(NativeBackend):
    """The native backend, with a plan that a test changes."""

    name: str = "toy"
    change: object = None

    def emit(self, graph, options):
        return self.change(super().emit(graph, options), graph)

    def reads(self, source):
        return source.codec.startswith("wav/")


@pytest.fixture
def mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(registry, "_registered", {})
    soundfile.write(tmp_path / "a.flac", np.linspace(-0.5, 0.5, 4800), 48000, "PCM_24")
    (tmp_path / "t.yaml").write_text(TIMELINE)
    return tmp_path / "t.yaml"


def compiled(mix: Path, change=lambda plan, graph: plan, **fields) -> mixdown.Compilation:
    mixdown.register_backend(Toy(change=change, **fields))
    return mixdown.compile(mixdown.load(mix), backend="toy", preset="draft")


def test_what_it_does_not_read_is_decoded_first(mix, tmp_path):
    plan = compiled(mix).plan
    decoding, mixing = plan.steps
    assert (decoding.id, decoding.program, mixing.after) == ("decode1", "ffmpeg", ("decode1",))
    assert "-f flac -i ${SRC}/a.flac" in " ".join(map(str, decoding.argv))
    assert 'codec = "wav/float"' in mixing.scripts[0].text
    timeline = mixdown.load(mix)
    results = [
        mixdown.render(timeline, out=tmp_path / name, backend=name, bit_depth="64f", preset="draft")
        for name in ("toy", "native")
    ]
    toy, native = (soundfile.read(result.master.path)[0] for result in results)
    assert np.array_equal(toy, native)


@pytest.mark.parametrize(
    ("subtype", "coding"), [("PCM_16", "float"), ("PCM_32", "double"), ("DOUBLE", "double")]
)
def test_a_decoded_source_keeps_all_its_bits(mix, subtype, coding):
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, 4800)
    soundfile.write(mix.parent / "a.caf", samples, 48000, subtype)
    mix.write_text(TIMELINE.replace("a.flac", "a.caf"))
    held, _ = soundfile.read(mix.parent / "a.caf")
    compilation = compiled(mix)
    assert f'codec = "wav/{coding}"' in compilation.plan.steps[1].scripts[0].text
    mono = {"channels": 1, "bit_depth": "64f", "preset": "draft"}
    result = mixdown.render(mixdown.load(mix), out=mix.parent / "out", backend="toy", **mono)
    made, _ = soundfile.read(result.master.path)
    assert np.allclose(made / made.max(), held / held.max(), rtol=0, atol=1e-15)


def test_a_refusal_keeps_its_caret(mix):
    def refuse(plan, graph):
        clip = graph.nodes[0]
        raise BackendError(Diagnostic(Code.UNSUPPORTED_NODE, "toys play no clips", clip.origin))

    with pytest.raises(BackendError) as caught:
        compiled(mix, refuse)
    text = str(caught.value)
    assert text.startswith("error[MIX502]: toys play no clips\n --> ")
    assert "t.yaml:7:9" in text
    assert text.endswith("|         ^")


def test_a_failure_names_the_place_in_the_backend(mix):
    with pytest.raises(BackendError) as caught:
        compiled(mix, lambda plan, graph: {}["nothing"])
    text = str(caught.value)
    assert (
        "MIX505]: the backend 'toy' cannot be used: KeyError: 'nothing' (test_protocol.py:" in text
    )
    assert "a fault of the backend, not of the mix" in text


def first_step(plan, **fields):
    return evolve(plan, steps=(evolve(plan.steps[0], **fields), *plan.steps[1:]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p, g: first_step(p, id="decode1"), "two steps are called 'decode1'"),
        (
            lambda p, g: first_step(p, after=("gone",)),
            "'mix' waits for 'gone', which does not precede",
        ),
        (
            lambda p, g: first_step(p, program="toot"),
            "runs 'toot', which is not one of its programs",
        ),
        (lambda p, g: evolve(p, deliveries=()), "it delivers nothing, not master"),
        (lambda p, g: evolve(p, loudness=GOAL), "goal names 'measure' and 'finish', not both its"),
        (lambda p, g: first_step(p, outputs=()), r"no step writes \$\{OUT\}/master.wav"),
        (
            lambda p, g: evolve(p, steps=(*p.steps, evolve(p.steps[0], id="again"))),
            r"two steps write \$\{OUT\}/master.wav",
        ),
    ],
)
def test_a_plan_that_cannot_run_is_a_coded_error(mix, change, reason):
    with pytest.raises(BackendError, match=rf"MIX505.*{reason}"):
        compiled(mix, change)


def test_a_program_may_not_take_the_name_of_another(mix):
    other = Program(name="ffmpeg", find=FFMPEG.find)
    with pytest.raises(BackendError, match=r"MIX505.*a second program called 'ffmpeg'"):
        compiled(mix, programs=(other,))
