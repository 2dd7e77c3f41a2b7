"""Variables of a document: declared in `vars`, set by the user, used as ${name} in its values.

Promises: a value that is exactly ${name} becomes the variable's value with its type; in longer text
it becomes that value's text. Keys are not touched, so every place stays the same. A variable that
is unknown or has no value is an error at its place; $${ stands for the characters ${. Variables
that refer to each other cannot make a document larger than `_MOST_TEXT` characters.
"""

# ruff: noqa: ANN401 (values of documents)

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from attrs import define, evolve, field

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, did_you_mean
from ..ir.origin import Origin
from ..ir.units import clock_milliseconds
from .load import Parsed
from .values import MOST, shown

KEY = "vars"
USE = r"\$\{[A-Za-z_][A-Za-z0-9_-]*\}"
"""The pattern of a use, in JSON Schema too."""

Value = str | bool | int | Decimal | None

_MOST_TEXT = 8 << 20
_USE = re.compile(r"(\$\$\{)|\$\{([A-Za-z_][A-Za-z0-9_-]*)\}|(\$\{)")
_NOUNS: Mapping[type, str] = {bool: "true or false", int: "a number", Decimal: "a number"}


def filled(parsed: Parsed, given: Mapping[str, object], *, complete: bool = True) -> Parsed:
    """The document with its variables replaced, and without their declarations.

    Args:
        parsed: the document.
        given: values that replace those of `vars`: texts, as on a command line, or of their type.
        complete: whether a variable without a value is an error; if not, its name is its value.
    """
    data = parsed.data
    if not isinstance(data, dict) or not (KEY in data or given or "${" in parsed.text):
        return parsed
    filler = _Filler(parsed.name, complete)
    filler.declare(data.get(KEY) or {}, given)
    rest = {key: filler.value(value, (key,)) for key, value in data.items() if key != KEY}
    return evolve(
        parsed,
        data=rest,
        problems=tuple(dict.fromkeys((*parsed.problems, *filler.found[:MOST]))),
    )


@define
class _Filler:
    """The variables of one document, and what is wrong with their uses."""

    document: str
    complete: bool
    known: dict[str, Value] = field(factory=dict)
    found: list[Diagnostic] = field(factory=list)
    size: int = 0
    """The characters of all texts that variables were put into."""

    def declare(self, declared: Any, given: Mapping[str, object]) -> None:
        """Read the declarations, and set the values that are given."""
        if not isinstance(declared, dict):
            message = "'vars' must be a mapping of names to values"
            self._error(Code.WRONG_TYPE, message, (KEY,), "write {name: value, ...}")
            return
        for name in given:
            if name not in declared:
                message = f"the document has no variable {shown(name)}"
                self._error(Code.UNKNOWN_VARIABLE, message, (), did_you_mean(name, declared))
        for name, value in declared.items():
            place = (KEY, name)
            if not isinstance(value, str | bool | int | Decimal | None):
                message = f"the variable {shown(name)} must be text, a number, or true or false"
                self._error(Code.WRONG_TYPE, message, place)
            elif name in given:
                self.known[name] = self._typed(given[name], value, place)
            elif value is None and not self.complete:
                self.known[name] = name
            elif value is None:
                help = f"give it one: --set {name}=VALUE, or variables={{{name!r}: ...}} in Python"
                message = f"the variable {shown(name)} has no value"
                self._error(Code.UNKNOWN_VARIABLE, message, place, help)
                self.known[name] = ""
            else:
                self.known[name] = self.value(value, place)

    def _typed(self, given: object, default: Value, place: tuple[str, ...]) -> Value:
        """A value that is given, in the type of the declared one."""
        if isinstance(given, float):
            given = Decimal(repr(given))
        if default is None or isinstance(default, str):
            return _text(given)
        if isinstance(default, bool):
            read: Value = {"true": True, "false": False}.get(_text(given))
        else:
            read = _number(_text(given))
        if read is not None:
            return read
        message = f"the variable {place[-1]!r} is {_NOUNS[type(default)]}, not {shown(given)}"
        self._error(Code.WRONG_TYPE, message, place)
        return default

    def value(self, value: Any, place: tuple[str | int, ...]) -> Any:
        """A value of the document with its variables replaced; one error leaves it as it is."""
        if isinstance(value, dict):
            return {key: self.value(item, (*place, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, (*place, n)) for n, item in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value
        return self._filled(value, place)

    def _filled(self, value: str, place: tuple[str | int, ...]) -> Value:
        """A text with its variables replaced."""
        whole = _USE.fullmatch(value)
        if whole is not None and whole[2] in self.known:
            return self.known[whole[2]]
        unknown = list(self._unknown(value))
        if unknown:
            message, help = unknown[0]
            self._error(Code.UNKNOWN_VARIABLE, message, place, help)
            return value
        self.size += sum(len(_text(self.known[use[2]])) for use in _USE.finditer(value) if use[2])
        if self.size > _MOST_TEXT:
            message = f"the document holds more than {_MOST_TEXT:,} characters of variables"
            self._error(Code.TOO_COMPLEX, message, place)
            return value
        return _USE.sub(lambda use: "${" if use[1] else _text(self.known[use[2]]), value)

    def _unknown(self, text: str) -> Iterator[tuple[str, str]]:
        for use in _USE.finditer(text):
            if use[3]:
                yield "this ${ begins no variable", "write ${name}; $${ writes the two characters"
            elif use[2] and use[2] not in self.known:
                help = did_you_mean(use[2], self.known) if self.known else "declare it in vars"
                help += "; $${ writes the characters ${"
                yield f"no variable is named {shown(use[2])}", help

    def _error(
        self, code: Code, message: str, place: tuple[str | int, ...], help: str | None = None
    ) -> None:
        self.found.append(Diagnostic(code, message, Origin(self.document).child(*place), help))


def _text(value: object) -> str:
    """A value as text: as documents write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _number(text: str) -> int | Decimal | None:
    """The number that a text is in decimal notation, or the milliseconds of a clock time."""
    if re.fullmatch(r"-?[0-9]{1,40}", text):
        return int(text)
    if re.fullmatch(r"-?[0-9]{1,20}\.[0-9]{1,20}", text):
        return Decimal(text)
    return clock_milliseconds(text)
