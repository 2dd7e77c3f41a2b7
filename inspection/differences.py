"""How one node differs from another of its kind, in words.

Promises: every attribute that differs is told, in the units of `words`; first what is now, then
what was. Where a phrase would hide a difference, the attribute itself is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..ir import nodes as ir
from ..ir.graph import Graph
from .words import MOVING, duration, hertz, phrase, position


def differences(a: Graph, before: ir.Node, b: Graph, after: ir.Node) -> tuple[str, ...]:
    """What is different in `after`, a node of `b`, from `before`, one of `a`; empty if nothing."""
    if type(before) is not type(after):
        return (f"{phrase(b, after)}, not {phrase(a, before)}",)
    if before.attributes() == after.attributes():
        return ()
    told = _TOLD.get(type(after))
    if told is not None:
        return tuple(told(before, after, b.signals[after.name].rate or 1))
    old, new = phrase(a, before), phrase(b, after)
    return (f"{new}, not {_apart(old, new)}",) if old != new else tuple(_attributes(before, after))


def _apart(old: str, new: str) -> str:
    """The old phrase without the words that both begin with."""
    words = old.split(" ")
    same = 0
    for one, other in zip(words[:-1], new.split(" "), strict=False):
        if one != other:
            break
        same += 1
    return " ".join(words[same:])


def _clip(before: ir.Clip, after: ir.Clip, rate: int) -> Iterator[str]:
    if after.source != before.source:
        yield f"plays @{after.source}, not @{before.source}"
    if after.offset != before.offset:
        new, old = position(after.offset, rate), position(before.offset, rate)
        yield f"plays its source from {new}, not {old}"
    if after.length != before.length:
        yield f"lasts {duration(after.length, rate)}, not {duration(before.length, rate)}"
    if after.rate != before.rate:
        yield f"at {hertz(after.rate)}, not {hertz(before.rate)}"


def _place(before: ir.Place, after: ir.Place, rate: int) -> Iterator[str]:
    yield _moved(before.start, after.start, rate)


def _mix(before: ir.Mix, after: ir.Mix, rate: int) -> Iterator[str]:
    yield f"lasts {duration(after.length, rate)}, not {duration(before.length, rate)}"


def _moved(before: int, after: int, rate: int) -> str:
    way = "later" if after > before else "earlier"
    by = duration(abs(after - before), rate)
    return f"starts at {position(after, rate)}, not {position(before, rate)}: {by} {way}"


def _lane(before: ir.Lane, after: ir.Lane, rate: int) -> Iterator[str]:
    old = dict(zip(before.operands, before.starts, strict=True))
    for operand, start in zip(after.operands, after.starts, strict=True):
        if old.get(operand, start) != start:
            yield f"%{operand} {_moved(old[operand], start, rate)}"


def _points(before: ir.Automated, after: ir.Automated, rate: int) -> Iterator[str]:
    """Each keyframe that is new, gone or another, then the attributes that are no keyframes."""
    what, show = MOVING[type(after)]
    old = {p.at: p for p in before.points}
    new = {p.at: p for p in after.points}
    for at in sorted({*old, *new}):
        was, now, when = old.get(at), new.get(at), position(at, rate)
        if was is None and now is not None:
            yield f"{what} automation: a new keyframe at {when}, {show(now.value)} {now.shape}"
        elif was is not None and now is None:
            yield f"{what} automation: the keyframe at {when}, {show(was.value)}, is gone"
        elif was is not None and now is not None and was != now:
            shapes = "" if was.shape is now.shape else f" {now.shape}, not {was.shape}"
            values = f" {show(now.value)}, not {show(was.value)}" if was.value != now.value else ""
            yield f"{what} automation at {when}:{values}{shapes}"
    yield from _attributes(before, after, skip="points")


def _attributes(before: ir.Node, after: ir.Node, skip: str = "") -> Iterator[str]:
    old = before.attributes()
    for key, value in after.attributes().items():
        if key != skip and value != old[key]:
            yield f"{key} {value}, not {old[key]}"


_TOLD: Mapping[type[ir.Node], Callable[..., Iterator[str]]] = {
    ir.Clip: _clip,
    ir.Place: _place,
    ir.Lane: _lane,
    ir.Mix: _mix,
    **dict.fromkeys(MOVING, _points),
}
