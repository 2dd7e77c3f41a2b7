"""Included documents: what counts where both say something, and where places lead."""

from __future__ import annotations

from pathlib import Path

import mixdown
import pytest
from mixdown.cli.app import run
from mixdown.documents.models import plain
from mixdown.ir.diagnostics import TimelineError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**documents: str) -> None:
    for name, text in documents.items():
        Path(f"{name}.yaml").write_text(text)


def places(path: str = "x.yaml") -> list[tuple[str, str]]:
    """The codes of the errors of a document, and the file and line of each."""
    with pytest.raises(TimelineError) as caught:
        mixdown.load(path)
    found = [d.to_dict(caught.value.documents) for d in caught.value.diagnostics]
    return [(str(d["code"]), f"{d['document']}:{d.get('line')}") for d in found]


def track(id: str, role: str = "fx", more: str = "") -> str:
    return f"  - {{id: {id}, role: {role}, {more} clips: [{{source: {id}.wav}}]}}\n"


def test_what_counts_where_both_say_something():
    write(
        b=f"id: b\nmetadata: {{b: b, both: b}}\ntracks:\n{track('one')}{track('two')}",
        c=f"include: [b.yaml]\nchannels: 1\nlength_ms: 5\ntracks:\n{track('three')}",
        x="id: x\ninclude: [c.yaml, b.yaml]\nlength_ms: 7\nmetadata: {both: x}\ntracks:\n"
        + track("two", "music")
        + track("four"),
    )
    timeline = mixdown.load("x.yaml")
    assert [t.id for t in timeline.tracks] == ["one", "three", "two", "four"]
    assert timeline.tracks[2].role == "music"
    assert plain(timeline)["metadata"] == {"b": "b", "both": "x"}
    assert (timeline.id, timeline.channels, timeline.length_ms) == ("x", 1, 7)


def test_places_lead_to_the_document_where_something_is_written():
    bad = track("two", more="pan: 3,")
    write(
        b=f"sources:\n  s: {{path: s.wav, rte: 1}}\ntracks:\n{track('one')}{bad}",
        c=f"include: b.yaml\ntracks:\n{track('one', more='mute: 1,')}",
        x=f"id: x\ninclude: c.yaml\nlenient: 5\ntracks:\n{track('four', more='gian: 1,')}",
    )
    assert sorted(places()) == [
        ("MIX103", "b.yaml:2"),
        ("MIX103", "x.yaml:5"),
        ("MIX105", "c.yaml:3"),
        ("MIX105", "x.yaml:3"),
        ("MIX206", "b.yaml:5"),
    ]


def test_repeated_keys_and_variables_have_their_places_too():
    named = track("two", more='name: "${w}",')
    write(
        b=f"vars: {{v: 1}}\ntracks:\n{track('one', more='mute: true, mute: false,')}",
        x=f"id: x-${{v}}\ninclude: b.yaml\ntracks:\n{named}",
    )
    assert sorted(places()) == [("MIX109", "b.yaml:3"), ("MIX111", "x.yaml:4")]


def test_shows_include_too():
    write(
        b="speakers: [host, guest]\nsegments: [{source: a.wav, speaker: gust}]\n",
        x="show_version: 1\nid: x\ninclude: b.yaml\nsegments: [{source: b.wav}]\n",
    )
    assert ("MIX230", "b.yaml:2") in places()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("include: nix.yaml", ("MIX101", "x.yaml:2")),
        ("include: [../y.yaml]", ("MIX212", "x.yaml:2")),
        ("include: http://a/b.yaml", ("MIX213", "x.yaml:2")),
        ("include: {a: b}", ("MIX105", "x.yaml:2")),
        ("include: x.yaml", ("MIX112", "x.yaml:2")),
        ("include: list.yaml", ("MIX105", "list.yaml:None")),
        ("include: bad.yaml", ("MIX102", "bad.yaml:2")),
    ],
)
def test_what_cannot_be_included(text, expected):
    write(list="[1]", bad="a: [\n", x=f"id: x\n{text}\nlength_ms: 5\n")
    assert places() == [expected]


def test_fmt_keeps_an_include(capfd):
    write(b=f"tracks:\n{track('one')}", x="id:   x\ninclude: b.yaml\n")
    assert run(["fmt", "x.yaml"]) == 0
    assert Path("x.yaml").read_text() == "id: x\ninclude: b.yaml\n"


def test_a_path_has_variables_of_the_document_that_includes_it():
    include = 'vars: {lang: en, deep: c}\ninclude: ["b-${lang}.yaml"]\nid: x\n'
    include += f"tracks:\n{track('one')}"
    inner = "vars: {deep: d}\ninclude: '${deep}.yaml'\nmetadata: {lang: %s}\n"
    write(c="metadata: {from: c}\n", d="metadata: {from: d}\n", x=include)
    Path("b-en.yaml").write_text(inner % "en")
    Path("b-de.yaml").write_text(inner % "de")
    assert mixdown.load("x.yaml").metadata == {"lang": "en", "from": "d"}
    german = mixdown.load("x.yaml", variables={"lang": "de", "deep": "c"})
    assert german.metadata == {"lang": "de", "from": "c"}
    write(x=include.replace("{lang}", "{long}"))
    assert places() == [("MIX111", "x.yaml:2")]
    write(x=include.replace("lang: en", "lang: null"))
    assert places() == [("MIX111", "x.yaml:1")]


def test_fmt_knows_variables_without_a_value(capfd):
    text = "vars: {title: null, gain: -3}\nid:   x\nmetadata: {title: '${title}'}\ntracks:\n"
    write(x=text + track("one", more="gain_db: '${gain}',"))
    assert run(["fmt", "x.yaml"]) == 0
    assert "id: x\n" in Path("x.yaml").read_text()
    assert run(["check", "x.yaml"]) == 2
    assert "the variable 'title' has no value" in capfd.readouterr().err
