"""The base of all nodes of the audio graph: signals, sources, keyframes, and facts about kinds.

A node is a plain value; its operands are the names of other nodes' values; its attributes are
integers (samples, Hz), floats (dB, Hz, Q, pan), strings, enums, or tuples of those, so printing,
parsing and hashing do not depend on the kind. Its class also states the facts about the kind that
the compiler, the backends and the inspection need, so most of them need no table of kinds. The
kinds are in nodes.py and finish.py.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import ClassVar

import attrs
from attrs import AttrsInstance, field, frozen

from .curves import Shape
from .origin import Origin
from .units import MAX_COUNT, MAX_RATE, resampled_length

# Field metadata. LABEL: printed and compared, but not part of a digest, because it changes no
# sample. SYMBOL: the name of a source; the source's identity is hashed instead.
LABEL = {"label": True}
SYMBOL = {"symbol": True}
# OMITTED: neither printed nor hashed at its default, so older texts and digests stay valid.
OMITTED = {"omitted": True}


@frozen
class Signal:
    """The type of a value.

    Attributes:
        rate: samples per second, Hz, positive.
        channels: 1 or more; 1 is mono, 2 is left and right.
        length: in samples; None if unknown.
    """

    rate: int
    channels: int
    length: int | None

    def with_channels(self, channels: int) -> Signal:
        """The same with another number of channels."""
        return Signal(self.rate, channels, self.length)

    def with_length(self, length: int | None) -> Signal:
        """The same with another length."""
        return Signal(self.rate, self.channels, length)

    def __str__(self) -> str:
        length = "?" if self.length is None else str(self.length)
        return f"signal<{self.rate}, {self.channels}, {length}>"


def as_float(number: float) -> float:
    """The number as a float: 2 and 2.0 are equal, but print and hash differently.

    `attrs` reads the signature of a converter, which takes far longer for a builtin.
    """
    return float(number)


def _floats(numbers: Iterable[float]) -> tuple[float, ...]:
    return tuple(map(float, numbers))


class Repair(StrEnum):
    """How samples that are not finite are treated."""

    NONE = "none"
    ZERO = "zero"


@frozen
class Source:
    """An audio file that clips play.

    Attributes:
        name: unique in the graph.
        path: relative to the document, with forward slashes.
        digest: "sha256:" and the hex digest of the file's content.
        rate: Hz.
        channels: 1 or 2.
        frames: length at `rate`.
        codec: container and coding, such as "flac/pcm_16" or "mov/aac".
        speed: the playing speed as a reduced ratio; it also changes the pitch.
        stream: the number of the audio stream in the file, from 1.
        matrix: gains from the channels of the stream to its own, row by row; empty if they are the
            same channels.
        silence: samples of silence kept in it where the stream is late or has gaps.
        repair: how samples that are not finite are treated.
        delay: samples of the encoder's delay that are removed from its start, where ffmpeg is not
            left to do that.
    """

    name: str = field(metadata=LABEL)
    path: str = field(metadata=LABEL)
    digest: str
    rate: int
    channels: int
    frames: int
    codec: str = field(metadata=LABEL)
    speed: tuple[int, ...] = field(default=(1, 1), metadata=OMITTED)
    stream: int = field(default=1, metadata=OMITTED)
    matrix: tuple[float, ...] = field(default=(), metadata=OMITTED, converter=_floats)
    silence: int = field(default=0, metadata=OMITTED)
    repair: Repair = field(default=Repair.NONE, metadata=OMITTED)
    delay: int = field(default=0, metadata=OMITTED)

    def rates(self, rate: int) -> tuple[int, int]:
        """The rates between which it is resampled for a session at `rate` Hz; equal if it is not.

        At a speed other than 1 the file counts as one at rate * speed, which need not be an
        integer: the result is the exact ratio of that to the session rate in lowest terms.
        """
        if self.speed == (1, 1):
            return self.rate, rate
        faster, slower = self.speed
        return Fraction(self.rate * faster, rate * slower).as_integer_ratio()

    def length(self, rate: int) -> int:
        """Its length in samples in a session at `rate` Hz."""
        return resampled_length(self.frames, *self.rates(rate))

    @property
    def problem(self) -> str | None:
        """Why no file can be played like this, as the end of a sentence; None if one can."""
        if not 0 <= self.frames <= MAX_COUNT:
            return "has a number of frames out of all range"
        if not 0 < self.rate <= MAX_RATE or len(self.speed) != 2 or min(self.speed) <= 0:
            return f"has a rate of {self.rate} Hz, played at {'/'.join(map(str, self.speed))}"
        if self.stream < 1 or self.silence < 0:
            return f"is audio stream {self.stream}, with {self.silence} samples of silence"
        if self.delay < 0:
            return f"has a delay of {self.delay} samples"
        rows = max(self.channels, 1)
        if len(self.matrix) % rows or not all(map(math.isfinite, self.matrix)):
            return f"has {len(self.matrix)} gains for {self.channels} channels"
        return None


@frozen
class Aim:
    """A keyframe that an automation moves towards and does not reach."""

    at: int
    value: float = field(converter=as_float)


@frozen
class Point:
    """An automation keyframe: sample, value, and the shape to the next one.

    With an `aim`, it moves towards that instead, up to the sample of the next point.
    """

    at: int
    value: float = field(converter=as_float)
    shape: Shape = Shape.LINEAR
    aim: Aim | None = field(default=None, metadata=OMITTED)

    def target(self, following: Point) -> Aim:
        """Where the segment that begins here leads to."""
        return self.aim or Aim(following.at, following.value)

    @property
    def values(self) -> tuple[float, ...]:
        """Its value, and that of its aim: with the next point's, they bound the segment."""
        return (self.value,) if self.aim is None else (self.value, self.aim.value)


