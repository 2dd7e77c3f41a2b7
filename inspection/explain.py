"""What sounds at one moment of a mix, and how it got there.

Promises: every clip that has a sample there is listed once for each way it takes to the master,
with all that it passes, in order; the product of the known factors is what the native engine
multiplies the source's sample by, filters and limiter aside. Relies on a graph that `lower` left,
in which every gain still stands by itself; any other graph is explained as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

from ..compiler.geometry import crossfades, extent
from ..compiler.timeline.model import clip_id
from ..compiler.unit import Unit
from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError
from ..ir.graph import Graph
from ..ir.nodes import Clip, Limiter, Node, Output, OutputRole, Source
from ..ir.origin import Origin
from .gains import Effect, effect
from .owners import Owner, owners
from .words import phrase, position


@frozen
class Stage:
    """One node on the way of a clip.

    Attributes:
        node: the node.
        owner: whose it is.
        does: what it does, and what it has come to at this moment.
        effect: what that is in factors.
    """

    node: Node
    owner: Owner
    does: str
    effect: Effect

    @property
    def matters(self) -> bool:
        """Whether it does anything to what is heard, as far as can be told from one sample."""
        if self.effect.factors is not None:
            return any(factor != 1.0 for factor in self.effect.factors)
        return self.effect.now != "" or not self.effect.known or self.effect.shapes


@frozen
class Sounding:
    """One clip that sounds, on one way to the master.

    Attributes:
        owner: the clip, its track and its bus.
        origin: of the clip.
        source: what it plays.
        sample: of the source at the session rate.
        stages: what it passes, in order.
        factors: of all stages together, a channel of the master, or of a stereo source that is
            mixed down to mono; the loudness gain only where it is known.
        measured: whether the loudness gain is among them, or there is none.
    """

    owner: Owner
    origin: Origin | None
    source: Source
    sample: int
    stages: tuple[Stage, ...]
    factors: tuple[float, ...]
    measured: bool


@frozen
class Silent:
    """A clip of the timeline that lies there and is not heard, and why."""

    clip: str
    why: str
    origin: Origin


@frozen
class Explanation:
    """All of it at sample `at` of the mix."""

    at: int
    rate: int
    sounding: tuple[Sounding, ...]
    silent: tuple[Silent, ...]


def explain(unit: Unit, at: int) -> Explanation:
    """What sounds at sample `at` of a compilation that has a graph.

    Raises:
        MixdownError: MIX307, the mix has no such sample.
    """
    graph = unit.ir
    signal = graph.session
    length = signal.length or 0
    if not 0 <= at < length:
        raise MixdownError(
            Diagnostic(
                Code.BAD_REQUEST,
                f"the mix lasts {position(length, signal.rate)}; there is nothing at "
                f"{position(at, signal.rate)}",
            )
        )
    of = owners(graph)
    found = tuple(
        sounding
        for node in graph.nodes
        if isinstance(node, Clip)
        for path in _paths(graph, node, ())
        if (sounding := _sounding(graph, of[node.name], node, path, at, of)) is not None
    )
    heard = {sounding.owner.id for sounding in found}
    silent = tuple(s for s in _silent(unit, at) if s.clip not in heard)
    return Explanation(at, signal.rate, found, silent)


# A user of a value, and by which of its operands.
Step = tuple[Node, int]


def _paths(graph: Graph, node: Node, so_far: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """Every way from a value to the master, as the nodes after it."""
    if isinstance(node, Output) and node.role is OutputRole.MASTER:
        yield so_far
    for user in dict.fromkeys(graph.users[node.name]):
        for index, operand in enumerate(user.heard):
            if operand == node.name:
                yield from _paths(graph, user, (*so_far, (user, index)))


def _sounding(
    graph: Graph, owner: Owner, clip: Clip, path: tuple[Step, ...], at: int, of: Mapping[str, Owner]
) -> Sounding | None:
    """The clip on one way; None where it has no sample there."""
    local = at - sum(node.starts[index] for node, index in path)
    if not 0 <= local < clip.length:
        return None
    stages = []
    now, factors, measured = local, (1.0,) * graph.signals[clip.name].channels, True
    for node, index in path:
        signal = graph.signals[node.operands[index]]
        done = effect(node, now, signal.length or 0, signal.channels)
        now += node.starts[index]
        stages.append(Stage(node, of[node.name], _does(graph, node, done), done))
        measured = measured and done.known
        if done.factors is not None:
            factors = _times(factors, done.factors)
    return Sounding(
        owner,
        clip.origin,
        graph.source_by_name[clip.source],
        clip.offset + local,
        tuple(stages),
        factors,
        measured,
    )


def _times(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, ...]:
    """Channel by channel; one channel counts for each of several."""
    wide = max(len(a), len(b))
    sides = (each * wide if len(each) == 1 else each for each in (a, b))
    return tuple(x * y for x, y in zip(*sides, strict=True))


def _does(graph: Graph, node: Node, done: Effect) -> str:
    now = f", {done.now}" if done.now else ""
    more = ", less where peaks ask for it" if isinstance(node, Limiter) else ""
    return f"{phrase(graph, node)}{now}{more}"


def _silent(unit: Unit, at: int) -> Iterator[Silent]:
    """The clips of the timeline that lie at a sample, each with why it would not be heard."""
    timeline = unit.timeline
    solo = any(track.solo for track in timeline.tracks)
    for t, track in enumerate(timeline.tracks):
        places = [extent(clip, timeline.sample_rate, unit.media) for clip in track.clips]
        joined = crossfades(track, places, timeline.sample_rate)
        for c, (clip, where) in enumerate(zip(track.clips, places, strict=True)):
            if not where.start <= at < where.end:
                continue
            cut = joined[c].length if c in joined else None
            reasons = {
                "its track is muted": track.mute,
                "another track is solo": solo and not track.solo,
                "it is muted": clip.mute,
                "its crossfade is over": cut is not None and at >= where.start + cut,
            }
            why = [reason for reason, holds in reasons.items() if holds]
            name = f"{track.id}/{clip_id(clip, c)}"
            yield Silent(name, ", ".join(why), timeline.origin("tracks", t, "clips", c))
