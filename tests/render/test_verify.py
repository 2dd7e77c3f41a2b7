"""Comparing mixes: what is compared, how far apart two files are, and how far they may be."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown.ir import nodes as ir
from mixdown.ir.curves import FilterKind
from mixdown.ir.graph import Graph
from mixdown.render.verify import (
    PREMASTER,
    Renderer,
    Rendition,
    premaster,
    residual,
    rounding_floor,
)

RATE = 48000
SOURCE = ir.Source("tone", "tone.wav", "sha256:0", RATE, 2, RATE, "wav/pcm_16")


def take(path: Path, name: str, samples: np.ndarray) -> Rendition:
    file = path / f"{name}.wav"
    soundfile.write(file, samples, RATE, "DOUBLE")
    return Rendition(Renderer(name, name), {PREMASTER: file}, -294.0)


def apart(path: Path, second: np.ndarray, by: str = "ffmpeg"):
    first = take(path, "reference", np.zeros((RATE * 3, 2)))
    return residual(PREMASTER, first, take(path, by, second))


def test_the_worst_sample_is_found_and_where(tmp_path: Path):
    samples = np.zeros((RATE * 3, 2))
    samples[[5, 70000, 140000], [0, 1, 0]] = [1e-11, -1e-9, 1e-10]
    found = apart(tmp_path, samples)
    assert found.dbfs == pytest.approx(-180)
    assert (found.at, found.rate) == (70000, RATE)
    assert not found.is_within


def test_equal_files_are_infinitely_near(tmp_path: Path):
    found = apart(tmp_path, np.zeros((RATE * 3, 2)))
    assert found.dbfs == -math.inf
    assert found.is_within


def test_a_shorter_file_is_infinitely_far(tmp_path: Path):
    found = apart(tmp_path, np.zeros((100000, 2)))
    assert (found.dbfs, found.at) == (math.inf, 100000)
    assert not found.is_within


@pytest.mark.parametrize(("by", "budget"), [("native", -250), ("ffmpeg", -200), ("sox", -140)])
def test_budgets_are_those_of_the_semantics(tmp_path: Path, by: str, budget: float):
    assert apart(tmp_path, np.zeros((9, 2)), by).budget == budget


def graph(*nodes: ir.Node) -> Graph:
    return Graph((SOURCE,), (ir.Clip("clip", "tone", 0, RATE, RATE), *nodes))


def test_what_is_compared_is_before_the_finish():
    whole = graph(
        ir.Gain("bus", -3.0, operands=("clip",)),
        ir.Headroom("head", 3.0, operands=("bus",)),
        ir.Loudnorm("loud", -16.0, None, operands=("head",)),
        ir.Limiter("limit", -1.0, ir.LimitMode.TRUE_PEAK, operands=("loud",)),
        ir.Dither("dither", 16, operands=("limit",)),
        ir.Output(
            "out", ir.OutputRole.MASTER, "master", "flac", ir.Encoding.S16, operands=("dither",)
        ),
        ir.Dither("stem.dither", 16, operands=("bus",)),
        ir.Output(
            "stem", ir.OutputRole.STEM, "b", "flac", ir.Encoding.S16, operands=("stem.dither",)
        ),
    )
    cut = premaster(whole)
    assert {o.name: o.operands for o in cut.outputs} == {"out": ("head",), "stem": ("bus",)}
    assert {(o.container, o.encoding) for o in cut.outputs} == {("wav", ir.Encoding.F64)}
    assert set(cut.by_name) == {"clip", "bus", "head", "out", "stem"}


def test_low_filters_lift_the_last_bit():
    def floor(hertz: float, q: float) -> float:
        still = ir.Filter("f", FilterKind.HIGHPASS, hertz, q, 0.0, operands=("clip",))
        moves = (ir.Point(0, 9000.0), ir.Point(100, hertz))
        moving = ir.FilterAutomation("f", FilterKind.LOWPASS, moves, q, 0.0, operands=("clip",))
        assert rounding_floor(graph(still)) == rounding_floor(graph(moving))
        return rounding_floor(graph(still))

    assert floor(20, 0.7) == pytest.approx(-216.5, abs=0.5)
    assert floor(20, 7.0) == pytest.approx(floor(20, 0.7) + 20 * math.log10(7))
    assert floor(12000, 0.5) == rounding_floor(graph()) == -294.0
