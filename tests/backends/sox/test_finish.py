"""The finish: the native engine's, on values restored from SoX; its dither is the engine's own."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from mixdown.backends.native.backend import BACKEND as NATIVE
from mixdown.backends.sox import BACKEND
from mixdown.backends.sox.capabilities import CAPABILITIES
from mixdown.ir import nodes as ir
from mixdown.ir.curves import FilterKind
from mixdown.ir.diagnostics import BackendError
from mixdown.plans.plan import EmitOptions
from sox_bench import Bench, decibels, master, programs

pytestmark = pytest.mark.requires("sox")

FINISH = (
    ir.Headroom("h", 3.0),
    ir.Loudnorm("n", -16.0, 7.5),
    ir.Limiter("l", -1.0, ir.LimitMode.TRUE_PEAK, 0.0),
    ir.Dither("d", 16),
)


def finished(bench: Bench, *finish, encoding=ir.Encoding.S16, container="wav"):
    bench.noise("s", 2)
    first = bench.clip("s")
    fade = ir.Fade("f", ir.Edge.IN, 5000, "tri", operands=(first.name,))
    nodes = [first, fade]
    for node in (*finish, master(encoding=encoding, container=container)):
        nodes.append(attrs.evolve(node, operands=(nodes[-1].name,)))
    return bench.graph(*nodes)


def test_every_kind_has_an_entry():
    assert set(CAPABILITIES) == set(ir.KINDS)
    assert all(entry.note for entry in CAPABILITIES.values())


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("encoding", [ir.Encoding.F64, ir.Encoding.S24])
def test_loudness_limiter_and_dither(bench, count, encoding):
    graph = finished(bench, *FINISH[:count], encoding=encoding)
    step = 2.0**-23 if encoding is ir.Encoding.S24 else 0.0
    assert bench.residual(graph) <= decibels(np.array([10.0 ** (-165 / 20) + step]))


@pytest.mark.parametrize("container", ["wav", "flac"])
def test_the_dithered_master_is_the_engine_s_but_for_single_samples(bench, container):
    graph = finished(bench, *FINISH, container=container)
    ours, native = bench.render(graph)["master"], bench.run(NATIVE.emit(graph, EmitOptions()))
    apart = np.abs(ours - native["master"])
    assert np.count_nonzero(apart) < 10
    assert np.max(apart) <= 2.0**-15


def test_with_an_open_gain_the_premaster_is_restored_measured_and_finished(bench):
    bench.noise("s", 2)
    nodes = [bench.clip("s"), ir.Gain("g", -8.0, operands=("s.clip",))]
    dithered = ir.Dither("sd", 16, operands=("g",))
    stem = ir.Output("so", ir.OutputRole.STEM, "bus", "wav", ir.Encoding.S16, 1, operands=("sd",))
    previous = "g"
    for node in (ir.Loudnorm("n", -16.0, None), FINISH[2], FINISH[3]):
        nodes.append(attrs.evolve(node, operands=(previous,)))
        previous = node.name
    graph = bench.graph(*nodes, dithered, stem, master("d", ir.Encoding.S16))
    plan = BACKEND.emit(graph, EmitOptions())
    assert programs(plan) == ["engine", "engine", "measure", "engine"]
    assert [step.id for step in plan.steps] == ["restore", "deliver", "measure", "finish"]
    assert plan["finish"].facts() == ("n.gain_db", "l.margin_db")
    assert plan.loudness is not None
    assert plan["measure"].inputs == plan["restore"].outputs[-1:]


def test_files_that_the_finish_does_not_write_are_refused(bench):
    with pytest.raises(BackendError, match=r"MIX502.*does not write aiff as s16") as caught:
        BACKEND.emit(finished(bench, container="aiff"), EmitOptions())
    assert "known: wav/s24" in str(caught.value)


def test_one_command_is_refused(bench):
    with pytest.raises(BackendError, match=r"MIX502.*more than one command") as caught:
        BACKEND.emit(finished(bench), EmitOptions(single=True))
    assert "as a script" in str(caught.value)


def test_tags_reach_the_delivered_files(bench):
    plan = BACKEND.emit(finished(bench, FINISH[3]), EmitOptions(tags=(("title", "-x 'y' é"),)))
    bench.run(plan)
    content = (bench.folder / "out/master.wav").read_bytes()
    assert "-x 'y' é".encode() in content


def test_a_plan_does_not_depend_on_the_order_in_which_nodes_were_made(bench):
    bench.noise("s", 2)
    clips = [bench.clip("s", i, 100, f"c{i}") for i in range(5)]
    bus = ir.Bus("b", operands=tuple(c.name for c in clips))
    eq = ir.Filter("f", FilterKind.PEAKING, 500.0, 1.0, 6.0, operands=("b",))
    forwards = bench.graph(*clips, bus, eq, master("f"))
    backwards = bench.graph(*reversed((*clips, bus, eq, master("f"))))
    options = EmitOptions()
    assert BACKEND.emit(forwards, options).to_text() == BACKEND.emit(backwards, options).to_text()
