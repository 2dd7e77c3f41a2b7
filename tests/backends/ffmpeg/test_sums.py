"""Placing, lanes and sums, run in both ffmpegs."""

from __future__ import annotations

import numpy as np
import pytest
from mixdown.backends.ffmpeg import BACKEND
from mixdown.ir import nodes as ir
from mixdown.ir.curves import PanLaw, Shape
from mixdown.plans.plan import EmitOptions

RATE = 48000


def test_silence(bench):
    got = bench.render(bench.chain(ir.Silence("s", RATE, 2, 12345)))
    assert got.shape == (2, 12345)
    assert not got.any()


@pytest.mark.parametrize("start", [0, 1, 4096, 100_003])
def test_place(bench, start):
    audio = bench.noise("s", 2, 0.5)
    got = bench.render(bench.chain(bench.clip("s"), ir.Place("p", start)))
    assert np.array_equal(got, np.hstack([np.zeros((2, start)), audio]))


def test_placement_counts_samples_not_milliseconds(bench):
    """33.3333 ms, which adelay would read as 1599 samples."""
    bench.noise("s", 1, 0.1)
    plan = BACKEND.emit(bench.chain(bench.clip("s"), ir.Place("p", 1600)), EmitOptions())
    assert "adelay@p=delays=1600S:all=1" in plan.filter_complex


@pytest.mark.parametrize("offset", [0, 1, 4097, 30_001])
def test_a_slice_begins_at_its_sample_and_what_follows_counts_from_there(bench, offset):
    """So does the automation of gain after it."""
    audio = bench.noise("s", 2, 1.0)[:, offset : offset + 10_007]
    points = (ir.Point(0, -20.0, Shape.HOLD), ir.Point(5000, 0.0))
    moved = ir.GainAutomation("g", points)
    got = bench.render(bench.chain(bench.clip("s"), ir.Slice("x", offset, 10_007), moved))
    assert got.shape == audio.shape
    assert got == pytest.approx(np.where(np.arange(10_007) < 5000, 0.1, 1.0) * audio, abs=1e-12)


@pytest.mark.parametrize("length", [30_000, 48_000, 60_001])
def test_a_mix_of_one_is_it_cut_or_padded(bench, length):
    audio = bench.noise("s", 2, 1.0)
    got = bench.render(bench.chain(bench.clip("s"), ir.Mix("m", length)))
    wanted = np.zeros((2, length))
    wanted[:, :48_000] = audio[:, :length]
    assert np.array_equal(got, wanted)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_mix_is_the_sum_in_order_cut_to_its_length(bench, channels):
    """Operands that overlap, end early, end late, and start in the last frame."""
    length = 100_000
    wanted = np.zeros((channels, length))
    nodes, names = [], []
    for name, start in (("a", 0), ("bb", 1), ("ccc", 47_999), ("dddd", 99_999), ("eeeee", 60_000)):
        audio = bench.noise(name, channels, 1.0)
        wanted[:, start : start + RATE] += audio[:, : length - start]
        nodes += [bench.clip(name), ir.Place(f"{name}.place", start, operands=(f"{name}.clip",))]
        names.append(f"{name}.place")
    nodes.append(ir.Mix("m", length, operands=tuple(names)))
    nodes.append(
        ir.Output("o", ir.OutputRole.MASTER, "master", "wav", ir.Encoding.F64, operands=("m",))
    )
    assert np.array_equal(bench.render(bench.graph(*nodes)), wanted)


def test_opposite_polarity_cancels_and_nothing_is_normalised(bench):
    audio = bench.noise("s", 2, 1.0)
    bench.source("t", -audio)
    bench.source("u", 3.0 * audio)
    clips = [bench.clip(name) for name in "stu"]
    bus = ir.Bus("b", operands=tuple(c.name for c in clips))
    got = bench.render(bench.graph(*clips, bus, out("b")))
    assert np.array_equal(got, 3.0 * audio)


def test_a_lane_is_its_operands_with_silence_between(bench):
    length = 300_000
    wanted = np.zeros((1, length))
    clips, starts = [], (0, 48_000, 100_001, 100_001 + 7, 290_000)
    for index, (start, seconds) in enumerate(
        zip(starts, (1.0, 0.5, 7 / RATE, 1.0, 0.1), strict=True)
    ):
        name = "s" * (index + 1)
        audio = bench.noise(name, 1, seconds)
        wanted[:, start : start + audio.shape[1]] = audio
        clips.append(bench.clip(name))
    lane = ir.Lane("l", starts, length, operands=tuple(c.name for c in clips))
    assert np.array_equal(bench.render(bench.graph(*clips, lane, out("l"))), wanted)


