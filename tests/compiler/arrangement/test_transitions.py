"""How sections go over into one another, and what moves in them."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import soundfile
from mixdown import Timeline, compile, render
from mixdown.compiler.timeline.automation import Region
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import render as shown
from mixdown.ir.nodes import FilterAutomation, GainAutomation

SECTIONS = """
tempo_map: [{{bar: 1, tempo: 120}}]
sections: [{{name: a, bars: 2, transition: {transition}}}, {{name: b, bars: 2}}]
parts:
"""
OVER_A_BEAT = "{kind: crossfade, beats: 1}"


def clip(timeline: Timeline, id: str, track: int = 0):
    return next(c for c in timeline.tracks[track].clips if c.id == id)


def test_loops_enter_under_those_that_leave(arrange):
    """`two` leads in with the last 500 ms of its four seconds; the next section is untouched."""
    timeline = arrange(
        SECTIONS.format(transition=OVER_A_BEAT)
        + "  - {id: p, role: drums, play: [{section: a, material: bar},"
        " {section: b, material: two}]}\n"
    )
    leaving, lead, first = (clip(timeline, id) for id in ("a-2", "b-1", "b-2"))
    assert (leaving.start_ms, leaving.duration_ms, leaving.fade_out_ms) == (2000, 2000, 500)
    assert (lead.source, lead.start_ms, lead.offset_ms, lead.duration_ms) == (
        "two.wav",
        3500,
        3500,
        500,
    )
    assert (lead.fade_in_ms, lead.fade_in_curve, leaving.fade_out_curve) == (500, "qsin", "qsin")
    assert (first.start_ms, first.offset_ms, first.fade_in_ms) == (4000, 0, 0)


def test_a_part_that_plays_the_same_loop_plays_on(arrange):
    timeline = arrange(
        SECTIONS.format(transition=OVER_A_BEAT)
        + "  - {id: p, role: drums, material: bar, play: [a, b]}\n"
    )
    assert [c.start_ms for c in timeline.tracks[0].clips] == [0, 2000, 4000, 6000]
    assert not any(c.fade_in_ms or c.fade_out_ms for c in timeline.tracks[0].clips)


def test_what_does_not_go_on_fades_out_and_hits_enter_on_the_boundary(arrange):
    curved = "{kind: crossfade, length_ms: 300, curve: tri}"
    timeline = arrange(
        SECTIONS.format(transition=curved)
        + "  - {id: p, role: drums, material: bar, play: [a]}\n"
        + "  - {id: q, role: fx, material: click, play: [b]}\n"
    )
    assert clip(timeline, "a-2").fade_out_ms == 300
    assert clip(timeline, "a-2").fade_out_curve == "tri"
    assert [c.start_ms for c in timeline.tracks[1].clips] == [4000, 6000]


def test_a_crossfade_of_loops_keeps_the_level(arrange, media, tmp_path):
    """Equal power of two unlike signals: sin^2 + cos^2."""
    noise = np.random.Generator(np.random.Philox(3)).uniform(-0.4, 0.4, (2, 96000))
    for name, samples in zip(("one", "other"), noise, strict=True):
        soundfile.write(media / f"{name}.wav", samples, 48000, "PCM_24")
    timeline = arrange(
        SECTIONS.format(transition="{kind: crossfade, length_ms: 1600}")
        + "  - {id: p, role: drums, play: [{section: a, material: one},"
        " {section: b, material: other}]}\n",
        "{id: one, source: one.wav, bars: 1, tempo: 120}",
        "{id: other, source: other.wav, bars: 1, tempo: 120}",
    )
    done = render(timeline, out=tmp_path, preset="draft", backend="native", bit_depth="64f")
    mix = soundfile.read(done.master.path, always_2d=True)[0][:, 0]
    levels = [np.sqrt(np.mean(mix[at : at + 9600] ** 2)) for at in range(0, len(mix), 9600)]
    assert np.allclose(levels, levels[0], rtol=0.03)


def test_a_gap_silences_loops_and_lets_files_ring(arrange):
    timeline = arrange(
        SECTIONS.format(transition="{kind: gap, beats: 1.5}")
        + "  - {id: p, role: drums, material: bar, play: [{section: a, fill: fill}]}\n"
        + "  - {id: q, role: vox, material: voice, play: [a]}\n"
    )
    ends = [c.start_ms + c.duration_ms for c in timeline.tracks[0].clips]
    assert ends == [2000, 3000, 3250]
    assert clip(timeline, "a-1", 1).duration_ms is None


MOVING = """
tempo_map: [{bar: 1, tempo: 120}]
sections: [{name: a, bars: 2}, {name: b, bars: 2}, {name: c, bars: 2}]
parts:
  - id: p
    role: music
    pan: 0.5
    filter: {kind: lowpass, frequency_hz: 8000}
    material: bar
    play: [a, b, c]
    moves:
