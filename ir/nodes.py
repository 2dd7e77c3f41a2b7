"""One frozen class a node kind: the whole vocabulary of the audio graph.

Promises: a node is a plain value; its operands are the names of other nodes' values; its attributes
are integers (samples, Hz), floats (dB, Hz, Q, pan), strings, enums, or tuples of those, so that
printing, parsing and hashing need no case a kind. A float attribute is made a float when it is set,
for 2 and 2.0 are equal but print and hash apart. `infer` gives the type of a node's value from
its operands' types and never raises: what does not fit is the verifier's to report. What each kind
means to the sample is in docs/semantics.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

import attrs
from attrs import field, frozen
from attrs.converters import optional

from .containers import CONTAINERS
from .containers import Encoding as Encoding
from .curves import FilterKind, PanLaw, Shape
from .origin import Origin
from .types import Signal, resampled_length

# Field metadata. LABEL: printed and compared, but no part of a digest, for it changes no sample.
# SYMBOL: the name of a source; the source's own identity is hashed in its place.
LABEL = {"label": True}
SYMBOL = {"symbol": True}
# OMITTED: at its default it is neither printed nor hashed: texts and digests from before it stay.
OMITTED = {"omitted": True}


class Edge(StrEnum):
    """Which edge of a clip a fade belongs to."""

    IN = "in"
    OUT = "out"


class LimitMode(StrEnum):
    """What a limiter holds under its ceiling."""

    TRUE_PEAK = "true_peak"
    SAMPLE_PEAK = "sample_peak"


class DitherNoise(StrEnum):
    """What the error of a quantiser sounds like: white, or moved to where ears are deaf."""

    TPDF = "tpdf"
    SHAPED = "shaped"


class OutputRole(StrEnum):
    """What a delivered file is."""

    MASTER = "master"
    STEM = "stem"


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


def visible(owner: Node | Source, name: str) -> bool:
    """Whether an attribute is part of the owner's text and digest: not at a default to omit."""
    omitted = _OMITTED.get(type(owner), {})
    return name not in omitted or getattr(owner, name) != omitted[name]


@frozen
class Point:
    """An automation keyframe: sample, value, and the way to the next one."""

    at: int
    value: float = field(converter=float)
    shape: Shape = Shape.LINEAR


@frozen
class Node:
    """What all nodes share: the name of the value, its operands' names, and where it came from."""

    name: str
    operands: tuple[str, ...] = field(default=(), kw_only=True)
    origin: Origin | None = field(default=None, eq=False, kw_only=True)

    kind: ClassVar[str]
    # The least and the greatest number of operands; None: any.
    arity: ClassVar[tuple[int, int | None]] = (1, 1)

    @property
    def heard(self) -> tuple[str, ...]:
        """The operands that the value's samples are made of; any other is only measured."""
        return self.operands[:1] if isinstance(self, Loudnorm) else self.operands

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """The type of this node's value; without a rule of its own, its operand's."""
        return operands[0]

    def attributes(self) -> dict[str, object]:
        """The attributes in their declared order, without name, operands and origin."""
        return {f.name: getattr(self, f.name) for f in attribute_fields(type(self))}


def attribute_fields(cls: type[Node]) -> tuple[attrs.Attribute[object], ...]:
    """The fields of a node class that are its attributes."""
    return tuple(f for f in attrs.fields(cls) if f.name not in ("name", "operands", "origin"))


@frozen
class Clip(Node):
    """Samples [offset, offset + length) of a source, resampled as a whole to `rate` first."""

    kind: ClassVar[str] = "clip"
    arity: ClassVar[tuple[int, int | None]] = (0, 0)
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

    kind: ClassVar[str] = "silence"
    arity: ClassVar[tuple[int, int | None]] = (0, 0)
    rate: int
    channels: int
    length: int

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """As declared."""
        return Signal(self.rate, self.channels, self.length)


@frozen
class Gain(Node):
    """A static gain in dB."""

    kind: ClassVar[str] = "gain"
    gain_db: float = field(converter=float)


@frozen
class Fade(Node):
    """A fade over the first or last `length` samples; unity elsewhere."""

    kind: ClassVar[str] = "fade"
    edge: Edge
    length: int
    curve: str


@frozen
class Crossfade(Node):
    """One clip's side of a crossfade: a fade by another name, so that the pair can be seen.

    The clip before has its `out` edge faded over the overlap and ends there; the clip after has
    its `in` edge faded over the same samples; their sum is the crossfade.
    """

    kind: ClassVar[str] = "crossfade"
    edge: Edge
    length: int
    curve: str


@frozen
class GainAutomation(Node):
    """A gain that moves: dB interpolated between points, times 10^(dB/20) per sample."""

    kind: ClassVar[str] = "automation.gain"
    points: tuple[Point, ...]


@frozen
class Pan(Node):
    """A static pan in [-1, 1]: mono to stereo by `law`, stereo by balance."""

    kind: ClassVar[str] = "pan"
    position: float = field(converter=float)
    law: PanLaw

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """Two channels."""
        return attrs.evolve(operands[0], channels=2)