class Family(StrEnum):
    """A group of node kinds, which pictures show in one colour."""

    SOURCE = "source"
    GAIN = "gain"
    FADE = "fade"
    DYNAMICS = "dynamics"
    FILTER = "filter"
    PAN = "pan"
    SUM = "sum"
    FINISH = "finish"


@frozen
class Node:
    """The base of all nodes: the name of the value, the names of its operands, and its origin.

    A kind states its `kind`, `family` and `growth`. The defaults of the other facts suit most
    kinds.
    """

    name: str
    operands: tuple[str, ...] = field(default=(), kw_only=True)
    origin: Origin | None = field(default=None, eq=False, kw_only=True)

    kind: ClassVar[str]
    family: ClassVar[Family]
    # The minimum and the maximum number of operands; None: unlimited.
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    # Whether a static gain on its operand is equivalent to one on its value.
    linear_without_memory: ClassVar[bool] = False
    # Whether its gain follows the level of its operand. Engines without such a gain have mixdown
    # compute the value, in a step of its own.
    follows_level: ClassVar[bool] = False
    # Whether it sums any number of operands.
    is_sum: ClassVar[bool] = False
    # The channels of its value; None: as many as its first operand has.
    channels_made: ClassVar[int | None] = None
    # Whether it is part of the finish, after the premaster, where null budgets do not apply.
    is_finish: ClassVar[bool] = False

    @property
    @abstractmethod
    def growth(self) -> float | None:
        """The largest factor by which it can increase a sample of its operands or of their sum.

        None for a filter: it depends on the frequency response. Noise that a node adds does not
        count.
        """
        raise NotImplementedError(f"{self.kind} states no growth")

    @property
    def audio_operands(self) -> tuple[str, ...]:
        """The operands that are part of its signal, without those that are only measured."""
        return self.operands

    @property
    def starts(self) -> tuple[int, ...]:
        """The first sample of each of the `audio_operands` in its value."""
        return (0,) * len(self.audio_operands)

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """Whether its value equals its operand, sample for sample, given the operands' types."""
        return False

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """The type of its value, given its operands' types.

        By default that of the first operand, with `channels_made`. It never raises; the verifier
        reports mismatches.
        """
        made = self.channels_made
        return operands[0] if made is None else operands[0].with_channels(made)

    def attributes(self) -> dict[str, object]:
        """The attributes in the order of declaration, without name, operands and origin."""
        kind: type = type(self)  # mypy finds its own type unhashable
        return {f.name: getattr(self, f.name) for f in attribute_fields(kind)}


@cache
def attribute_fields(cls: type) -> tuple[attrs.Attribute[object], ...]:
    """The fields of a node class that are its attributes."""
    return tuple(f for f in attrs.fields(cls) if f.name not in ("name", "operands", "origin"))


def visible(owner: AttrsInstance, name: str) -> bool:
    """Whether an attribute is part of the owner's text and digest: not an omitted default."""
    attribute = getattr(attrs.fields(type(owner)), name)
    return not (attribute.metadata.get("omitted") and getattr(owner, name) == attribute.default)
