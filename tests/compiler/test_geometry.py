"""Where clips lie, and which of them crossfade."""

from __future__ import annotations

from decimal import Decimal

from mixdown.compiler.geometry import crossfades, extent, mix_length, points
from mixdown.compiler.timeline.automation import Keyframe
from mixdown.compiler.timeline.model import Clip, Timeline, Track
from mixdown.ir.curves import Shape
from mixdown.ir.nodes import Point, Source

RATE = 1000  # a sample is a millisecond
MEDIA = {
    "s": Source("s", "s.wav", "sha256:0", 1000, 1, 5000, "wav"),
    "double": Source("double", "d.wav", "sha256:1", 2000, 1, 5001, "wav"),
}


def track(*clips):
    return Track(id="t", role="music", clips=clips)


def joined(*clips):
    t = track(*clips)
    found = crossfades(t, [extent(c, RATE, MEDIA) for c in t.clips], RATE)
    return {i: (j.fade_in, j.fade_out, j.length) for i, j in found.items()}


def clip(start, duration, **hints):
    return Clip(source="s", start_ms=start, duration_ms=duration, **hints)


def test_without_a_duration_a_clip_lasts_to_the_end_of_its_resampled_source():
    where = extent(Clip(source="double", start_ms=10, offset_ms=100), RATE, MEDIA)
    assert (where.start, where.offset, where.length) == (10, 100, 2400)  # 2500.5 to even, less 100


def test_times_are_rounded_each_on_its_own():
    where = extent(clip(Decimal("33.5"), Decimal("66.5")), RATE, MEDIA)
    assert (where.start, where.length) == (34, 66)


def test_no_hint_no_crossfade():
    assert joined(clip(0, 100), clip(50, 100)) == {}


def test_a_hint_on_either_side_is_enough():
    wanted = {0: (0, 20, 70), 1: (20, 0, None)}
    assert joined(clip(0, 100, crossfade_out_ms=20), clip(50, 100)) == wanted
    assert joined(clip(0, 100), clip(50, 100, crossfade_in_ms=20)) == wanted


def test_the_least_of_hints_and_overlap_counts():
    assert joined(clip(0, 100, crossfade_out_ms=30), clip(50, 100, crossfade_in_ms=20)) == {
        0: (0, 20, 70),
        1: (20, 0, None),
    }
    assert joined(clip(0, 100, crossfade_out_ms=300), clip(90, 100)) == {
        0: (0, 10, 100),
        1: (10, 0, None),
    }


def test_a_chain_of_three():
    found = joined(
        clip(0, 100, crossfade_out_ms=10), clip(90, 100, crossfade_out_ms=20), clip(150, 100)
    )
    assert found == {0: (0, 10, 100), 1: (10, 20, 80), 2: (20, 0, None)}


def test_clips_that_only_touch_do_not_crossfade():
    assert joined(clip(0, 100, crossfade_out_ms=10), clip(100, 100)) == {}


def test_document_order_does_not_matter():
    assert joined(clip(50, 100), clip(0, 100, crossfade_out_ms=20)) == {
        1: (0, 20, 70),
        0: (20, 0, None),
    }


def test_the_mix_lasts_to_its_last_clip_or_as_long_as_it_says():
    quiet = Track(id="u", role="fx", mute=True, clips=(clip(900, 100),))
    timeline = Timeline(id="x", sample_rate=RATE, tracks=(track(clip(0, 10)), quiet))
    assert mix_length(timeline, MEDIA) == 1000
    assert mix_length(Timeline(id="x", sample_rate=RATE, length_ms=12), MEDIA) == 12
    assert mix_length(Timeline(id="x", sample_rate=RATE), MEDIA) == 0


def test_points_are_in_time_order():
    moves = (Keyframe(at_ms=5, value=1, curve=Shape.HOLD), Keyframe(at_ms=1, value=Decimal("-2.5")))
    assert points(moves, RATE) == (Point(1, -2.5, Shape.LINEAR), Point(5, 1.0, Shape.HOLD))
