"""What must not matter does not: order of keys, order of nodes, names, and the process.

Order of operands is part of the meaning (sums of floats are not associative), and so is the order
of tracks; everything else here may be permuted and the plan, byte for byte, or the digest where
names are in the plan, stays.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import mixdown
import pytest
from house import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mixdown.compiler.graph_input import load_graph
from mixdown.documents.yaml_reader import read
from mixdown.ir.digest import graph_digest
from mixdown.ir.graph import Graph
from mixdown.ir.text.printer import print_graph

FOLDER = ROOT / "examples" / "podcast"
TEXT = (FOLDER / "podcast.yaml").read_text(encoding="utf-8")
DOCUMENT = read(TEXT)[0]
CHOICES = {"preset": "podcast", "stems": True}


def compiled(document):
    timeline = mixdown.loads(json.dumps(document, default=float), root=FOLDER)
    return mixdown.compile(timeline, **CHOICES)


@pytest.fixture(scope="module")
def reference():
    return compiled(DOCUMENT)


def shuffled(data, random):
    """The same document, the keys of every mapping in another order."""
    if isinstance(data, dict):
        keys = list(data)
        random.shuffle(keys)
        return {key: shuffled(data[key], random) for key in keys}
    return [shuffled(item, random) for item in data] if isinstance(data, list) else data


quick = settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(random=st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(reference, random):
    assert compiled(shuffled(DOCUMENT, random)).plan.to_text() == reference.plan.to_text()


@quick
@given(random=st.randoms(use_true_random=False))
def test_the_order_in_which_clips_stand_does_not_matter(reference, random):
    """Clips are summed by start, so only names made from their numbers could tell."""
    document = shuffled(DOCUMENT, random)
    for track in document["tracks"]:
        random.shuffle(track["clips"])
    assert compiled(document).plan.to_text() == reference.plan.to_text()


@settings(max_examples=50)
@given(data=st.data())
def test_the_order_in_which_nodes_were_made_does_not_matter(reference, data):
    graph = reference.graph
    nodes = data.draw(st.permutations(graph.nodes))
    sources = data.draw(st.permutations(graph.sources))
    assert print_graph(Graph.ordered(sources, nodes)) == print_graph(graph)


def test_a_graph_in_another_order_gives_the_same_plan(reference, tmp_path):
    """One file lists of the nodes that are ready the last one first: not the canonical order."""
    graph = reference.graph
    waiting, ordered, placed = list(graph.nodes), [], set()
    while waiting:
        ready = [n for n in waiting if set(n.operands) <= placed]
        ordered.append(ready[-1])
        placed.add(ready[-1].name)
        waiting.remove(ready[-1])
    other = Graph(graph.sources, tuple(ordered))
    assert other.nodes != graph.nodes
    plans = []
    for name, each in [("a.mir", graph), ("b.mir", other)]:
        (tmp_path / name).write_text(print_graph(each))
        plans.append(mixdown.compile(load_graph(tmp_path / name)).plan.to_text())
    assert plans[0] == plans[1]


def renamed(document, ids):
    """Other ids for clips and tracks, other names for sources, taken one by one from `ids`."""
    sources = {name: next(ids) for name in document["sources"]}
    return {
        **document,
        "sources": {sources[name]: path for name, path in document["sources"].items()},
        "tracks": [
            {
                **track,
                "id": next(ids),
                "clips": [
                    {**clip, "id": next(ids), "source": sources[clip["source"]]}
                    for clip in track["clips"]
                ],
            }
            for track in document["tracks"]
        ],
    }


def test_names_change_nothing_but_names():
    """Once with names in sorted order, once in the reverse; they are all that differs."""
    numbers = range(100, 200)
    up = compiled(renamed(DOCUMENT, (f"up{n}" for n in numbers)))
    down = compiled(renamed(DOCUMENT, (f"dn{300 - n}" for n in numbers)))
    assert graph_digest(down.graph) == graph_digest(up.graph)
    text = down.plan.to_text()
    for n in numbers:
        text = text.replace(f"dn{300 - n}", f"up{n}")
    # The first line holds the digest of steps, whose files are named after sources.
    assert text.splitlines()[1:] == up.plan.to_text().splitlines()[1:]


PROGRAM = """
import sys, mixdown
from mixdown.ir.text.printer import print_graph
compilation = mixdown.compile(mixdown.load("podcast.yaml"), preset="podcast", stems=True)
sys.stdout.write(print_graph(compilation.graph) + compilation.plan.to_text())
"""


def test_two_processes_that_hash_differently_compile_to_the_same_bytes():
    printed = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=FOLDER,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert len(printed[0]) > 10_000
