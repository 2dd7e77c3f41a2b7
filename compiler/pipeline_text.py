"""Pipelines as text: `fold-gain,pack-lanes{max-lanes=8}`.

    pipeline = [ pass { "," pass } ]
    pass     = name [ "{" [ option { "," option } ] "}" ]
    option   = name "=" value
    value    = true | false | none | number | word | "quoted text"

Promises: `parse_pipeline(pipeline_text(passes), known) == passes` for optimisations that are known.
What is wrong is MIX307 with a caret in the text: all names and options that are wrong, and the
first error of syntax.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

from attrs import define, field

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, MixdownError, did_you_mean
from ..ir.origin import Document, Origin, locate_columns
from .passes.base import Option, Pass, options_of

DOCUMENT = "pipeline"
"""What messages call the text."""

_TEXT = r'"(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"'  # as JSON writes it
_TOKEN = re.compile(rf'\s*({_TEXT}|[{{}},="]|[^\s{{}},="]+|$)')
_WORD = re.compile(r"[A-Za-z_][\w.+-]*")
_LITERALS: Mapping[str, bool | None] = {"true": True, "false": False, "none": None}


def parse_pipeline(text: str, known: Iterable[Pass]) -> tuple[Pass, ...]:
    """The optimisations that a text names, in its order.

    Args:
        text: see the module.
        known: all passes; the optional ones can be named, for the others always run.

    Raises:
        MixdownError: MIX307, everything that is wrong with it, with carets.
    """
    reader = _PipelineReader(text, {step.name: step for step in known})
    passes = reader.pipeline()
    if reader.found:
        raise MixdownError(reader.found, reader.documents)
    return passes


def pipeline_text(passes: Iterable[Pass]) -> str:
    """Passes as text, with the options that differ from their defaults."""
    return ",".join(_pass_text(step) for step in passes)


def _pass_text(step: Pass) -> str:
    changed = [
        f"{option.name}={_value_text(option, value)}"
        for option in options_of(type(step))
        if (value := getattr(step, option.field)) != option.default
    ]
    return step.name + (f"{{{','.join(changed)}}}" if changed else "")


def _value_text(option: Option, value: object) -> str:
    if isinstance(value, str):
        is_plain = _WORD.fullmatch(value) and _value(option, value) == value
        return value if is_plain else json.dumps(value, ensure_ascii=False)
    return next((text for text, v in _LITERALS.items() if v is value), repr(value))


def _value(option: Option, text: str) -> object:
    """The value that a token says; the token itself where it says none of the option's types."""
    if text.startswith('"'):
        return json.loads(text, strict=False)
    if text in _LITERALS and option.holds(_LITERALS[text]):
        return _LITERALS[text]
    for kind in (int, float):
        if kind in option.types:
            try:
                return kind(text)
            except ValueError:
                continue
    return text


class _Token(NamedTuple):
    """A piece of the text, and the index where it begins; "" is the end."""

    text: str
    start: int


@define
class _PipelineReader:
    """Reads a pipeline from left to right, and collects what is wrong."""

    text: str
    known: Mapping[str, Pass]
    at: int = 0
    found: list[Diagnostic] = field(factory=list)

    @property
    def documents(self) -> Mapping[str, Document]:
        """The text, for diagnostics to show."""
        return {DOCUMENT: Document(DOCUMENT, self.text, locate_columns)}

    def pipeline(self) -> tuple[Pass, ...]:
        """The passes, as far as they are right."""
        if not self._peek().text:
            return ()
        passes = [self._pass()]
        while self._peek().text:
            self._expect(",")
            passes.append(self._pass())
        return tuple(step for step in passes if step is not None)

    def _pass(self) -> Pass | None:
        name = self._word("the name of a pass")
        step = self.known.get(name.text)
        kind = type(step) if step is not None and step.optional else None
        if kind is None:
            what = "does not exist" if step is None else "always runs"
            optional = [n for n, step in self.known.items() if step.optional]
            self._report(name, f"the pass {name.text!r} {what}", did_you_mean(name.text, optional))
        values: dict[str, Any] = {}
        if self._peek().text == "{":
            self._options(kind, values)
        return kind(**values) if kind is not None and not self.found else None

    def _options(self, kind: type[Pass] | None, values: dict[str, Any]) -> None:
        self._expect("{")
        if self._peek().text != "}":
            self._option(kind, values)
            while self._peek().text == ",":
                self._expect(",")
                self._option(kind, values)
        self._expect("}")

    def _option(self, kind: type[Pass] | None, values: dict[str, Any]) -> None:
        name = self._word("the name of an option")
        self._expect("=")
        written = self._word("a value", or_quoted=True)
        if kind is None:
            return
        known = {option.name: option for option in options_of(kind)}
        option = known.get(name.text)
        if option is None:
            message = f"the pass {kind.name!r} has no option {name.text!r}"
            self._report(name, message, did_you_mean(name.text, known))
        elif option.field in values:
            self._report(name, f"the option {name.text!r} is given twice", "give it once")
        else:
            value = values[option.field] = _value(option, written.text)
            if not option.holds(value):
                message = f"the option {name.text!r} cannot be {written.text}"
                self._report(written, message, f"allowed: {option.allowed}")

    # Tokens.

    def _peek(self) -> _Token:
        match = _TOKEN.match(self.text, self.at)
        assert match is not None  # every character begins a token
        return _Token(match[1], match.start(1))

    def _next(self) -> _Token:
        token = self._peek()
        self.at = token.start + len(token.text)
        return token

    def _word(self, what: str, *, or_quoted: bool = False) -> _Token:
        token = self._next()
        is_quoted = len(token.text) > 1 and token.text[0] == '"'
        if not (or_quoted if is_quoted else token.text.strip('{},="')):
            self._stop(token, what)
        return token

    def _expect(self, mark: str) -> None:
        token = self._next()
        if token.text != mark:
            self._stop(token, repr(mark))

    def _stop(self, token: _Token, wanted: str) -> NoReturn:
        seen = repr(token.text) if token.text else "the end"
        help = 'write a pipeline as "fold-gain,pack-lanes{max-lanes=8}"'
        self._report(token, f"expected {wanted}, not {seen}", help)
        raise MixdownError(self.found, self.documents)

    def _report(self, token: _Token, message: str, help: str) -> None:
        line = self.text.count("\n", 0, token.start) + 1
        column = token.start - self.text.rfind("\n", 0, token.start)
        place = Origin(DOCUMENT).child(line, column, max(len(token.text), 1))
        self.found.append(Diagnostic(Code.BAD_REQUEST, message, place, help))
