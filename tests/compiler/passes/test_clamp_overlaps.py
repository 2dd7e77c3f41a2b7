"""clamp-overlaps: what is asked for, what there is, and what is said about it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mixdown.audio.envelope import interpolate, log_frequency_envelope
from mixdown.backends.native.values import frames_of
from mixdown.compiler.geometry import crossfades, extent, points
from mixdown.compiler.passes.clamp_overlaps import clamp_overlaps
from mixdown.compiler.timeline.automation import Automation, Keyframe, Region, Target
from mixdown.compiler.timeline.model import Timeline
from mixdown.ir.curves import Shape
from mixdown.ir.diagnostics import Severity
from mixdown.ir.nodes import Aim, Point, Source
from mixdown.ir.units import samples
from overlaps import value_at
from strategies import timelines

SHAPE = {"digest": "", "codec": "", "channels": 1}
MEDIA = {
    "a.wav": Source(name="a.wav", path="a.wav", frames=480000, rate=48000, **SHAPE),
    "b.wav": Source(name="b.wav", path="b.wav", frames=59256, rate=48000, **SHAPE),
}
EMPTY = Timeline(id="x").track("t", role="music")


def hints(timeline: Timeline) -> list[tuple]:
    return [(c.crossfade_in_ms, c.crossfade_out_ms) for c in timeline.tracks[0].clips]


def said(timeline: Timeline) -> list[tuple[str, str, list[str], str]]:
    _, warnings = clamp_overlaps(timeline, MEDIA)
    assert all(w.severity is Severity.WARNING for w in warnings)
    return [
        (w.code.value, w.origin.pointer, [r.origin.pointer for r in w.related], w.help)
        for w in warnings
    ]


def test_hints_within_the_overlap_stay():
    timeline = EMPTY.clip("a.wav", duration_ms=1000, crossfade_out_ms=100).clip(
        "b.wav", start_ms=900, crossfade_in_ms=50
    )
    assert clamp_overlaps(timeline, MEDIA) == (timeline, ())


def test_hints_beyond_the_overlap_are_clamped_on_both_sides():
    timeline = EMPTY.clip("a.wav", id="one", duration_ms=1000, crossfade_out_ms=300).clip(
        "b.wav", id="two", start_ms=Decimal("899.5"), crossfade_in_ms=101
    )
    clamped, warnings = clamp_overlaps(timeline, MEDIA)
    assert hints(clamped) == [(None, Decimal("100.5")), (Decimal("100.5"), None)]
    assert [w.message for w in warnings] == [
        "clip 'one' asks for a crossfade of 300 ms, but overlaps 'two' by 100.5 ms",
        "clip 'two' asks for a crossfade of 101 ms, but overlaps 'one' by 100.5 ms",
    ]
    clips = "/tracks/0/clips"
    assert said(timeline) == [
        (
            "MIX220",
            f"{clips}/0/crossfade_out_ms",
            [f"{clips}/1"],
            "it now has 100.5 ms instead of 300 ms",
        ),
        (
            "MIX220",
            f"{clips}/1/crossfade_in_ms",
            [f"{clips}/0"],
            "it now has 100.5 ms instead of 101 ms",
        ),
    ]
    assert clamp_overlaps(clamped, MEDIA) == (clamped, ())


def test_a_hint_without_a_neighbour_is_clamped_to_nothing():
    timeline = EMPTY.clip("b.wav", crossfade_in_ms=10).clip(
        "b.wav", start_ms=5000, crossfade_in_ms=20, crossfade_out_ms=30
    )
    clamped, warnings = clamp_overlaps(timeline, MEDIA)
    assert hints(clamped) == [(0, None), (0, 0)]
    assert [w.message for w in warnings] == [
        "clip 'c1' asks for a crossfade of 10 ms, and no clip comes before it",
        "clip 'c2' asks for a crossfade of 20 ms, but overlaps 'c1' by 0 ms",
        "clip 'c2' asks for a crossfade of 30 ms, and no clip comes after it",
    ]


def test_neighbours_are_those_in_start_order():
    timeline = EMPTY.clip("b.wav", start_ms=900, crossfade_in_ms=500).clip(
        "a.wav", duration_ms=1000
    )
    assert hints(clamp_overlaps(timeline, MEDIA)[0]) == [(100, None), (None, None)]


def clamped_hints(timeline: Timeline) -> tuple[list[tuple], list[str]]:
    clamped, warnings = clamp_overlaps(timeline, MEDIA)
    assert {w.code.value for w in warnings} <= {"MIX220"}
    assert clamp_overlaps(clamped, MEDIA) == (clamped, ())
    return hints(clamped), [w.message for w in warnings]


def test_a_crossfade_ends_before_the_fade_out_of_the_later_clip():
    timeline = EMPTY.clip("a.wav", duration_ms=1000).clip(
        "b.wav", start_ms=600, duration_ms=400, crossfade_in_ms=350, fade_out_ms=150
    )
    assert clamped_hints(timeline) == (
        [(None, None), (250, None)],
        [
            "clip 'c2' asks for a crossfade of 350 ms, "
            "but the other edge of 'c2' leaves room for 250 ms"
        ],
    )


def test_a_crossfade_ends_before_the_next_crossfade():
    timeline = (
        EMPTY.clip("a.wav", duration_ms=1000, crossfade_out_ms=400)
        .clip("b.wav", start_ms=500, duration_ms=700, crossfade_out_ms=300)
        .clip("b.wav", start_ms=800, duration_ms=400)
    )
    joined, said = clamped_hints(timeline)
    assert joined == [(None, 300), (None, 300), (None, None)]
    assert said == [
        "clip 'c1' asks for a crossfade of 400 ms, "
        "but the other edge of 'c2' leaves room for 300 ms"
    ]


@pytest.mark.parametrize(("fade", "left"), [(500, 400), (501, 0)])
def test_a_clip_that_still_fades_in_does_not_crossfade(fade, left):
    timeline = EMPTY.clip("a.wav", duration_ms=1000, fade_in_ms=fade).clip(
        "b.wav", start_ms=500, crossfade_in_ms=400
    )
    joined, said = clamped_hints(timeline)
    assert joined == [(None, None), (left, None)]
    assert len(said) == (left == 0)


def test_with_a_hint_of_nothing_the_clips_sum():
    timeline = EMPTY.clip("a.wav", duration_ms=1000, crossfade_out_ms=400).clip(
        "b.wav", start_ms=500, crossfade_in_ms=0, fade_in_ms=20
    )
    assert clamp_overlaps(timeline, MEDIA) == (timeline, ())
    track = timeline.tracks[0]
    assert crossfades(track, [extent(c, 48000, MEDIA) for c in track.clips], 48000) == {}


def test_fades_are_clamped_only_where_the_document_is_lenient():
    timeline = EMPTY.clip("b.wav", duration_ms=100, fade_in_ms=70, fade_out_ms=60)
    assert clamp_overlaps(timeline, MEDIA)[0] == timeline
    lenient = evolve(timeline, lenient=True)
    (clip,) = clamp_overlaps(lenient, MEDIA)[0].tracks[0].clips
    assert (clip.fade_in_ms, clip.fade_out_ms) == (70, 30)
    assert said(lenient) == [
        ("MIX222", "/tracks/0/clips/0/fade_out_ms", [], "fade_out_ms is now 30 ms instead of 60 ms")
    ]
    longer = evolve(EMPTY, lenient=True).clip("b.wav", duration_ms=100, fade_in_ms=700)
    assert clamp_overlaps(longer, MEDIA)[0].tracks[0].clips[0].fade_in_ms == 100


def region(start: int, duration: int, *points: tuple) -> Region:
    return Region(target="gain", start_ms=start, duration_ms=duration, keyframes=points)


def moved(*regions: Region, gain: tuple = ()) -> tuple[list[tuple], list]:
    timeline = EMPTY.clip("a.wav")
    track = evolve(timeline.tracks[0], automation={"regions": regions, "gain": gain})
    clamped, warnings = clamp_overlaps(evolve(timeline, tracks=(track,)), MEDIA)
    automation = clamped.tracks[0].automation
    assert automation.regions == ()
    return [(k.at_ms, k.value) for k in automation.gain], [w.help for w in warnings]


def test_regions_become_keyframes_in_time_order():
    keyframes, warnings = moved(
        region(5000, 1000, (1000, -2), (0, -1)), region(0, 4000, (0, 0), (4000, -9))
    )
    assert keyframes == [(0, 0), (4000, -9), (5000, -1), (6000, -2)]
    assert warnings == []


def automated(*regions: Region, **plain: tuple) -> Automation:
    """What the pass makes of a track's automation."""
    timeline = EMPTY.clip("a.wav")
    track = evolve(timeline.tracks[0], automation={"regions": regions, **plain})
    clamped, _ = clamp_overlaps(evolve(timeline, tracks=(track,)), MEDIA)
    return clamped.tracks[0].automation


