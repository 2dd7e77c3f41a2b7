"""dynamics: thresholds of compressors from the loudness, and gates from what is said.

Promises: after it, every compressor has a threshold in dBFS, and every gate by activity is gain
automation of clips; both are functions of the timeline and the surveys, and name their cause. The
pass relies on levelled clips. docs/listening.md defines the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TypeVar

from attrs import define, evolve, field, frozen

from ...documents.models import put
from ...documents.models import replace as replaced
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, Severity
from ...ir.nodes import Point
from ...ir.origin import Origin
from ...ir.units import samples
from ...presets.model import BusPreset, Gating
from ..geometry import extent, played_spans
from ..passes.base import Pass
from ..timeline.model import Clip, Track, clip_id
from ..unit import ClipGate, Unit
from .targets import ClipNumber, bus_place

_Owner = TypeVar("_Owner", Clip, Track, BusPreset)


@frozen
class Thresholds(Pass):
    """Gives every compressor without a threshold one from the loudness of what it compresses.

    Clips are measured with their gains, so the pass follows `level`, and as a whole, so it precedes
    `cut`.
    """

    name = "thresholds"
    requires = ("valid", "routed", "clamped", "levelled")
    establishes = ("thresholds",)

    def run(self, unit: Unit) -> Unit:
        """The unit with all thresholds in its timeline and its buses."""
        tracks = unit.timeline.tracks
        owners: tuple[BusPreset | Track | Clip, ...] = (*unit.buses, *tracks)
        owners = (*owners, *(clip for track in tracks for clip in track.clips))
        if all(map(_is_decided, owners)):
            return unit
        decisions = _Decisions(unit)
        return decisions.unit_after().report(*decisions.warnings)


@frozen
class Gates(Pass):
    """Turns gates without a threshold into gain automation that lowers what is not said.

    It is that of the clips, from the active spans of their sources.
    """

    name = "gate"
    requires = ("valid", "routed", "clamped", "cut")
    establishes = ("gated",)

    def run(self, unit: Unit) -> Unit:
        """The unit with the gates of its clips."""
        gates: dict[ClipNumber, ClipGate] = {}
        warnings: list[Diagnostic] = []
        for t, track in enumerate(unit.timeline.tracks):
            for c, clip in enumerate(track.clips):
                made = _gate(unit, (t, c), track.gate if clip.gate is None else clip.gate)
                if isinstance(made, ClipGate):
                    gates[t, c] = made
                elif made is not None:
                    warnings.append(made)
        return evolve(unit, gates=gates).report(*warnings)


def _is_decided(owner: BusPreset | Track | Clip) -> bool:
    return owner.compress is None or owner.compress.threshold_db is not None


@define
class _Decisions:
    """The decisions about one timeline.

    Attributes:
        unit: the compilation.
        origins: where each threshold comes from, by the pointer into the timeline.
        buses: the same for buses, by id.
        warnings: what could not be decided.
    """

    unit: Unit
    origins: dict[str, Origin] = field(factory=dict)
    buses: dict[str, Origin] = field(factory=dict)
    warnings: list[Diagnostic] = field(factory=list)

    def unit_after(self) -> Unit:
        """The unit with all thresholds."""
        timeline = self.unit.timeline
        tracks = []
        for t, track in enumerate(timeline.tracks):
            played = [((t, c), Decimal(0)) for c in range(len(track.clips))]
            clips = []
            for number, clip in enumerate(track.clips):
                place = timeline.origin("tracks", t, "clips", number, "compress")
                name = f"clip {track.id}/{clip_id(clip, number)}"
                made, decided = self._compressed(clip, place, name, played[number : number + 1])
                clips.append(made)
                self.origins |= {place.pointer: decided} if decided else {}
            place = timeline.origin("tracks", t, "compress")
            whole, decided = self._compressed(track, place, f"track {track.id}", played)
            self.origins |= {place.pointer: decided} if decided else {}
            tracks.append(put(whole, clips=tuple(clips)))
        buses = tuple(self._bus(bus) for bus in self.unit.buses)
        made_timeline = put(timeline, tracks=tuple(tracks), via={**timeline.via, **self.origins})
        return evolve(self.unit, timeline=made_timeline, buses=buses, thresholds=self.buses)

    def _bus(self, bus: BusPreset) -> BusPreset:
        played = [
            ((t, c), track.gain_db)
            for t, track in enumerate(self.unit.timeline.tracks)
            if self.unit.routes[track.id] == bus.id and not track.mute
            for c in range(len(track.clips))
        ]
        place = self.unit.timeline.origin(*bus_place(self.unit.timeline, bus, "compress"))
        made, decided = self._compressed(bus, place, f"bus {bus.id}", played)
        self.buses |= {bus.id: decided} if decided else {}
        return made

    def _compressed(
        self, owner: _Owner, place: Origin, name: str, played: Iterable[tuple[ClipNumber, Decimal]]
    ) -> tuple[_Owner, Origin | None]:
        """An owner whose compressor, if it has one, has a threshold, and where that comes from."""
        compress = owner.compress
        if compress is None or compress.threshold_db is not None:
            return owner, None
        loudness = self._loudness(played)
        if loudness is None:
            self.warnings.append(_left_out(place, f"{name} is not compressed: it has no loudness"))
            return replaced(owner, compress=None), None
        threshold = Decimal(str(round(loudness, 1))) + compress.over_db
        over = f"{compress.over_db:g} dB over the loudness, measured {loudness:.1f}"
        cause = f"threshold {threshold:g} dBFS, {over}"
        decided = replaced(compress, threshold_db=threshold)
        return replaced(owner, compress=decided), evolve(place, cause=cause)

    def _loudness(self, played: Iterable[tuple[ClipNumber, Decimal]]) -> float | None:
        """The active loudness of clips with their gains, LUFS; None if there is none."""
        from .excerpts import excerpt_of, known_loudness  # noqa: PLC0415 (numpy)

        excerpts = []
        for number, more in played:
            clip = self.unit.timeline.tracks[number[0]].clips[number[1]]
            excerpt = None if clip.mute else excerpt_of(self.unit, number)
            if excerpt is not None:
                excerpts.append((excerpt, float(clip.gain_db + more)))
        return known_loudness(excerpts)


def _gate(unit: Unit, number: ClipNumber, gate: Gating | None) -> ClipGate | Diagnostic | None:
    """The gate of a clip by activity, or why it has none; None if none is asked for."""
    timeline = unit.timeline
    track = timeline.tracks[number[0]]
    clip = track.clips[number[1]]
    if gate is None or gate.threshold_db is not None or not gate.range_db or clip.mute:
        return None
    tail = ("gate",) if clip.gate is None else ("clips", number[1], "gate")
    place = timeline.origin("tracks", number[0], *tail)
    survey = unit.surveys.get(clip.source)
    if survey is None or not survey.is_clear:
        name = f"clip {track.id}/{clip_id(clip, number[1])}"
        return _left_out(place, f"{name} is not gated: its speech cannot be told from its noise")
    rate = timeline.sample_rate
    where = extent(clip, rate, unit.media)
    spans = played_spans(survey.spans, where, unit.media[clip.source], rate)
    said = [(start - where.start, end - where.start) for start, end in spans]
    cause = f"gates by {gate.range_db:g} dB what is not said"
    return ClipGate(tuple(gate_points(said, gate, rate)), evolve(place, cause=cause))


def _left_out(place: Origin, text: str) -> Diagnostic:
    help = "give it a threshold_db, or leave it out"
    return Diagnostic(Code.NO_DYNAMICS, text, place, help, severity=Severity.WARNING)


def gate_points(said: Iterable[tuple[int, int]], gate: Gating, rate: int) -> Iterator[Point]:
    """Keyframes in dB of a gate that is open while something is said.

    It begins to open `look_ahead_ms` before a span, and to close `hold_ms` after it. Where it would
    open again before it is closed, it stays open.

    Args:
        said: samples [start, end), in order.
        gate: times in ms.
        rate: Hz.
    """
    ahead, attack, hold, release = (
        samples(ms, rate)
        for ms in (gate.look_ahead_ms, gate.attack_ms, gate.hold_ms, gate.release_ms)
    )
    attack, release, down = max(attack, 1), max(release, 1), -float(gate.range_db)
    opened: list[tuple[int, int]] = []
    for start, end in said:
        at, closing = start - ahead, end + hold
        if opened and at <= opened[-1][1] + release:
            opened[-1] = (opened[-1][0], max(opened[-1][1], closing))
        else:
            opened.append((at, closing))
    if not opened:
        yield Point(0, down)
    for at, closing in opened:
        up = at + attack
        yield from (Point(at, down), Point(up, 0.0))
        last = max(closing, up + 1)
        yield from (Point(last, 0.0), Point(last + release, down))
