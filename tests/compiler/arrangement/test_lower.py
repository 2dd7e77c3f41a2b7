"""An arrangement's timeline: what plays where, to the sample."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixdown import Timeline, compile, render
from mixdown.compiler.timeline.entry import SourceEntry
from mixdown.ir.nodes import Place

RATE = 48000


def heard(timeline: Timeline, out: Path, backend: str = "native") -> np.ndarray:
    """The left channel of the mix, in float64."""
    done = render(timeline, out=out, preset="draft", backend=backend, bit_depth="64f")
    samples, _ = soundfile.read(done.master.path, always_2d=True)
    return samples[:, 0]


def clicks(samples: np.ndarray) -> list[int]:
    """Where anything sounds."""
    return np.flatnonzero(samples).tolist()


def times(timeline: Timeline, track: int = 0) -> list[tuple[str, float, float | None]]:
    """Start and duration of a track's clips."""
    return [
        (c.source, float(c.start_ms), c.duration_ms and float(c.duration_ms))
        for c in timeline.tracks[track].clips
    ]


CHANGING = """
tempo_map:
  - {bar: 1, tempo: 97.3}
  - {bar: 4, tempo: 133.7, time_signature: 7/8}
  - {bar: 7, tempo: 61}
sections: [{name: a, bars: 5}, {name: pause, length_ms: 333.333}, {name: b, bars: 3}]
parts: [{id: p, role: fx, material: click, play: [a, b]}]
"""
# (quarter notes, tempo) of each bar; the pause comes after the fifth.
BARS = [(4, "97.3")] * 3 + [("3.5", "133.7")] * 3 + [("3.5", "61")] * 2


def test_bars_lie_on_their_samples(arrange, tmp_path):
    """Each sample worked out anew: quarter notes times 60 over the tempo, rounded once."""
    expected, time = [], Fraction(0)
    for number, (quarters, tempo) in enumerate(BARS):
        expected.append(round(time * RATE))
        time += Fraction(quarters) * 60 / Fraction(tempo)
        time += Fraction("0.333333") if number == 4 else 0
    timeline = arrange(CHANGING)
    mix = heard(timeline, tmp_path)
    assert clicks(mix) == expected
    assert len(mix) == round(time * RATE)


@pytest.mark.parametrize(
    "backend", ["ffmpeg", pytest.param("sox", marks=pytest.mark.requires("sox"))]
)
def test_other_backends_put_them_there_too(arrange, tmp_path, backend):
    timeline = arrange(CHANGING)
    native = clicks(heard(timeline, tmp_path / "native"))
    assert clicks(heard(timeline, tmp_path / backend, backend)) == native


def test_the_last_bar_of_an_hour_is_on_its_sample(arrange):
    timeline = arrange("""
        tempo_map: [{bar: 1, tempo: 97.3}, {bar: 500, tempo: 101.01}, {bar: 501, tempo: 97.3}]
        sections: [{name: a, bars: 1460}]
        parts: [{id: p, role: fx, material: click, play: [{section: a, at: 1460}]}]
        """)
    time = 1458 * 4 * 60 / Fraction("97.3") + 4 * 60 / Fraction("101.01")
    graph = compile(timeline, preset="draft", disable=["pack-lanes"]).graph
    assert [node.start for node in graph if isinstance(node, Place)] == [round(time * RATE)]


def test_loops_follow_one_another_and_a_fill_ends_the_section(arrange, tmp_path):
    timeline = arrange("""
        tempo_map: [{bar: 1, tempo: 120}]
        sections: [{name: a, bars: 3}, {name: b, bars: 4}]
        parts:
          - {id: p, role: drums, material: two, play: [{section: a, fill: fill},
             {section: b, at: "2:3", repeats: 1}]}
        """)
    assert times(timeline) == [
        ("two.wav", 0, 4000),
        ("two.wav", 4000, 1000),
        ("fill.wav", 5000, 1000),
        ("two.wav", 9000, 4000),
    ]
    assert [c.id for c in timeline.tracks[0].clips] == ["a-1", "a-2", "a-3", "b-1"]
    beats = [*range(10), 10, 10.5, 11, 11.5, *range(18, 26)]
    assert clicks(heard(timeline, tmp_path)) == [int(beat * 24000) for beat in beats]