def test_a_lane_of_one(bench):
    audio = bench.noise("s", 2, 0.5)
    got = bench.render(bench.chain(bench.clip("s"), ir.Lane("l", (5,), 50_000)))
    assert np.array_equal(got[:, 5:24_005], audio)
    assert not np.delete(got, slice(5, 24_005), axis=1).any()


def test_a_crossfade_is_two_fades_placed(bench):
    """Equal gain over the overlap of the same signal, in phase: the signal itself."""
    audio = bench.noise("s", 1, 1.0)
    first = bench.clip("s", 0, 30_000, "a")
    second = bench.clip("s", 20_000, 28_000, "b")
    nodes = [
        first,
        second,
        ir.Fade("a.out", ir.Edge.OUT, 10_000, "tri", operands=("a",)),
        ir.Fade("b.in", ir.Edge.IN, 10_000, "tri", operands=("b",)),
        ir.Place("b.place", 20_000, operands=("b.in",)),
        ir.Mix("m", 48_000, operands=("a.out", "b.place")),
        out("m"),
    ]
    got = bench.render(bench.graph(*nodes))
    assert np.abs(got - audio).max() < 1e-15


def test_a_value_used_often_is_made_once(bench):
    """By three operands of one sum, by a lane at two times, and as a stem."""
    audio = bench.noise("s", 1, 0.5)
    nodes = [
        bench.clip("s", name="c"),
        ir.Pan("p", 0.5, PanLaw.UNITY, operands=("c",)),
        ir.Gain("g", -6.0, operands=("p",)),
        ir.Lane("l", (10, 30_000), 60_000, operands=("g", "g")),
        ir.Mix("m", 60_000, operands=("g", "l", "g")),
        out("m"),
        ir.Output("stem", ir.OutputRole.STEM, "bus", "wav", ir.Encoding.F64, operands=("l",)),
    ]
    plan = BACKEND.emit(bench.graph(*nodes), EmitOptions())
    bench.run(plan)
    once = np.vstack([np.cos(np.pi / 4) * audio, audio]) * 10 ** (-6 / 20)
    lane = np.zeros((2, 60_000))
    lane[:, 10:24_010] = lane[:, 30_000:54_000] = once
    whole = lane + 2 * np.pad(once, ((0, 0), (0, 36_000)))
    master, stem = (bench.read(delivery.file) for delivery in plan.deliveries)
    assert np.abs(master - whole).max() < 1e-14
    assert np.abs(stem - lane).max() < 1e-15
    assert plan.filter_complex.count("volume@") == 1


def test_clips_of_many_kinds_on_two_buses(bench):
    """A whole small mix: sums of sums, of operands that were framed differently on their way."""
    length = 4 * RATE
    wanted = np.zeros((2, length))
    nodes, tracks = [], []
    for track in range(3):
        placed = []
        for number in range(4):
            name = f"t{track}{'x' * number}"
            coding = ("PCM_16", "PCM_24", "FLOAT")[track]
            audio = bench.noise(
                name, 1, 0.7, file=f"{name}.flac" if not track else "", coding=coding
            )
            start = 7001 * number + 333 * track
            wanted[:, start : start + audio.shape[1]] += np.sqrt(0.5) * audio
            nodes += [
                bench.clip(name),
                ir.Pan(f"{name}.pan", 0.0, PanLaw.CONSTANT_POWER, operands=(f"{name}.clip",)),
                ir.Place(f"{name}.place", start, operands=(f"{name}.pan",)),
            ]
            placed.append(f"{name}.place")
        nodes.append(ir.Mix(f"t{track}.mix", length, operands=tuple(placed)))
        tracks.append(f"t{track}.mix")
    nodes += [
        ir.Bus("x.bus", operands=tuple(tracks[:2])),
        ir.Bus("y.bus", operands=tuple(tracks[2:])),
        ir.Mix("m", length, operands=("x.bus", "y.bus")),
        out("m"),
    ]
    assert np.abs(bench.render(bench.graph(*nodes)) - wanted).max() < 1e-14


def out(operand: str) -> ir.Output:
    return ir.Output(
        "o", ir.OutputRole.MASTER, "master", "wav", ir.Encoding.F64, operands=(operand,)
    )
