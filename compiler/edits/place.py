"""place: starts that follow from other clips, and loops as ordinary clips.

Promises: after the pass every clip has a start of its own, and nothing is repeated; the places are
whole samples. Each repeat of a loop has the place of the loop in the document, and every computed
start names its cause. A clip whose source is unknown has no end, and what follows from it stays
where it is: other passes report the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from attrs import define, evolve, field, frozen

from ...documents.models import put, within_limits
from ...documents.values import shown
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, did_you_mean
from ...ir.origin import Origin
from ...ir.units import milliseconds, samples
from ..geometry import Media, extent, rounds
from ..passes.base import Pass
from ..timeline.automation import STILL
from ..timeline.model import ZERO, Clip, Timeline, clip_id
from ..unit import Unit

PREVIOUS = "previous"
END = "end"
MOST_REPEATS = 20_000

Number = tuple[int, int]
"""The numbers of a track and of a clip on it."""

Moment = tuple[str, Number]
"""The "start" or the "end" of a clip; `_MIX_END` is that of the mix."""

_MIX_END: Moment = ("mix", (-1, -1))
_NOT_PLACED = {
    "after": None,
    "gap_ms": ZERO,
    "loop": False,
    "until": None,
    "through": None,
    "loop_crossfade_ms": ZERO,
}


@frozen
class Placing(Pass):
    """Places clips that follow other clips, and repeats loops as ordinary clips.

    A clip with `after` starts at the end of that clip, plus its gap. A loop becomes one clip for
    each repeat, which crossfade if it says so.
    """

    name = "place"
    establishes = ("placed",)
    checks_invalid = True

    def run(self, unit: Unit) -> Unit:
        """The unit with the clips of its timeline placed."""
        clips = [clip for track in unit.timeline.tracks for clip in track.clips]
        moved = any(clip.after is not None or clip.loop for clip in clips)
        if not moved and not any(any(_idle_keys(clip)) for clip in clips):
            return unit
        timeline, found = placed(unit.timeline, unit.media)
        return evolve(unit, timeline=timeline).report(*found)


def placed(timeline: Timeline, media: Media) -> tuple[Timeline, tuple[Diagnostic, ...]]:
    """The timeline with its clips placed, and what is wrong with their places."""
    placer = _Placer(timeline, media)
    return placer.placed(), tuple(placer.found)


def _idle_keys(clip: Clip) -> Iterator[tuple[str, str]]:
    """Keys of a clip that have an effect only with another, and the other."""
    if clip.gap_ms and clip.after is None:
        yield "gap_ms", "after: previous"
    if not clip.loop:
        for key in ("until", "through", "loop_crossfade_ms"):
            if getattr(clip, key):
                yield key, "loop: true"


@define
class _Placer:
    """The places of the clips of one timeline.

    Attributes:
        at: the sample of each moment that is known; None if it cannot be.
        follows: the clips that others refer to, by the number and the key that refers.
        open: the moments that others wait for while they are computed.
    """

    timeline: Timeline
    media: Media
    found: list[Diagnostic] = field(factory=list)
    at: dict[Moment, int | None] = field(factory=dict)
    follows: dict[tuple[Number, str], Moment] = field(factory=dict)
    open: set[Moment] = field(factory=set)
    clips: dict[Number, Clip] = field(factory=dict)
    names: dict[str, Number] = field(factory=dict)

    def placed(self) -> Timeline:
        """The timeline with all clips placed."""
        tracks = self.timeline.tracks
        self.clips = {
            (t, c): clip for t, of in enumerate(tracks) for c, clip in enumerate(of.clips)
        }
        self.names = {self._name(number): number for number in reversed(self.clips)}
        for number, clip in self.clips.items():
            self._read(number, clip)
        for number in self.clips:
            self._solve(("start", number))
            self._solve(("end", number))
        made, via = [], {**self.timeline.via}
        for t, track in enumerate(tracks):
            clips: list[Clip] = []
            for c, clip in enumerate(track.clips):
                for one, cause in self._made((t, c), clip):
                    old, new = (Origin("").child("tracks", t, "clips", n) for n in (c, len(clips)))
                    if new != old:
                        via[new.pointer] = self._origin((t, c))
                    if cause:
                        decided = self._origin((t, c), "after" if clip.after else "loop")
                        via[new.child("start_ms").pointer] = evolve(decided, cause=cause)
                    clips.append(one)
            made.append(put(track, clips=tuple(clips)))
        return put(self.timeline, tracks=tuple(made), via=via)

    # What the document says.

    def _read(self, number: Number, clip: Clip) -> None:
        """Find what a clip refers to, and report what contradicts itself."""
        for key, needed in _idle_keys(clip):
            help = f"leave it out, or add {needed}"
            self._error(Code.BAD_STRUCTURE, f"{key} has no effect here", number, key, help)
        if clip.after is not None:
            if clip.start_ms:
                message = "this clip has a start and a clip that it follows"
                self._error(Code.BAD_STRUCTURE, message, number, "after", "keep one of the two")
            self._refer(number, "after", clip.after, "end")
        if clip.loop:
            self._read_loop(number, clip)

    def _read_loop(self, number: Number, clip: Clip) -> None:
        if clip.until is not None and clip.through is not None:
            message = "this loop has two ends"
            self._error(Code.BAD_STRUCTURE, message, number, "through", "keep until or through")
        for key in ("automation", "level"):
            if getattr(clip, key) not in (None, STILL):
                message = f"a loop has no {key} of its own"
                self._error(Code.BAD_LOOP, message, number, key, "put it on the track")
        marks = {marker.label: marker for marker in self.timeline.markers}
        if clip.through is not None:
            self._refer(number, "through", clip.through, "end")
        elif clip.until in marks:
            moment: Moment = (f"marker {clip.until}", number)
            self.at[moment] = samples(marks[clip.until].at_ms, self.timeline.sample_rate)
            self.follows[number, "until"] = moment
        elif clip.until in (None, END):
            self.follows[number, "until"] = _MIX_END
        else:
            self._refer(number, "until", clip.until or "", "start", (END, *marks))

    def _refer(
        self, number: Number, key: str, name: str, edge: str, others: tuple[str, ...] = ()
    ) -> None:
        """Find the clip that a key names."""
        t, c = number
        if name == PREVIOUS and c:
            self.follows[number, key] = (edge, (t, c - 1))
            return
        own = f"{self.timeline.tracks[t].id}/"
        meant = self.names.get(own + name, self.names.get(name))
        if meant is not None:
            self.follows[number, key] = (edge, meant)
            return
        known = [name.removeprefix(own) for name in reversed(self.names)]
        help = did_you_mean(name, (*others, *known))
        if name == PREVIOUS:
            message, help = "no clip is before the first of a track", "name the clip: track/id"
        else:
            noun = "clip or marker" if key == "until" else "clip"
            message = f"no {noun} is named {shown(name)}"
        self._error(Code.UNKNOWN_CLIP, message, number, key, help)

    # Moments.

    def _solve(self, goal: Moment) -> None:
        """Find the sample of a moment, and of those that it waits for."""
        stack = [goal]
        while stack:
            moment = stack[-1]
            waits = [other for other in self._needs(moment) if other not in self.at]
            if moment in self.at or not waits:
                if moment not in self.at:
                    self.at[moment] = self._sample(moment)
                self.open.discard(stack.pop())
                continue
            self.open.add(moment)
            circular = next((other for other in waits if other in self.open), None)
            if circular is None:
                stack += waits
                continue
            self._circle([m for m in stack[stack.index(circular) :] if m in self.open])

    def _needs(self, moment: Moment) -> Iterator[Moment]:
        """The moments that one is computed from."""
        edge, number = moment
        if moment == _MIX_END:
            if self.timeline.length_ms is None:
                ends = (("end", other) for other in self.clips)
                yield from (end for end in ends if self._end_of(end[1]) != _MIX_END)
        elif edge == "start" and self.clips[number].after is not None:
            yield from self._followed(number, "after")
        elif edge == "end":
            yield ("start", number)
            if self.clips[number].loop:
                yield from self._followed(number, "through", "until")

    def _followed(self, number: Number, *keys: str) -> Iterator[Moment]:
        yield from (self.follows[number, key] for key in keys if (number, key) in self.follows)

    def _end_of(self, number: Number) -> Moment | None:
        """The moment at which a loop ends, if it is one."""
        return next(self._followed(number, "through", "until"), None)

    def _sample(self, moment: Moment) -> int | None:
        """The sample of a moment, once those that it needs are known."""
        edge, number = moment
        if moment == _MIX_END:
            if self.timeline.length_ms is not None:
                return samples(self.timeline.length_ms, self.timeline.sample_rate)
            ends = [self.at[other] for other in self._needs(moment)]
            return max((end for end in ends if end is not None), default=None) if ends else 0
        if edge == "start":
            return self._start(number, self.clips[number])
        if self.clips[number].loop:
            end = self._end_of(number)
            return None if end is None else self.at[end]
        start, length = self.at["start", number], self._length(self.clips[number])
        return None if start is None or length is None else start + length

    def _start(self, number: Number, clip: Clip) -> int | None:
        rate = self.timeline.sample_rate
        if clip.after is None:
            return samples(clip.start_ms, rate)
        before = next((self.at[m] for m in self._followed(number, "after")), None)
        if before is None:
            return None
        start = before + samples(clip.gap_ms, rate)
        if start < 0:
            message = f"this clip would start {self._ms(-start):f} ms before the mix"
            self._error(Code.OUT_OF_RANGE, message, number, "gap_ms", "increase it")
        return max(0, start)

    def _length(self, clip: Clip) -> int | None:
        if not within_limits(clip) or (clip.duration_ms is None and clip.source not in self.media):
            return None
        return max(0, extent(clip, self.timeline.sample_rate, self.media).length)

    def _circle(self, moments: list[Moment]) -> None:
        """Report moments that wait for each other, and give them up."""
        around = list(dict.fromkeys(number for _, number in moments if number in self.clips))
        names = " → ".join(self._name(number) for number in (*around, around[0]))
        number = next(n for n in around if self.clips[n].after or self.clips[n].loop)
        key = "after" if self.clips[number].after else "loop"
        message = f"the place of this clip follows from itself: {names}"
        self._error(Code.CIRCULAR_CLIPS, message, number, key, "give one of them a start_ms")
        self.at.update(dict.fromkeys(moments))
        self.open.difference_update(moments)

    # Clips.

    def _made(self, number: Number, clip: Clip) -> Iterator[tuple[Clip, str]]:
        """The clips that one becomes, and the cause of the start of each."""
        start, end = self.at["start", number], self.at["end", number]
        if start is None or (clip.loop and end is None):
            yield clip, ""
        elif not clip.loop:
            cause = ""
            if clip.after is not None:
                before = self._name(next(self._followed(number, "after"))[1])
                gap = f"{abs(clip.gap_ms).normalize():f} ms " if clip.gap_ms else ""
                cause = f"{gap}{'before the end of' if clip.gap_ms < 0 else 'after'} {before}"
                clip = put(clip, start_ms=self._ms(start), **_NOT_PLACED)
            yield clip, cause
        else:
            yield from self._repeats(number, clip, start, end or 0)

    def _repeats(
        self, number: Number, clip: Clip, start: int, end: int
    ) -> Iterator[tuple[Clip, str]]:
        rate = self.timeline.sample_rate
        piece, overlap = self._length(clip), samples(clip.loop_crossfade_ms, rate)
        if end <= start:
            last = "until" if clip.until else "through" if clip.through else "loop"
            message = (
                f"this loop ends at {self._ms(end):f} ms, and starts at {self._ms(start):f} ms"
            )
            self._error(Code.BAD_LOOP, message, number, last, "let it start before it ends")
        elif piece and 3 * overlap > piece and end - start > piece:
            message = f"it repeats {self._ms(piece):f} ms, less than three of its crossfades"
            help = "shorten the crossfade"
            self._error(Code.BAD_LOOP, message, number, "loop_crossfade_ms", help)
        elif piece and end - start > MOST_REPEATS * (piece - overlap):
            message = f"it repeats {self._ms(piece):f} ms more than {MOST_REPEATS:,} times"
            self._error(Code.BAD_LOOP, message, number, "loop", "use a longer piece")
        elif piece:
            yield from self._rounds(number, clip, start, rounds(end - start, piece, overlap))
            return
        yield clip, ""

    def _rounds(
        self, number: Number, clip: Clip, start: int, repeats: list[tuple[int, int]]
    ) -> Iterator[tuple[Clip, str]]:
        name, count = clip_id(clip, number[1]), len(repeats)
        seam = clip.loop_crossfade_ms or None
        for n, (begin, length) in enumerate(repeats, 1):
            edges: dict[str, Decimal | None] = {}
            if n > 1:
                edges |= {"fade_in_ms": ZERO, "crossfade_in_ms": seam}
            if n < count:
                edges |= {"fade_out_ms": ZERO, "crossfade_out_ms": seam}
            made = put(
                clip,
                id=clip.id if count == 1 else f"{name}-{n}",
                start_ms=self._ms(start + begin),
                duration_ms=self._ms(length),
                **{**_NOT_PLACED, **edges},
            )
            yield made, f"repeat {n} of {count} of {name}"

    def _name(self, number: Number) -> str:
        track = self.timeline.tracks[number[0]]
        return f"{track.id}/{clip_id(track.clips[number[1]], number[1])}"

    def _ms(self, count: int) -> Decimal:
        return milliseconds(count, self.timeline.sample_rate)

    def _origin(self, number: Number, *tail: str) -> Origin:
        return self.timeline.origin("tracks", number[0], "clips", number[1], *tail)

    def _error(self, code: Code, message: str, number: Number, key: str, help: str) -> None:
        self.found.append(Diagnostic(code, message, self._origin(number, key), help))
