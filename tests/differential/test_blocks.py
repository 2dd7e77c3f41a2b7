"""Random mixes through the whole engine, finish included, in blocks of every size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
from differential import kept, mixes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mixdown.audio.meter.measure import measure
from mixdown.backends.native import reference
from mixdown.backends.native.engine.render import Settings, evaluate
from mixdown.compiler.driver import compile
from mixdown.compiler.timeline.model import Timeline
from mixdown.ir.graph import Graph
from mixdown.ir.nodes import Loudnorm, Node, Output, Source
from mixdown.render.verify import rounding_floor

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def read(directory: Path) -> reference.SourceReader:
    return lambda source: reference.read_file(str(directory / source.path))


def measured(graph: Graph, directory: Path) -> Graph:
    """The graph with its loudness gain as the reference finds it."""
    values = reference.evaluate(graph, read(directory))

    def rule(node: Node) -> Node:
        if not isinstance(node, Loudnorm):
            return node
        signal = graph.signals[node.operands[-1]]
        integrated = measure([values[node.operands[-1]]], signal.rate, signal.channels).integrated
        gain = node.target_lufs - integrated if np.isfinite(integrated) else 0.0
        return attrs.evolve(node, gain_db=gain)

    return graph.rewrite(rule)


def check(timeline: Timeline, block: int) -> float:
    """How far the engine is from the reference over all values that outputs store, dBFS."""
    directory = timeline.root
    with kept(timeline, f"blocks-of-{block}"):
        compilation = compile(
            timeline, preset="podcast", stems=True, stem_mode="mastered", backend="native"
        )
        graph = measured(compilation.graph, directory)
        names = [o for node in graph.nodes if isinstance(node, Output) for o in node.operands]
        expected = reference.evaluate(graph, read(directory))

        def locate(source: Source) -> str:
            return str(directory / source.path)

        found = evaluate(graph, locate, names, Settings(block=block))
        worst = max(float(np.max(np.abs(found[name] - expected[name]))) for name in names)
        dbfs = 20 * np.log10(worst) if worst else -np.inf
        gains = [n.gain_db or 0.0 for n in graph.nodes if isinstance(n, Loudnorm)]
        assert dbfs <= max(-250.0, rounding_floor(graph)) + max(0.0, *gains), dbfs
        return float(dbfs)


@settings(max_examples=12, suppress_health_check=SLOW)
@given(data=st.data(), block=st.sampled_from([64, 1000, 4096, 65536]))
def test_masters_and_mastered_stems_do_not_depend_on_the_block(
    media: Path, note: Callable[[str, float], float], data: st.DataObject, block: int
):
    note("engine against reference, mastered, in blocks", check(data.draw(mixes(media)), block))


@settings(max_examples=6, suppress_health_check=SLOW)
@given(data=st.data(), block=st.sampled_from([1, 7]))
def test_nor_on_one_of_a_sample(
    media: Path, note: Callable[[str, float], float], data: st.DataObject, block: int
):
    timeline = attrs.evolve(data.draw(mixes(media, span_ms=8)), length_ms=10)
    note("engine against reference, mastered, in blocks", check(timeline, block))
