"""The kinds of nodes of the audio graph, one frozen class each.

Float attributes are converted to float, because 2 and 2.0 are equal but print and hash differently.
node.py has the base class and the facts that a kind must state; docs/semantics.md defines each kind
to the sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

from attrs import field, frozen

from .containers import Encoding as Encoding
from .curves import FilterKind, PanLaw
from .dynamics import Compress as Compress
from .dynamics import Deess as Deess
from .dynamics import Gate as Gate
from .finish import Dither as Dither
from .finish import DitherNoise as DitherNoise
from .finish import Headroom as Headroom
from .finish import Limiter as Limiter
from .finish import LimitMode as LimitMode
from .finish import Loudnorm as Loudnorm
from .finish import Output as Output
from .finish import OutputRole as OutputRole
from .finish import Reading as Reading
from .finish import ShortLoudness as ShortLoudness
from .node import SYMBOL, Family, Signal, as_float
from .node import Aim as Aim
from .node import Node as Node
from .node import Point as Point
from .node import Source as Source
from .units import gain_factor


class Edge(StrEnum):
    """The edge of a clip."""

    IN = "in"
    OUT = "out"


@frozen
class Clip(Node):
    """Samples [offset, offset + length) of a source, resampled as a whole to `rate` first."""

    kind = "clip"
    family = Family.SOURCE
    growth = 1.0
    arity = (0, 0)
    source: str = field(metadata=SYMBOL)
    offset: int
    length: int
    rate: int

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """The source's channels at the session rate."""
        source = sources.get(self.source)
        return Signal(self.rate, source.channels if source else 1, self.length)


@frozen
class Silence(Node):
    """Zeros."""

    kind = "silence"
    family = Family.SOURCE
    growth = 1.0
    arity = (0, 0)
    rate: int
    channels: int
    length: int

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """As declared."""
        return Signal(self.rate, self.channels, self.length)


@frozen
class Gain(Node):
    """A static gain in dB."""

    kind = "gain"
    family = Family.GAIN
    linear_without_memory = True
    gain_db: float = field(converter=as_float)

    @property
    def growth(self) -> float:
        """Its factor."""
        return gain_factor(self.gain_db)

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """At 0 dB."""
        return self.gain_db == 0


@frozen
class Fade(Node):
    """A fade over the first or last `length` samples; unity elsewhere."""

    kind = "fade"
    family = Family.FADE
    growth = 1.0
    linear_without_memory = True
    edge: Edge
    length: int
    curve: str

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """With a length of 0."""
        return self.length == 0


@frozen
class Crossfade(Fade):
    """One clip's side of a crossfade: a fade, of a kind of its own to mark the pair.

    The first clip has its `out` edge faded over the overlap and ends there; the second clip has its
    `in` edge faded over the same samples; their sum is the crossfade.
    """

    kind = "crossfade"


@frozen
class GainAutomation(Node):
    """An automated gain: dB interpolated between points, multiplied as 10^(dB/20) per sample."""

    kind = "automation.gain"
    family = Family.GAIN
    linear_without_memory = True
    points: tuple[Point, ...]

    @property
    def growth(self) -> float:
        """The factor of the highest keyframe, which interpolation never exceeds."""
        return max(gain_factor(value) for point in self.points for value in point.values)

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """At 0 dB throughout."""
        return not any(value for point in self.points for value in point.values)


@frozen
class Pan(Node):
    """A static pan in [-1, 1]: mono to stereo by `law`, stereo by balance."""

    kind = "pan"
    family = Family.PAN
    growth = 1.0
    linear_without_memory = True
    channels_made = 2
    position: float = field(converter=as_float)
    law: PanLaw

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """In the centre, of stereo."""
        return self.position == 0 and operands[0].channels == 2


@frozen
class PanAutomation(Node):
    """An automated pan, evaluated per sample."""

    kind = "automation.pan"
    family = Family.PAN
    growth = 1.0
    linear_without_memory = True
    channels_made = 2
    points: tuple[Point, ...]
    law: PanLaw

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """In the centre throughout, of stereo."""
        moves = any(value for point in self.points for value in point.values)
        return operands[0].channels == 2 and not moves


