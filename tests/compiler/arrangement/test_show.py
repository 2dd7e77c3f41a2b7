"""A show's timeline: segments one after the other, music under words, a bed under all."""

from __future__ import annotations

from pathlib import Path

import pytest
from mixdown import Timeline, TimelineError, compile
from mixdown.compiler.load import loads
from mixdown.ir.nodes import GainAutomation

EXAMPLE = Path(__file__).parents[3] / "examples" / "show" / "episode.yaml"
MEDIA = Path(__file__).parents[3] / "examples" / "podcast"


@pytest.fixture
def show(media, write):
    """Makes the timeline of a show over files of 1, 2 and 10 s."""
    for seconds in (1, 2, 10):
        write(media / f"s{seconds}.wav", seconds * 48000, [0])
    head = "show_version: 1\nid: show\n"
    return lambda text: loads(head + text, "show.yaml", media)


def laid(timeline: Timeline) -> dict[str, list[tuple[float, float | None]]]:
    return {
        track.id: [
            (float(c.start_ms), None if c.duration_ms is None else float(c.duration_ms))
            for c in track.clips
        ]
        for track in timeline.tracks
    }


def test_a_list_of_files_is_a_show(show):
    timeline = show("segments: [s1.wav, s2.wav, s1.wav]\n")
    assert laid(timeline) == {"host": [(0, None), (1500, None), (4000, None)]}
    assert timeline.length_ms == 5000
    assert timeline.tracks[0].role == "dialogue"
    assert {c.fade_in_ms for c in timeline.tracks[0].clips} == {10}


def test_gaps_are_the_shows_or_the_segments(show):
    timeline = show("gap_ms: 100\nsegments: [s1.wav, {source: s1.wav, gap_ms: 0}, s1.wav]\n")
    assert laid(timeline) == {"host": [(0, None), (1000, None), (2100, None)]}


def test_the_gap_of_the_first_segment_and_silence_at_both_ends(show):
    timeline = show("""
head_ms: 700
tail_ms: 0:02
markers: [{at_ms: 1100, label: Own}]
segments: [{source: s1.wav, gap_ms: 50, label: First}]
bed: {source: s10.wav, fade_in_ms: 0}
cover: art.png
""")
    assert laid(timeline) == {"host": [(750, None)], "bed": [(0, 3750)]}
    assert timeline.length_ms == 3750
    assert [(m.at_ms, m.label) for m in timeline.markers] == [(750, "First"), (1100, "Own")]
    assert str(timeline.origin("markers", 1).via).endswith("/markers/0")
    assert timeline.cover == "art.png"
    under = "{source: s10.wav, duration_ms: 2000, alone_ms: 300}"
    music = show(f"intro: {under}\nhead_ms: 100\nsegments: [{{source: s1.wav, gap_ms: 50}}]\n")
    assert laid(music) == {"host": [(450, None)], "music": [(100, 2000)]}


def test_speakers_ads_and_stings_have_their_tracks(show):
    timeline = show("""
speakers: [host, {id: guest, gain_db: -2, pan: 0.2, name: Guest}]
segments:
  - {source: s1.wav, label: Welcome}
  - {source: s2.wav, speaker: guest, offset_ms: 500, duration_ms: 1000}
  - {kind: sting, source: s1.wav}
  - {kind: ad, source: s2.wav, gain_db: -3}
  - {kind: ad, duration_ms: 3000, label: Slot}
  - s1.wav
""")
    assert laid(timeline) == {
        "host": [(0, None), (10500, None)],
        "guest": [(1500, 1000)],
        "ads": [(4500, None)],
        "stings": [(3000, None)],
    }
    assert [track.role for track in timeline.tracks] == ["dialogue", "dialogue", "voiceover", "fx"]
    assert (timeline.tracks[1].name, timeline.tracks[1].gain_db) == ("Guest", -2)
    assert [(m.label, m.at_ms) for m in timeline.markers] == [
        ("Welcome", 0),
        ("Ad", 4500),
        ("Slot", 7000),
    ]


