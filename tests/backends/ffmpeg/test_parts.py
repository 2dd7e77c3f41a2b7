"""Graphs of many clips, cut at their lanes: the same samples, small runs, untouched neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.backends.ffmpeg import BACKEND
from mixdown.backends.ffmpeg.parts import PART, WHOLE, cut
from mixdown.backends.protocol import EmitOptions, Space
from mixdown.ir.graph import Graph
from mixdown.ir.nodes import Clip, Encoding, Gain, Lane, Mix, Output, OutputRole, Source
from mixdown.ir.verify import check

RATE = 48000
SOURCE = Source("s", "s.wav", "sha256:", RATE, 1, 3 * RATE, "wav/double")


def lanes(*counts: int, changed: int = -1) -> Graph:
    """So many clips of 100 samples in each lane, 150 apart; one of the first lane's changed."""
    nodes, tracks = [], []
    length = 150 * max(counts) + 1000
    for track, count in enumerate(counts):
        for number in range(count):
            offset = (7 * number + 1000 * track) % 100_000
            gain = -6.0 if track == 0 and number == changed else -3.0
            clip = Clip(f"t{track}/{number}", "s", offset, 100, RATE)
            nodes += [clip, Gain(f"{clip.name}.gain", gain, operands=(clip.name,))]
        starts = tuple(20 + 150 * number for number in range(count))
        names = tuple(f"t{track}/{number}.gain" for number in range(count))
        nodes.append(Lane(f"t{track}.mix", starts, length, operands=names))
        tracks.append(f"t{track}.mix")
    nodes += [
        Mix("m", length, operands=tuple(tracks)),
        Output("o", OutputRole.MASTER, "master", "wav", Encoding.F64, operands=("m",)),
    ]
    return check(Graph.ordered([SOURCE], nodes))


@pytest.mark.parametrize("counts", [(WHOLE,), (WHOLE + 1,), (1, 90), (30, 30, 30), (3, 200, 5)])
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
