"""The map between the times before and after cuts: its properties, on random cuts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from mixdown.compiler.edits.ripple import Removed, Ripple, ripple
from mixdown.compiler.edits.segments import rippled, segment, value_at
from mixdown.compiler.geometry import points
from mixdown.compiler.timeline.automation import Automation, Keyframe, Target
from mixdown.ir.curves import Shape

LENGTH = 1000


@st.composite
def ripples(draw: st.DrawFn) -> Ripple:
    ranges = draw(
        st.lists(st.tuples(*[st.integers(-20, LENGTH + 20)] * 2, st.integers(0, 80)), max_size=6)
    )
    removed = [
        Removed(a, b, fade, f"cut {n}", ("cuts", n)) for n, (a, b, fade) in enumerate(ranges)
    ]
    return ripple(removed, LENGTH)


@given(ripples(), st.integers(0, LENGTH), st.integers(0, LENGTH))
def test_the_map_is_monotone_and_its_inverse_undoes_it(made, a, b):
    a, b = sorted((a, b))
    assert 0 <= made.new(a) <= made.new(b) <= made.new_length
    assert made.new(b) - made.new(a) <= b - a
    # On kept samples the inverse is exact; a removed one is at its join.
    inside = [r for r in made.removed if r.start <= a < r.end]
    if inside:
        assert made.new(a) == made.new(inside[0].start) == made.new(inside[0].end)
    else:
        assert made.old(made.new(a)) == a
    if made.new_length:
        new = min(a, made.new_length - 1)
        assert made.new(made.old(new)) == new


@given(ripples())
def test_lengths_add_up_and_crossfades_fit(made):
    kept = list(made.kept(0, LENGTH))
    assert sum(k.end - k.start for k in kept) == made.new_length == made.new(LENGTH)
    assert made.new_length + sum(r.length for r in made.removed) == LENGTH
    assert all(a.end < b.start for a, b in zip(made.removed, made.removed[1:], strict=False))
    for k in kept:
        taken = [r.reach or r.fade for r in (k.before, k.after) if r is not None]
        assert sum(taken) <= k.end - k.start
    for r in made.removed:
        assert 2 * r.reach <= r.length
        assert r.fade in (r.fade, 2 * r.reach)
    for start in range(0, LENGTH, 97):
        part = list(made.kept(start, start + 50))
        assert part == [k for k in kept if k.start < start + 50 and k.end > start]


VALUES = {Target.GAIN: (-40.0, 6.0), Target.PAN: (-1.0, 1.0), Target.FILTER: (20.0, 9000.0)}


@st.composite
def curves(draw: st.DrawFn) -> tuple[Target, Automation]:
    target = draw(st.sampled_from(Target))
    low, high = VALUES[target]
    times = sorted(draw(st.sets(st.integers(0, LENGTH), min_size=1, max_size=6)))
    share = st.integers(0, 1000)
    frames = [
        Keyframe(at, low + (high - low) * draw(share) / 1000, draw(st.sampled_from(Shape)))
        for at in times
    ]
    return target, Automation(**{target: frames})


def is_close(target: Target, a: float, b: float, moved: bool) -> bool:
    """Equal but for rounding; within the pieces of a smooth way that is entered in its middle."""
    low, high = VALUES[target]
    if target is Target.FILTER:
        return abs(a / b - 1) < (0.003 if moved else 1e-9)
    return abs(a - b) < (high - low) * (4e-4 if moved else 1e-9)


@given(curves(), st.integers(-50, LENGTH), st.integers(1, LENGTH))
def test_a_part_of_a_curve_has_the_values_of_the_whole(curve, first, count):
    target, automation = curve
    whole = points(getattr(automation, target), 1000)
    last = first + count
    part = segment(whole, first, last, target)
    assert part[0].at == first
    assert part[-1].at <= last
    smooth = any(p.shape is Shape.SMOOTH for p in whole)
    for at in range(first, last, 7):
        got = value_at(part, at, target)
        assert is_close(target, got, value_at(whole, at, target), smooth)


@given(curves(), ripples())
def test_the_automation_of_a_track_has_its_old_values_in_kept_ranges(curve, made):
    if not made.new_length:
        return
    target, automation = curve
    old = points(getattr(automation, target), 1000)
    new = points(getattr(rippled(automation, made, 1000), target), 1000)
    smooth = any(p.shape is Shape.SMOOTH for p in old)
    for kept in made.kept(0, LENGTH):
        first = kept.start + (kept.before.reach if kept.before else 0)
        last = kept.end - (kept.after.reach if kept.after else 0)
        for at in range(first, last, 5):
            got = value_at(new, made.new(at), target)
            assert is_close(target, got, value_at(old, at, target), smooth)
