"""Reads a file or a text into plain values, and these into a model.

Promises: for any bytes the result is a model or a TimelineError with every problem of the document,
in bounded time and memory; there are no other exceptions. Numbers are exact. The text is kept with
the model, so that a later diagnostic can show its line; places are computed only then. Between
`parse` and `read_model` a caller determines the kind of the document.
"""

# ruff: noqa: ANN401 (kinds of documents are handled as values here)

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from attrs import evolve, field, frozen

from ..ir.codes import Code
from ..ir.diagnostics import Diagnostic, TimelineError
from ..ir.origin import Document, Documents, Origin, Span, parents
from . import json_reader, toml_reader, yaml_reader
from .fields import declaration, is_model
from .migrations import Migration, migrate
from .models import put
from .structure import structure
from .tree import Locator, Root, SyntaxProblem, TooComplex, composed, span_at
from .values import MOST

Format = Literal["json", "yaml", "toml"]


class _Reading(NamedTuple):
    """The reader of a format.

    Attributes:
        read: text -> values, and the tree if the text had to be composed for them.
        compose: text -> tree.
        max_bytes: the largest document.
        extensions: of its files.
    """

    read: Callable[[str], tuple[object, Root | None]]
    compose: Callable[[str], Root]
    max_bytes: int
    extensions: tuple[str, ...]


_READING: Mapping[Format, _Reading] = {
    "json": _Reading(json_reader.read, json_reader.compose, 64 << 20, (".json",)),
    "yaml": _Reading(yaml_reader.read, yaml_reader.compose, 8 << 20, (".yaml", ".yml")),
    "toml": _Reading(toml_reader.read, toml_reader.compose, 1 << 20, (".toml",)),
}
MOST_TEXT = max(reading.max_bytes for reading in _READING.values())
"""The size of the largest document, and of all together that one includes and plays."""
_SMALLER = "split it into several documents"


