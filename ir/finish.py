"""The node kinds of the finish: from the headroom of the premaster to the delivered files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

import attrs
from attrs import field, frozen
from attrs.converters import optional

from .containers import CONTAINERS
from .containers import Encoding as Encoding
from .node import LABEL, OMITTED, Family, Node, Signal, Source, as_float
from .units import gain_factor, resampled_length


class LimitMode(StrEnum):
    """The peaks that a limiter keeps below its ceiling."""

    TRUE_PEAK = "true_peak"
    SAMPLE_PEAK = "sample_peak"


class DitherNoise(StrEnum):
    """The quantisation noise: white, or shaped to where hearing is insensitive."""

    TPDF = "tpdf"
    SHAPED = "shaped"


SILENT = 2.0**-24
"""A sample under this in every channel is digital silence: 24 bits would round it to 0."""

LONGEST_DITHERED_MS = 100
"""Digital silence that is longer stays digital silence, from its first sample to its last."""

LOWEST_SHAPED_RATE = 40_000
"""Hz; below this rate, shaped noise is white."""


class ShortLoudness(StrEnum):
    """The loudness of a mix shorter than 400 ms, the window of the measurement.

    None, or the momentary loudness of the mix with silence appended up to 400 ms.
    """

    NONE = "none"
    MOMENTARY = "momentary"


class Reading(StrEnum):
    """What of a signal is brought to the target of a loudness gain.

    Its integrated loudness, LUFS; the same with silence appended to a signal shorter than 400 ms;
    or its RMS over all samples of all channels, dBFS.
    """

    INTEGRATED = "integrated"
    MOMENTARY = "momentary"
    RMS = "rms"

    @property
    def unit(self) -> str:
        """LUFS or dBFS."""
        return "dBFS" if self is Reading.RMS else "LUFS"


class OutputRole(StrEnum):
    """The kind of a delivered file."""

    MASTER = "master"
    STEM = "stem"
    PART = "part"


@frozen
class Headroom(Node):
    """The master's headroom: a gain of -headroom_db."""

    kind = "headroom"
    family = Family.GAIN
    linear_without_memory = True
    headroom_db: float = field(converter=as_float)

    @property
    def gain_db(self) -> float:
        """As of a gain."""
        return -self.headroom_db

    @property
    def growth(self) -> float:
        """Its factor."""
        return gain_factor(self.gain_db)

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """At 0 dB."""
        return self.headroom_db == 0


@frozen
class Loudnorm(Node):
    """A static gain on the first operand that brings the last operand to the target loudness.

    With two operands, the first is a stem and the last is the premaster, so a mastered stem gets
    the gain of the master. `gain_db` is None until the last operand has been measured. `reading` is
    what is measured of it; `target_lufs` is in its unit.
    """

    kind = "loudnorm"
    family = Family.GAIN
    is_finish = True
    arity = (1, 2)
    target_lufs: float = field(converter=as_float)
    gain_db: float | None = field(converter=optional(as_float))
    reading: Reading = field(default=Reading.INTEGRATED, metadata=OMITTED)

    @property
    def growth(self) -> float:
        """Its factor; unbounded until it has been measured."""
        return math.inf if self.gain_db is None else gain_factor(self.gain_db)

    @property
    def audio_operands(self) -> tuple[str, ...]:
        """The first operand; the last is only measured."""
        return self.operands[:1]


@frozen
class Limiter(Node):
    """A look-ahead limiter: gain reduction only, no latency, identity below the ceiling.

    `margin_db` lowers its target below the ceiling, after a render has measured an overshoot; 0
    unless measured.
    """

    kind = "limiter"
    family = Family.FINISH
    growth = 1.0
    is_finish = True
    ceiling_db: float = field(converter=as_float)
    mode: LimitMode
    margin_db: float = field(default=0.0, converter=as_float)


@frozen
class Dither(Node):
    """TPDF noise of one least significant bit at `bits`, from the generator that `seed` starts.

    Shaped noise also quantises to the steps of `bits` and feeds the error back. The compiler seeds
    each output with its target, so that an edit leaves the noise as it is, and stems that are added
    to each other have different noise.
    """

    kind = "dither"
    family = Family.FINISH
    growth = 1.0
    is_finish = True
    bits: int
    noise: DitherNoise = field(default=DitherNoise.TPDF, metadata=OMITTED)
    seed: str = field(default="", metadata=OMITTED)


@frozen
class Output(Node):
    """A delivered file.

    `target` is "master" or the id of the bus; `index` is its position among the delivered files:
    stems are in the order of their buses. `bit_rate` is that of a lossy encoding, kbit/s.
    """

    kind = "output"
    family = Family.FINISH
    growth = 1.0
    is_finish = True
    role: OutputRole = field(metadata=LABEL)
    target: str = field(metadata=LABEL)
    container: str
    encoding: Encoding
    index: int = field(default=0, metadata=LABEL)
    bit_rate: int | None = field(default=None, metadata=OMITTED)

    def infer(self, operands: Sequence[Signal], sources: Mapping[str, Source]) -> Signal:
        """Its operand's, resampled if the container does not support the rate."""
        signal = operands[0]
        container = CONTAINERS.get(self.container)
        rate = container.rate(signal.rate) if container else signal.rate
        if signal.length is None or rate == signal.rate or signal.rate <= 0:
            return attrs.evolve(signal, rate=rate)
        length = resampled_length(signal.length, signal.rate, rate)
        return attrs.evolve(signal, rate=rate, length=max(length, min(signal.length, 1)))

    def as_wav(self, encoding: Encoding) -> Output:
        """The output as a WAV with this encoding."""
        return attrs.evolve(self, container="wav", encoding=encoding, bit_rate=None)


def unmeasured(nodes: Iterable[Node]) -> Iterator[Loudnorm]:
    """The loudness gains among the nodes that have not been measured."""
    return (node for node in nodes if isinstance(node, Loudnorm) and node.gain_db is None)


def measured(node: Node, gain_db: float | None, margin_db: float) -> Node:
    """The node with its measured value: the gain of a loudness gain, the margin of a limiter."""
    if isinstance(node, Loudnorm):
        return attrs.evolve(node, gain_db=gain_db)
    return attrs.evolve(node, margin_db=margin_db) if isinstance(node, Limiter) else node
