"""compile: one way in, for timelines, graphs and paths, by keywords or by records."""

from __future__ import annotations

import json

import mixdown
import pytest
from house import ROOT
from mixdown.compiler.options import CompileOptions
from mixdown.compiler.request import RenderRequest
from mixdown.ir.codes import Code
from mixdown.ir.text.printer import print_graph

DEMO = ROOT / "examples" / "podcast" / "podcast.yaml"


@pytest.fixture(scope="module")
def compiled() -> mixdown.Compilation:
    return mixdown.compile(mixdown.load(DEMO), preset="podcast", backend="native")


@pytest.mark.parametrize("path", [DEMO, str(DEMO)], ids=["Path", "str"])
def test_a_path_is_loaded(compiled, path):
    assert mixdown.compile(path, preset="podcast", backend="native").plan == compiled.plan


def test_a_path_may_lead_to_a_graph(compiled, tmp_path):
    (tmp_path / "mix.mir").write_text(print_graph(compiled.graph))
    assert mixdown.compile(tmp_path / "mix.mir", backend="native").graph == compiled.graph


def test_keywords_change_what_records_say(compiled):
    request = RenderRequest(export_preset="podcast")
    options = CompileOptions(disable="pack-lanes")
    changed = mixdown.compile(DEMO, request, options, backend="native", disable=())
    assert changed.plan == compiled.plan
    assert changed.request == RenderRequest(export_preset="podcast", backend="native")


@pytest.mark.parametrize("mix", [5, None, {"tracks": []}])
def test_other_values_are_not_mixes(mix):
    with pytest.raises(mixdown.MixdownError, match="is not a mix") as caught:
        mixdown.compile(mix)
    assert caught.value.diagnostics[0].code is Code.BAD_REQUEST


def test_a_path_to_nothing_is_an_error_as_of_load():
    with pytest.raises(mixdown.TimelineError, match="MIX101"):
        mixdown.compile("missing.yaml")


@pytest.mark.parametrize("call", [mixdown.compile, mixdown.render], ids=["compile", "render"])
def test_an_unknown_keyword_is_an_error(call):
    keywords = {} if call is mixdown.compile else {"out": "nowhere"}
    with pytest.raises(mixdown.MixdownError, match="did you mean 'preset'") as caught:
        call(DEMO, prest="podcast", **keywords)
    assert caught.value.diagnostics[0].code is Code.UNKNOWN_KEY


def test_facts_may_be_a_file_or_a_dict(tmp_path):
    made = mixdown.render(DEMO, out=tmp_path, preset="podcast", backend="native", report=False)
    manifest = tmp_path / "manifest.json"
    expected = mixdown.compile(DEMO, preset="podcast", backend="native", facts=made.facts)
    assert "gain_db = none" not in print_graph(expected.graph)
    for facts in (manifest, str(manifest), json.loads(manifest.read_text())):
        again = mixdown.compile(DEMO, preset="podcast", backend="native", facts=facts)
        assert again.plan == expected.plan


@pytest.mark.parametrize("facts", [{}, {"a": 1}, {"finishes": {"x": 1}}, "missing.json"])
def test_facts_must_hold_facts(facts):
    with pytest.raises(mixdown.TimelineError, match="holds no facts") as caught:
        mixdown.compile(DEMO, facts=facts)
    assert caught.value.diagnostics[0].code is Code.BAD_REQUEST
