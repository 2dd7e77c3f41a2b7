"""The differences between two nodes of one kind, in words.

Every attribute that differs is reported, in the units of `words`: first the new value, then the old
one. If the phrases are equal, the attribute itself is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..ir import nodes as ir
from ..ir.graph import Graph
from ..ir.places import cause_of
from .words import AUTOMATED, duration, hertz, phrase, position, shown_speed


def differences(a: Graph, before: ir.Node, b: Graph, after: ir.Node) -> tuple[str, ...]:
    """The differences of `after`, a node of `b`, from `before`, a node of `a`."""
    if type(before) is not type(after):
        return (f"{phrase(b, after)}, was {phrase(a, before)}",)
    if before.attributes() == after.attributes():
        return ()
    old_cause, new_cause = cause_of(before.origin), cause_of(after.origin)
    if isinstance(after, ir.Automated) and old_cause and new_cause:
        return (_folded(before, after, old_cause, new_cause),)
    describe = _DESCRIPTIONS.get(type(after))
    if describe is not None:
        rate = b.signals[after.name].rate or 1
        return (*_sources(a, before, b, after), *describe(before, after, rate))
    old, new = phrase(a, before), phrase(b, after)
    if old == new:
        return tuple(_attributes(before, after))
    causes = f" ({new_cause or 'set by hand'}, was {old_cause or 'set by hand'})"
    caused = causes if old_cause != new_cause else ""
    return (f"{new}, was {_without_prefix(old, new)}{caused}",)


def _folded(before: ir.Node, after: ir.Automated, old: str, new: str) -> str:
    """Automation that mixdown decided on, by its cause instead of its keyframes."""
    if old != new:
        return f"{new}, was {_without_prefix(old, new)}"
    assert isinstance(before, ir.Automated)
    return f"{new}: other keyframes, {len(after.points)}, was {len(before.points)}"


def _without_prefix(old: str, new: str) -> str:
    """The old phrase without the words that both start with."""
    words = old.split(" ")
    same = 0
    for one, other in zip(words[:-1], new.split(" "), strict=False):
        if one != other:
            break
        same += 1
    return " ".join(words[same:])


def _sources(a: Graph, before: ir.Node, b: Graph, after: ir.Node) -> Iterator[str]:
    if not (isinstance(before, ir.Clip) and isinstance(after, ir.Clip)):
        return
    if after.source == before.source:
        return  # what differs in a source is reported for the source
    old, new = a.source_by_name[before.source], b.source_by_name[after.source]
    same = ", the same content" * (old.digest == new.digest)
    how = f" {shown_speed(new)}" if old.speed != new.speed else ""
    was = f" {shown_speed(old)}" if old.speed != new.speed else ""
    yield f"plays @{after.source}{how}, was @{before.source}{was}{same}"


def _clip(before: ir.Clip, after: ir.Clip, rate: int) -> Iterator[str]:
    if after.offset != before.offset:
        new, old = position(after.offset, rate), position(before.offset, rate)
        yield f"plays its source from {new}, was {old}"
    if after.length != before.length:
        yield f"lasts {duration(after.length, rate)}, was {duration(before.length, rate)}"
    if after.rate != before.rate:
        yield f"at {hertz(after.rate)}, was {hertz(before.rate)}"


def _place(before: ir.Place, after: ir.Place, rate: int) -> Iterator[str]:
    yield _moved(before.start, after.start, rate)


def _mix(before: ir.Mix, after: ir.Mix, rate: int) -> Iterator[str]:
    yield f"lasts {duration(after.length, rate)}, was {duration(before.length, rate)}"


def _moved(before: int, after: int, rate: int) -> str:
    way = "later" if after > before else "earlier"
    by = duration(abs(after - before), rate)
    return f"starts at {position(after, rate)}, was {position(before, rate)}: {by} {way}"


def _lane(before: ir.Lane, after: ir.Lane, rate: int) -> Iterator[str]:
    old = dict(zip(before.operands, before.starts, strict=True))
    for operand, start in zip(after.operands, after.starts, strict=True):
        if old.get(operand, start) != start:
            yield f"%{operand} {_moved(old[operand], start, rate)}"


def _points(before: ir.Automated, after: ir.Automated, rate: int) -> Iterator[str]:
    """Each keyframe that was added, removed or changed, then the other attributes."""
    what, show = AUTOMATED[type(after)]
    old = {p.at: p for p in before.points}
    new = {p.at: p for p in after.points}
    for at in sorted({*old, *new}):
        was, now, when = old.get(at), new.get(at), position(at, rate)
        if was is None and now is not None:
            yield f"{what} automation: keyframe added at {when}, {show(now.value)} {now.shape}"
        elif was is not None and now is None:
            yield f"{what} automation: keyframe removed at {when}, {show(was.value)}"
        elif was is not None and now is not None and was != now:
            shapes = "" if was.shape is now.shape else f" {now.shape}, was {was.shape}"
            values = f" {show(now.value)}, was {show(was.value)}" if was.value != now.value else ""
            aims = "" if was.aim == now.aim else " cut off at another point"
            yield f"{what} automation at {when}:{values}{shapes}{aims}"
    yield from _attributes(before, after, skip="points")


def _attributes(before: ir.Node, after: ir.Node, skip: str = "") -> Iterator[str]:
    old = before.attributes()
    for key, value in after.attributes().items():
        if key != skip and value != old[key]:
            yield f"{key} {value}, was {old[key]}"


_DESCRIPTIONS: Mapping[type[ir.Node], Callable[..., Iterator[str]]] = {
    ir.Place: _place,
    ir.Lane: _lane,
    ir.Mix: _mix,
    ir.Clip: _clip,
    **dict.fromkeys(AUTOMATED, _points),
}
