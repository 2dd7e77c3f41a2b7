"""The node kinds whose gain follows the level of their operand: compressor, gate, de-esser.

Times are in samples. docs/semantics.md has the formulas.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen

from .node import Family, Node, Signal, as_float
from .units import gain_factor


@frozen
class Compress(Node):
    """A compressor: reduces the level above a threshold, then adds make-up gain."""

    kind = "compress"
    family = Family.DYNAMICS
    follows_level = True
    threshold_db: float = field(converter=as_float)
    ratio: float = field(converter=as_float)
    knee_db: float = field(converter=as_float)
    attack: int
    release: int
    look_ahead: int
    makeup_db: float = field(converter=as_float)

    @property
    def growth(self) -> float:
        """The factor of its make-up gain."""
        return gain_factor(self.makeup_db)

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """With a ratio of 1, and no make-up gain."""
        return self.ratio == 1 and self.makeup_db == 0


@frozen
class Gate(Node):
    """A gate: lowers what is below a threshold by `range_db`, in straight lines of dB."""

    kind = "gate"
    family = Family.DYNAMICS
    growth = 1.0
    follows_level = True
    threshold_db: float = field(converter=as_float)
    range_db: float = field(converter=as_float)
    attack: int
    hold: int
    release: int
    look_ahead: int

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """With a range of 0 dB."""
        return self.range_db == 0


@frozen
class Deess(Node):
    """A de-esser: lowers the band above a frequency where it is louder than the voice below it."""

    kind = "deess"
    family = Family.DYNAMICS
    growth = 4.0  # more than the sum of the taps of its crossover, at any rate
    follows_level = True
    frequency_hz: float = field(converter=as_float)
    range_db: float = field(converter=as_float)
    threshold_db: float = field(converter=as_float)
    ratio: float = field(converter=as_float)
    knee_db: float = field(converter=as_float)
    attack: int
    release: int

    def is_identity(self, operands: Sequence[Signal]) -> bool:
        """With a range of 0 dB, or a ratio of 1."""
        return self.range_db == 0 or self.ratio == 1
