"""Names the causes of differences: solos, cuts, another rule of ducking, clips that duck elsewhere.

What follows from such a cause is not a difference of its own: tracks that a solo silences, buses
that they leave empty, clips that a cut splits and moves, keyframes of a duck.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve

from ..compiler.edits.ripple import Removed
from ..compiler.edits.splice import NO_CUTS
from ..compiler.pipeline import FRONT, final
from ..compiler.timeline.model import Timeline, Track
from ..compiler.unit import Trigger, Unit
from ..documents.models import put
from ..ir.diagnostics import counted
from ..ir.units import clock
from ..presets.model import BusPreset, Duck
from .compare import Change
from .trace import Trace

MOST_NAMED = 5
"""Clips in a line."""

_DUCKING = ("added duck: ", "removed duck: ")  # what ducks a bus may be silent


def with_solos(a: Unit, b: Unit, changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes, with one for each track that is solo in only one mix, and not what it causes."""
    solos = tuple(_solos(a.timeline, b.timeline))
    if not solos:
        return tuple(changes)
    silent = {f"track {t.id}" for unit in (a, b) for t in _silenced(unit.timeline)}
    played = [{a.routes[t.id] for t in _played(a)}, {b.routes[t.id] for t in _played(b)}]
    silent |= {f"bus {bus}" for bus in played[0] ^ played[1]}
    return (
        *solos,
        *(c for c in changes if not (c.about in silent or c.what.startswith(_DUCKING))),
    )


def _solos(a: Timeline, b: Timeline) -> Iterator[Change]:
    solo = [{track.id for track in mix.tracks if track.solo} for mix in (a, b)]
    for is_new, mix in enumerate((a, b)):
        names = ", ".join(track.id for track in _silenced(mix))
        for t, track in enumerate(mix.tracks):
            if track.id in solo[is_new] and track.id not in solo[1 - is_new]:
                place = mix.origin("tracks", t, "solo")
                what = "is solo" if is_new else "is no longer solo"
                verb = "silences" if is_new else "silenced"
                what += f", which {verb} {names}" if names else ""
                places = (None, place) if is_new else (place, None)
                yield Change(f"track {track.id}", what, *places)


def _silenced(mix: Timeline) -> tuple[Track, ...]:
    """The tracks that would sound if none were solo."""
    if not any(track.solo for track in mix.tracks):
        return ()
    return tuple(track for track in mix.tracks if not (track.solo or track.mute))


def _played(unit: Unit) -> Iterator[Track]:
    silenced = _silenced(unit.timeline)
    return (t for t in unit.timeline.tracks if not t.mute and t not in silenced)


def ducking_words(a: Unit, b: Unit) -> Mapping[str, str]:
    """What differs in the ducking of each bus that ducks in both mixes, by the value's name."""
    old = {bus.id: bus for bus in a.buses}
    return {
        f"{bus.id}.duck": _ducking(a, old[bus.id], b, bus)
        for bus in b.buses
        if bus.id in a.ducking and bus.id in b.ducking
    }


def _ducking(a: Unit, before: BusPreset, b: Unit, after: BusPreset) -> str:
    was, now = before.duck, after.duck
    assert was is not None  # both duck
    assert now is not None
    rule = b.ducking[after.id].cause
    if was != now:
        old = a.ducking[before.id].cause
        head = f"{rule}, was {old.removeprefix('ducks ')}" if old != rule else rule
        return "; ".join((head, *_settings(was, now)))
    elsewhere = sorted(_clips(a, before.id) ^ _clips(b, after.id), key=lambda t: t.start)
    names = dict.fromkeys(trigger.clip for trigger in elsewhere)
    shown = ", ".join(list(names)[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{rule}: at other times for {shown}{more}" if names else f"{rule}: at other times"


def _clips(unit: Unit, bus: str) -> set[Trigger]:
    return set(unit.ducking[bus].triggers)


def _settings(was: Duck, now: Duck) -> Iterator[str]:
    for name in ("attack", "hold", "release"):
        old, new = (getattr(duck, f"{name}_ms") for duck in (was, now))
        if old != new:
            yield f"{name} {new.normalize():f} ms, was {old.normalize():f} ms"
    if was.detect is not now.detect:
        yield f"detect {now.detect}, was {was.detect}"


_LISTED = 6
"""Differences of more cuts are counted."""


def without_cuts(trace: Trace) -> Unit:
    """The mix of a trace as lowered without its cuts: what cuts move is no difference."""
    timeline = put(trace.start.timeline, **NO_CUTS)
    return final(evolve(trace.start, timeline=timeline), FRONT)


def cut_changes(one: Unit, other: Unit) -> tuple[Change, ...]:
    """What a second mix takes out of its time, and a first does not, and the other way round."""
    old, new = _removed(one), _removed(other)
    gone = [r for key, r in old.items() if key not in new]
    come = [r for key, r in new.items() if key not in old]
    if len(gone) + len(come) > _LISTED:
        amounts = [_amount(unit, cuts) for unit, cuts in ((other, new), (one, old))]
        place = (come or gone)[0].place
        origins = [unit.timeline.origin(place[0]) for unit in (one, other)]
        return (Change("cuts", f"take out {', was '.join(amounts)}", *origins),)
    return (
        *(_change(one, r, "no longer take out", is_new=False) for r in gone),
        *(_change(other, r, "take out", is_new=True) for r in come),
    )


def _removed(unit: Unit) -> Mapping[tuple[int, int, int], Removed]:
    ranges = unit.ripple.removed if unit.ripple is not None else ()
    return {(r.start, r.end, r.fade): r for r in ranges}


def _amount(unit: Unit, cuts: Mapping[tuple[int, int, int], Removed]) -> str:
    seconds = sum(r.length for r in cuts.values()) / unit.timeline.sample_rate
    return f"{counted(len(cuts), 'range')} of {seconds:.1f} s in all"


def _change(unit: Unit, removed: Removed, what: str, *, is_new: bool) -> Change:
    rate = unit.timeline.sample_rate
    ends = " to ".join(clock(at / rate, 3) for at in (removed.start, removed.end))
    origin = unit.timeline.origin(*removed.place)
    said = f"{what} {ends} ({removed.cause})"
    return Change("cuts", said, *((None, origin) if is_new else (origin, None)))