def test_a_region_that_is_cut_off_keeps_its_shape():
    early = region(0, 4000, (0, 0, "smooth"), (4000, -12))
    gain = automated(early, region(1000, 5000, (500, 3), (600, 4))).gain
    assert [(k.at_ms, k.value, k.aim) for k in gain] == [
        (0, 0, (4000, -12)),
        (1000, 3, None),
        (1500, 3, None),
        (1600, 4, None),
    ]
    assert gain[0].curve is Shape.SMOOTH
    assert points(gain, 1000)[0] == Point(0, 0, Shape.SMOOTH, Aim(4000, -12))


def test_between_two_regions_the_last_value_holds():
    gain = automated(region(0, 1000, (0, 0), (1000, -6)), region(3000, 1000, (100, 2))).gain
    assert [(k.at_ms, k.value, k.curve) for k in gain] == [
        (0, 0, Shape.LINEAR),
        (1000, -6, Shape.HOLD),
        (3000, 2, Shape.HOLD),
        (3100, 2, Shape.LINEAR),
    ]


def test_a_region_that_is_cut_off_before_its_first_keyframe_has_its_value():
    gain = automated(region(0, 1000, (900, -6)), region(500, 1000, (0, 2))).gain
    assert [(k.at_ms, k.value, k.curve) for k in gain] == [
        (0, -6, Shape.HOLD),
        (500, 2, Shape.LINEAR),
    ]


