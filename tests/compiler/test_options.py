"""CompileOptions: which passes run, and what is wrong with a choice of them."""

from __future__ import annotations

import mixdown
import pytest
from attrs import evolve, frozen
from house import ROOT
from mixdown.compiler.driver import begin
from mixdown.compiler.graph_input import load_graph
from mixdown.compiler.options import CompileOptions
from mixdown.compiler.passes.base import GraphPass
from mixdown.compiler.passes.fold_gain import FoldGain
from mixdown.compiler.passes.pack_lanes import PackLanes
from mixdown.compiler.pipeline import FRONT, OPTIMISATIONS, final, pipeline, run_pipeline
from mixdown.compiler.request import RenderRequest
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import MixdownError, TimelineError
from mixdown.ir.text.printer import print_graph

DEMO = ROOT / "examples" / "podcast" / "podcast.yaml"


@frozen
class Nothing(GraphPass):
    """Changes nothing."""

    name = "nothing"

    def rewrite(self, graph):
        return graph


@frozen
class AfterToposort(Nothing):
    """Requires what no pass before it establishes."""

    name = "after-toposort"
    requires = ("lowered", "ordered")


REQUIRED = [step.name for step in pipeline(())]


def optional(**options) -> list[str]:
    """The optimisations and own passes that run; the others always do, in their order."""
    names = [step.name for step in CompileOptions(**options).steps]
    assert [name for name in names if name in REQUIRED] == REQUIRED
    return [name for name in names if name not in REQUIRED]


def test_without_options_the_pipeline_runs():
    assert CompileOptions().steps == pipeline()
    assert CompileOptions(pipeline=None) == CompileOptions(pipeline=OPTIMISATIONS)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"pass_limit": 0}, []),
        ({"pass_limit": 1}, ["fold-automation"]),
        ({"pass_limit": 2, "disable": "fold-gain"}, ["fold-automation", "drop-identity"]),
        ({"pipeline": ""}, []),
        ({"pipeline": "pack-lanes,fold-gain"}, ["pack-lanes", "fold-gain"]),
        (
            {"pipeline": "fold-gain,dead-code,fold-gain", "pass_limit": 2},
            ["fold-gain", "dead-code"],
        ),
        ({"pipeline": [FoldGain()], "passes": [Nothing()]}, ["fold-gain", "nothing"]),
        (
            {"passes": [Nothing()], "disable": ["nothing", "dead-code"], "pass_limit": 1},
            ["fold-automation"],
        ),
    ],
    ids=str,
)
def test_options_choose_passes(options, names):
    assert optional(**options) == names


def test_own_passes_run_after_the_optimisations():
    assert optional(passes=[Nothing()]) == [*(p.name for p in OPTIMISATIONS), "nothing"]
    assert CompileOptions(pipeline="pack-lanes{max-lanes=2}").pipeline == (PackLanes(max_lanes=2),)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"pass_limit": -1}, "pass_limit cannot be -1"),
        ({"disable": ["fold-gian"]}, "did you mean 'fold-gain'"),
        ({"disable": "lower"}, "no pass called 'lower' can be switched off"),
        ({"disable": "dead-code", "pipeline": "fold-gain"}, "no pass called 'dead-code' can be"),
        ({"pipeline": "fold-gian"}, "the pass 'fold-gian' does not exist"),
        ({"passes": [AfterToposort()]}, "the pass 'after-toposort' requires 'ordered'"),
        ({"one_pass": True}, "one_pass needs single"),
    ],
    ids=str,
)
def test_what_is_wrong_is_an_error_of_mixdown(options, says):
    with pytest.raises(MixdownError, match=says) as caught:
        CompileOptions(**options)
    assert {d.code for d in caught.value.diagnostics} == {Code.BAD_REQUEST}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"pass_limit": True}, "'pass_limit' must be a whole number, not true or false"),
        ({"pass_limit": "2"}, "'pass_limit' must be a whole number, not text"),
        ({"strict": "yes"}, "'strict' must be true or false, not text"),
        ({"disable": 5}, "'disable' must be a list, not a number"),
        (
            {"passes": [Nothing]},
            "an item of 'passes' must be of type Pass",
        ),
    ],
    ids=str,
)
def test_a_value_of_a_wrong_type_is_an_error_of_mixdown(options, says):
    with pytest.raises(MixdownError, match=rf"MIX105\]: {says}"):
        CompileOptions(**options)


def test_all_errors_are_reported_at_once():
    with pytest.raises(MixdownError) as caught:
        CompileOptions(disable=["a", "b"], one_pass=True)
    assert len(caught.value.diagnostics) == 3


def test_a_graph_runs_the_passes_after_lower(tmp_path):
    unit = begin(DEMO, RenderRequest())
    lowered = final(unit, FRONT)
    (tmp_path / "lowered.mir").write_text(print_graph(lowered.ir))
    graph = begin(tmp_path / "lowered.mir", RenderRequest())
    options = CompileOptions(disable="pack-lanes")
    ran = [ran.step for ran in run_pipeline(graph, options.steps_for(graph))]
    assert (*FRONT, *ran) == options.steps
    assert print_graph(ran and final(graph, options.steps_for(graph)).ir) == print_graph(
        final(unit, options.steps_for(unit)).ir
    )
    assert graph.timeline.root == tmp_path


def test_strict_is_for_timelines_and_graphs(tmp_path):
    timeline = mixdown.load(DEMO)
    choices = {"preset": "podcast", "single": True, "one_pass": True}
    with pytest.raises(TimelineError) as caught:
        mixdown.compile(timeline, strict=True, **choices)
    warned = mixdown.compile(timeline, **choices)
    assert [d.code for d in warned.diagnostics] == [d.code for d in caught.value.diagnostics]
    (tmp_path / "mix.mir").write_text(print_graph(warned.graph))
    graph = load_graph(tmp_path / "mix.mir")
    options = CompileOptions(single=True, one_pass=True)
    assert mixdown.compile(graph, options=options).diagnostics
    with pytest.raises(MixdownError, match="error\\[MIX5"):
        mixdown.compile(graph, options=evolve(options, strict=True))
