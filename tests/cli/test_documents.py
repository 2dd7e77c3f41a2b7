"""new, fmt and schema: writing timelines without rendering them."""

from __future__ import annotations

import json

import jsonschema
import mixdown as library
from ruamel.yaml import YAML


def test_new_writes_a_timeline_that_is_sound_with_its_media(mixdown, show, monkeypatch):
    ended = mixdown("new", "first.yaml", "media/voice.wav", "media/bed.flac")
    assert (ended.code, ended.err) == (0, "")
    timeline = library.load(show.parent / "first.yaml")
    assert timeline.id == "first"
    assert [track.id for track in timeline.tracks] == ["voice", "bed"]
    assert mixdown("check", "first.yaml").code == 0


def test_new_replaces_nothing_unless_forced(mixdown, show):
    before = show.read_text()
    ended = mixdown("new", show.name)
    assert ended.code == 2
    assert ended.err.startswith("error[MIX604]")
    assert show.read_text() == before
    assert mixdown("new", show.name, "--force").code == 0
    assert show.read_text() != before


def test_new_to_standard_output(mixdown, show, listing):
    before = listing()
    assert mixdown("new", "-", "--id", "x").out.startswith("# A timeline of mixdown.")
    assert listing() == before


def test_fmt_lays_out_once_and_keeps_meaning_and_comments(mixdown, show):
    show.write_text("# mine\n" + show.read_text().replace("id: small", "id:   small"))
    meaning = library.load(show)
    assert mixdown("fmt", "--check", show.name).code == 1
    assert mixdown("fmt", show.name).out == "formatted small.yaml\n"
    assert library.load(show) == meaning
    assert show.read_text().startswith("# mine\n")
    assert (mixdown("fmt", "--check", show.name).code, mixdown("fmt", show.name).out) == (0, "")


def test_fmt_writes_nothing_where_one_file_is_bad(mixdown, show):
    show.write_text(show.read_text().replace("id: small", "id:   small"))
    before = show.read_text()
    (show.parent / "bad.yaml").write_text("tracks: 3\n")
    ended = mixdown("fmt", show.name, "bad.yaml", "--json")
    assert ended.code == 2
    assert "MIX105" in ended.codes
    assert show.read_text() == before


def test_the_schema_accepts_the_timeline(mixdown, show):
    schema = json.loads(mixdown("schema").out)
    document = YAML(typ="safe").load(show.read_text())
    jsonschema.validate(document, schema)
    assert mixdown("schema", "-o", "s.json").code == 0
    assert json.loads((show.parent / "s.json").read_text()) == schema


def test_sources_outside_the_documents_directory_need_leave(mixdown, show):
    inside = show.parent / "sub"
    inside.mkdir()
    document = inside / "outside.yaml"
    document.write_text(show.read_text().replace("media/", "../media/"))
    ended = mixdown("check", document, "--json")
    assert (ended.code, set(ended.codes)) == (2, {"MIX212"})
    assert mixdown("check", document, "--allow-outside").code == 0
    assert mixdown("compile", document, "--allow-outside", "--to", "native").code == 0
