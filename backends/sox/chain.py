"""A run of SoX under construction: its input files, how it combines them, and the effects.

The content of a chain is a signal of real numbers. The run writes the content divided by 2^e, where
e is the smallest exponent that keeps every sample between effects within full scale, whatever the
sources hold (`levels`). So nothing saturates and as few bits as possible are lost. Gains of a value
are kept beside its chain as a matrix, and cost nothing until a step has to apply them.
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
        file: its place; None: SoX's null file, which is silence.
        options: options that SoX needs to read it.
        full_scale: the value of its largest integer, a power of two.
        channels: of its signal.
        length: of its signal, in samples.
        source: where it is a media file and no file of the work space.
    """

    file: File | None
    options: tuple[str, ...]
    full_scale: float
    channels: int
    length: int
    source: Source | None = None


class How(StrEnum):
    """How SoX combines the files that it reads, as a verb for the purpose of the step."""

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
    """An input file of a chain, and the gains that are applied to it."""

    stored: IntegerFile
    gains: Matrix


@frozen
class EffectGroup:
    """Effects between two places where samples can be scaled.

    Attributes:
        gains: from the channels of the group before; those of the first group are of the inputs.
        effects: in order.
        peak: the largest sample anywhere in the group.
    """

    gains: Matrix
    effects: tuple[tuple[str, ...], ...]
    peak: float


@frozen
class EffectChain:
    """A run of SoX.

    Attributes:
        serves: the name of the value that it begins with.
        how: how the inputs are combined.
        inputs: one or more.
        groups: one or more.
        bound: the largest sample of its content.
        channels: of its content.
        length: of its content, in samples.
        ringing: the filters at its end, with nothing between them.
        quiet: the bound before the first of these filters.
    """

    serves: str
    how: How
    inputs: tuple[Input, ...]
    groups: tuple[EffectGroup, ...]
    bound: float
    channels: int
    length: int
    ringing: tuple[Section, ...] = ()
    quiet: float = 0.0

    @property
    def as_stored(self) -> IntegerFile | None:
        """The file that holds its content already; None where SoX has to run."""
        (first, *rest) = self.inputs
        idle = self.how is How.READ and not rest and len(self.groups) == 1
        if not idle or self.groups[0].effects or first.stored.file is None:
            return None
        return first.stored if first.stored.length == self.length else None

    @property
    def full_scale(self) -> float:
        """The value of the largest integer of its output."""
        return 2.0 ** exponent(self.groups[-1].peak)

    def then(self, *effect: str, length: int | None = None) -> EffectChain:
        """The chain with another effect, one that lets no sample grow."""
        changed = evolve(self, ringing=(), length=self.length if length is None else length)
        return changed._with(effect, self.bound)

    def filtered(self, part: Section, *effect: str) -> EffectChain:
        """The chain with a biquad after it: its coefficients, and the effect."""
        quiet = self.quiet if self.ringing else self.bound
        ringing = (*self.ringing, part)
        bound = quiet * l1_norm(ringing)
        return evolve(self, ringing=ringing, quiet=quiet, bound=bound)._with(effect, bound)

    def remixed(self, gains: Matrix) -> EffectChain:
        """The chain with its channels mixed."""
        bound = self.bound * growth(gains)
        return evolve(
            self,
            groups=(*self.groups, EffectGroup(gains, (), bound)),
            bound=bound,
            channels=len(gains),
            ringing=(),
        )

    def padded(self, before: int, after: int) -> EffectChain:
        """The chain with samples of silence before and after it."""
        if not before and not after:
            return self
        *others, last = self.groups
        effects = last.effects
        length = before + self.length + after
        if effects and effects[-1][0] == "pad" and effects[-1][2] == "0s" and not before:
            longer = (*effects[:-1], (*effects[-1][:2], f"{after}s"))
            groups = (*others, evolve(last, effects=longer))
            return evolve(self, groups=groups, length=length)
        return self.then("pad", f"{before}s", f"{after}s", length=length)

    def fitted(self, length: int) -> EffectChain:
        """The chain cut, or padded with silence, to a length."""
        if length < self.length:
            return self.then("trim", "0s", f"{length}s", length=length)
        return self.padded(0, length - self.length)

    def _with(self, effect: Sequence[str], bound: float) -> EffectChain:
        *before, last = self.groups
        grown = EffectGroup(last.gains, (*last.effects, tuple(effect)), max(last.peak, bound))
        return evolve(self, groups=(*before, grown))


def read(serves: str, stored: IntegerFile, bound: float) -> EffectChain:
    """A chain that reads a file, no sample of which is over `bound`."""
    gains = identity(stored.channels)
    first = EffectGroup(gains, (), bound)
    return EffectChain(
        serves, How.READ, (Input(stored, gains),), (first,), bound, stored.channels, stored.length
    )


def combined(
    serves: str, how: How, inputs: Sequence[tuple[Input, float]], length: int
) -> EffectChain:
    """A chain that joins, adds or multiplies files, given the largest sample of each."""
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
    """The arguments of the run, which writes the content divided by its full scale.

    `-D` and `-R` switch dithering off, `--no-glob` switches patterns in file names off. Encoding,
    rate and channels are explicit, so that SoX converts nothing by itself.
    """
    scales = [2.0 ** exponent(group.peak) for group in chain.groups]
    reading: list[Arg] = []
    for each in chain.inputs:
        reading += _reading(chain, each, scales[0], rate)
    effects: list[str] = []
    if chain.how is How.SUM:
        effects += remix(_side_by_side(chain.inputs, scales[0]))
    for index, group in enumerate(chain.groups):
        if index:
            gains = scaled(group.gains, scales[index - 1] / scales[index])
            if gains != identity(chain.channels):
                effects += remix(gains)
        effects += (word for effect in group.effects for word in effect)
    written = ("-e", "signed-integer", "-b", "32", "-r", str(rate), "-c", str(chain.channels))
    return ("-D", "-R", *_COMBINING[chain.how], *reading, *written, output, *effects)


def _reading(chain: EffectChain, each: Input, scale: float, rate: int) -> tuple[Arg, ...]:
    """The arguments of an input file, with its factor; the factors of a sum are in its remix."""
    stored = each.stored
    if stored.file is None:
        return ("-r", str(rate), "-c", str(stored.channels), "-n")
    factor = stored.full_scale
    if chain.how is not How.SUM:
        factor *= (common_gain(each.gains) or 0.0) / scale
    if chain.how is How.MULTIPLY and each is not chain.inputs[0]:
        factor = 1.0  # the first input has the full scale of the envelope in its factor
    elif chain.how is How.MULTIPLY:
        factor *= chain.inputs[1].stored.full_scale
    if chain.how is How.SUM or factor == 1.0:
        return (*stored.options, "--no-glob", stored.file)
    return ("-v", number(factor), *stored.options, "--no-glob", stored.file)


def _side_by_side(inputs: Sequence[Input], scale: float) -> Matrix:
    """The matrix from the channels of all inputs, side by side, to those of their sum."""
    parts = [scaled(each.gains, each.stored.full_scale / scale) for each in inputs]
    return tuple(
        tuple(gain for part in parts for gain in part[row]) for row in range(len(parts[0]))
    )
