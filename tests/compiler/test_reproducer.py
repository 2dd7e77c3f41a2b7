"""A faulty pass leaves a file that replays the fault; switches say which passes run at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from attrs import evolve
from house import ROOT
from mixdown.compiler.driver import prepare
from mixdown.compiler.facts import Facts, FinishFacts
from mixdown.compiler.graph_input import GraphFile, graph_unit, load_graph
from mixdown.compiler.pipeline import AFTER_LOWER, PIPELINE, run_pipeline, select
from mixdown.compiler.reproducer import DIRECTORY, PassError, read_recipe
from mixdown.compiler.request import RenderRequest
from mixdown.compiler.timeline.load import load
from mixdown.compiler.unit import graph_pass
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import MixdownError
from mixdown.ir.nodes import Gain
from mixdown.ir.text.printer import print_graph

DEMO = ROOT / "examples" / "podcast" / "podcast.yaml"


def crash(graph):
    raise ZeroDivisionError("no such luck\nsecond line")


def break_gain(graph):
    return graph.rewrite(
        lambda node: evolve(node, gain_db=float("nan")) if isinstance(node, Gain) else node
    )


def break_name(graph):
    """A graph that cannot even be built."""
    return graph.rewrite(lambda node: (node, evolve(node)))


def faulty(rewrite):
    """The pipeline with a faulty pass after fold-gain."""
    step = graph_pass("faulty", rewrite, doc="", equivalence="exact")
    at = [p.name for p in PIPELINE].index("fold-gain") + 1
    return (*PIPELINE[:at], step, *PIPELINE[at:])


@pytest.fixture(scope="module")
def unit():
    return prepare(load(DEMO), RenderRequest())


@pytest.mark.parametrize(
    ("rewrite", "code", "says"),
    [
        (crash, Code.PASS_FAILED, "failed with ZeroDivisionError: no such luck"),
        (break_gain, Code.IR_ATTRIBUTE, "left a graph that breaks an invariant"),
        (break_name, Code.IR_DUPLICATE_VALUE, "left a graph that breaks an invariant"),
    ],
)
def test_a_faulty_pass_leaves_a_reproducer_that_replays_it(unit, tmp_path, rewrite, code, says):
    passes = faulty(rewrite)
    with pytest.raises(PassError) as caught:
        run_pipeline(unit, passes=passes, disable=["dead-code"], reproducer_dir=tmp_path)
    about = caught.value.diagnostics[0]
    assert about.code is code
    assert about.message == (
        f"the pass faulty {says}; this is a fault of mixdown, not of the timeline"
    )
    path = caught.value.reproducer
    assert re.fullmatch(r"mixdown-crash-[0-9a-f]{12}\.mir", path.name)
    assert about.help == (
        f"replay it with: mixdown inspect --run {path}; "
        "--disable faulty may help until it is mended"
    )
    recipe = read_recipe(path.read_text())
    assert recipe.backend == "ffmpeg"
    assert recipe.pipeline[:2] == ("faulty", "drop-identity")
    assert "dead-code" not in recipe.pipeline

    # The graph in it is the one before the pass, and running the rest fails in the same way.
    before = run_pipeline(unit, passes=passes[: [p.name for p in passes].index("faulty")])
    again = graph_unit(load_graph(path), RenderRequest(backend=recipe.backend))
    assert print_graph(again.ir) == print_graph(before.ir)
    rest = [p for p in passes if p.name in recipe.pipeline]
    with pytest.raises(PassError) as caught_again:
        run_pipeline(again, passes=tuple(rest), reproducer_dir=tmp_path)
    assert caught_again.value.reproducer == path
    assert len(list(tmp_path.iterdir())) == 1


def test_a_reproducer_holds_the_facts(unit, tmp_path):
    facts = Facts().with_finish("ffmpeg:0", FinishFacts(integrated_lufs=-20.0, gain_db=4.0))
    informed = evolve(unit, request=RenderRequest(facts=facts))
    with pytest.raises(PassError) as caught:
        run_pipeline(informed, passes=faulty(crash), reproducer_dir=tmp_path)
    assert read_recipe(caught.value.reproducer.read_text()).facts == facts


def test_a_reproducer_goes_where_the_environment_says(unit, tmp_path, monkeypatch):
    monkeypatch.setenv(DIRECTORY, str(tmp_path))
    with pytest.raises(PassError) as caught:
        run_pipeline(unit, passes=faulty(crash))
    assert caught.value.reproducer.parent == tmp_path


def test_a_reproducer_that_cannot_be_written_hides_nothing(unit, tmp_path):
    with pytest.raises(PassError, match="no reproducer could be written") as caught:
        run_pipeline(unit, passes=faulty(crash), reproducer_dir=tmp_path / "missing")
    assert caught.value.reproducer is None
    assert caught.value.diagnostics[0].code is Code.PASS_FAILED


def test_without_a_graph_the_timeline_is_the_reproducer(unit, tmp_path):
    passes = tuple(evolve(p, run=crash) if p.name == "lower" else p for p in PIPELINE)
    with pytest.raises(PassError, match="compile the same timeline") as caught:
        run_pipeline(unit, passes=passes, reproducer_dir=tmp_path)
    assert not list(tmp_path.iterdir())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_other_texts_are_no_reproducers():
    assert read_recipe("mixdown.ir 1\n// pipeline: fold-gain\n") is None


def names(passes):
    return [step.name for step in passes]


def test_the_limit_counts_optional_passes_that_are_left():
    required = names(p for p in PIPELINE if not p.optional)
    assert names(select(PIPELINE)) == names(PIPELINE)
    assert names(select(PIPELINE, limit=0)) == required
    two = names(select(PIPELINE, disable=["fold-gain"], limit=2))
    assert [n for n in two if n not in required] == ["drop-identity", "dead-code"]
    assert [n for n in two if n in required] == required


def test_a_limited_compilation_ran_the_first_passes_alone(unit):
    ran = []
    run_pipeline(unit, limit=1, observer=lambda step, before, after: ran.append(step))
    assert [p.name for p in ran if p.optional] == ["fold-gain"]


def test_only_optional_passes_can_be_disabled(unit):
    with pytest.raises(MixdownError, match="did you mean 'fold-gain'"):
        run_pipeline(unit, disable=["fold-gian"])
    with pytest.raises(MixdownError, match="no pass called 'lower' can be switched off"):
        run_pipeline(unit, disable=["lower"])


def test_what_is_left_after_lower_needs_no_timeline(unit, tmp_path):
    lowered = run_pipeline(unit, passes=PIPELINE[: -len(AFTER_LOWER)])
    (tmp_path / "lowered.mir").write_text(print_graph(lowered.ir))
    file = load_graph(tmp_path / "lowered.mir")
    assert isinstance(file, GraphFile)
    done = run_pipeline(graph_unit(file, RenderRequest()), passes=AFTER_LOWER)
    assert print_graph(done.ir) == print_graph(run_pipeline(unit).ir)
    assert Path(done.timeline.root) == tmp_path
