"""The native backend's plans, and what runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import attrs
import numpy as np
import pytest
import soundfile
from mixdown.audio.meter.measure import measure_file
from mixdown.backends.native.backend import BACKEND
from mixdown.backends.native.options import read_options
from mixdown.backends.native.run import run_step
from mixdown.backends.protocol import Support
from mixdown.backends.registry import find_backend
from mixdown.ir import nodes as ir
from mixdown.ir.diagnostics import BackendError
from mixdown.ir.graph import Graph
from mixdown.plans.plan import EmitOptions, File, Plan, Space
from sounds import Media
from syrupy.assertion import SnapshotAssertion

RATE = 48000


def graph(media: Media, gain_db: float | None = None, margin_db: float = 0.0) -> Graph:
    source = media.add("noise", RATE, 2, RATE, "wav")
    nodes = (
        ir.Clip("clip", "noise", 0, RATE, RATE),
        ir.Loudnorm("loud", -16.0, gain_db, operands=("clip",)),
        ir.Limiter("limit", -6.0, ir.LimitMode.TRUE_PEAK, margin_db, operands=("loud",)),
        ir.Dither("dither", 16, operands=("limit",)),
        ir.Output(
            "out", ir.OutputRole.MASTER, "master", "wav", ir.Encoding.S16, operands=("dither",)
        ),
        ir.Output("stem", ir.OutputRole.STEM, "bus", "flac", ir.Encoding.S24, operands=("clip",)),
    )
    return Graph((source,), nodes)


def execute(plan: Plan, media: Media, out: Path, facts: dict[str, float]) -> dict[str, float]:
    """Runs a plan's steps as the executor does; what was measured."""
    spaces = {Space.SOURCE: media.directory, Space.WORK: out / "work", Space.OUT: out}
    spaces[Space.WORK].mkdir(parents=True)
    readings: dict[str, float] = {}
    for step in plan.steps:
        done: list[float] = []
        for script in step.scripts:
            (spaces[script.file.space] / script.file.path).write_text(script.text)
        known = {name: facts.get(name, 0.0) for name in step.facts()}
        readings.update(run_step(step, lambda f: str(spaces[f.space] / f.path), known, done.append))
        assert done[-1] == 1.0
        assert all((spaces[file.space] / file.path).is_file() for file in step.outputs)
    return readings


def test_it_is_found_by_name():
    assert find_backend("native") is BACKEND


def test_every_kind_is_native():
    assert {kind: c.support for kind, c in BACKEND.capabilities.items()} == dict.fromkeys(
        ir.KINDS, Support.NATIVE
    )


def test_asking_for_it_costs_nothing():
    program = (
        "import sys, mixdown.backends.native.backend\n"
        "heavy = {'numpy', 'scipy', 'soundfile', 'soxr', 'lark', 'networkx'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_open_gain_makes_three_steps(media: Media, plan_snapshot: SnapshotAssertion):
    plan = BACKEND.emit(graph(media), EmitOptions(tags=(("title", "- a title"),)))
    assert [step.id for step in plan.steps] == ["mix", "measure", "finish"]
    assert plan["finish"].facts() == ("loud.gain_db", "limit.margin_db")
    assert plan["finish"].after == ("mix", "measure")
    assert plan.to_text() == plan_snapshot


def test_a_known_gain_makes_one(media: Media):
    plan = BACKEND.emit(graph(media, -3.0), EmitOptions(single=True))
    assert [step.id for step in plan.steps] == ["mix"]
    assert plan.loudness is None
    assert plan["mix"].facts() == ()


def test_scripts_are_part_of_a_digest(media: Media):
    first, second = (BACKEND.emit(graph(media, db), EmitOptions())["mix"] for db in (-3.0, -4.0))
    assert first.argv == second.argv
    assert first.digest != second.digest


def test_one_command_cannot_measure(media: Media):
    with pytest.raises(BackendError, match="cannot measure"):
        BACKEND.emit(graph(media), EmitOptions(single=True))


def test_unknown_formats_are_refused(media: Media):
    def as_mp3(node: ir.Node) -> ir.Node:
        return attrs.evolve(node, container="mp3") if isinstance(node, ir.Output) else node

    with pytest.raises(BackendError, match="does not write mp3 as s16") as refused:
        BACKEND.emit(graph(media).rewrite(as_mp3), EmitOptions())
    assert "wav/s16" in str(refused.value)


def test_three_steps_render_what_one_does(media: Media, tmp_path: Path):
    plan = BACKEND.emit(graph(media), EmitOptions(tags=(("title", "- a title"),)))
    readings = execute(plan, media, tmp_path / "loop", {"limit.margin_db": 0.25})
    integrated = measure_file(media.directory / "noise.wav").integrated
    assert readings["lavfi.r128.I"] == pytest.approx(integrated, abs=1e-9)

    gain_db = -16.0 - integrated
    facts = {"loud.gain_db": gain_db, "limit.margin_db": 0.25}
    execute(plan, media, tmp_path / "again", facts)
    known = BACKEND.emit(graph(media, gain_db, 0.25), EmitOptions(tags=(("title", "- a title"),)))
    execute(known, media, tmp_path / "known", {})
    for name in ("master.wav", "bus.flac"):
        ways = [(tmp_path / way / name).read_bytes() for way in ("again", "known")]
        assert ways[0] == ways[1]
    with soundfile.SoundFile(tmp_path / "known" / "master.wav") as file:
        assert file.title == "- a title"


def test_what_cannot_be_read_is_an_os_error(media: Media, tmp_path: Path):
    plan = BACKEND.emit(graph(media, -3.0), EmitOptions())
    (media.directory / "noise.wav").write_bytes(b"no sound at all")
    with pytest.raises(OSError, match=r"noise\.wav"):
        execute(plan, media, tmp_path, {})


def test_a_measurement_of_silence_is_minus_infinity(media: Media, tmp_path: Path):
    plan = BACKEND.emit(graph(media), EmitOptions())
    path = tmp_path / "premaster.wav"
    soundfile.write(path, np.zeros((RATE, 2)), RATE, "DOUBLE")
    assert run_step(plan["measure"], lambda f: str(path), {})["lavfi.r128.I"] == -np.inf


@pytest.mark.parametrize("words", [[], ["g", "--gain-db"], ["g", "--gain-db", "x"], ["g", "--no"]])
def test_a_wrong_command_line_is_an_os_error(words: list[str]):
    with pytest.raises(OSError, match="not a command line"):
        read_options(words)


def test_files_of_the_plan_are_named_by_space(media: Media):
    plan = BACKEND.emit(graph(media), EmitOptions())
    assert plan["mix"].inputs == (File(Space.SOURCE, "noise.wav"),)
    assert plan["finish"].inputs == (File(Space.WORK, "premaster.wav"),)
    assert [d.file for d in plan.deliveries] == [
        File(Space.OUT, "master.wav"),
        File(Space.OUT, "bus.flac"),
    ]
