"""new, fmt and schema: writing timelines without rendering them."""

from __future__ import annotations

import json

import jsonschema
import mixdown as library
import numpy as np
import soundfile
from ruamel.yaml import YAML

RATE = 16000


def test_new_writes_a_timeline_that_is_sound_with_its_media(mixdown, show, monkeypatch):
    ended = mixdown("new", "first.yaml", "media/voice.wav", "media/bed.flac")
    assert (ended.code, ended.err) == (0, "")
    timeline = library.load(show.parent / "first.yaml")
    assert timeline.id == "first"
    assert [track.id for track in timeline.tracks] == ["voice", "bed"]
    assert mixdown("check", "first.yaml").code == 0


def test_new_lays_recordings_one_after_another_and_guesses_their_roles(mixdown, show):
    tone = np.sin(np.arange(RATE) * 0.3) * np.hanning(RATE)
    pause = 1e-4 * np.sin(np.arange(RATE) * 0.1)
    phrases = np.concatenate([pause, tone, pause, tone, pause, tone, pause, tone])
    loop = np.sin(np.arange(4 * RATE) * 0.2)
    for name, sound in {"a b": phrases, "tune": loop, "fx hit": loop}.items():
        soundfile.write(show.parent / f"{name}.wav", 0.3 * sound, RATE)
    names = ("a b.wav", "tune.wav", "fx hit.wav", "gone.wav")
    ended = mixdown("new", *names)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[-1] == "wrote timeline.yaml; next: mixdown check timeline.yaml"
    timeline = library.load(show.parent / "timeline.yaml")
    assert [track.role for track in timeline.tracks] == ["dialogue", "music", "fx", "dialogue"]
    assert [track.clips[0].after for track in timeline.tracks] == [
        *(None, "a b/c1", "tune/c1", "fx hit/c1")
    ]
    for why in ("4 phrases with pauses", "sound without pauses", "by its name", "no such file"):
        assert why in ended.out
    assert mixdown("new", *names).err.startswith("error[MIX604]")


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
