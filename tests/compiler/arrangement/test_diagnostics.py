"""What is wrong with an arrangement is reported at its own lines, everything at once."""

from __future__ import annotations

from textwrap import dedent

import pytest
from mixdown import TimelineError, compile
from mixdown.compiler.load import loads
from mixdown.documents.writer import dump
from mixdown.ir.codes import Code
from mixdown.ir.origin import tokens

SONG = """
arrangement_version: 1
id: song
tempo_map: [{bar: 1, tempo: 120}]
sections: [{name: intro, bars: 2}, {name: verse, bars: 4}, {name: talk, length_ms: 3000}]
markers: [{label: Drop, at: "3:1"}]
materials:
  - {id: bar, source: bar.wav, bars: 1, tempo: 120}
  - {id: fill, source: fill.wav, bars: 0.5, tempo: 120}
  - {id: voice, source: voice.wav}
parts:
  - {id: p, role: drums, material: bar, play: [intro, {section: verse, at: 2}]}
  - {id: q, role: vox, material: voice, play: [intro]}
"""

# what is replaced, by what, the code, the pointer, and words of the message
FAULTS = [
    ("arrangement_version: 1", "arrangement_version: 9", "MIX107", "/arrangement_version", "9"),
    ("id: song", "id: song\nlength: 3", "MIX103", "/length", "an arrangement has no key"),
    ("{name: talk, length_ms", "{length_ms", "MIX104", "/sections/2", "needs the key 'name'"),
    ("role: drums", "role: [drums]", "MIX105", "/parts/0/role", "'role' must be text"),
    ("tempo: 120}]\ns", "tempo: .inf}]\ns", "MIX106", "/tempo_map/0/tempo", "infinite"),
    ("id: q", "id: p", "MIX201", "/parts/1/id", "two parts"),
    ("id: fill", "id: bar", "MIX201", "/materials/1/id", "two materials"),
    ("bars: 0.5", "bars: 0.5, offset_ms: -1", "MIX202", "/materials/1/offset_ms", "-1"),
    ("bars: 4}", "bars: 0}", "MIX206", "/sections/1/bars", "'bars' cannot be 0"),
    ("bar: 1, tempo: 120}]", "bar: 1, tempo: 120, time_signature: 4/3}]", "MIX206", None, "4/3"),
    ("bars: 4}", "bars: 4, length_ms: 5}", "MIX223", "/sections/1/length_ms", "exclude each other"),
    ("bars: 4}", "transition: {kind: cut}}", "MIX104", "/sections/1", "needs bars or length_ms"),
    ("bars: 4}", "bars: 4, transition: {kind: gap}}", "MIX104", None, "needs length_ms or beats"),
    ("bars: 4}", "bars: 4, transition: {kind: cut, beats: 1}}", "MIX223", None, "a cut has no"),
    ("3000}", "3000, transition: {kind: gap, beats: 1}}", "MIX223", None, "has no beats"),
    ("bars: 4}", "bars: 4, transition: {kind: crossfade, beats: 1, curve: odd}}", "MIX211",
     "/sections/1/transition/curve", "'curve' cannot be 'odd'"),
    ("{bar: 1, tempo: 120}]\ns", "{bar: 1, tempo: 120.00001}]\ns", "MIX206", None, "4 decimals"),
    ("bars: 2}", "bars: 2, transition: {kind: gap, beats: 9}}", "MIX223", None, "a gap of 4,500"),
    ("bar: 1, tempo: 120}]", "bar: 2, tempo: 120}]", "MIX223", "/tempo_map/0/bar", "for bar 1"),
    ("120}]\ns", "120}, {bar: 1, tempo: 9}]\ns", "MIX223", "/tempo_map/1/bar", "comes after"),
    ("bars: 1, tempo: 120", "tempo: 120", "MIX223", "/materials/0/tempo", "but no bars"),
    ('at: "3:1"', 'at: "3:x"', "MIX224", "/markers/0/at", "is not a valid position"),
    ('at: "3:1"', 'at: "3:5"', "MIX224", "/markers/0/at", "not a valid position in 4/4"),
    ('at: "3:1"', "at: 8", "MIX224", "/markers/0/at", "after the end"),
    ("at: 2}", "at: 5}", "MIX224", "/parts/0/play/1/at", "after the end of 'verse'"),
    ("at: 2}", "at_ms: 8000}", "MIX224", "/parts/0/play/1/at_ms", "after the end of 'verse'"),
    ("verse, at: 2}", "talk, at: 2}", "MIX224", "/parts/0/play/1/at", "has no length in bars"),
    ("at: 2}", "at: 2, at_ms: 3}", "MIX223", "/parts/0/play/1/at_ms", "exclude each other"),
    ("[intro,", "[intr,", "MIX225", "/parts/0/play/0/section", "no section is named 'intr'"),
    ("material: voice", "material: vice", "MIX226", "/parts/1/material", "no material"),
    ("material: voice, ", "", "MIX226", "/parts/1/play/0", "has no material"),
    ("at: 2}", "fill: roll}", "MIX226", "/parts/0/play/1/fill", "no material is named 'roll'"),
    ("at: 2}", "fill: voice}", "MIX223", "/parts/0/play/1/fill", "start of the fill is unknown"),
    ("verse, at: 2}", "verse, at: '4:4', fill: fill}", "MIX223", None, "longer than what it ends"),
    ("play: [intro]", "play: [{section: intro, repeats: 2}]", "MIX223", None, "cannot be repeated"),
    ("{section: verse, at: 2}", "talk", "MIX223", "/parts/0/play/1", "no length of its own"),
    ("tempo: 120}\n", "tempo: 90}\n", "MIX227", "/parts/0/play/0", "90 BPM, 'intro' at 120 BPM"),
    ("120}]\ns", "120}, {bar: 2, tempo: 99}]\ns", "MIX227", "/parts/0/play/0", "99 BPM"),
    ("{bar: 1, tempo: 120}]\ns", "{bar: 1, tempo: 7.5}]\ns", "MIX227", None, "1/16 or 0.0625"),
    ("voice.wav", "nowhere.wav", "MIX214", "/materials/2/source", "does not exist"),
    ("voice.wav", "../voice.wav", "MIX212", "/materials/2/source", "outside"),
    ("voice.wav", "https://x/voice.wav", "MIX213", "/materials/2/source", "URL"),
    ("source: bar.wav", "source: fill.wav", "MIX228", "/materials/0/bars", "not the 2,000 ms"),
    ("voice, play", "voice, moves: [{section: intro, target: filter, begin: 9}], play", "MIX218",
     "/parts/1/moves/0/target", "a filter that does not exist"),
]  # fmt: skip


