"""A .mir file compiles as the timeline that it was printed from."""

from __future__ import annotations

import mixdown
import pytest
from house import ROOT
from mixdown.compiler.graph_input import is_graph_file, load_graph
from mixdown.inspection.dumps import unit_text
from mixdown.inspection.trace import trace
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import IRError, MixdownError, TimelineError
from mixdown.ir.text.printer import print_graph

DEMO = ROOT / "examples" / "podcast" / "podcast.yaml"


@pytest.fixture(scope="module", params=["default", "draft", "voiceover"])
def compilation(request):
    choices = {"preset": request.param, "stems": True, "stem_mode": "mastered"}
    return mixdown.compile(mixdown.load(DEMO), **choices)


@pytest.fixture
def compiled_again(compilation, tmp_path):
    """The mix of what `mixdown inspect` prints."""
    unit = trace(compilation.timeline, **chosen_by(compilation)).final
    (tmp_path / "mix.mir").write_text(unit_text(unit))
    return mixdown.compile(tmp_path / "mix.mir", stem_mode="mastered")


def chosen_by(compilation):
    preset = compilation.request.export_preset
    return {"preset": preset, "stems": True, "stem_mode": "mastered"}


def test_the_plan_is_the_same(compilation, compiled_again):
    assert compiled_again.graph == compilation.graph
    assert compiled_again.plan.to_text() == compilation.plan.to_text()
    assert compiled_again.length == compilation.length


def test_the_files_say_the_same(compilation, compiled_again):
    """Tags, chapters, presets, and the roles and levels of stems."""
    known = {target: meta.to_dict() for target, meta in compilation.meta.items()}
    assert {target: meta.to_dict() for target, meta in compiled_again.meta.items()} == known
    assert known["master"]["tags"] and known["master"]["markers"]


NOTED = """mixdown.ir 1
{notes}
%a = silence {{rate = 48000, channels = 1, length = 500}}
%out = output %a {{role = master, target = "master", container = "wav", encoding = s24}}
"""


def noted(folder, *notes: str):
    (folder / "mix.mir").write_text(NOTED.format(notes="\n".join(notes)))
    return load_graph(folder / "mix.mir")


def test_a_note_is_held_to_what_a_document_may_say(tmp_path):
    with pytest.raises(TimelineError) as caught:
        noted(
            tmp_path,
            'mix "a" {cover = "../x.png"}',
            'tag "a=b" {text = ""}',
            'marker "Intro" {at_ms = -1.0}',
        )
    assert [(d.code, d.origin.pointer) for d in caught.value.diagnostics] == [
        (Code.NEGATIVE_TIME, "/4/8/7"),
        (Code.OUT_OF_RANGE, "/3/5/5"),
        (Code.SOURCE_OUTSIDE, "/2/5/3"),
    ]
    with pytest.raises(TimelineError, match="'at_ms' is infinite"):
        noted(tmp_path, 'marker "Intro" {at_ms = 1e400}')


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        (('mix "a"', 'mix "b"'), "a second mix"),
        (('tag "t" {text = "1"}', 'tag "t" {text = "2"}'), 'two notes of the tag "t"'),
    ],
)
def test_a_graph_says_a_thing_once(tmp_path, notes, message):
    with pytest.raises(IRError, match=message) as caught:
        noted(tmp_path, *notes)
    assert caught.value.diagnostics[0].code is Code.IR_DUPLICATE_VALUE
    assert len(noted(tmp_path, *['marker "same" {at_ms = 1.0}'] * 2).timeline.markers) == 2


def test_a_cover_that_is_missing_is_reported_at_its_note(tmp_path):
    noted(tmp_path, 'mix "a" {cover = "x.png"}')
    with pytest.raises(MixdownError, match="does not exist") as caught:
        mixdown.compile(tmp_path / "mix.mir")
    assert "mix.mir:2:5" in str(caught.value)


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
