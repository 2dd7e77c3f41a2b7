"""A run of SoX in the making: what it reads, how it joins that, and the effects after it.

A chain's content is a signal of real numbers. What a run of it leaves in its file is the content
divided by 2^e, e as small as keeps every sample between its effects within full scale, whatever the
sources hold (`levels`). So nothing saturates and as few bits as possible are lost. The gains that a
value has beside its chain are kept as a matrix and cost nothing until something must have them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from attrs import evolve, frozen

from ...ir.nodes import Source
from ...plans.plan import Arg, File
from .levels import Section, exponent, l1_norm
from .matrix import Matrix, common_gain, growth, identity, number, remix, scaled


@frozen
class IntegerFile:
    """A file of integers.

    Attributes:
        file: where it is; None: SoX's null file, all silence.
        options: what SoX must be told to read it.
        full_scale: what its largest integer stands for, a power of two.
        channels, length: of its signal.
        source: the medium that it is, if it is one.
    """

    file: File | None
    options: tuple[str, ...]
    full_scale: float
    channels: int
    length: int
    source: Source | None = None


class How(StrEnum):
    """How SoX combines the files that it reads: the verb that describes the run."""

    READ = "play"
    JOIN = "join"
    SUM = "add up"
    MULTIPLY = "shape"


_COMBINING: dict[How, tuple[str, ...]] = {
    How.READ: (),
    How.JOIN: ("--combine", "concatenate"),
    How.SUM: ("-M",),
    How.MULTIPLY: ("-T",),
}


@frozen
class Input:
    """A file that a chain begins with, and the gains that it enters with."""

    stored: IntegerFile
    gains: Matrix


@frozen
class EffectGroup:
    """Effects between two places where samples can be scaled.

    Attributes:
        gains: what enters it, from the segment before; the first one's enter with the inputs.
        effects: in order.
        peak: the largest sample anywhere in it.
    """

    gains: Matrix
    effects: tuple[tuple[str, ...], ...]
    peak: float


@frozen
class EffectChain:
    """A run of SoX.

    Attributes:
        serves: the value that it begins with.
        how: how the inputs are combined.
        inputs: what is read.
        segments: one or more.
        bound: the largest sample that it may give.
        channels, length: of what it gives.
        ringing: filters since `quiet`, the bound before the first of them.
    """

    serves: str
    how: How
    inputs: tuple[Input, ...]
    segments: tuple[EffectGroup, ...]
    bound: float
    channels: int
    length: int
    ringing: tuple[Section, ...] = ()
    quiet: float = 0.0

    @property
    def as_stored(self) -> IntegerFile | None:
        """The file that holds its content already; None where SoX must run to make it."""
        (first, *rest) = self.inputs
        idle = self.how is How.READ and not rest and len(self.segments) == 1
        if not idle or self.segments[0].effects or first.stored.file is None:
            return None
        return first.stored if first.stored.length == self.length else None

    @property
    def full_scale(self) -> float:
        """What the largest integer of its output stands for."""
        return 2.0 ** exponent(self.segments[-1].peak)

    def then(self, *effect: str, length: int | None = None) -> EffectChain:
        """With an effect that lets no sample grow."""
        changed = evolve(self, ringing=(), length=self.length if length is None else length)
        return changed._with(effect, self.bound)

    def filtered(self, part: Section, *effect: str) -> EffectChain:
        """With a biquad after it, and the effect that it is."""
        quiet = self.quiet if self.ringing else self.bound
        ringing = (*self.ringing, part)
        bound = quiet * l1_norm(ringing)
        return evolve(self, ringing=ringing, quiet=quiet, bound=bound)._with(effect, bound)

    def remixed(self, gains: Matrix) -> EffectChain:
        """With its channels mixed."""
        bound = self.bound * growth(gains)
        return evolve(
            self,
            segments=(*self.segments, EffectGroup(gains, (), bound)),
            bound=bound,
            channels=len(gains),
            ringing=(),
        )

    def padded(self, before: int, after: int) -> EffectChain:
        """With silence around it."""
        if not before and not after:
            return self
        *others, last = self.segments
        effects = last.effects
        length = before + self.length + after
        if effects and effects[-1][0] == "pad" and effects[-1][2] == "0s" and not before:
            longer = (*effects[:-1], (*effects[-1][:2], f"{after}s"))
            segments = (*others, evolve(last, effects=longer))
            return evolve(self, segments=segments, length=length)
        return self.then("pad", f"{before}s", f"{after}s", length=length)

    def fitted(self, length: int) -> EffectChain:
        """Cut, or padded with silence, to a length."""
        if length < self.length:
            return self.then("trim", "0s", f"{length}s", length=length)
        return self.padded(0, length - self.length)

    def _with(self, effect: Sequence[str], bound: float) -> EffectChain:
        *before, last = self.segments
        grown = EffectGroup(last.gains, (*last.effects, tuple(effect)), max(last.peak, bound))
        return evolve(self, segments=(*before, grown))


def read(serves: str, stored: IntegerFile, bound: float) -> EffectChain:
    """What a file holds, no sample of it over `bound`."""
    gains = identity(stored.channels)
    first = EffectGroup(gains, (), bound)
    return EffectChain(
        serves, How.READ, (Input(stored, gains),), (first,), bound, stored.channels, stored.length
    )


def combined(
    serves: str, how: How, inputs: Sequence[tuple[Input, float]], length: int
) -> EffectChain:
    """Files joined, added up or multiplied; each comes with the largest sample that it may hold."""
    gains = inputs[0][0].gains
    peaks = [bound * growth(each.gains) for each, bound in inputs]
    if how is How.SUM:
        bound = max(
            math.fsum(bound * math.fsum(map(abs, each.gains[row])) for each, bound in inputs)
            for row in range(len(gains))
        )
    else:
        bound = math.prod(peaks) if how is How.MULTIPLY else max(peaks)
    first = EffectGroup(identity(len(gains)), (), bound)
    return EffectChain(
        serves, how, tuple(each for each, _ in inputs), (first,), bound, len(gains), length
    )


def command(chain: EffectChain, output: File, rate: int) -> tuple[Arg, ...]:
    """The arguments of the run, which leaves the content over its full scale in a file.

    `-D` and `-R` keep SoX from dithering, `--no-glob` from taking names for patterns; encoding,
    rate and channels are said, so that nothing is converted behind our back.
    """
    scales = [2.0 ** exponent(segment.peak) for segment in chain.segments]
    reading: list[Arg] = []
    for each in chain.inputs:
        reading += _reading(chain, each, scales[0], rate)
    effects: list[str] = []
    if chain.how is How.SUM:
        effects += remix(_side_by_side(chain.inputs, scales[0]))
    for number_, segment in enumerate(chain.segments):
        if number_:
            gains = scaled(segment.gains, scales[number_ - 1] / scales[number_])
            if gains != identity(chain.channels):
                effects += remix(gains)
        effects += (word for effect in segment.effects for word in effect)
    written = ("-e", "signed-integer", "-b", "32", "-r", str(rate), "-c", str(chain.channels))
    return ("-D", "-R", *_COMBINING[chain.how], *reading, *written, output, *effects)


def _reading(chain: EffectChain, each: Input, scale: float, rate: int) -> tuple[Arg, ...]:
    """An input file with the factor that it enters with; those of a sum stand in its remix."""
    stored = each.stored
    if stored.file is None:
        return ("-r", str(rate), "-c", str(stored.channels), "-n")
    factor = stored.full_scale
    if chain.how is not How.SUM:
        factor *= (common_gain(each.gains) or 0.0) / scale
    if chain.how is How.MULTIPLY and each is not chain.inputs[0]:
        factor = 1.0  # the envelope's full scale enters with the first input
    elif chain.how is How.MULTIPLY:
        factor *= chain.inputs[1].stored.full_scale
    if chain.how is How.SUM or factor == 1.0:
        return (*stored.options, "--no-glob", stored.file)
    return ("-v", number(factor), *stored.options, "--no-glob", stored.file)


def _side_by_side(inputs: Sequence[Input], scale: float) -> Matrix:
    """From the channels of all inputs, merged, to those of their sum."""
    parts = [scaled(each.gains, each.stored.full_scale / scale) for each in inputs]
    return tuple(
        tuple(gain for part in parts for gain in part[row]) for row in range(len(parts[0]))
    )
