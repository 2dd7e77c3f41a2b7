"""Values used at different times: computed again when long, shared when short."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.backends.ffmpeg import BACKEND
from mixdown.backends.ffmpeg.copies import unshare
from mixdown.ir.nodes import Edge, Encoding, Fade, Gain, Lane, Mix, Output, OutputRole, Place
from mixdown.ir.verify import check
from mixdown.plans.plan import EmitOptions

RATE = 48000
LONG, SHORT = 3 * RATE, RATE


def out(operand: str) -> Output:
    return Output("o", OutputRole.MASTER, "master", "wav", Encoding.F64, operands=(operand,))


def used_at_many_times(bench, length):
    """A gain used by a lane twice, by a place, and by the mix itself; its clip by a fade too."""
    bench.noise("s", 1, 3.0)
    clip = bench.clip("s", 0, length)
    total = 4 * length
    return bench.graph(
        clip,
        Gain("g", -6.0, operands=("s.clip",)),
        Fade("f", Edge.IN, 100, "tri", operands=("s.clip",)),
        Lane("l", (5, 2 * length), total, operands=("g", "g")),
        Place("p", length, operands=("g",)),
        Place("q", 7, operands=("f",)),
        Mix("m", total, operands=("g", "l", "p", "q")),
        out("m"),
    )


@pytest.mark.parametrize(("length", "inputs"), [(LONG, 5), (SHORT, 1)])
def test_long_values_are_read_for_each_time_and_short_ones_once(bench, length, inputs):
    graph = used_at_many_times(bench, length)
    plan = BACKEND.emit(graph, EmitOptions())
    assert plan.steps[0].argv.count("-i") == inputs
    assert set(plan.labels.values()) == set(graph.by_name)

    audio = bench.read(plan.steps[0].inputs[0])[:, :length]
    faded = audio * np.minimum(np.arange(length) / 100, 1.0)
    quiet = audio * 10 ** (-6 / 20)
    wanted = np.zeros((1, 4 * length))
    for start, what in (
        (0, quiet),
        (5, quiet),
        (2 * length, quiet),
        (length, quiet),
        (7, faded),
    ):
        wanted[:, start : start + length] += what
    assert np.abs(bench.render(graph) - wanted).max() < 1e-14


def test_the_copies_are_a_sound_graph_with_names_of_their_own(bench):
    graph = used_at_many_times(bench, LONG)
    result = unshare(graph)
    check(result.graph)
    assert set(result.graph.by_name) - set(graph.by_name) == set(result.copy_of)
    assert set(result.copy_of.values()) == {"s.clip", "g", "f"}


def test_what_all_users_want_at_the_same_time_stays_shared(bench):
    bench.noise("s", 1, 3.0)
    clip = bench.clip("s")
    graph = bench.graph(
        clip,
        Gain("a", -6.0, operands=(clip.name,)),
        Gain("b", -7.0, operands=(clip.name,)),
        Mix("m", LONG, operands=("a", "b", clip.name)),
        out("m"),
    )
    assert unshare(graph).graph is graph
