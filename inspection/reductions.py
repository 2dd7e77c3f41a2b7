"""How far dynamics lower a mix, computed by the native engine from the files of the mix.

The gain of a compressor, a gate or a de-esser follows from the samples before it. So the engine
renders what it receives, from 10 s and 20 of its time constants before the moment that is
explained, by when the state of filters and detectors no longer depends on the start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np
import soundfile
from attrs import frozen

from ..audio import FloatArray
from ..backends.native.engine.piece import whole
from ..backends.native.engine.render import Block, blocks
from ..backends.native.values import dynamics_of
from ..compiler.unit import Unit
from ..ir import nodes as ir
from ..ir.diagnostics import MixdownError
from ..ir.graph import Graph
from ..ir.units import gain_factor
from ..media.copies import playable
from .gains import Effect

_LEAST_DB = 0.05
"""A smaller reduction is none."""


class Wanted(NamedTuple):
    """Samples [start, end) of a value that is a compressor, gate or de-esser."""

    name: str
    start: int
    end: int


@frozen
class Deepest:
    """Where the gain of a node is lowest: its dB, with make-up gain, and the sample of the node."""

    gain_db: float
    at: int


def deepest_gains(unit: Unit, wanted: Collection[Wanted]) -> Mapping[Wanted, Deepest]:
    """The lowest gain in each of some ranges; none of them if a file cannot be read."""
    found: dict[Wanted, Deepest] = {}
    starts = sorted({each.start for each in wanted})
    try:
        for start in starts:  # values of one start are mostly on one clock
            alike = [each for each in wanted if each.start == start]
            found |= _deepest_gains(unit, alike, max(0, start - _memory(unit.ir)))
    except (MixdownError, OSError, ValueError, soundfile.SoundFileError):
        return {}
    return found


def _memory(graph: Graph) -> int:
    """The samples after which nothing depends on what was before them, for all practical ends."""
    dynamics = [node for node in graph.nodes if isinstance(node, ir.Dynamics)]
    slowest = max((max(node.attack, node.release) for node in dynamics), default=0)
    return 10 * (graph.session.rate or 0) + 20 * slowest


def _deepest_gains(unit: Unit, wanted: Collection[Wanted], begin: int) -> Mapping[Wanted, Deepest]:
    """Those of some ranges, following the signal from the sample `begin` on."""
    graph, followed = unit.ir, [_Followed(unit.ir, each, begin) for each in wanted]
    operands = {each.operand for each in followed}
    with ExitStack() as stack:
        paths = {
            source.name: str(
                stack.enter_context(playable(unit.timeline.root / source.path, source))
            )
            for source in graph.played_by(_feeding(graph, operands))
        }
        for block in blocks(graph, lambda source: paths[source.name], operands, begin=begin):
            for each in followed:
                each.feed(block)
            if all(each.is_done for each in followed):
                break
    return {each.wanted: each.deepest for each in followed}


def reduced(node: ir.Dynamics, deepest: Deepest, channels: int) -> Effect:
    """The effect of a node at a sample with this gain."""
    down = reduction_db(node, deepest)
    factors = None if isinstance(node, ir.Deess) else (gain_factor(deepest.gain_db),) * channels
    return Effect(factors, f"now {reduction_text(node, down)}", shapes=True, reduction_db=down)


def reduction_db(node: ir.Dynamics, deepest: Deepest) -> float:
    """How far a node lowers the level there, without its make-up gain."""
    makeup = node.makeup_db if isinstance(node, ir.Compress) else 0.0
    return max(makeup - deepest.gain_db, 0.0)


def reduction_text(node: ir.Dynamics, down: float) -> str:
    """What a node does where it reduces the level by so many dB."""
    if isinstance(node, ir.Gate):
        return "open" if down < _LEAST_DB else f"lowered by {down:.1f} dB"
    done = "compressed" if isinstance(node, ir.Compress) else "de-essed"
    return f"not {done}" if down < _LEAST_DB else f"{done} by {down:.1f} dB"


def _feeding(graph: Graph, names: Iterable[str]) -> list[ir.Node]:
    """The nodes of some values, and all that they are computed from."""
    needed = set(names)
    for node in reversed(graph.nodes):
        if node.name in needed:
            needed.update(node.operands)
    return [node for node in graph.nodes if node.name in needed]


class _Followed:
    """Follows the gain of one node from a sample on."""

    def __init__(self, graph: Graph, wanted: Wanted, begin: int) -> None:
        node = graph[wanted.name]
        assert isinstance(node, ir.Dynamics)
        (self.operand,) = node.operands
        self.wanted, self.deepest = wanted, Deepest(np.inf, wanted.start)
        signal = graph.signals[self.operand]
        self._channels, self._length = signal.channels, signal.length or 0
        self._follower = dynamics_of(node, signal)
        self._at = begin - self._follower.look_ahead  # the sample of the next gain

    @property
    def is_done(self) -> bool:
        """Whether the whole range is known."""
        return self._at >= self.wanted.end

    def feed(self, block: Block) -> None:
        """Follow the next samples of the operand, and silence after its end."""
        end = min(block.end, self._length)
        if self.is_done or block.start >= end:
            return
        self._follow(whole(block.pieces[self.operand], block.start, end, self._channels))
        if end == self._length:
            self._follow(np.zeros((self._channels, self._follower.look_ahead)))

    def _follow(self, samples: FloatArray) -> None:
        gains = self._follower.gains(samples)
        first, last = (min(max(at - self._at, 0), len(gains)) for at in self.wanted[1:])
        if first < last:
            lowest = first + int(np.argmin(gains[first:last]))
            if gains[lowest] < self.deepest.gain_db:
                self.deepest = Deepest(float(gains[lowest]), self._at + lowest)
        self._at += len(gains)