def test_a_stretched_loop_keeps_the_beat_and_its_pitch_follows(arrange, tmp_path):
    bent = "{id: bent, source: bar.wav, bars: 1, tempo: 120, stretch: resample}"
    timeline = arrange(
        """
        tempo_map: [{bar: 1, tempo: 120}, {bar: 2, tempo: 130}]
        sections: [{name: a, bars: 3}]
        parts: [{id: p, role: drums, material: bent, play: [a]}]
        """,
        bent,
    )
    assert timeline.sources == {"bent-13-12": SourceEntry("bar.wav", speed="13/12")}
    beat = Fraction(60 * RATE, 130)
    mix = heard(timeline, tmp_path)
    for number in range(8):
        place = 96000 + number * beat
        window = np.abs(mix[round(place) - 40 : round(place) + 40])
        assert abs(int(np.argmax(window)) - 40) <= 1
    assert len(mix) == round(96000 + 8 * beat)


def test_silence_at_both_ends_moves_everything(arrange):
    text = """
tempo_map: [{bar: 1, tempo: 120}]
sections: [{name: a, bars: 2}]
parts:
  - id: p
    role: music
    material: bar
    play: [a]
    moves: [{section: a, target: gain, begin: -6, end: 0}]
"""
    plain, moved = arrange(text), arrange(f"{text}head_ms: 500\ntail_ms: 250\n")
    assert moved.length_ms == plain.length_ms + 750
    for before, after in zip(plain.tracks[0].clips, moved.tracks[0].clips, strict=True):
        assert after.start_ms == before.start_ms + 500
    assert moved.markers[0].at_ms == 500
    (region,) = moved.tracks[0].automation.regions
    assert region.start_ms == 500


def test_a_file_plays_once_and_rings_on(arrange):
    timeline = arrange("""
        tempo_map: [{bar: 1, tempo: 120}]
        sections: [{name: a, bars: 1}, {name: b, bars: 1}]
        parts: [{id: p, role: vox, material: voice, play: [a, {section: b, at_ms: 500}]}]
        """)
    assert times(timeline) == [("voice.wav", 0, None), ("voice.wav", 2500, None)]
    assert timeline.length_ms == 5500


def test_sections_of_one_name_share_what_plays_and_are_numbered(arrange):
    timeline = arrange("""
        tempo_map: [{bar: 1, tempo: 120}]
        sections: [{name: v, bars: 1}, {name: c, bars: 1}, {name: v, bars: 2}]
        markers: [{label: Last, at: 4}, {label: Early, at_ms: 10.5}]
        parts: [{id: p, role: drums, material: bar, play: [v]}]
        """)
    assert times(timeline) == [
        ("bar.wav", 0, 2000),
        ("bar.wav", 4000, 2000),
        ("bar.wav", 6000, 2000),
    ]
    assert [(m.label, m.at_ms) for m in timeline.markers] == [
        ("v 1", 0),
        ("Early", Decimal("10.5")),
        ("c", 2000),
        ("v 2", 4000),
        ("Last", 6000),
    ]
    assert [c.id for c in timeline.tracks[0].clips] == ["v 1-1", "v 2-1", "v 2-2"]


def test_a_section_in_milliseconds_plays_loops_at_their_own_tempo(arrange):
    own = "{id: own, source: bar.wav, bars: 1, tempo: 120, time_signature: 4/4}"
    timeline = arrange(
        """
        sections: [{name: a, length_ms: 5000}]
        parts: [{id: p, role: drums, material: own, play: [{section: a, at_ms: 500}]}]
        """,
        own,
    )
    assert times(timeline) == [
        ("bar.wav", 500, 2000),
        ("bar.wav", 2500, 2000),
        ("bar.wav", 4500, 500),
    ]