def test_levels_and_dynamics_of_speakers_and_segments(show):
    timeline = show("""
speakers: [{id: host, level: {to: -18}, compress: {ratio: 4}, deess: {}, gate: {range_db: 6}}]
segments: [{source: s1.wav, level: {to: -24}, gate: {}}, s2.wav]
""")
    (track,) = timeline.tracks
    assert (track.level.to, track.compress.ratio, track.gate.range_db) == (-18, 4, 6)
    assert track.deess is not None
    assert [clip.level and clip.level.to for clip in track.clips] == [-24, None]
    assert [clip.gate is not None for clip in track.clips] == [True, False]
    assert str(timeline.origin("tracks", 0, "level").via).endswith("/speakers/0/level")
    assert str(timeline.origin("tracks", 0, "clips", 0, "level").via).endswith("/segments/0/level")


def test_music_leads_in_and_out_under_words(show):
    timeline = show("""
intro: {source: s10.wav, duration_ms: 6000, alone_ms: 2000, fade_out_ms: 1000}
segments: [s10.wav]
outro: {source: s10.wav, alone_ms: 4000, fade_in_ms: 500}
""")
    assert laid(timeline) == {"host": [(2000, None)], "music": [(0, 6000), (6000, None)]}
    assert timeline.length_ms == 16000
    assert [(m.at_ms, m.label) for m in timeline.markers] == [(0, "Intro"), (12000, "Outro")]


def test_music_that_nobody_speaks_over_is_followed_by_the_gap(show):
    timeline = show("gap_ms: 250\nintro: s1.wav\nsegments: [s2.wav]\noutro: s1.wav\n")
    assert laid(timeline) == {"host": [(1250, None)], "music": [(0, None), (3500, None)]}


def test_an_intro_that_outlasts_the_words_plays_to_its_end(show):
    timeline = show("intro: {source: s10.wav, alone_ms: 1000}\nsegments: [s1.wav]\n")
    assert timeline.length_ms == 10000


def test_the_music_steps_back_while_somebody_speaks(show):
    """By the ducking of its bus in the mix preset of shows, which a show may change."""
    text = "intro: {source: s10.wav, alone_ms: 3000}\nsegments: [s2.wav]\n"
    deeper = "buses: [{id: bus_music, duck: {by: [dialogue], gain_db: -15}}]\n"
    for timeline, depth, hold in ((show(text), -9, 24000), (show(text + deeper), -15, 14400)):
        graph = compile(timeline, preset="draft").graph
        (duck,) = [n for n in graph if isinstance(n, GainAutomation)]
        assert [(p.at, p.value) for p in duck.points] == [
            (134400, 0),
            (144000, depth),
            (144000 + 96000 + hold, depth),
            (144000 + 96000 + hold + 28800, 0),
        ]


def test_the_bed_goes_round_in_equal_rounds_until_the_end(show):
    timeline = show("""
mix_preset_id: podcast_mix
segments: [s10.wav, s10.wav]
bed: {source: s10.wav, crossfade_ms: 1000, fade_out_ms: 300, gain_db: -20}
""")
    rounds = timeline.tracks[-1].clips
    assert timeline.tracks[-1].role == "ambience"
    assert [(c.start_ms, c.duration_ms) for c in rounds] == [(0, 7500), (6500, 7500), (13000, 7500)]
    assert [c.crossfade_in_ms for c in rounds] == [None, 1000, 1000]
    assert [c.crossfade_out_ms for c in rounds] == [1000, 1000, None]
    assert [(c.fade_in_ms, c.fade_out_ms) for c in rounds] == [(2000, 0), (0, 0), (0, 300)]
    assert compile(timeline, preset="draft").diagnostics == ()


def test_a_bed_that_is_long_enough_plays_once(show):
    timeline = show("segments: [s2.wav]\nbed: {source: s10.wav, fade_in_ms: 0, fade_out_ms: 5}\n")
    assert laid(timeline)["bed"] == [(0, 2000)]


