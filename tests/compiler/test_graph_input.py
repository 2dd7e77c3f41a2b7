"""A .mir file compiles as the timeline that it was printed from."""

from __future__ import annotations

import mixdown
import pytest
from attrs import evolve
from house import ROOT
from mixdown.compiler.graph_input import is_graph_file, load_graph
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import IRError, TimelineError
from mixdown.ir.text.printer import print_graph

DEMO = ROOT / "examples" / "podcast" / "podcast.yaml"


@pytest.fixture(scope="module", params=["default", "draft", "voiceover"])
def compilation(request):
    # Tags are the timeline's and not the graph's.
    timeline = evolve(mixdown.load(DEMO), metadata={})
    return mixdown.compile(timeline, preset=request.param, stems=True, stem_mode="mastered")


@pytest.fixture
def compiled_again(compilation, tmp_path):
    (tmp_path / "mix.mir").write_text(print_graph(compilation.graph))
    return mixdown.compile(load_graph(tmp_path / "mix.mir"))


def test_the_plan_is_the_same(compilation, compiled_again):
    assert compiled_again.graph == compilation.graph
    assert compiled_again.plan.to_text() == compilation.plan.to_text()
    assert compiled_again.length == compilation.length


def test_the_metadata_describes_the_finish_of_the_graph(compilation, compiled_again):
    keys = [
        "headroom_db",
        "loudnorm_target",
        "limiter_thresh",
        "dithered",
        "container",
        "encoding",
        "sample_rate",
        "channels",
        "samples",
        "sources",
    ]
    known, found = (c.meta["master"].to_dict() for c in (compilation, compiled_again))
    assert {k: found[k] for k in keys} == {k: known[k] for k in keys}
    assert list(compiled_again.meta) == list(compilation.meta)


def test_switches_work_on_a_graph(compilation, tmp_path):
    whole = mixdown.compile(compilation.timeline, disable=["fold-gain"], pass_limit=1)
    (tmp_path / "mix.mir").write_text(print_graph(whole.graph))
    file = load_graph(tmp_path / "mix.mir")
    kept = mixdown.compile(file, disable=["fold-gain"], pass_limit=1)
    assert kept.graph == whole.graph
    assert len(mixdown.compile(file).graph) < len(kept.graph)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("mixdown.ir 1\n%a = gian %b {gain_db = 1.0}\n", Code.IR_UNKNOWN_KIND),
        ("mixdown.ir 1\n", Code.IR_NO_OUTPUT),
    ],
)
def test_errors_in_the_text_are_reported(tmp_path, text, code):
    (tmp_path / "bad.mir").write_text(text)
    with pytest.raises(IRError) as caught:
        load_graph(tmp_path / "bad.mir")
    assert caught.value.diagnostics[0].code is code


def test_a_missing_file_is_an_error_as_any_other(tmp_path):
    with pytest.raises(TimelineError) as caught:
        load_graph(tmp_path / "missing.mir")
    assert caught.value.diagnostics[0].code is Code.FILE_NOT_FOUND


def test_the_name_tells_a_graph_from_a_timeline():
    assert is_graph_file("a/b.mir")
    assert not is_graph_file("a/b.yaml")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../secret.wav", Code.SOURCE_OUTSIDE),
        ("/etc/passwd", Code.SOURCE_OUTSIDE),
        ("/nowhere/at/all.wav", Code.SOURCE_OUTSIDE),
        ("link/secret.wav", Code.SOURCE_OUTSIDE),
        ("http://host/a.wav", Code.SOURCE_IS_URL),
        ("concat:a.wav", Code.SOURCE_IS_URL),
    ],
)
def test_a_graph_names_no_files_outside_its_directory(tmp_path, path, code):
    (tmp_path / "secret.wav").write_text("not to be opened")
    folder = tmp_path / "graph"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    name = folder / "mix.mir"
    name.write_text(
        "mixdown.ir 1\n"
        f'source @a = "{path}" {{digest = "sha256:00", rate = 48000, channels = 1, '
        'frames = 500, codec = "wav/pcm_16"}\n'
        "%a = clip {source = @a, offset = 0, length = 500, rate = 48000}\n"
        '%out = output %a {role = master, target = "master", container = "wav", encoding = s24}\n'
    )
    with pytest.raises(TimelineError) as caught:
        load_graph(name)
    assert [found.code for found in caught.value.diagnostics] == [code]
    assert "mix.mir:2:8" in str(caught.value)
    with pytest.raises(TimelineError):
        mixdown.compile(name)
    if code is Code.SOURCE_OUTSIDE:
        assert load_graph(name, allow_outside=True).parsed.graph.sources[0].path == path
