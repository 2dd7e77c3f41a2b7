"""Graphs of many clips, cut at their lanes: the same samples, small runs, untouched neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.backends.ffmpeg import BACKEND
from mixdown.backends.ffmpeg.narrow import WIDEST
from mixdown.backends.ffmpeg.parts import PART, WHOLE, cut
from mixdown.ir import nodes as ir
from mixdown.ir.graph import Graph
from mixdown.ir.verify import check
from mixdown.plans.plan import EmitOptions, Space

RATE = 48000
SOURCE = ir.Source("s", "s.wav", "sha256:", RATE, 1, 3 * RATE, "wav/double")


def lanes(*counts: int, changed: int = -1) -> Graph:
    """So many clips of 100 samples in each lane, 150 apart; one of the first lane's changed."""
    nodes, tracks = [], []
    length = 150 * max(counts) + 1000
    for track, count in enumerate(counts):
        for number in range(count):
            offset = (7 * number + 1000 * track) % 100_000
            gain = -6.0 if track == 0 and number == changed else -3.0
            clip = ir.Clip(f"t{track}/{number}", "s", offset, 100, RATE)
            nodes += [clip, ir.Gain(f"{clip.name}.gain", gain, operands=(clip.name,))]
        starts = tuple(20 + 150 * number for number in range(count))
        names = tuple(f"t{track}/{number}.gain" for number in range(count))
        nodes.append(ir.Lane(f"t{track}.mix", starts, length, operands=names))
        tracks.append(f"t{track}.mix")
    nodes += [
        ir.Mix("m", length, operands=tuple(tracks)),
        ir.Output("o", ir.OutputRole.MASTER, "master", "wav", ir.Encoding.F64, operands=("m",)),
    ]
    return check(Graph.ordered([SOURCE], nodes))


@pytest.mark.parametrize("counts", [(WHOLE,), (WHOLE + 1,), (1, 120), (40, 40, 40), (3, 200, 5)])
def test_a_cut_graph_is_sound_and_no_part_reads_more_than_it_may(counts):
    graph = lanes(*counts)
    result = cut(graph)
    check(result.graph)
    assert (result.graph is graph) == (sum(counts) <= WHOLE)
    plan = BACKEND.emit(graph, EmitOptions())
    clips = [sum(f.space is Space.SOURCE for f in argv_files(step)) for step in plan.steps]
    assert sum(clips) == sum(counts)
    assert max(clips) <= (PART if len(clips) > 1 else WHOLE)
    assert len(clips) - 1 <= 2 * sum(counts) / PART


def argv_files(step):
    return [
        a
        for flag, a in zip(step.argv, step.argv[1:], strict=False)
        if flag == "-i" and not isinstance(a, str)
    ]


def test_parts_stand_before_the_mix_and_wait_for_nothing():
    plan = BACKEND.emit(lanes(50, 50), EmitOptions())
    *parts, mix = plan.steps
    assert [part.id for part in parts] == [f"part{n}" for n in range(1, len(parts) + 1)]
    assert mix.after == tuple(part.id for part in parts)
    assert not any(part.after for part in parts)
    assert {f for part in parts for f in part.outputs} == set(mix.inputs)


def test_one_command_is_never_cut():
    plan = BACKEND.emit(lanes(50, 50), EmitOptions(single=True))
    assert [step.id for step in plan.steps] == ["mix"]


def test_an_edit_of_one_clip_changes_its_part_alone():
    before = BACKEND.emit(lanes(200), EmitOptions())
    after = BACKEND.emit(lanes(200, changed=60), EmitOptions())
    changed = [b.id for b, a in zip(before.steps, after.steps, strict=True) if a.digest != b.digest]
    assert changed == ["part2"]


def test_the_samples_are_those_of_the_whole(bench):
    bench.noise("s", 1, 3.0)
    graph = lanes(3, 97, 41)
    cut_up = bench.render(graph)
    whole = bench.render(graph, EmitOptions(single=True))
    assert np.array_equal(cut_up, whole)
    assert np.abs(whole).max() > 0.5


