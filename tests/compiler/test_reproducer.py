"""A faulty pass leaves a file that replays the fault; switches say which passes run at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from attrs import evolve, frozen
from house import ROOT
from mixdown.compiler.driver import prepare
from mixdown.compiler.facts import Facts, FinishFacts
from mixdown.compiler.graph_input import GraphFile, graph_unit, load_graph
from mixdown.compiler.passes.base import GraphPass
from mixdown.compiler.passes.fold_gain import FoldGain
from mixdown.compiler.pipeline import AFTER_LOWER, PIPELINE, final, run_pipeline, select
from mixdown.compiler.reproducer import DIRECTORY, PassError, read_recipe
from mixdown.compiler.request import RenderRequest
from mixdown.compiler.timeline.load import load
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import MixdownError
from mixdown.ir.nodes import Gain
from mixdown.ir.text.printer import print_graph

DEMO = ROOT / "examples" / "podcast" / "podcast.yaml"


@frozen
class Crash(GraphPass):
    name = "faulty"

    def rewrite(self, graph):
        raise ZeroDivisionError("no such luck\nsecond line")


@frozen
class BreakGain(GraphPass):
    name = "faulty"

    def rewrite(self, graph):
        return graph.rewrite(
            lambda node: evolve(node, gain_db=float("nan")) if isinstance(node, Gain) else node
        )


@frozen
class BreakName(GraphPass):
    """A graph that cannot even be built."""

    name = "faulty"

    def rewrite(self, graph):
        return graph.rewrite(lambda node: (node, evolve(node)))


def faulty(step, **choices):
    """The pipeline with a faulty pass after fold-gain."""
    at = PIPELINE.index(FoldGain()) + 1
    return select((*PIPELINE[:at], step, *PIPELINE[at:]), **choices)


@pytest.fixture(scope="module")
def unit():
    return prepare(load(DEMO), RenderRequest())


@pytest.mark.parametrize(
    ("step", "code", "says"),
    [
        (Crash(), Code.PASS_FAILED, "failed with ZeroDivisionError: no such luck"),
        (BreakGain(), Code.IR_ATTRIBUTE, "left a graph that breaks an invariant"),
        (BreakName(), Code.IR_DUPLICATE_VALUE, "left a graph that breaks an invariant"),
    ],
)
def test_a_faulty_pass_leaves_a_reproducer_that_replays_it(unit, tmp_path, step, code, says):
    passes = faulty(step, disable=["dead-code"])
    with pytest.raises(PassError) as caught:
        list(run_pipeline(unit, passes, tmp_path))
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
    before = final(unit, passes[: passes.index(step)])
    again = graph_unit(load_graph(path), RenderRequest(backend=recipe.backend))
    assert print_graph(again.ir) == print_graph(before.ir)
    with pytest.raises(PassError) as caught_again:
        list(run_pipeline(again, passes[passes.index(step) :], tmp_path))
    assert caught_again.value.reproducer == path
    assert len(list(tmp_path.iterdir())) == 1


def test_a_reproducer_holds_the_facts(unit, tmp_path):
    facts = Facts().with_finish("ffmpeg:0", FinishFacts(integrated_lufs=-20.0, gain_db=4.0))
    informed = evolve(unit, request=RenderRequest(facts=facts))
    with pytest.raises(PassError) as caught:
        list(run_pipeline(informed, faulty(Crash()), tmp_path))
    assert read_recipe(caught.value.reproducer.read_text()).facts == facts


def test_a_reproducer_goes_where_the_environment_says(unit, tmp_path, monkeypatch):
    monkeypatch.setenv(DIRECTORY, str(tmp_path))
    with pytest.raises(PassError) as caught:
        final(unit, faulty(Crash()))
    assert caught.value.reproducer.parent == tmp_path


def test_a_reproducer_that_cannot_be_written_hides_nothing(unit, tmp_path):
    with pytest.raises(PassError, match="no reproducer could be written") as caught:
        list(run_pipeline(unit, faulty(Crash()), tmp_path / "missing"))
    assert caught.value.reproducer is None
    assert caught.value.diagnostics[0].code is Code.PASS_FAILED


def test_without_a_graph_the_timeline_is_the_reproducer(unit, tmp_path):
    with pytest.raises(PassError, match="compile the same timeline") as caught:
        list(run_pipeline(unit, (Crash(), *PIPELINE), tmp_path))
    assert not list(tmp_path.iterdir())
    assert isinstance(caught.value.__cause__, RuntimeError)  # it has no graph to work on


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
    ran = [ran.step for ran in run_pipeline(unit, select(PIPELINE, limit=1))]
    assert [p.name for p in ran if p.optional] == ["fold-gain"]


def test_only_optional_passes_can_be_disabled():
    with pytest.raises(MixdownError, match="did you mean 'fold-gain'"):
        select(PIPELINE, ["fold-gian"])
    with pytest.raises(MixdownError, match="no pass called 'lower' can be switched off"):
        select(PIPELINE, ["lower"])


def test_what_is_left_after_lower_needs_no_timeline(unit, tmp_path):
    lowered = final(unit, PIPELINE[: -len(AFTER_LOWER)])
    (tmp_path / "lowered.mir").write_text(print_graph(lowered.ir))
    file = load_graph(tmp_path / "lowered.mir")
    assert isinstance(file, GraphFile)
    done = final(graph_unit(file, RenderRequest()), AFTER_LOWER)
    assert print_graph(done.ir) == print_graph(final(unit, PIPELINE).ir)
    assert Path(done.timeline.root) == tmp_path
