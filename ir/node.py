"""What all nodes of the audio graph share: signals, sources, keyframes, and the facts of a kind.

Promises: a node is a plain value; its operands are the names of other nodes' values; its attributes
are integers (samples, Hz), floats (dB, Hz, Q, pan), strings, enums, or tuples of those, so that
printing, parsing and hashing need no case a kind. What else the compiler, the backends and the
inspection have to know of a kind is a fact that its class states, so that they need no table of
kinds either. The kinds are in nodes.py.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

import attrs
from attrs import field, frozen

from .curves import Shape
from .origin import Origin
from .units import resampled_length

# Field metadata. LABEL: printed and compared, but no part of a digest, for it changes no sample.
# SYMBOL: the name of a source; the source's own identity is hashed in its place.
LABEL = {"label": True}
SYMBOL = {"symbol": True}
# OMITTED: at its default it is neither printed nor hashed: texts and digests from before it stay.
OMITTED = {"omitted": True}


@frozen
class Signal:
    """The type of a value: what a wire of the graph carries.

    Attributes:
        rate: samples per second, Hz, positive.
        channels: 1 or more; 1 is mono, 2 is left and right.
        length: in samples, or None where the signal has no end of its own.
    """

    rate: int
    channels: int
    length: int | None

    def __str__(self) -> str:
        length = "?" if self.length is None else str(self.length)
        return f"signal<{self.rate}, {self.channels}, {length}>"


@frozen
class Source:
    """A file that clips play from.

    Attributes:
        name: how the graph refers to it, unique in the graph.
        path: relative to the document that named it, with forward slashes.
        digest: "sha256:" and the hex digest of the file's content.
        rate: Hz.
        channels: 1 or 2.
        frames: length at `rate`.
        codec: container and coding as the probe tells them, such as "flac/pcm_16".
        speed: how fast it plays, as a reduced ratio; the pitch follows.
    """

    name: str = field(metadata=LABEL)
    path: str = field(metadata=LABEL)
    digest: str
    rate: int
    channels: int
    frames: int
    codec: str = field(metadata=LABEL)
    speed: tuple[int, ...] = field(default=(1, 1), metadata=OMITTED)

    def rates(self, rate: int) -> tuple[int, int]:
        """The rates between which it is resampled for a session at `rate` Hz; equal: not at all.

        At another speed than its own the file counts as one of rate * speed, which need be no whole
        number of Hz: the result is that ratio to the session's rate in lowest terms, exactly.
        """
        if self.speed == (1, 1):
            return self.rate, rate
        faster, slower = self.speed
        return Fraction(self.rate * faster, rate * slower).as_integer_ratio()

    def length(self, rate: int) -> int:
        """How many samples it lasts in a session at `rate` Hz."""
        return resampled_length(self.frames, *self.rates(rate))

    @property
    def is_sound(self) -> bool:
        """Whether its rate and its speed are ones that a file can be played at."""
        return self.rate > 0 and len(self.speed) == 2 and min(self.speed) > 0


@frozen
class Aim:
    """A keyframe that an automation moves towards and does not reach."""

    at: int
    value: float = field(converter=float)


@frozen
class Point:
    """An automation keyframe: sample, value, and the way to the next one.

    With an `aim` it moves towards that instead, up to the sample of the next point.
    """

    at: int
    value: float = field(converter=float)
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
    """What nodes of a kind do, roughly: how pictures group and colour them."""

    SOURCE = "source"
    GAIN = "gain"
    FADE = "fade"
    FILTER = "filter"
    PAN = "pan"
    SUM = "sum"
    FINISH = "finish"


@frozen
class Node:
    """What all nodes share: the name of the value, its operands' names, and where it came from.

    A kind states its `kind`, `family` and `growth`. The other facts have a value that is right for
    most kinds.
    """

    name: str
    operands: tuple[str, ...] = field(default=(), kw_only=True)
    origin: Origin | None = field(default=None, eq=False, kw_only=True)

    kind: ClassVar[str]
    family: ClassVar[Family]
    # The least and the greatest number of operands; None: any.
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    # Whether a static gain on its operand is the same as one on its value.
    linear_without_memory: ClassVar[bool] = False
    # Whether it adds up any number of operands.
    is_sum: ClassVar[bool] = False
    # Whether it belongs to the finish, which follows the premaster; null budgets end there.
    is_finish: ClassVar[bool] = False

    @property
    @abstractmethod
    def growth(self) -> float | None:
        """The factor by which a sample of its operands, or of their sum, grows at most.

        None for a filter: its frequency response decides, and the rate. Noise that a node adds is
        not counted.
        """
        raise NotImplementedError(f"{self.kind} states no growth")

    @property
    def heard(self) -> tuple[str, ...]:
        """The operands that its value is made of: all but those that are only measured."""
        return self.operands

    @property
    def starts(self) -> tuple[int, ...]:
        """Where each operand that is heard begins in its value, in samples."""
        return (0,) * len(self.heard)

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """Whether its value is its operand's, sample for sample, given the operands' types."""
        return False

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """The type of its value from its operands' types; without a rule of its own, the first's.

        It never raises: what does not fit is the verifier's to report.
        """
        return operands[0]

    def attributes(self) -> dict[str, object]:
        """The attributes in their declared order, without name, operands and origin."""
        return {f.name: getattr(self, f.name) for f in attribute_fields(type(self))}


def attribute_fields(cls: type[Node]) -> tuple[attrs.Attribute[object], ...]:
    """The fields of a node class that are its attributes."""
    return tuple(f for f in attrs.fields(cls) if f.name not in ("name", "operands", "origin"))


def visible(owner: Node | Source | Point | Aim, name: str) -> bool:
    """Whether an attribute is part of the owner's text and digest: not at a default to omit."""
    attribute = getattr(attrs.fields(type(owner)), name)
    return not (attribute.metadata.get("omitted") and getattr(owner, name) == attribute.default)