def test_the_later_region_wins_from_its_start():
    keyframes, warnings = moved(
        region(0, 4000, (0, 0), (2999, -1), (3000, -2), (4000, -3)),
        region(3000, 4000, (500, -9)),
        gain=((0, 5), (100, 6)),
    )
    # All three start at once or later than the first; of equal starts the later in the list wins.
    assert keyframes == [(0, 0), (2999, -1), (3000, -9), (3500, -9)]
    assert warnings == [
        "the earlier one now ends at 0 ms instead of 100 ms",
        "the earlier one now ends at 3000 ms instead of 4000 ms",
    ]


def test_regions_that_meet_do_not_overlap():
    keyframes, warnings = moved(region(0, 3000, (0, 0), (3000, -1)), region(3000, 10, (0, -2)))
    assert keyframes == [(0, 0), (3000, -2)]
    assert warnings == []


def test_plain_keyframes_are_sorted():
    keyframes, _ = moved(gain=((300, 1), (100, 2), (200, 3)))
    assert keyframes == [(100, 2), (200, 3), (300, 1)]


def runs(target: Target, low: int, high: int) -> st.SearchStrategy[tuple[Keyframe, ...]]:
    keyframe = st.builds(
        Keyframe, st.integers(0, 50), st.integers(low, high), st.sampled_from(Shape)
    )
    return st.lists(keyframe, min_size=1, max_size=4, unique_by=lambda k: k.at_ms)


VALUES = {Target.GAIN: (-60, 12), Target.PAN: (-1, 1), Target.FILTER: (20, 20_000)}


@st.composite
def overlapping(draw: st.DrawFn, target: Target) -> Automation:
    inside = runs(target, *VALUES[target])
    starts = draw(st.lists(st.integers(0, 60), min_size=1, max_size=4))
    regions = [
        Region(target=target, start_ms=start, duration_ms=50, keyframes=draw(inside))
        for start in starts
    ]
    return Automation(regions=regions, **{target.value: draw(st.just([]) | inside)})


@pytest.mark.parametrize("target", Target)
@settings(max_examples=50)
@given(data=st.data())
def test_at_every_sample_the_region_that_began_last_counts(target, data):
    moves = data.draw(overlapping(target))
    evolved = automated(*moves.regions, **{target.value: getattr(moves, target.value)})
    frames = frames_of(points(getattr(evolved, target.value), 48000))
    positions = np.arange(0, 120 * 48, 29)
    evaluate = log_frequency_envelope if target is Target.FILTER else interpolate
    wanted = [value_at(moves, target, int(n), 48000) for n in positions]
    assert np.allclose(evaluate(frames, positions), wanted, rtol=1e-12, atol=1e-12)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    timelines(
        sources={"a.wav": "a.wav", "b.wav": "b.wav"},
        lengths_ms={"a.wav": Decimal(10000), "b.wav": Decimal("1234.5")},
        rates=(48000,),
    )
)
def test_afterwards_everything_fits_and_nothing_more_changes(timeline):
    clamped, warnings = clamp_overlaps(timeline, MEDIA)
    assert (clamped == timeline) <= (not warnings)
    assert clamp_overlaps(clamped, MEDIA) == (clamped, ())
    rate = timeline.sample_rate
    for before, track in zip(timeline.tracks, clamped.tracks, strict=True):
        extents = [extent(clip, rate, MEDIA) for clip in track.clips]
        joined = crossfades(track, extents, rate)
        assert joined == crossfades(before, extents, rate)
        for c, join in joined.items():
            length = extents[c].length if join.length is None else join.length
            fade_in = join.fade_in or samples(track.clips[c].fade_in_ms, rate)
            fade_out = join.fade_out or samples(track.clips[c].fade_out_ms, rate)
            assert fade_in + fade_out <= length
        for keyframes in (track.automation.gain, track.automation.pan, track.automation.filter):
            times = [k.at_ms for k in keyframes]
            assert times == sorted(set(times))
            assert all(isinstance(k, Keyframe) for k in keyframes)