@frozen
class Faults:
    """The errors of a document that can be read otherwise.

    Attributes:
        found: the errors.
        bad: the pointers of the values that are placeholders for that reason.
    """

    found: tuple[Diagnostic, ...] = ()
    bad: frozenset[str] = frozenset()

    def with_others(self, others: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """The errors, and those of the others that do not follow from them.

        A problem of a placeholder follows from an error, and so does one with the code and the
        place of an error. A value that was made from another counts as at the place of that.
        """
        known = {(error.code, _home(error)) for error in self.found}
        new = (
            d
            for d in others
            if (home := _home(d)) is None
            or not ((d.code, home) in known or not self.bad.isdisjoint(parents(home.pointer)))
        )
        return (*self.found, *new)[:MOST]


class FaultyDocumentError(TimelineError):
    """What is wrong with a document, and the model of the rest of it."""

    def __init__(
        self,
        model: Any,
        faults: Faults,
        diagnostics: Iterable[Diagnostic],
        documents: Documents,
    ) -> None:
        super().__init__(diagnostics, documents)
        self.model, self.faults = model, faults


@frozen(eq=False)
class Parsed:
    """A text as plain values.

    Attributes:
        name: of the document.
        text: all of it.
        format: in which it is written.
        data: the values.
        repeated: the pointers of keys that a mapping has twice.
        problems: what is wrong with values that were replaced, such as variables.
        parts: the documents that were put together, by the pointers of their values in `data`.
    """

    name: str
    text: str
    format: Format
    data: object
    repeated: tuple[str, ...]
    problems: tuple[Diagnostic, ...] = ()
    parts: Mapping[str, tuple[Parsed, str]] = field(factory=dict)

    def document(self, unknown: Iterable[str] = ()) -> Document:
        """The text with its places; those of the keys at the pointers `unknown` are the keys."""
        if self.parts:
            return Document(self.name, self.text, self._joined(tuple(unknown)))
        compose = _READING[self.format].compose
        locator = Locator(compose, frozenset(unknown), frozenset(self.repeated))
        return Document(self.name, self.text, locator)

    def _joined(self, unknown: tuple[str, ...]) -> Callable[[str, str], Span | None]:
        """The locator of documents that were put together."""
        sources = {id(part): part for part, _ in self.parts.values()} | {id(self): self}
        keys: dict[int, list[str]] = {number: [] for number in sources}
        for pointer in unknown:
            part, inner = self.part_of(pointer)
            keys[id(part)].append(inner)
        whole = {
            number: evolve(part, parts={}).document(keys[number])
            for number, part in sources.items()
        }

        def locate(text: str, pointer: str) -> Span | None:
            part, inner = self.part_of(pointer)
            found = whole[id(part)].locate(inner)
            return found if found is None or part is self else evolve(found, document=part.name)

        return locate

    def part_of(self, pointer: str) -> tuple[Parsed, str]:
        """The document that a value was written in, and its pointer there."""
        for known in parents(pointer):
            if known in self.parts:
                part, inner = self.parts[known]
                return part, inner + pointer[len(known) :]
        return self, pointer


def parse_file(path: str | Path) -> Parsed:
    """The values in a file, its format by its extension (else by its first character).

    Raises:
        TimelineError: MIX101 it cannot be read, or as `parse` does.
    """
    return parse(_bytes(Path(path), str(path)), str(path))


def parse(text: str | bytes, name: str, format: Format | None = None) -> Parsed:
    """The values in a text.

    Args:
        text: the document; as bytes, it is UTF-8.
        name: its name in messages.
        format: of the text; if None, by the name's extension or else the first character.

    Raises:
        TimelineError: MIX102 its syntax is wrong, MIX108 it is too large, MIX110 it is not UTF-8.
    """
    if isinstance(text, bytes):
        text = _decode(text, name)
    text = text.removeprefix("\ufeff")  # a byte order mark is no part of the document
    format = format or format_of(name, text)
    data, tree = _read(text, name, format)
    return Parsed(name, text, format, data, tuple(tree.duplicates) if tree is not None else ())


def format_of(name: str, text: str) -> Format:
    """The format of a document's extension, else JSON if its text begins with a brace."""
    extension = Path(name).suffix.lower()
    known = (f for f, reading in _READING.items() if extension in reading.extensions)
    begins_with_brace = text.lstrip("\ufeff \t\r\n")[:1] == "{"
    return next(known, "json" if begins_with_brace else "yaml")


def read_model(
    parsed: Parsed,
    kind: Any,
    check: Callable[[Any], Iterable[Diagnostic]],
    *,
    migrations: Mapping[int, Migration] | None = None,
    **asides: object,
) -> Any:
    """The values as a model; its `document`, if it has that field, is the text.

    Args:
        parsed: the document.
        kind: a model class, or another type of the values of a document.
        check: further checks of a model; used only if something is wrong with the values, so that
            all problems are reported together.
        migrations: of older versions of the format.
        asides: fields of the model that no document sets.

    Raises:
        TimelineError: everything that is wrong with the document; a FaultyDocumentError if the
            rest of it is a model.
    """
    name, text, repeated, origin = parsed.name, parsed.text, parsed.repeated, Origin(parsed.name)
    keys = declaration(kind).keys.values() if is_model(kind) else ()
    version = next((key for key in keys if key.is_version), None)
    data, outdated = parsed.data, None
    if version is not None:
        data, outdated = migrate(data, origin, version, migrations or {})
    made, found = structure(data, kind, name)
    document = parsed.document(found.unknown)
    if made is not None and is_model(kind):
        made = put(made, document=document, **asides)
    if not (outdated or repeated or found.count or parsed.problems):
        return made
    try:  # very deeply nested JSON can be read, but has no tree for places
        composed(_READING[parsed.format].compose, text)
    except TooComplex as problem:
        raise _too_complex(problem, name, text) from None
    diagnostics = [*([outdated] if outdated else ()), *_repetitions(repeated, name)]
    replaced = Faults(parsed.problems, frozenset(_pointers(parsed.problems)))
    diagnostics += replaced.with_others(found.diagnostics)
    if made is None or found.full:
        raise TimelineError(diagnostics[:MOST], {name: document})
    bad = replaced.bad.union(found.bad, repeated)
    faults = Faults(tuple(diagnostics[:MOST]), bad)
    raise FaultyDocumentError(made, faults, faults.with_others(check(made)), {name: document})


def _pointers(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """The places of diagnostics that are about a part of the document."""
    yield from (d.origin.pointer for d in diagnostics if d.origin is not None and d.origin.pointer)


def read_text(path: str | Path) -> str:
    """The text of a file, at most one byte more than the largest document may have.

    Raises:
        TimelineError: MIX101 it cannot be read; MIX110 it is not UTF-8.
    """
    return _decode(_bytes(Path(path), str(path)), str(path))


def _bytes(path: Path, name: str) -> bytes:
    """The file's content, one byte over the largest limit at most."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_TEXT + 1)
    except FileNotFoundError:
        message, help = f"no file {name!r}", "check the path, or make one with `mixdown new`"
    except IsADirectoryError:
        message, help = f"{name!r} is a directory", "name the document in it"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        message, help = f"cannot read {name!r}: {reason}", "check the path and its permissions"
    raise TimelineError.of(Code.FILE_NOT_FOUND, message, help=help)


_RECORDINGS = re.compile(
    rb"RIFF|RF64|FORM|fLaC|OggS|ID3|\xff[\xe2-\xfd]|\x1aE\xdf\xa3|.{4}ftyp", re.DOTALL
)
"""How files of audio and video begin."""


def _decode(data: bytes, name: str) -> str:
    if _RECORDINGS.match(data):
        raise TimelineError.of(
            Code.ENCODING,
            f"{name!r} is a recording, not a document",
            help="master it as it is: `mixdown master FILE`; or make a timeline of it: "
            "`mixdown new FILE`",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The place is shown in the text up to the invalid byte.
        text = data.decode("utf-8-sig", errors="replace")
        index = len(data[: error.start].decode("utf-8-sig", errors="replace"))
        raise _unreadable(
            Code.ENCODING,
            f"the document is not UTF-8: byte 0x{data[error.start]:02x} at {error.start:,}",
            name,
            text,
            index,
            "save it as UTF-8",
        ) from None


def _read(text: str, name: str, format: Format) -> tuple[object, Root | None]:
    reading = _READING[format]
    if len(text) > reading.max_bytes:
        message = f"the document is larger than {reading.max_bytes >> 20} MB"
        raise _unreadable(Code.TOO_COMPLEX, message, name, text, None, _SMALLER)
    try:
        return reading.read(text)
    except SyntaxProblem as problem:
        message = f"not {format.upper()}: {problem.message}"
        help = _syntax_help(format, text, problem.index)
        raise _unreadable(Code.SYNTAX, message, name, text, problem.index, help) from None
    except TooComplex as problem:
        raise _too_complex(problem, name, text) from None


_TIME = re.compile(r"(?<!\d)\d{1,4}(?::\d\d)+(?:\.\d+)?")  # linear in any text


def _syntax_help(format: Format, text: str, index: int) -> str | None:
    """What to do about a syntax error at a character, if it is one that many people make."""
    start = max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1
    before, rest = text[start:index], text[index:]
    line = text[start:].split("\n", 1)[0]
    if format == "yaml" and "\t" in (before + rest[:1]):
        return "indent with spaces, and put a space after a dash: YAML allows no tabs there"
    times = () if format == "yaml" else _TIME.finditer(line)
    wrong = next((t[0] for t in times if t.start() <= index - start <= t.end()), None)
    if wrong is not None:
        return f'put a clock time in quotes: "{wrong}"'
    if format == "json" and rest.startswith(("//", "/*", "#")):
        return "JSON has no comments: remove it, or write the document as YAML, where # begins one"
    if format == "json" and rest[:1] in ("}", "]") and text[:index].rstrip().endswith(","):
        return "remove the comma before it: in JSON none follows the last entry"
    if format == "json" and rest.startswith("'"):
        return "JSON has double quotes only"
    return None


def _too_complex(problem: TooComplex, name: str, text: str) -> TimelineError:
    return _unreadable(Code.TOO_COMPLEX, problem.message, name, text, problem.index, _SMALLER)


def _unreadable(
    code: Code, message: str, name: str, text: str, index: int | None, help: str | None
) -> TimelineError:
    """The error of a document without a tree; `index` is the character to show, if one is."""
    diagnostic = Diagnostic(code, message, Origin(name), help)
    if index is None:
        return TimelineError(diagnostic)
    locator = Locator(yaml_reader.compose, fixed=span_at(text, index, index + 1))
    return TimelineError(diagnostic, {name: Document(name, text, locator)})


def _repetitions(pointers: tuple[str, ...], name: str) -> list[Diagnostic]:
    return [
        Diagnostic(
            Code.DUPLICATE_KEY,
            "this key was given before",
            Origin(name, pointer),
            "keep one of the two",
        )
        for pointer in pointers
    ]


def _home(diagnostic: Diagnostic) -> Origin | None:
    """Its place in the document that the user wrote, without a cause."""
    origin = diagnostic.origin
    origin = origin.via or origin if origin is not None else None
    return origin and Origin(origin.document, origin.pointer)