def problems(text: str, media) -> list:
    with pytest.raises(TimelineError) as caught:
        compile(loads(text, "song.yaml", media), preset="draft")
    return list(caught.value.diagnostics)


def test_the_song_itself_is_sound(media):
    assert compile(loads(SONG, "song.yaml", media), preset="draft").diagnostics == ()


@pytest.mark.parametrize(("old", "new", "code", "pointer", "words"), FAULTS)
def test_an_error_has_a_place(media, old, new, code, pointer, words):
    assert old in SONG
    found = problems(SONG.replace(old, new, 1), media)
    assert {d.code.value for d in found} == {code}
    assert words in found[0].message
    if pointer is not None:
        assert found[0].origin.pointer == pointer
    assert found[0].origin.document == "song.yaml"


# The same for what only the timeline's own passes find: its places lead back to the arrangement's.
LATER = [
    ("role: drums", "role: drumms", "MIX301", "/parts/0/role", "unknown role 'drumms'"),
    ("role: drums", "role: drums, bus: x", "MIX302", "/parts/0/bus", "unknown bus 'x'"),
    ("role: drums", "role: drums, pan: 3", "MIX206", "/parts/0/pan", "'pan'"),
    ("id: song", "id: song\nchannels: 1\nbuses: [{id: b, pan: 1}]", "MIX210", "/buses/0/pan", ""),
    ("role: drums", "role: drums, eq: [{kind: peaking, frequency_hz: 30000}]", "MIX206",
     "/parts/0/eq/0/frequency_hz", "30000 Hz is not under half"),
    ("voice.wav", "voice.wav, offset_ms: 9000", "MIX208", "/parts/1/play/0/offset_ms", "past its"),
    ("voice.wav", "voice.wav, duration_ms: 9, fade_in_ms: 20", "MIX203",
     "/parts/1/play/0/fade_in_ms", "fades of 20 ms"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "pointer", "words"), LATER)
def test_a_fault_that_the_timeline_shows_points_into_the_arrangement(
    media, old, new, code, pointer, words
):
    assert old in SONG
    found = problems(SONG.replace(old, new, 1), media)
    assert {d.code.value for d in found} == {code}
    assert words in found[0].message
    origin = found[0].origin if found[0].origin.via is None else found[0].origin.via
    assert origin.document == "song.yaml"
    if pointer is not None:
        assert origin.pointer == pointer


