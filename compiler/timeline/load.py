"""From a file, or a text, to a timeline, or to what another kind of document says.

Promises: whatever the bytes, the result is a `Timeline` or a `TimelineError` with every problem of
the document in it, in bounded time and memory; nothing else escapes. Numbers are exact. The text is
kept with the timeline, so that a later diagnostic can show its line; no place is worked out before.
`parse` and `model` are the two halves, for whoever must look into a document to know its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar

from attrs import AttrsInstance, evolve, frozen

from ...documents import json_reader, yaml_reader
from ...documents.tree import Locator, Root, SyntaxProblem, TooComplex, composed, span_at
from ...documents.values import MOST
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, TimelineError
from ...ir.origin import Document, Origin
from .migrations import migrate
from .model import Timeline
from .structure import TIMELINE, Language, diagnose, structure
from .validate import validate

Format = Literal["json", "yaml"]

MAX_BYTES: dict[Format, int] = {"json": 64 << 20, "yaml": 8 << 20}

_FORMATS: dict[str, Format] = {".json": "json", ".yaml": "yaml", ".yml": "yaml"}
_COMPOSE: dict[Format, Callable[[str], Root]] = {
    "json": json_reader.compose,
    "yaml": yaml_reader.compose,
}


class Located(AttrsInstance, Protocol):
    """What the model of a whole document has besides its keys."""

    @property
    def root(self) -> Path:
        """The directory that its paths count from."""

    @property
    def document(self) -> Document | None:
        """Where it stands."""

    @property
    def allow_outside(self) -> bool:
        """Whether paths may lead out of `root`."""


_Whole = TypeVar("_Whole", bound=Located)


@frozen(eq=False)
class Kind(Generic[_Whole]):
    """A kind of document.

    Attributes:
        language: what it is made of.
        migrate: its values in the current version, and what is wrong with the one that it names.
        check: all else that can be told of a document by itself.
    """

    language: Language[_Whole]
    migrate: Callable[[object, Origin], tuple[object, Diagnostic | None]]
    check: Callable[[_Whole], Iterable[Diagnostic]]


TIMELINES = Kind(TIMELINE, migrate, validate)


@frozen(eq=False)
class Parsed:
    """A text as plain values; `repeated` are the pointers of keys that a mapping holds twice."""

    name: str
    text: str
    format: Format
    data: object
    repeated: tuple[str, ...]


def load(path: str | Path, *, allow_outside: bool = False) -> Timeline:
    """The timeline in a file, YAML or JSON by its extension (else by its first character).

    Args:
        path: the document; its sources count from its directory.
        allow_outside: whether sources may lie outside that directory.

    Raises:
        TimelineError: MIX101 to MIX110, and with those everything else that can be told.
    """
    return model(parse_file(path), TIMELINES, Path(path).parent, allow_outside=allow_outside)


def loads(
    text: str | bytes,
    name: str = "<text>",
    root: str | Path = ".",
    format: Format | None = None,
    *,
    allow_outside: bool = False,
) -> Timeline:
    """The timeline in a text.

    Args:
        text: the document; as bytes, it is UTF-8.
        name: what messages call it.
        root: the directory that its sources are relative to.
        format: json or yaml; told by the name's extension, or the first character, if None.
        allow_outside: whether sources may lie outside `root`.

    Raises:
        TimelineError: as `load` does.
    """
    return model(parse(text, name, format), TIMELINES, Path(root), allow_outside=allow_outside)


def parse_file(path: str | Path) -> Parsed:
    """The values in a file; raises TimelineError where they cannot be read (MIX101, 102, ...)."""
    return parse(read_text(path), str(path))


def parse(text: str | bytes, name: str, format: Format | None = None) -> Parsed:
    """The values in a text; arguments as for `loads`, errors as for `parse_file`."""
    if isinstance(text, bytes):
        text = _decode(text, name)
    text = text.removeprefix("\ufeff")  # a byte order mark is no part of the document
    format = format or format_of(name, text)
    data, tree = _read(text, name, format)
    return Parsed(name, text, format, data, tuple(tree.duplicates) if tree is not None else ())


def format_of(name: str, text: str) -> Format:
    """The format that a document's extension names, else JSON if its text begins with a brace."""
    known = _FORMATS.get(Path(name).suffix.lower())
    return known or ("json" if text.lstrip("\ufeff \t\r\n")[:1] == "{" else "yaml")


def model(parsed: Parsed, kind: Kind[_Whole], root: Path, *, allow_outside: bool) -> _Whole:
    """What the values say, as a document of this kind.

    Args:
        parsed: the document.
        kind: what it is.
        root: the directory that its sources count from.
        allow_outside: whether sources may lie outside `root`.

    Raises:
        TimelineError: everything that is wrong with the document.
    """
    name, text, repeated = parsed.name, parsed.text, parsed.repeated
    origin = Origin(name)
    data, outdated = kind.migrate(parsed.data, origin)
    place = partial(evolve, root=root, allow_outside=allow_outside)
    if outdated is None and not repeated:
        try:
            made = structure(data, kind.language)
        except Exception:  # whatever it was, `diagnose` says it properly
            pass
        else:
            document = Document(name, text, Locator(_COMPOSE[parsed.format]))
            return place(made, document=document)
    if parsed.format == "json":
        _composed(text, name)
    diagnosis = diagnose(data, origin, kind.language)
    remainder, found = diagnosis
    locator = Locator(_COMPOSE[parsed.format], frozenset(found.unknown), frozenset(repeated))
    document = Document(name, text, locator)
    diagnostics = [*([outdated] if outdated else ()), *_repetitions(repeated, name)]
    diagnostics += found.diagnostics
    if remainder is not None and not found.full:
        bad = found.bad.union(repeated)
        rest = kind.check(place(remainder, document=document))
        diagnostics += [d for d in rest if d.origin is None or not _within(d.origin.pointer, bad)]
    raise TimelineError(diagnostics[:MOST], {name: document})


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
            return file.read(max(MAX_BYTES.values()) + 1)
    except FileNotFoundError:
        message, help = f"no file {name!r}", "check the path, or make one with `mixdown new`"
    except IsADirectoryError:
        message, help = f"{name!r} is a directory", "name the document in it"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        message, help = f"cannot read {name!r}: {reason}", "check the path and its permissions"
    raise TimelineError(Diagnostic(Code.FILE_NOT_FOUND, message, help=help))


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The place is shown in the text as far as it could be read.
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
    if len(text) > MAX_BYTES[format]:
        megabytes = MAX_BYTES[format] >> 20
        message = f"the document is larger than {megabytes} MB"
        raise _unreadable(Code.TOO_COMPLEX, message, name, text, None, _SMALLER)
    reader = json_reader.read if format == "json" else yaml_reader.read
    try:
        return reader(text)
    except SyntaxProblem as problem:
        message = f"not {format.upper()}: {problem.message}"
        raise _unreadable(Code.SYNTAX, message, name, text, problem.index, None) from None
    except TooComplex as problem:
        raise _too_complex(problem, name, text) from None


def _composed(text: str, name: str) -> None:
    """Make sure that places can be shown: JSON that nests absurdly reads, but has no tree."""
    try:
        composed(json_reader.compose, text)
    except TooComplex as problem:
        raise _too_complex(problem, name, text) from None


_SMALLER = "split it into several timelines"


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


def _within(pointer: str, bad: set[str]) -> bool:
    """Whether a place or a parent of it is among `bad`."""
    while True:
        if pointer in bad:
            return True
        if not pointer:
            return False
        pointer = pointer.rpartition("/")[0]