@frozen
class Downmix(Node):
    """Stereo to mono: (L + R) / 2."""

    kind = "downmix"
    family = Family.PAN
    growth = 1.0
    linear_without_memory = True
    channels_made = 1


@frozen
class Filter(Node):
    """A static RBJ biquad."""

    kind = "filter"
    family = Family.FILTER
    growth = None
    shape: FilterKind
    frequency_hz: float = field(converter=as_float)
    q: float = field(converter=as_float)
    gain_db: float = field(converter=as_float)

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """With a gain of 0 dB: numerator and denominator are then equal."""
        return self.shape.has_gain and self.gain_db == 0


@frozen
class FilterAutomation(Node):
    """A biquad with an automated frequency: coefficients are updated at every 64th sample."""

    kind = "automation.filter"
    family = Family.FILTER
    growth = None
    shape: FilterKind
    points: tuple[Point, ...]
    q: float = field(converter=as_float)
    gain_db: float = field(converter=as_float)

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """With a gain of 0 dB: numerator and denominator are then equal."""
        return self.shape.has_gain and self.gain_db == 0


@frozen
class Place(Node):
    """`start` samples of silence, then the operand."""

    kind = "place"
    family = Family.SUM
    growth = 1.0
    linear_without_memory = True
    start: int

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """Its operand's, with the length of silence and operand together."""
        length = operands[0].length
        return operands[0].with_length(None if length is None else self.start + length)

    @property
    def starts(self) -> tuple[int, ...]:
        """After the silence."""
        return (self.start,)

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """At the first sample."""
        return self.start == 0


@frozen
class Slice(Node):
    """Samples [offset, offset + length) of the operand."""

    kind = "slice"
    family = Family.SUM
    growth = 1.0
    linear_without_memory = True
    offset: int
    length: int

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """Its operand's, with the declared length."""
        return operands[0].with_length(self.length)

    @property
    def starts(self) -> tuple[int, ...]:
        """Before its own first sample."""
        return (-self.offset,)

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """With all of its operand."""
        return self.offset == 0 and self.length == operands[0].length


@frozen
class Mix(Node):
    """The sum of the operands in their order, cut or padded with silence to `length`."""

    kind = "mix"
    family = Family.SUM
    growth = 1.0
    linear_without_memory = True
    is_sum = True
    arity = (1, None)
    length: int

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """Its operands', with the declared length."""
        return operands[0].with_length(self.length)

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """With one operand of the same length."""
        return len(operands) == 1 and operands[0].length == self.length


@frozen
class Lane(Node):
    """Non-overlapping operands, each at its sample in `starts`, with silence between, to `length`.

    The pass pack-lanes makes it from `place` nodes: the same samples as their sum, at lower cost.
    """

    kind = "lane"
    family = Family.SUM
    growth = 1.0
    linear_without_memory = True
    is_sum = True
    arity = (1, None)
    starts: tuple[int, ...]
    length: int

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """Its operands', with the declared length."""
        return operands[0].with_length(self.length)


@frozen
class Bus(Node):
    """The sum of a bus's tracks in timeline order."""

    kind = "bus"
    family = Family.SUM
    growth = 1.0
    linear_without_memory = True
    is_sum = True
    arity = (1, None)


Dynamics: TypeAlias = Compress | Gate | Deess
"""The kinds whose gain follows the level of their operand."""

Automated: TypeAlias = GainAutomation | PanAutomation | FilterAutomation
"""The kinds with keyframes in `points`."""

KINDS: dict[str, type[Node]] = {
    cls.kind: cls
    for cls in (
        Clip,
        Silence,
        Gain,
        Fade,
        Crossfade,
        GainAutomation,
        Filter,
        FilterAutomation,
        Gate,
        Deess,
        Compress,
        Pan,
        PanAutomation,
        Downmix,
        Place,
        Slice,
        Lane,
        Mix,
        Bus,
        Headroom,
        Loudnorm,
        Limiter,
        Dither,
        Output,
    )
}