FAULTS = [
    ("segments: []\n", "MIX216", "/segments", "no segments"),
    ("segments: [s1.wav]\nhost: x\n", "MIX103", "/host", "a show has no key"),
    ("segments: [{label: x}]\n", "MIX104", "/segments/0", "a part needs a source"),
    ("segments: [{kind: ad}]\n", "MIX104", "/segments/0", "an ad needs a source, or"),
    ("segments: [{kind: jingle, source: s1.wav}]\n", "MIX105", "/segments/0/kind", "jingle"),
    ("segments: [s1.wav]\nspeakers: [a, a]\n", "MIX201", "/speakers/1/id", "two speakers"),
    ("segments: [s1.wav]\nspeakers: [ads]\n", "MIX201", "/speakers/0/id", "in every show"),
    ("segments: [{source: s1.wav, speaker: x}]\n", "MIX230", "/segments/0/speaker", "no speaker"),
    ("segments: [{kind: ad, source: s1.wav, speaker: x}]\n", "MIX223", "/segments/0/speaker", "ad"),
    ("segments: [{source: s1.wav, gap_ms: -1}]\n", "MIX202", "/segments/0/gap_ms", "-1"),
    ("segments: [s1.wav, nowhere.wav]\n", "MIX214", "/segments/1/source", "does not exist"),
    ("segments: [s1.wav]\nbed: {source: s2.wav, crossfade_ms: 900}\n", "MIX223",
     "/bed/crossfade_ms", "less than three"),
    ("segments: [s1.wav]\noutro: {source: s10.wav, alone_ms: 1000}\n", "MIX223",
     "/outro/alone_ms", "8000 ms before the show"),
    ("gap_ms: 1000000000\nsegments: [s1.wav, s1.wav]\n", "MIX206", "/segments/1", "maximum length"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "pointer", "words"), FAULTS)
def test_an_error_has_a_place(show, text, code, pointer, words):
    with pytest.raises(TimelineError) as caught:
        show(text)
    (found,) = caught.value.diagnostics
    assert (found.code.value, found.origin.pointer) == (code, pointer)
    assert words in found.message


@pytest.mark.usefixtures("show")
@pytest.mark.parametrize(("text", "code", "pointer", "words"), FAULTS)
def test_an_error_hides_none_of_another_phase(media, text, code, pointer, words):
    """Beside each error: one of reading, one of a file, and one of the timeline's passes."""
    more = "intro: nowhere.flac" if "bed" in text else "bed: nowhere.flac"
    buses = "buses: [{id: bus_music, duck: {by: [nobody], gain_db: -6}}]"
    path = media / "beside.yaml"
    path.write_text(f"show_version: 1\nid: x\ngap_mz: 3\n{more}\n{buses}\n{text}", "utf-8")
    with pytest.raises(TimelineError) as caught:
        compile(path, preset="draft")
    places = [(d.code.value, (d.origin.via or d.origin).pointer) for d in caught.value.diagnostics]
    lost = ("MIX214", "/intro/source" if "bed" in text else "/bed/source")
    role = ("MIX301", "/buses/0/duck/by")
    assert sorted(places) == sorted([(code, pointer), ("MIX103", "/gap_mz"), lost, role])


def test_a_fault_that_the_timeline_shows_points_into_the_show(show):
    line = "segments: [s2.wav, {source: s1.wav, duration_ms: 9000}]"
    timeline = show(f"{line}\n")
    with pytest.raises(TimelineError) as caught:
        compile(timeline, preset="draft")
    (found,) = caught.value.diagnostics
    assert found.code.value == "MIX208"
    assert found.origin.via.pointer == "/segments/1/duration_ms"
    assert f"show.yaml:3:{line.index('9000') + 1}\n" in str(caught.value)


def test_the_example_is_sound(snapshot):
    from mixdown.documents.writer import dump

    timeline = loads(EXAMPLE.read_text("utf-8"), "episode.yaml", MEDIA)
    assert compile(timeline, preset="podcast").diagnostics == ()
    assert dump(timeline) == snapshot