def test_a_part_becomes_a_track_with_all_its_hints(arrange):
    timeline = arrange("""
        tempo_map: [{bar: 1, tempo: 120}]
        sections: [{name: a, bars: 1}]
        buses: [{id: bus_x, gain_db: -3}]
        parts:
          - {id: p, role: keys, name: Piano, bus: bus_x, gain_db: -2.5, pan: 0.25, mute: true,
             solo: true, tags: [soft], eq: [{kind: highpass, frequency_hz: 100}],
             filter: {kind: lowpass, frequency_hz: 9000}, material: bar,
             level: {to: -20}, gate: {threshold_db: -50}, deess: {}, compress: {ratio: 2},
             play: [{section: a, gain_db: -1, level: {to: -23}, compress: {ratio: 4}}]}
        """)
    (track,) = timeline.tracks
    assert (track.id, track.role, track.name, track.bus) == ("p", "keys", "Piano", "bus_x")
    assert (track.gain_db, track.pan, track.mute, track.solo) == (
        Decimal("-2.5"),
        Decimal("0.25"),
        True,
        True,
    )
    assert track.tags == ("soft",)
    assert (track.eq[0].frequency_hz, track.filter.frequency_hz) == (100, 9000)
    assert (track.level.to, track.gate.threshold_db, track.compress.ratio) == (-20, -50, 2)
    assert track.deess is not None
    (clip,) = track.clips
    assert (clip.gain_db, clip.level.to, clip.compress.ratio, clip.gate) == (-1, -23, 4, None)
    assert str(timeline.origin("tracks", 0, "clips", 0, "level").via).endswith("/play/0/level")
    assert timeline.buses[0].id == "bus_x"


BAR_OF = """
tempo_map: [{bar: 1, tempo: 120}]
sections: [{name: a, bars: 2}]
parts: [{id: p, role: drums, material: mine, play: [a]}]
"""


def test_a_loop_a_few_samples_short_ends_with_silence(arrange, media, write):
    write(media / "short.wav", 96000 - 48, [0])
    timeline = arrange(BAR_OF, "{id: mine, source: short.wav, bars: 1, tempo: 120}")
    assert times(timeline) == [("short.wav", 0, 1999), ("short.wav", 2000, 1999)]
    assert timeline.notes == ()


def test_part_of_a_file_is_a_loop_too(arrange):
    mine = "{id: mine, source: two.wav, bars: 1, tempo: 120, offset_ms: 1000, duration_ms: 2000}"
    timeline = arrange(BAR_OF, mine)
    assert times(timeline) == [("two.wav", 0, 2000), ("two.wav", 2000, 2000)]
    assert [c.offset_ms for c in timeline.tracks[0].clips] == [1000, 1000]


def test_a_loop_of_a_whole_number_of_rounds_needs_no_warning(arrange):
    timeline = arrange(BAR_OF, "{id: mine, source: two.wav, bars: 1, tempo: 120}")
    assert timeline.notes == ()
    assert times(timeline) == [("two.wav", 0, 2000), ("two.wav", 2000, 2000)]


def test_what_has_no_tempo_plays_anew_every_so_many_bars(arrange):
    mine = "{id: mine, source: voice.wav, bars: 1.5, fade_in_ms: 5, fade_out_ms: 20, gain_db: -3}"
    clips = arrange(BAR_OF, mine).tracks[0].clips
    assert [(c.start_ms, c.duration_ms) for c in clips] == [(0, 3000), (3000, 1000)]
    assert {(c.fade_in_ms, c.fade_out_ms, c.gain_db) for c in clips} == {(5, 20, -3)}
