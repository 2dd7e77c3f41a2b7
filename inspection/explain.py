"""Explains what sounds at one moment of a mix, and how it reaches the master.

Every clip that has a sample there is listed once for each path to the master, with all nodes on it
in order. The product of the known factors is what the native engine multiplies the source's sample
by, apart from filters, de-essers and the limiter. A graph from `lower`, in which no gains are
folded yet, is explained gain by gain; any other graph is explained as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from attrs import frozen

from ..compiler.geometry import crossfades, extent
from ..compiler.timeline.model import clip_id
from ..compiler.unit import Unit
from ..ir.codes import Code
from ..ir.diagnostics import MixdownError
from ..ir.graph import Graph
from ..ir.nodes import Clip, Dynamics, Limiter, Node, Output, OutputRole, Source
from ..ir.origin import Origin
from ..ir.places import cause_of
from ..ir.units import decibels
from .gains import Effect, effect
from .owners import Owner, owners
from .reductions import Deepest, Wanted, deepest_gains, reduced
from .words import phrase, position


@frozen
class Stage:
    """One node on the path of a clip.

    Attributes:
        node: the node.
        owner: of the node.
        does: what it does, with its current value if it is automated.
        effect: the same in factors.
        cause: why, if mixdown decided that; else "".
    """

    node: Node
    owner: Owner
    does: str
    effect: Effect
    cause: str

    @property
    def matters(self) -> bool:
        """Whether it changes the sound, as far as one sample shows."""
        if self.cause or self.effect.shapes:
            return True
        if self.effect.factors is not None:
            return any(factor != 1.0 for factor in self.effect.factors)
        return self.effect.now != "" or not self.effect.known


@frozen
class Sounding:
    """One clip that sounds, on one path to the master.

    Attributes:
        owner: the clip, its track and its bus.
        origin: of the clip.
        source: the source it plays.
        sample: of the source, resampled to the session rate, at its speed.
        file_sample: the nearest sample of the file, at the rate of the file.
        stages: the nodes on its path, in order.
        factors: the product over all stages, one per channel of the master, or per channel of a
            stereo source that is mixed down to mono; the loudness gain is included if known.
        measured: whether the loudness gain is included, or there is none.
    """

    owner: Owner
    origin: Origin | None
    source: Source
    sample: int
    file_sample: int
    stages: tuple[Stage, ...]
    factors: tuple[float, ...]
    measured: bool


@frozen
class Silent:
    """A clip of the timeline that is silent at that moment, and the reason."""

    clip: str
    why: str
    origin: Origin


@frozen
class BeforeCuts:
    """Where a sample of the mix is without its cuts.

    Attributes:
        at: the sample there.
        cut: the last cut before it, such as "cut 3"; "" if there is none.
        length: of that cut, samples.
        origin: of that cut.
    """

    at: int
    cut: str = ""
    length: int = 0
    origin: Origin | None = None


@frozen
class Explanation:
    """The sounding and silent clips at sample `at` of the mix."""

    at: int
    rate: int
    sounding: tuple[Sounding, ...]
    silent: tuple[Silent, ...]
    before_cuts: BeforeCuts | None = None


def explain(unit: Unit, at: int) -> Explanation:
    """Explain sample `at` of a compilation that has a graph.

    Raises:
        MixdownError: MIX307, the mix has no such sample.
    """
    graph = unit.ir
    signal = graph.session
    length = signal.length or 0
    if not 0 <= at < length:
        raise MixdownError.of(
            Code.BAD_REQUEST,
            f"{position(at, signal.rate)} is outside the mix, which lasts "
            f"{position(length, signal.rate)}",
        )
    of = owners(graph)
    there = [
        (node, path, local)
        for node in graph.nodes
        if isinstance(node, Clip)
        for path in paths(graph, node, ())
        if 0 <= (local := at - shift_of(path)) < node.length
    ]
    followed = {each for _, path, local in there for each in dynamics_on(path, local, local + 1)}
    deepest = deepest_gains(unit, followed)
    found = tuple(
        _sounding(unit, clip, path, local, at, of, deepest) for clip, path, local in there
    )
    audible = {sounding.owner.id for sounding in found}
    silent = tuple(s for s in silent_clips(unit, at, at + 1) if s.clip not in audible)
    return Explanation(at, signal.rate, found, silent, _before_cuts(unit, at))


def _before_cuts(unit: Unit, at: int) -> BeforeCuts | None:
    if unit.ripple is None:
        return None
    last = unit.ripple.last(at)
    if last is None:
        return BeforeCuts(unit.ripple.old(at))
    origin = unit.timeline.origin(*last.place)
    return BeforeCuts(unit.ripple.old(at), last.cause, last.length, origin)


# A user of a value, and the index of the operand.
Step = tuple[Node, int]


def paths(graph: Graph, node: Node, so_far: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """Every path from a value to the master, as the nodes after the value."""
    if isinstance(node, Output) and node.role is OutputRole.MASTER:
        yield so_far
    for user in dict.fromkeys(graph.users[node.name]):
        for index, operand in enumerate(user.audio_operands):
            if operand == node.name:
                yield from paths(graph, user, (*so_far, (user, index)))


def shift_of(path: Sequence[Step]) -> int:
    """The sample of the last value of a path at which its first one begins."""
    return sum(node.starts[index] for node, index in path)


def dynamics_on(path: Sequence[Step], start: int, end: int) -> Iterator[Wanted]:
    """The dynamics on a path, at samples [start, end) of its first value."""
    for node, index in path:
        start, end = start + node.starts[index], end + node.starts[index]
        if node.follows_level:
            yield Wanted(node.name, start, end)


def _sounding(
    unit: Unit,
    clip: Clip,
    path: tuple[Step, ...],
    local: int,
    at: int,
    of: Mapping[str, Owner],
    deepest: Mapping[Wanted, Deepest],
) -> Sounding:
    """The clip on one path, at its sample `local`, which is the sample `at` of the mix."""
    graph = unit.ir
    stages = []
    now, factors, measured = local, (1.0,) * graph.signals[clip.name].channels, True
    for node, index in path:
        signal = graph.signals[node.operands[index]]
        lowered = deepest.get(Wanted(node.name, now, now + 1))
        if lowered is not None and isinstance(node, Dynamics):
            done = reduced(node, lowered, signal.channels)
        else:
            done = effect(node, now, signal.length or 0, signal.channels)
        now += node.starts[index]
        cause = _cause(unit, node, of[node.name], done, at)
        stages.append(Stage(node, of[node.name], _does(graph, node, done), done, cause))
        measured = measured and done.known
        if done.factors is not None:
            factors = _times(factors, done.factors)
    source = graph.source_by_name[clip.source]
    played, session = source.rates(clip.rate)
    return Sounding(
        of[clip.name],
        clip.origin,
        source,
        clip.offset + local,
        round(Fraction((clip.offset + local) * played, session)),
        tuple(stages),
        factors,
        measured,
    )


def _times(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, ...]:
    """The product per channel; a single channel applies to all."""
    wide = max(len(a), len(b))
    sides = (each * wide if len(each) == 1 else each for each in (a, b))
    return tuple(x * y for x, y in zip(*sides, strict=True))


def _cause(unit: Unit, node: Node, owner: Owner, done: Effect, at: int) -> str:
    """Why a node is as it is at a sample of the mix, if mixdown decided that."""
    cause = cause_of(node.origin)
    ducking = unit.ducking.get(owner.bus or "")
    if ducking is None or ducking.cause != cause or done.factors is None:
        return cause
    down, clips = -decibels(done.factors[0]), ducking.clips_at(at)
    if down > 0 and clips:
        return f"ducked {down:.3g} dB by {', '.join(clips)}"
    return f"not ducked here; {cause}"


def _does(graph: Graph, node: Node, done: Effect) -> str:
    now = f", {done.now}" if done.now else ""
    more = ", on peaks only" if isinstance(node, Limiter) else ""
    return f"{phrase(graph, node)}{now}{more}"


def silent_clips(unit: Unit, start: int, end: int) -> Iterator[Silent]:
    """The clips of the timeline in a range of samples, with the reasons why each may be silent."""
    timeline = unit.timeline
    solo = any(track.solo for track in timeline.tracks)
    for t, track in enumerate(timeline.tracks):
        places = [extent(clip, timeline.sample_rate, unit.media) for clip in track.clips]
        joined = crossfades(track, places, timeline.sample_rate)
        for c, (clip, where) in enumerate(zip(track.clips, places, strict=True)):
            if not (where.start < end and start < where.end):
                continue
            cut = joined[c].length if c in joined else None
            reasons = {
                "its track is muted": track.mute,
                "another track is solo": solo and not track.solo,
                "it is muted": clip.mute,
                "it has crossfaded into the next clip": cut is not None
                and start >= where.start + cut,
            }
            why = [reason for reason, holds in reasons.items() if holds]
            name = f"{track.id}/{clip_id(clip, c)}"
            yield Silent(name, ", ".join(why), timeline.origin("tracks", t, "clips", c))
