"""Parts of automation curves, and automation that follows a ripple.

Promises: a part has the values of the whole at every sample. A `smooth` way that a part enters
after its beginning continues in straight pieces, 64 for the whole way: within 0.04% of its range.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from attrs import evolve

from ...documents.models import put
from ...ir.curves import Shape
from ...ir.nodes import Aim, Point
from ...ir.units import milliseconds
from ..geometry import points
from ..passes.fold_automation import needed_points
from ..timeline.automation import STILL, Automation, Keyframe, Target
from .ripple import Ripple

_PIECES = 64
_KEYFRAME = Keyframe(0, 0)


def excerpted(automation: Automation, first: int, last: int, rate: int) -> Automation:
    """The automation of a clip in its samples [first, last), counted from `first`."""
    if automation is STILL or (first == 0 and not _reaches(automation, last, rate)):
        return automation
    found = {}
    for target in Target:
        curve = points(getattr(automation, target), rate)
        part = segment(curve, first, last, target) if curve else ()
        moved = (_moved(point, -first) for point in part)
        found[target.value] = _keyframes(moved, target, rate)
    return put(automation, **found)


def rippled(automation: Automation, ripple: Ripple, rate: int) -> Automation:
    """The automation of a track on the new time: across a join it moves over the crossfade."""
    if automation is STILL:
        return automation
    found = {}
    for target in Target:
        curve = points(getattr(automation, target), rate)
        moved = _joined(curve, ripple, target) if curve else ()
        found[target.value] = _keyframes(moved, target, rate)
    return put(automation, **found)


def _reaches(automation: Automation, last: int, rate: int) -> bool:
    """Whether there are keyframes at or after a sample."""
    return any(
        point.at >= last for target in Target for point in points(getattr(automation, target), rate)
    )


def _joined(curve: Sequence[Point], ripple: Ripple, target: Target) -> Iterator[Point]:
    for kept in ripple.kept(0, ripple.length):
        first, last, shift = kept.start, kept.end, kept.start - ripple.new(kept.start)
        if kept.before is not None:
            first += kept.before.reach
        if kept.after is not None:
            last -= kept.after.reach
        if first < last:
            yield from (_moved(p, -shift) for p in segment(curve, first, last, target))
        if kept.after is not None and kept.after.reach:
            yield Point(last - shift, value_at(curve, last, target))


def segment(curve: Sequence[Point], first: int, last: int, target: Target) -> tuple[Point, ...]:
    """The curve at samples [first, last), from a point at `first` on.

    Where it moves at `last`, it has a point there, too, which its last way leads to.

    Args:
        curve: at least one point, in time order.
        first: may be before the first point or after the last.
        last: over `first`.
        target: what the values are.
    """
    index = _index(curve, first)
    part = [*_entered(curve, index, first, target), *curve[index + 1 :]]
    kept = [point for point in part if point.at < last]
    if len(kept) < len(part) and kept[-1].shape is not Shape.HOLD:
        kept[-1] = evolve(kept[-1], aim=kept[-1].target(part[len(kept)]))
        kept.append(Point(last, value_at(curve, last, target)))
    return tuple(kept)


def _entered(curve: Sequence[Point], index: int, at: int, target: Target) -> Iterator[Point]:
    """Points from a sample on, up to the one after `index`: the way from `index` to that."""
    if index < 0 or index == len(curve) - 1:
        yield Point(at, curve[max(index, 0)].value, Shape.HOLD)
        return
    here, following = curve[index], curve[index + 1]
    if here.at == at:
        yield here
    elif here.shape is Shape.SMOOTH:
        aim = here.target(following)
        step = max(1, (aim.at - here.at) // _PIECES)
        for knot in range(at, following.at, step):
            end = min(knot + step, aim.at)
            leads = Aim(end, _between(here, aim, end, target)) if end > following.at else None
            yield Point(knot, _between(here, aim, knot, target), Shape.LINEAR, leads)
    else:
        yield evolve(here, at=at, value=value_at(curve, at, target))


def value_at(curve: Sequence[Point], at: int, target: Target) -> float:
    """The value of the curve at a sample."""
    index = _index(curve, at)
    if index < 0 or index == len(curve) - 1:
        return curve[max(index, 0)].value
    here = curve[index]
    return _between(here, here.target(curve[index + 1]), at, target)


def _index(curve: Sequence[Point], at: int) -> int:
    """The number of the last point at or before a sample; -1 if there is none."""
    return bisect_right(curve, at, key=lambda point: point.at) - 1


def _between(here: Point, aim: Aim, at: int, target: Target) -> float:
    """The value on the way from a point to its aim."""
    way = (at - here.at) / (aim.at - here.at)
    if here.shape is Shape.HOLD:
        way = 0.0
    elif here.shape is Shape.SMOOTH:
        way = (1.0 - math.cos(math.pi * way)) / 2.0
    if target is Target.FILTER:
        return here.value * math.exp(math.log(aim.value / here.value) * way)
    return here.value + (aim.value - here.value) * way


def _moved(point: Point, by: int) -> Point:
    aim = point.aim and Aim(point.aim.at + by, point.aim.value)
    return evolve(point, at=point.at + by, aim=aim)


def _keyframes(moved: Iterable[Point], target: Target, rate: int) -> tuple[Keyframe, ...]:
    """Points as keyframes, without needless ones; of two at one sample the later counts."""
    distinct = tuple({point.at: point for point in moved}.values())
    return tuple(
        put(
            _KEYFRAME,
            at_ms=milliseconds(point.at, rate),
            value=_number(point.value),
            curve=point.shape,
            aim=point.aim and (milliseconds(point.aim.at, rate), _number(point.aim.value)),
        )
        for point in needed_points(distinct, linear=target is not Target.FILTER)
    )


def _number(value: float) -> Decimal:
    """A value as documents have it: 10^-12 dB are -259 dBFS."""
    return Decimal(f"{value:.12f}".rstrip("0").rstrip("."))