def heap(count: int, *, tracks: bool) -> Graph:
    """So many clips that all overlap, on one track, or each on a track of its own with a gain."""
    nodes: list[ir.Node] = []
    length = count + 6000
    for number in range(count):
        clip = ir.Clip(f"t/{number}", "s", 11 * number % 100_000, 5000, RATE)
        nodes += [clip, ir.Place(f"{clip.name}.place", 700 + number, operands=(clip.name,))]
        if tracks:
            track = ir.Mix(f"t{number}.mix", length, operands=(nodes[-1].name,))
            nodes += [track, ir.Gain(f"t{number}.gain", -0.001 * number, operands=(track.name,))]
    operands = tuple(n.name for n in nodes if isinstance(n, ir.Gain if tracks else ir.Place))
    nodes.append(
        ir.Bus("sum", operands=operands) if tracks else ir.Mix("sum", length, operands=operands)
    )
    output = ir.Output("o", ir.OutputRole.MASTER, "m", "wav", ir.Encoding.F64, operands=("sum",))
    return check(Graph.ordered([SOURCE], [*nodes, output]))


@pytest.mark.parametrize("tracks", [False, True], ids=["one track", "many tracks"])
@pytest.mark.parametrize("count", [100, WIDEST + 1, 2500, 9000])
def test_however_many_clips_overlap_few_files_are_open(count, tracks):
    graph = heap(count, tracks=tracks)
    result = cut(graph)
    check(result.graph)
    plan = BACKEND.emit(graph, EmitOptions())
    assert max(len(step.inputs) for step in plan.steps) <= WIDEST
    assert max(len(argv_files(step)) for step in plan.steps) <= WIDEST + 1
    clips = [sum(f.space is Space.SOURCE for f in argv_files(step)) for step in plan.steps]
    assert sum(clips) == count
    assert set(plan.labels.values()) <= {node.name for node in graph}


@pytest.mark.parametrize("tracks", [False, True], ids=["one track", "many tracks"])
def test_overlapping_clips_add_up(bench, tracks):
    audio = bench.noise("s", 1, 3.0)[0]
    graph = heap(WIDEST + 100, tracks=tracks)
    wanted = np.zeros(graph.signals["sum"].length)
    for node in graph:
        if isinstance(node, ir.Place):
            clip = graph[node.operands[0]]
            number = int(clip.name.partition("/")[2])
            factor = 10 ** (-0.001 * number / 20) if tracks else 1.0
            piece = audio[clip.offset : clip.offset + clip.length]
            wanted[node.start : node.start + clip.length] += factor * piece
    got = bench.render(graph)[0]
    assert np.abs(got - wanted[: got.size]).max() < 1e-12
    assert np.abs(got).max() > 5.0


def test_partial_sums_of_short_clips_are_short():
    """Clips far apart in time, many at each place: no part is as long as the mix."""
    nodes: list[ir.Node] = []
    for number in range(10 * PART):
        clip = ir.Clip(f"t/{number}", "s", 0, 5000, RATE)
        start = 600 * RATE * (number // PART)
        nodes += [clip, ir.Place(f"{clip.name}.place", start, operands=(clip.name,))]
    mix = ir.Mix("t.mix", 7000 * RATE, operands=tuple(n.name for n in nodes[1::2]))
    output = ir.Output("o", ir.OutputRole.MASTER, "m", "wav", ir.Encoding.F64, operands=("t.mix",))
    plan = BACKEND.emit(check(Graph.ordered([SOURCE], [*nodes, mix, output])), EmitOptions())
    assert [step.samples for step in plan.steps] == [5000] * 10 + [7000 * RATE]


def test_steps_say_what_they_do():
    plan = BACKEND.emit(lanes(100, 20), EmitOptions())
    assert [step.purpose for step in plan.steps] == [
        "mix 40 clips of t0",
        "mix 40 clips of t0",
        "mix 40 clips of t0, t1",
        "mix 4 parts, and master",
    ]
    few = BACKEND.emit(lanes(1, 2, 1, 2, 1), EmitOptions())
    assert few.steps[0].purpose == "mix 7 clips of t0, t1, t2 and 2 more, and master"
