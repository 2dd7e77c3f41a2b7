"""Limits of fields within their types: a range of numbers, lengths of text, or a set of words.

Promises: a limit checks a value, has the message for a wrong one and describes itself in JSON
Schema, so that checks, messages and schemas agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from attrs import frozen

from ..ir.codes import Code
from ..ir.diagnostics import did_you_mean
from .values import Problem, shown


class Constraint(Protocol):
    """The check of a field's value, after that of its type."""

    def holds(self, value: Any) -> bool:  # noqa: ANN401 - of the field's type
        """Whether a value is allowed."""

    def problem(self, value: Any) -> Problem:  # noqa: ANN401
        """The problem of a value that is not; the message continues "<name> ..."."""

    def schema(self) -> Mapping[str, Any]:
        """The same as keywords of JSON Schema."""


@frozen
class Range:
    """The numbers from `low` to `high`; `open_low` excludes `low` itself."""

    low: int
    high: int
    unit: str = ""
    open_low: bool = False

    def holds(self, value: Decimal | float) -> bool:
        """Whether a finite number is in it."""
        above = value > self.low if self.open_low else value >= self.low
        return above and value <= self.high

    def problem(self, value: Decimal | float) -> Problem:
        """A negative time has a code of its own."""
        if value < 0 and self.unit == "ms":
            message = f"is {_plain(value)}, a negative time"
            return Problem(Code.NEGATIVE_TIME, message, f"allowed: {self}")
        return Problem(Code.OUT_OF_RANGE, f"cannot be {_plain(value)}", f"allowed: {self}")

    def schema(self) -> Mapping[str, Any]:
        """Its ends."""
        return {"exclusiveMinimum" if self.open_low else "minimum": self.low, "maximum": self.high}

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.open_low:
            return f"over {self.low:,} up to {self.high:,}{unit}"
        return f"{self.low:,} to {self.high:,}{unit}"


MAX_TIME_MS = 1_000_000_000  # eleven and a half days
TIME = Range(0, MAX_TIME_MS, "ms")
DURATION = Range(0, MAX_TIME_MS, "ms", open_low=True)


@frozen
class Length:
    """Texts of `low` to `high` characters."""

    low: int
    high: int

    def holds(self, value: str) -> bool:
        """Whether a text is neither too short nor too long."""
        return self.low <= len(value) <= self.high

    def problem(self, value: str) -> Problem:
        """The allowed lengths."""
        message = f"has {self.low} to {self.high:,} characters, not {len(value):,}"
        return Problem(Code.OUT_OF_RANGE, message)

    def schema(self) -> Mapping[str, Any]:
        """Its ends."""
        return {"minLength": self.low, "maxLength": self.high}


@frozen
class Words:
    """A set of words; `code` is the diagnostic of any other."""

    known: tuple[str, ...]
    code: Code

    def holds(self, value: str) -> bool:
        """Whether it is one of them."""
        return value in self.known

    def problem(self, value: str) -> Problem:
        """The list of the words."""
        return Problem(self.code, f"cannot be {shown(value)}", did_you_mean(value, self.known))

    def schema(self) -> Mapping[str, Any]:
        """The words as an enum."""
        return {"enum": list(self.known)}


@frozen
class Rule:
    """The values for which a function returns true.

    Attributes:
        test: the function.
        allowed: the description of these values.
        keywords: the same in JSON Schema.
    """

    test: Callable[[Any], bool]
    allowed: str
    keywords: Mapping[str, Any]

    def holds(self, value: Any) -> bool:  # noqa: ANN401
        """Whether it is one of them."""
        return self.test(value)

    def problem(self, value: Any) -> Problem:  # noqa: ANN401
        """The description of the allowed values."""
        plain = list(value) if isinstance(value, tuple) else value
        return Problem(Code.OUT_OF_RANGE, f"cannot be {shown(plain)}", f"allowed: {self.allowed}")

    def schema(self) -> Mapping[str, Any]:
        """Its keywords."""
        return self.keywords


def _plain(value: Decimal | float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
