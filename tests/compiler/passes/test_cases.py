"""Each optimisation on small graphs: tests/compiler/passes/cases/<pass>.mir, before and after.

A file holds cases. Each begins with `// case: what it shows` and has two graphs, divided by
A file holds cases. Each begins with `// case: what it shows` and has two graphs, divided by
the file, before the first case.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from mixdown.compiler.pipeline import OPTIMISATIONS
from mixdown.ir.text.parser import parse_graph
from mixdown.ir.text.printer import print_graph
from mixdown.ir.verify import verify

PASSES = {step.name: step for step in OPTIMISATIONS}
FOLDER = Path(__file__).parent / "cases"


def cases():
    return list(_cases())


def _cases():
    for path in sorted(FOLDER.glob("*.mir")):
        head, *rest = path.read_text().split("// case: ")
        for text in rest:
            title, _, body = text.partition("\n")
            before, _, after = body.partition("// after\n")
            yield pytest.param(
                path.stem, head + before, head + (after or before), id=f"{path.stem}: {title}"
            )


@pytest.mark.parametrize(("name", "before", "after"), cases())
def test_pass_rewrites_as_the_case_says(name, before, after):
    graph = parse_graph(before)
    assert not verify(graph)
    rewritten = PASSES[name].rewrite(graph)
    assert not verify(rewritten)
    wanted = parse_graph(after)
    if name != "dead-code":  # the only pass that drops sources
        assert rewritten.sources == graph.sources
    assert [_line(rewritten, n) for n in rewritten] == [_line(wanted, n) for n in wanted]


def _line(graph, node):
    return str(node), str(graph.signals[node.name])


def test_every_optimisation_has_cases():
    assert {path.stem for path in FOLDER.glob("*.mir")} == set(PASSES)


@pytest.mark.parametrize("name", PASSES)
def test_pass_is_idempotent(name):
    for parameters in cases():
        once = PASSES[name].rewrite(parse_graph(parameters.values[1]))
        assert print_graph(PASSES[name].rewrite(once)) == print_graph(once)
