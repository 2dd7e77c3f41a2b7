"""Graphs in phases: where they are cut, what crosses, and that nothing else changes."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from mixdown.backends.native import reference
from mixdown.ir import nodes as ir
from mixdown.ir.diagnostics import BackendError
from mixdown.ir.digest import digests
from mixdown.ir.graph import Graph
from mixdown.ir.verify import verify
from mixdown.plans.carried import file_of
from mixdown.plans.phases import Split, deliveries, in_phases, split
from mixdown.plans.plan import File, Space

RATE = 48000
SAMPLES = np.random.Generator(np.random.Philox(3)).uniform(-0.5, 0.5, (2, RATE))
SOURCE = ir.Source("tone", "media/tone.wav", "sha256:0", RATE, 2, RATE, "wav/pcm_16")


def out(name: str, role: ir.OutputRole, operand: str) -> ir.Output:
    return ir.Output(f"{name}.out", role, name, "wav", ir.Encoding.S16, operands=(operand,))


def graph(*extra: ir.Node, gain_db: float | None = None, limited: str = "loud") -> Graph:
    nodes = (
        ir.Clip("clip", "tone", 0, RATE, RATE),
        ir.Gain("bus", -3.0, operands=("clip",)),
        ir.Headroom("head", 3.0, operands=("bus",)),
        ir.Loudnorm("loud", -16.0, gain_db, operands=("head",)),
        ir.Limiter("limit", -1.0, ir.LimitMode.TRUE_PEAK, operands=(limited,)),
        ir.Dither("dither", 16, operands=("limit",)),
        out("master", ir.OutputRole.MASTER, "dither"),
        *extra,
    )
    return Graph((SOURCE,), nodes)


PREMASTER_STEM = out("plain", ir.OutputRole.STEM, "bus")
MASTERED_STEM = (
    ir.Headroom("stem.head", 3.0, operands=("bus",)),
    ir.Loudnorm("stem.loud", -16.0, None, operands=("stem.head", "head")),
    out("moved", ir.OutputRole.STEM, "stem.loud"),
)


def test_with_every_gain_known_there_is_one_phase():
    whole = graph(PREMASTER_STEM, gain_db=-2.0)
    phases = in_phases(whole)
    assert phases.mix == whole
    assert phases.finish is None
    assert phases.mastering is None
    assert split(whole) == Split(whole.nodes)


def test_the_cut_lies_before_the_open_gain():
    phases = in_phases(graph(PREMASTER_STEM, *MASTERED_STEM))
    assert phases.finish is not None
    assert phases.carried == {
        "head": File(Space.WORK, "premaster.wav"),
        "stem.head": File(Space.WORK, "carried1.wav"),
    }
    assert {o.target for o in phases.mix.outputs} == {"head.carried", "plain", "stem.head.carried"}
    assert {o.target for o in phases.finish.outputs} == {"master", "moved"}
    for phase in (phases.mix, phases.finish):
        assert verify(phase) == ()


def test_the_halves_hold_every_node_that_an_output_needs():
    dead = (ir.Gain("dead", 1.0, operands=("limit",)), ir.Gain("gone", 1.0, operands=("clip",)))
    halves = split(graph(PREMASTER_STEM, *MASTERED_STEM, *dead))
    early, late = ([node.name for node in half] for half in (halves.early, halves.late))
    assert early == ["clip", "bus", "head", "plain.out", "stem.head"]
    assert late == ["loud", "limit", "dither", "master.out", "stem.loud", "moved.out"]
    assert halves.crossing == ("head", "stem.head")


def test_a_known_gain_may_wait_for_what_is_open():
    known = attrs.evolve(MASTERED_STEM[1], gain_db=-2.0, operands=("limit", "bus"))
    phases = in_phases(graph(MASTERED_STEM[0], known, MASTERED_STEM[2]))
    assert phases.finish is not None
    assert list(phases.carried) == ["head", "bus"]
    assert verify(phases.finish) == ()


def test_the_loop_names_what_it_moves():
    mastering = split(graph()).mastering
    assert mastering is not None
    goal = mastering.goal
    assert (goal.measure, goal.finish) == ("measure", "finish")
    assert (goal.gain_fact, goal.margin_fact) == ("loud.gain_db", "limit.margin_db")
    assert (goal.target_lufs, goal.ceiling_db) == (-16.0, -1.0)


def test_files_are_found_in_their_spaces():
    phases = in_phases(graph())
    assert phases.finish is not None
    assert [file_of(s) for s in phases.mix.sources] == [File(Space.SOURCE, "media/tone.wav")]
    assert [file_of(s) for s in phases.finish.sources] == [File(Space.WORK, "premaster.wav")]


def test_two_phases_mean_what_one_does():
    whole = graph(PREMASTER_STEM, *MASTERED_STEM)
    expected = reference.evaluate(whole, lambda s: SAMPLES)
    phases = in_phases(whole)
    assert phases.finish is not None
    first = reference.evaluate(phases.mix, lambda s: SAMPLES)
    gain_db = float(20 * np.log10(expected["loud"][0, 9] / expected["head"][0, 9]))

    def resolve(node: ir.Node) -> ir.Node:
        return attrs.evolve(node, gain_db=gain_db) if isinstance(node, ir.Loudnorm) else node

    second = reference.evaluate(phases.finish.rewrite(resolve), lambda s: first[s.name])
    assert np.array_equal(first["plain.out"], expected["plain.out"])
    for name in ("master.out", "moved.out"):
        assert np.array_equal(second[name], expected[name])


def test_a_file_is_known_by_the_digest_of_the_value_that_it_carries():
    whole = graph(PREMASTER_STEM, *MASTERED_STEM)
    phases = in_phases(whole)
    assert phases.finish is not None
    of = digests(whole)
    values = [of["head"], of["stem.head"]]
    assert [source.digest for source in phases.finish.sources] == [f"value:{v}" for v in values]


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (graph(*(attrs.evolve(n, operands=("stem.head",)) if n.name == "stem.loud" else n
                 for n in MASTERED_STEM)), "two different values"),
        (graph(out("unlimited", ir.OutputRole.STEM, "loud"), limited="head"), "no limiter follows"),
    ],
)  # fmt: skip
def test_what_no_loop_can_close_is_refused(refused: Graph, message: str):
    with pytest.raises(BackendError, match=message):
        split(refused)


def test_deliveries_stay_in_their_directory():
    outputs = (
        out("../up", ir.OutputRole.STEM, "bus"),
        out("..\\up", ir.OutputRole.STEM, "bus"),
        out("a b.é", ir.OutputRole.STEM, "bus"),
    )
    files = [d.file.path for d in deliveries(graph(*outputs)).values()]
    assert files == ["master.wav", ".._up.wav", ".._up_2.wav", "a b.é.wav"]
