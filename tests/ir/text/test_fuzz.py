"""Whatever the text of a graph, it is read or refused with codes; a valid graph has a plan.

The texts are mutants of those in the tests. What is valid is printed and read again, goes through
the passes, and a backend makes a plan of it or says what it cannot express.
"""

from __future__ import annotations

import json
import random
import re
import time
from pathlib import Path

import pytest
import soak
from graph_strategies import graphs
from hypothesis import HealthCheck, Phase, given, settings
from mixdown.compiler.driver import compile
from mixdown.compiler.graph_input import graph_file
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import IRError, MixdownError, TimelineError
from mixdown.ir.digest import digests
from mixdown.ir.graph import Graph
from mixdown.ir.text.parser import parse_text
from mixdown.ir.text.printer import print_graph
from mutants import TOKENS, mutated_bytes, mutated_text, mutated_words

NOTES = """mixdown.ir 1
mix "show" {export_preset = "podcast", mix_preset = "podcast_mix", cover = "cover.png"}
tag "title" {text = "One"}
marker "Intro" {at_ms = 0.0}
marker "Loop" {at_ms = 1.5, length_ms = 2.0, loop = true, url = "https://example.org", toc = false}
bus "music" {gain_db = -3.0, roles = ["music", "bed"]}
%a = silence {rate = 48000, channels = 1, length = 500}
%out = output %a {role = master, target = "master", container = "wav", encoding = s24}
"""
FILES = [path.read_text("utf-8") for path in sorted(Path(__file__).parents[1].rglob("*.mir"))]
MIR_TOKENS = [
    *TOKENS,
    *("%a", "@host", "%", "@", "//", "= ", "->", "loc(", ")", '"', "signal", "mixdown.ir 2"),
    *("nan", "inf", "-inf", "1e308", "1e309", "-0.0", "5e-324", "9" * 400, "-1", "0", "1", "2"),
    *(str(2**31), str(2**63), str(2**64), "192000", "0.5", "in", "out", "linear", "master", "s16"),
    *("gain", "mix", "output", "automation.gain", "limiter", "stem", "mp3", "flac", "none"),
]
CODEC = re.compile(r'codec = "(\\.|[^"\\])*"')
TYPE = re.compile(r" : signal<[^>]*>")
BACKENDS = ("ffmpeg", "native", "sox")
pytestmark = pytest.mark.filterwarnings("error")
OURS = {Code.PASS_FAILED, Code.BACKEND_UNUSABLE}
"""Errors that are faults of mixdown, whatever the text."""


def corpus() -> list[str]:
    """The texts of the tests, most of them of invalid graphs, and more of valid ones.

    Those have a codec that mixdown reads, and no types, which a mutation would make wrong.
    """
    valid: list[str] = []

    @settings(
        max_examples=80,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(graphs())
    def collect(graph: Graph) -> None:
        if len(graph) <= 16:
            text = CODEC.sub('codec = "wav/pcm_16"', print_graph(graph))
            valid.append(TYPE.sub("", text))

    collect()
    return [NOTES, *FILES, *valid]


def survives(text: str, backend: str) -> str:
    """What became of the text: "refused", "inexpressible" or "planned"; all else raises."""
    try:
        parsed = parse_text(text, "fuzz.mir")
        graph = parsed.check()
        file = graph_file(parsed, Path("fuzz.mir"), allow_outside=True)
    except (IRError, TimelineError) as error:
        assert error.diagnostics
        str(error).encode("utf-8")
        for diagnostic in error.diagnostics:
            json.dumps(diagnostic.to_dict(error.documents))
        return "refused"
    read = parse_text(print_graph(graph, notes=parsed.notes))
    again = read.graph
    assert again == graph and read.notes == parsed.notes
    assert digests(again) == digests(graph)
    try:
        compile(file, backend=backend)
    except MixdownError as error:
        assert not OURS & {diagnostic.code for diagnostic in error.diagnostics}, str(error)
        return "inexpressible"
    return "planned"


def run(seed: int, rounds: int) -> dict[str, int]:
    """Reads so many mutants; returns what became of how many."""
    rng, texts = random.Random(seed), corpus()
    counts = {"refused": 0, "inexpressible": 0, "planned": 0}
    for number in range(rounds):
        text = texts[number % len(texts)]
        way = rng.random()
        if way < 0.2:
            text = mutated_bytes(rng, text.encode()).decode("utf-8", "replace")
        elif way < 0.4:
            text = mutated_text(rng, text, MIR_TOKENS)
        else:
            text = mutated_words(rng, text, MIR_TOKENS)
        start = time.process_time()
        try:
            counts[survives(text, BACKENDS[number % len(BACKENDS)])] += 1
        except BaseException as error:
            error.add_note(f"seed {seed}, round {number}: {text}")
            raise
        assert time.process_time() - start < 10, text
    return counts


def test_mutants_of_graphs():
    counts = run(seed=1, rounds=300)
    assert counts["refused"] > 100
    assert counts["planned"] > 5


@pytest.mark.soak
def test_many_mutants_of_graphs():
    print(run(soak.seed(), soak.rounds(50_000)))