"""


def points(region: Region) -> list[tuple[Decimal, Decimal, str]]:
    return [(k.at_ms, k.value, k.curve.value) for k in region.keyframes]


def test_a_move_belongs_to_its_section(arrange):
    """Before and after it the part's own value counts: 0 dB of gain."""
    automation = (
        arrange(MOVING + "      - {section: b, target: gain, begin: -6}\n").tracks[0].automation
    )
    assert [(k.at_ms, k.value, k.curve) for k in automation.gain] == [(0, 0, "hold")]
    (region,) = automation.regions
    assert (region.start_ms, region.duration_ms) == (4000, 4000)
    assert points(region) == [(0, -6, "hold"), (4000, 0, "hold")]


def test_a_ramp_ends_a_sample_before_the_value_returns(arrange):
    move = "      - {section: b, target: filter, begin: 200, end: 1000, curve: smooth}\n"
    automation = arrange(MOVING + move).tracks[0].automation
    assert automation.filter[0].value == 8000
    assert points(automation.regions[0]) == [
        (0, 200, "smooth"),
        (Decimal("3999.979167"), 1000, "hold"),
        (4000, 8000, "hold"),
    ]


def test_a_ramp_to_the_own_value_just_ends_there(arrange):
    move = "      - {section: a, target: pan, begin: -1, end: 0.5, at: 2, bars: 0.5}\n"
    automation = arrange(MOVING + move).tracks[0].automation
    (region,) = automation.regions
    assert (region.start_ms, region.duration_ms) == (2000, 2000)
    assert points(region) == [(0, -1, "linear"), (1000, Decimal("0.5"), "hold")]


def test_moves_that_follow_one_another_do_not_clash(arrange):
    timeline = arrange(
        MOVING
        + "      - {section: a, target: gain, begin: -12, end: 0}\n"
        + "      - {section: a, target: gain, begin: -3, at: 2}\n"
        + "      - {section: b, target: gain, begin: -6, end: -2, length_ms: 500}\n"
        + "      - {section: c, target: gain, begin: 0, end: -20}\n"
    )
    assert "AUTOMATION" not in [d.code.name for d in compile(timeline, preset="draft").diagnostics]


def test_what_moves_reaches_the_graph(arrange):
    timeline = arrange(
        MOVING
        + "      - {section: b, target: gain, begin: -6}\n"
        + "      - {section: c, target: filter, begin: 400, end: 8000}\n"
    )
    graph = compile(timeline, preset="draft").graph
    (gain,) = [n for n in graph if isinstance(n, GainAutomation)]
    assert [(p.at, p.value) for p in gain.points] == [(0, 0), (192000, -6), (384000, 0)]
    (moved,) = [n for n in graph if isinstance(n, FilterAutomation)]
    assert [(p.at, p.value) for p in moved.points] == [(0, 8000), (384000, 400), (576000, 8000)]


def test_a_move_into_the_next_one_is_clamped_with_both_lines_shown(arrange):
    """The warning is the clamp pass's; its places are the arrangement's."""
    timeline = arrange(
        MOVING
        + "      - {section: a, target: gain, begin: -20, end: 0, bars: 3}\n"
        + "      - {section: b, target: gain, begin: -6}\n"
    )
    compilation = compile(timeline, preset="draft")
    (warning,) = compilation.diagnostics
    assert warning.code is Code.AUTOMATION_CLAMPED
    text = shown([warning], timeline.documents)
    lines = timeline.made_from.text.splitlines()
    for number in (len(lines) - 1, len(lines)):
        assert f"song.yaml:{number}:9\n" in text
        assert f"{number} | {lines[number - 1]}\n" in text