def test_the_message_shows_the_arrangements_line(media):
    text = SONG.replace("fill: fill", "").replace("role: vox", "role: voxx")
    with pytest.raises(TimelineError) as caught:
        compile(loads(text, "song.yaml", media), preset="draft")
    assert str(caught.value) == dedent("""\
        error[MIX301]: track 'q' has the unknown role 'voxx'
          --> song.yaml (timeline) at /tracks/1/role
          --> song.yaml:13:19
           |
        13 |   - {id: q, role: voxx, material: voice, play: [intro]}
           |                   ^^^^ generated from this
          = help: did you mean 'vox'? known: dialogue, vox, voiceover, music, drums, bass, keys, \
fx, ambience""")
    (data,) = [d.to_dict(caught.value.documents) for d in caught.value.diagnostics]
    assert data["via"] == {
        "document": "song.yaml",
        "pointer": "/parts/1/role",
        "line": 13,
        "column": 19,
    }


def test_all_errors_of_the_document_are_reported_together(media):
    text = (
        SONG.replace("bars: 2}", "bars: 0}").replace("at: 2}", "at: x}").replace("[intro]", "[x]")
    )
    assert [d.code for d in problems(text, media)] == [
        Code.OUT_OF_RANGE,
        Code.BAD_POSITION,
        Code.UNKNOWN_SECTION,
    ]


def test_beside_an_unknown_key_other_errors_are_reported_too(media):
    found = problems(
        SONG.replace("id: q, ", "id: q, colour: red, ").replace("[intro]", "[x]"), media
    )
    assert [d.code for d in found] == [Code.UNKNOWN_KEY, Code.UNKNOWN_SECTION]


@pytest.mark.parametrize(("old", "new", "code", "pointer", "words"), FAULTS + LATER)
def test_an_error_hides_none_of_another_phase(media, old, new, code, pointer, words):
    """Beside each error: one of reading, one of a file, and one of the timeline's passes."""
    text = SONG.replace(old, new, 1) + "  - {id: r, role: voxx, material: lost, play: [intro]}\n"
    lost = "materials:\n  - {id: lost, source: nowhere.flac, gane_db: 1}"
    path = media / "beside.yaml"
    path.write_text(text.replace("materials:", lost), encoding="utf-8")
    with pytest.raises(TimelineError) as caught:
        compile(path, preset="draft")
    found = caught.value.diagnostics
    assert {d.code.value for d in found} == {code, "MIX103", "MIX214", "MIX301"}
    assert any(words in d.message for d in found)
    places = [(d.code, (d.origin.via or d.origin).pointer) for d in found]
    assert len(places) == len(set(places))


def test_json_is_read_as_strictly(media):
    text = '{"arrangement_version": 1, "id": "x", "sections": [], "parts": [], "prats": 1}'
    found = problems(text, media)
    assert [d.code for d in found] == [Code.UNKNOWN_KEY, Code.EMPTY_TIMELINE]


def test_too_many_takes_are_refused(media):
    text = SONG.replace("bars: 4}", "bars: 100000}").replace("bars: 0.5", "bars: 0.001")
    text = text.replace("{section: verse, at: 2}", "{section: verse, material: tick}")
    text = text.replace("materials:", "materials:\n  - {id: tick, source: bar.wav, bars: 0.125}")
    (found,) = problems(text, media)
    assert found.code is Code.TOO_COMPLEX


def test_what_is_longer_than_any_mix_is_refused_at_its_section(media):
    text = SONG.replace("tempo: 120}]", "tempo: 1}]").replace("bars: 4}", "bars: 100000}")
    (found,) = problems(text, media)
    assert (found.code, found.origin.pointer) == (Code.OUT_OF_RANGE, "/sections/1")


def test_a_loop_that_is_cut_is_warned_of_once_it_compiles(media):
    text = SONG.replace("bars: 1, tempo: 120", "bars: 0.75, tempo: 120")
    timeline = loads(text, "song.yaml", media)
    (note,) = compile(timeline, preset="draft").diagnostics
    assert (note.code, note.origin.pointer) == (Code.LOOP_CUT, "/materials/0/bars")
    with pytest.raises(TimelineError, match="MIX229"):
        compile(timeline, preset="draft", strict=True)


def test_a_timeline_is_still_a_timeline(media):
    timeline = loads(SONG, "song.yaml", media)
    assert loads(dump(timeline), "again.yaml", media) == timeline
    assert not loads(dump(timeline), "again.yaml", media).via


def test_every_origin_of_the_graph_leads_into_the_arrangement(media):
    graph = compile(loads(SONG, "song.yaml", media), preset="draft").graph
    for node in graph:
        assert node.origin.via.document == "song.yaml"
    clips = {n.origin.via.pointer for n in graph if n.kind == "clip"}
    assert {tokens(pointer)[0] for pointer in clips} == {"parts"}
