"""The limits of numbers and texts in all fields of documents.

Promises: an accepted number is finite, and small and short enough that arithmetic on it is exact
and cheap (`ir.units.samples`); an accepted text can be written to a file, a file name and a script.
Messages show a value of any size in bounded space.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ..ir.codes import Code

MOST = 1000  # diagnostics of one kind of check; a document may contain millions
MAX_NUMBER = 10**12
MAX_CHARACTERS = 48
MAX_SPEED = 16  # four octaves
MAX_TERM = 10**6
_SHOWN = 60
_RATIO = re.compile(r"\d{1,12}(?:\.\d{1,12})?(?:/\d{1,12}(?:\.\d{1,12})?)?", re.ASCII)
_UNUSABLE = re.compile(r"[\x00\ud800-\udfff]")


class Milliseconds(Decimal):
    """The type of fields that hold a time: a number of milliseconds, kept as a plain decimal.

    A document may write it as a clock time, such as "1:30.5" or "1:02:03.25".
    """


class Problem(NamedTuple):
    """The reason that a value cannot be used; the message continues "<name> ..."."""

    code: Code
    message: str
    help: str | None = None


def decimal_of(text: str) -> Decimal:
    """The number that a text in decimal notation spells; infinite if its exponent is too large."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal("Infinity")


def number_problem(value: Decimal | int) -> Problem | None:
    """The problem of a number that no field may have; else None."""
    if isinstance(value, int):
        if -MAX_NUMBER <= value <= MAX_NUMBER:
            return None
    else:
        if not value.is_finite():
            return Problem(Code.NOT_FINITE, f"is {_not_finite(value)}", "give a finite number")
        # By its text, as counting digits is slow.
        if -MAX_CHARACTERS <= value.adjusted() <= 12 and len(str(value)) <= MAX_CHARACTERS:
            return None
    return Problem(
        Code.OUT_OF_RANGE,
        f"is out of range: {shown(value)}",
        f"numbers here are within ±{MAX_NUMBER:,}, written in {MAX_CHARACTERS} characters",
    )


def text_problem(value: str) -> Problem | None:
    """The problem of a text that no field may have; else None."""
    if value.isascii() and "\0" not in value:
        return None
    bad = _UNUSABLE.search(value)
    if bad is None:
        return None
    return Problem(
        Code.ENCODING,
        f"holds U+{ord(bad[0]):04X}, which no file can hold as text",
        "remove that character",
    )


def ratio(text: str) -> Fraction | None:
    """The ratio of a text such as 100/97, 4/3 or 1.5; None if it is not a valid speed."""
    if not _RATIO.fullmatch(text):
        return None
    above, _, below = text.partition("/")
    if not Fraction(below or 1):
        return None
    found = Fraction(above) / Fraction(below or 1)
    in_range = Fraction(1, MAX_SPEED) <= found <= MAX_SPEED
    return found if in_range and max(found.as_integer_ratio()) <= MAX_TERM else None


def shown(value: object) -> str:
    """A value for messages: quoted if text, never long, never with control characters."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**_SHOWN:
        return "a number of very many digits"
    text = repr(value[: _SHOWN + 1]) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN + 2 else text[:_SHOWN] + "…"


def _not_finite(value: Decimal) -> str:
    return "not a number (NaN)" if value.is_nan() else "infinite"