@frozen
class PanAutomation(Node):
    """A pan that moves, per sample."""

    kind: ClassVar[str] = "automation.pan"
    points: tuple[Point, ...]
    law: PanLaw

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """Two channels."""
        return attrs.evolve(operands[0], channels=2)


@frozen
class Downmix(Node):
    """Stereo to mono: (L + R) / 2."""

    kind: ClassVar[str] = "downmix"

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """One channel."""
        return attrs.evolve(operands[0], channels=1)


@frozen
class Filter(Node):
    """A static RBJ biquad."""

    kind: ClassVar[str] = "filter"
    shape: FilterKind
    frequency_hz: float = field(converter=float)
    q: float = field(converter=float)
    gain_db: float = field(converter=float)


@frozen
class FilterAutomation(Node):
    """A biquad whose frequency moves: coefficients set anew at every 64th sample."""

    kind: ClassVar[str] = "automation.filter"
    shape: FilterKind
    points: tuple[Point, ...]
    q: float = field(converter=float)
    gain_db: float = field(converter=float)


@frozen
class Place(Node):
    """`start` samples of silence, then the operand."""

    kind: ClassVar[str] = "place"
    start: int

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """As long as the silence and the operand."""
        length = operands[0].length
        return attrs.evolve(operands[0], length=None if length is None else self.start + length)


@frozen
class Mix(Node):
    """The sum of the operands in their order, cut or padded with silence to `length`."""

    kind: ClassVar[str] = "mix"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    length: int

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """As long as declared."""
        return attrs.evolve(operands[0], length=self.length)


@frozen
class Lane(Node):
    """Operands that do not overlap, each from its sample in `starts`, silence between, to `length`.

    Made by pack-lanes out of `place`s: the same samples as their sum, at the cost of one.
    """

    kind: ClassVar[str] = "lane"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    starts: tuple[int, ...]
    length: int

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """As long as declared."""
        return attrs.evolve(operands[0], length=self.length)


@frozen
class Bus(Node):
    """The sum of a bus's tracks in timeline order."""

    kind: ClassVar[str] = "bus"
    arity: ClassVar[tuple[int, int | None]] = (1, None)


@frozen
class Headroom(Node):
    """The master's headroom: a gain of -headroom_db."""

    kind: ClassVar[str] = "headroom"
    headroom_db: float = field(converter=float)


@frozen
class Loudnorm(Node):
    """One static gain on the first operand: what brings the last operand to the target.

    Of two, the first is a stem and the last is the premaster, so that a mastered stem moves by the
    master's gain. `gain_db` is None until the last operand has been measured.
    """

    kind: ClassVar[str] = "loudnorm"
    arity: ClassVar[tuple[int, int | None]] = (1, 2)
    target_lufs: float = field(converter=float)
    gain_db: float | None = field(converter=optional(float))


@frozen
class Limiter(Node):
    """A look-ahead limiter: gain reduction only, no latency, identity under the ceiling.

    `margin_db` is how far under the ceiling it aims, where the render measured that aiming at the
    ceiling itself overshoots; 0 unless measured.
    """

    kind: ClassVar[str] = "limiter"
    ceiling_db: float = field(converter=float)
    mode: LimitMode
    margin_db: float = field(default=0.0, converter=float)


@frozen
class Dither(Node):
    """TPDF noise of one least significant bit at `bits`, seeded from its operand's digest.

    Where it is shaped, what comes out lies on the steps of `bits`, and the error is fed back.
    """

    kind: ClassVar[str] = "dither"
    bits: int
    noise: DitherNoise = field(default=DitherNoise.TPDF, metadata=OMITTED)


@frozen
class Output(Node):
    """A file that the render delivers.

    `target` is "master" or the id of the bus; `index` is its place among the files delivered:
    stems stand in the order of their buses. `bit_rate` is that of a lossy coding, kbit/s.
    """

    kind: ClassVar[str] = "output"
    role: OutputRole = field(metadata=LABEL)
    target: str = field(metadata=LABEL)
    container: str
    encoding: Encoding
    index: int = field(default=0, metadata=LABEL)
    bit_rate: int | None = field(default=None, metadata=OMITTED)

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """As the file is read back: resampled where the container does not hold the rate."""
        signal = operands[0]
        container = CONTAINERS.get(self.container)
        rate = container.rate(signal.rate) if container else signal.rate
        if signal.length is None or rate == signal.rate or signal.rate <= 0:
            return attrs.evolve(signal, rate=rate)
        length = resampled_length(signal.length, signal.rate, rate)
        return attrs.evolve(signal, rate=rate, length=max(length, min(signal.length, 1)))

    def as_wav(self, encoding: Encoding) -> Output:
        """The same as a WAV of these samples."""
        return attrs.evolve(self, container="wav", encoding=encoding, bit_rate=None)


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
        Pan,
        PanAutomation,
        Downmix,
        Place,
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

# Class -> the attributes to omit at these values.
_OMITTED: Mapping[type, Mapping[str, object]] = {
    cls: {f.name: f.default for f in attrs.fields(cls) if f.metadata.get("omitted")}
    for cls in (*KINDS.values(), Source)
}
