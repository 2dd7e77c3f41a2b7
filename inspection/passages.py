"""Explains a range of a mix: what sounds in it, where its sources are played from, how loud.

Each clip that sounds in the range is one passage. Its gain, including the master, is sampled every
20 ms: the product of all factors on its path, of the louder channel, without filters and dynamics.
What dynamics take is computed from the files, at every sample of the range.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from attrs import evolve, frozen

from ..audio import FloatArray, IndexArray
from ..audio.envelope import interpolate
from ..backends.native.values import frames_of
from ..compiler.unit import Unit
from ..ir import nodes as ir
from ..ir.codes import Code
from ..ir.diagnostics import MixdownError, did_you_mean
from ..ir.origin import Origin
from ..ir.places import cause_of
from ..ir.units import DB_PER_NEPER
from .explain import Silent, Step, dynamics_on, paths, shift_of, silent_clips
from .gains import effect
from .owners import Level, Owner, owners
from .reductions import Wanted, deepest_gains, reduction_db
from .words import phrase, position

STEP_MS = 20
MOST_POINTS = 5000
DIP_DB = 3.0
"""A gain dips where it falls by this much and rises by as much again."""


@frozen
class Passage:
    """One clip in a range of the mix, on one path to the master.

    Attributes:
        owner: the clip, its track and its bus.
        origin: of the clip.
        source: the source it plays.
        start, end: samples of the mix, within the range.
        file_sample: the sample of the file at `start`, at the rate of the file.
        lowest, highest: the lowest and the highest gain, dB; -inf for silence. Fades count only if
            the clip does nothing but fade.
        lowest_at, highest_at: where, samples of the mix.
        dips: how often it dips.
        causes: why mixdown changes it, and the places of these rules.
        dynamics: the compressors, gates and de-essers on its way, at their samples of the range.
        reductions: what these take at most, as far as it is known.
    """

    owner: Owner
    origin: Origin | None
    source: ir.Source
    start: int
    end: int
    file_sample: int
    lowest: float
    highest: float
    lowest_at: int
    highest_at: int
    dips: int
    causes: tuple[tuple[str, Origin | None], ...]
    dynamics: tuple[Wanted, ...]
    reductions: tuple[LargestReduction, ...] = ()


@frozen
class LargestReduction:
    """What a compressor, gate or de-esser takes at most in a range.

    Attributes:
        node: which of them.
        does: what it does, in words.
        down_db: the largest reduction, dB.
        at: where, samples of the mix.
    """

    node: ir.Dynamics
    does: str
    down_db: float
    at: int


@frozen
class RangeExplanation:
    """The passages of the samples [start, end) of the mix, and the clips that are silent there."""

    start: int
    end: int
    rate: int
    passages: tuple[Passage, ...]
    silent: tuple[Silent, ...]


def explain_range(unit: Unit, start: int, end: int) -> RangeExplanation:
    """Explain the samples from `start` to `end`; the end of the mix may come earlier.

    Raises:
        MixdownError: MIX307, the range is empty or outside the mix.
    """
    found = _range(unit, start, end)
    return evolve(found, passages=_with_reductions(unit, found.passages))


def _range(unit: Unit, start: int, end: int) -> RangeExplanation:
    """The same without what dynamics take."""
    signal = unit.ir.session
    length = signal.length or 0
    if not 0 <= start < min(end, length):
        raise MixdownError.of(
            Code.BAD_REQUEST,
            f"{position(start, signal.rate)} to {position(end, signal.rate)} is not a range of the "
            f"mix, which lasts {position(length, signal.rate)}",
        )
    end = min(end, length)
    found = tuple(_passages(unit, start, end))
    audible = {passage.owner.id for passage in found}
    silent = tuple(s for s in silent_clips(unit, start, end) if s.clip not in audible)
    return RangeExplanation(start, end, signal.rate, found, silent)


def explain_part(unit: Unit, level: Level, name: str) -> RangeExplanation:
    """Explain a clip or a track in the whole mix; of a clip, the id without its track is enough.

    Raises:
        MixdownError: MIX307, there is none of this name.
    """
    whole = _range(unit, 0, unit.ir.session.length or 0)

    def known(clip: str) -> tuple[str, ...]:
        track, _, own = clip.partition("/")
        return (clip, own) if level is Level.CLIP else (track,)

    chosen = (p for p in whole.passages if name in known(p.owner.id))
    passages = _with_reductions(unit, tuple(chosen))
    silent = tuple(s for s in whole.silent if name in known(s.clip))
    if not passages and not silent:
        names = {known(id)[0] for p in whole.passages for id in (p.owner.id,)}
        names |= {known(s.clip)[0] for s in whole.silent}
        raise MixdownError.of(
            Code.BAD_REQUEST,
            f"no {level.value} is named {name!r}",
            help=did_you_mean(name, sorted(names)),
        )
    start = min((p.start for p in passages), default=whole.start)
    end = max((p.end for p in passages), default=whole.end)
    return RangeExplanation(start, end, whole.rate, passages, silent)


def _with_reductions(unit: Unit, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    deepest = deepest_gains(unit, {each for passage in passages for each in passage.dynamics})

    def reductions(passage: Passage) -> Iterator[LargestReduction]:
        for each in passage.dynamics:
            node = unit.ir[each.name]
            if each in deepest and isinstance(node, ir.Dynamics):
                at = passage.start + deepest[each].at - each.start
                yield LargestReduction(
                    node, phrase(unit.ir, node), reduction_db(node, deepest[each]), at
                )

    return tuple(evolve(each, reductions=tuple(reductions(each))) for each in passages)


def _passages(unit: Unit, start: int, end: int) -> Iterator[Passage]:
    graph, of = unit.ir, owners(unit.ir)
    for clip in graph.nodes:
        if isinstance(clip, ir.Clip):
            for path in paths(graph, clip, ()):
                shift = shift_of(path)
                first, last = max(start, shift), min(end, shift + clip.length)
                if first < last:
                    yield _passage(unit, clip, path, shift, (first, last), of[clip.name])


def _passage(
    unit: Unit,
    clip: ir.Clip,
    path: Sequence[Step],
    shift: int,
    span: tuple[int, int],
    owner: Owner,
) -> Passage:
    graph, (start, end) = unit.ir, span
    step = max(1, clip.rate * STEP_MS // 1000, (end - start) // MOST_POINTS)
    at = np.arange(start, end, step)
    gains, now, fades = np.ones(len(at)), at - shift, np.zeros(len(at), bool)
    causes: dict[str, Origin | None] = {}
    for node, index in path:
        signal = graph.signals[node.operands[index]]
        gains *= _gains(node, now, signal.length or 0, signal.channels)
        fades |= _fades(node, now, signal.length or 0)
        now = now + node.starts[index]
        if cause := cause_of(node.origin):
            causes.setdefault(cause, node.origin)
    if not fades.all():
        at, gains = at[~fades], gains[~fades]
    with np.errstate(divide="ignore"):
        level = DB_PER_NEPER * np.log(gains)
    source = graph.source_by_name[clip.source]
    played, session = source.rates(clip.rate)
    low, high = int(np.argmin(level)), int(np.argmax(level))
    return Passage(
        owner,
        clip.origin,
        source,
        start,
        end,
        round(Fraction((clip.offset + start - shift) * played, session)),
        float(level[low]),
        float(level[high]),
        int(at[low]),
        int(at[high]),
        _dips(level),
        tuple(causes.items()),
        tuple(dynamics_on(path, start - shift, end - shift)),
    )


def _gains(node: ir.Node, at: IndexArray, length: int, channels: int) -> FloatArray:
    """The factor of the louder channel at samples of the operand; 1 where there is none."""
    if isinstance(node, ir.GainAutomation):
        return np.asarray(np.exp(interpolate(frames_of(node.points), at) / DB_PER_NEPER))
    moving = _fades(node, at, length) | isinstance(node, ir.PanAutomation)
    gains = np.full(len(at), _factor(node, int(at[np.argmin(moving)]), length, channels))
    for i in np.flatnonzero(moving):
        gains[i] = _factor(node, int(at[i]), length, channels)
    return gains


def _fades(node: ir.Node, at: IndexArray, length: int) -> npt.NDArray[np.bool_]:
    """At which samples of its operand a node fades."""
    if not isinstance(node, ir.Fade):
        return np.zeros(len(at), bool)
    return at < node.length if node.edge is ir.Edge.IN else at >= length - node.length


def _factor(node: ir.Node, at: int, length: int, channels: int) -> float:
    factors = effect(node, at, length, channels).factors
    return 1.0 if factors is None else max(factors)


def _dips(level: FloatArray) -> int:
    """How often a gain in dB falls by `DIP_DB` and rises by as much again."""
    count, high, low = 0, -np.inf, np.inf
    for value in level:
        high = max(high, value)
        if value <= high - DIP_DB:
            low = min(low, value)
        if value >= low + DIP_DB:
            count, high, low = count + 1, value, np.inf
    return count
