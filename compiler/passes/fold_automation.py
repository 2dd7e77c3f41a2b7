"""fold-automation: automation that does not move becomes static, and needless keyframes go.

A keyframe is needless if the curve is the same without it: on a straight line between its
neighbours, or between equal values. Lines are compared exactly, in fractions, so dropping any
number of keyframes moves no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import zip_longest

from attrs import evolve, frozen

from ...ir import nodes as ir
from ...ir.curves import Shape
from ...ir.graph import Graph
from .base import GraphPass


@frozen
class FoldAutomation(GraphPass):
    """Replaces automation that does not move by a static node, and drops needless keyframes.

    A keyframe is needless on a straight line between its neighbours, or where the value rests
    before and after it.
    """

    name = "fold-automation"
    equivalence = -250.0

    def rewrite(self, graph: Graph) -> Graph:
        """The graph with every automation as short as possible."""
        return graph.rewrite(_folded)


def _folded(node: ir.Node) -> ir.Node:
    if not isinstance(node, ir.Automated):
        return node
    points = needed_points(node.points, linear=not isinstance(node, ir.FilterAutomation))
    if len(points) > 1:
        return node if points == node.points else evolve(node, points=points)
    name, value, operands, origin = node.name, points[0].value, node.operands, node.origin
    if isinstance(node, ir.GainAutomation):
        return ir.Gain(name, value, operands=operands, origin=origin)
    if isinstance(node, ir.PanAutomation):
        return ir.Pan(name, value, node.law, operands=operands, origin=origin)
    hertz = float(f"{value:g}")  # as every engine plays a moving frequency
    return ir.Filter(
        name, node.shape, hertz, node.q, node.gain_db, operands=operands, origin=origin
    )


def needed_points(points: Sequence[ir.Point], *, linear: bool) -> tuple[ir.Point, ...]:
    """The points without which the curve would be another one; at least one.

    Args:
        points: at least one.
        linear: whether `Shape.LINEAR` is a straight line between the values.
    """
    kept: list[ir.Point] = []
    for point, following in zip_longest(points, points[1:]):
        before = kept[-1] if kept else None
        rests = following is None or _is_flat(point, following)
        changes = following is not None and following.value != point.value
        if before is None:
            needless = following is not None and rests and not changes
        elif before.value == point.value and _is_flat(before, point) and rests:
            needless = True
            if changes:
                kept[-1] = evolve(before, shape=Shape.HOLD)
        else:
            needless = linear and following is not None and _is_line(before, point, following)
        if not needless:
            kept.append(point)
    return tuple(kept)


def _is_flat(here: ir.Point, after: ir.Point) -> bool:
    """Whether the value rests from one point to the next."""
    return here.aim is None and (here.shape is Shape.HOLD or here.value == after.value)


def _is_line(*points: ir.Point) -> bool:
    """Whether three points are on a straight line."""
    a, b, c = points
    if not (a.shape is b.shape is Shape.LINEAR and a.aim is b.aim is None):
        return False
    rise, whole = Fraction(b.value) - Fraction(a.value), Fraction(c.value) - Fraction(a.value)
    return rise * (c.at - a.at) == whole * (b.at - a.at)
