"""Parses the text form into a graph: the inverse of `printer`.

`parse_graph(print_graph(g)) == g`, with equal origins. For any text the result is a graph or an
IRError with all errors found, each with its place in the text. Lines are parsed one by one, so an
error in one line does not hide another; if all lines parse, the structure of the graph is checked,
then the given types against the inferred ones. `ParsedGraph.verify` runs the verifier and reports
at the lines of the text.

Uses lark (LALR, contextual lexer); import this module only to read text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import attrs
from attrs import frozen
from lark import Token

from ..codes import Code
from ..diagnostics import Diagnostic, IRError, Related, did_you_mean
from ..graph import Graph
from ..node import Signal
from ..nodes import KINDS, Node, Source
from ..notes import NOTES, MixNote, Note
from ..origin import Document, Documents, Origin, locate_columns
from ..verify import verify
from .codec import ATTRIBUTES, Attribute, Columns, UnreadableError, quote, unquote, unsigiled
from .printer import HEADER, VERSION
from .syntax import (
    AttributeSyntax,
    LineError,
    NodeLine,
    NoteLine,
    SourceLine,
    parse_header,
    parse_signal,
    parse_statement,
)

# The maximum number of diagnostics: a file that is not IR is wrong in every line.
MOST = 50


@frozen
class ParsedGraph:
    """A graph and the text that it was read from.

    Attributes:
        graph: as written; the origin of a node is its `loc(...)`.
        document: the text, which locates the origins of `located` and of the diagnostics.
        places: the place of each node in the text, in graph order.
        source_places: the place of each source in the text, by its name.
        notes: what its files say about it, in the order of the text.
        note_places: the place of each note in the text, in their order.
    """

    graph: Graph
    document: Document
    places: tuple[Origin, ...]
    source_places: Mapping[str, Origin]
    notes: tuple[Note, ...]
    note_places: tuple[Origin, ...]

    @cached_property
    def located(self) -> Graph:
        """The graph with the origin of each node at its line in the text, via its `loc`."""
        return Graph(self.graph.sources, _located(self.graph.nodes, self.places))

    @property
    def documents(self) -> Documents:
        """The documents for showing diagnostics of this text."""
        return {self.document.name: self.document}

    def verify(self) -> tuple[Diagnostic, ...]:
        """The violations found by the verifier, at the lines of the text."""
        return verify(self.located)

    def check(self) -> Graph:
        """Return the graph if it is valid.

        Raises:
            IRError: with all violations, at the lines of the text.
        """
        found = self.verify()
        if found:
            raise IRError(found, self.documents)
        return self.graph


def parse_graph(text: str, name: str = "<text>") -> Graph:
    """Parse a graph.

    Raises:
        IRError: MIX410 syntax; MIX411 unknown kind; MIX407 an attribute that is unknown, missing or
            of the wrong type; MIX401, MIX402, MIX403, MIX414 invalid structure; MIX409 a type that
            differs from the inferred one.
    """
    return parse_text(text, name).graph


def parse_text(text: str, name: str = "<text>") -> ParsedGraph:
    """Parse a graph with the places in the text; raises like `parse_graph`."""
    document = Document(name, text, locate_columns)
    documents = {name: document}
    reader = _Reader(name)
    for number, line in enumerate(text.split("\n"), start=1):
        if (bare := line.strip(" \t\r")) and not bare.startswith("//"):
            reader.read(number, line)
        if len(reader.found) >= MOST:
            break
    reader.end()
    if reader.found:
        raise IRError(reader.found, documents)
    sources, nodes, places = tuple(reader.sources), tuple(reader.nodes), tuple(reader.places)
    try:
        graph = Graph(sources, nodes)
    except IRError:
        raise IRError(_why_not(sources, _located(nodes, places)), documents) from None
    found = tuple(_disagreements(graph, reader.signals))
    if found:
        raise IRError(found, documents)
    notes, note_places = tuple(reader.notes), tuple(reader.note_places)
    return ParsedGraph(graph, document, places, reader.source_places, notes, note_places)


def _why_not(sources: tuple[Source, ...], nodes: tuple[Node, ...]) -> tuple[Diagnostic, ...]:
    """The reasons why sources and nodes are not a graph, at these nodes' origins."""
    try:
        Graph(sources, nodes)
    except IRError as wrong:
        return wrong.diagnostics
    return ()


def _located(nodes: Sequence[Node], places: Sequence[Origin]) -> tuple[Node, ...]:
    return tuple(
        attrs.evolve(node, origin=attrs.evolve(place, via=node.origin))
        for node, place in zip(nodes, places, strict=True)
    )


@frozen
class _Written:
    """A type given in the text."""

    signal: Signal
    origin: Origin


def _disagreements(graph: Graph, written: Sequence[_Written | None]) -> Iterator[Diagnostic]:
    """Given types that differ from the type inferred from the operands' given types.

    None if a node lacks operands, because types are then undefined; the verifier reports that.
    """
    if any(len(node.operands) < node.arity[0] for node in graph.nodes):
        return
    signals: dict[str, Signal] = {}
    for node, here in zip(graph.nodes, written, strict=True):
        inferred = node.infer([signals[o] for o in node.operands], graph.source_by_name)
        signals[node.name] = here.signal if here else inferred
        if here and here.signal != inferred:
            yield Diagnostic(
                Code.IR_TYPE_DISAGREES,
                f"%{node.name} is declared as {here.signal}, but its type is {inferred}",
                origin=here.origin,
                help="a type is optional; if given, it must equal the inferred one",
            )


class _Reader:
    """Parses lines, and collects their statements and errors."""

    def __init__(self, document: str) -> None:
        self.document = document
        self.found: list[Diagnostic] = []
        self.sources: list[Source] = []
        self.nodes: list[Node] = []
        self.places: list[Origin] = []
        self.signals: list[_Written | None] = []
        self.source_places: dict[str, Origin] = {}
        self.notes: list[Note] = []
        self.note_places: list[Origin] = []
        self._first_notes: dict[tuple[type[Note], str], Origin] = {}
        self._line = 0

    def read(self, number: int, line: str) -> None:
        """Parse a line that is neither blank nor a comment."""
        first, self._line = self._line == 0, number
        try:
            if first:
                self._header(parse_header(line), line)
                return
            statement = parse_statement(line)
        except LineError as wrong:
            message = f"an IR text must start with {HEADER!r}" if first else wrong.message
            self._report(Code.IR_SYNTAX, message, wrong.at)
            return
        if isinstance(statement, NodeLine):
            self._node(statement)
        elif isinstance(statement, NoteLine):
            self._note(statement)
        else:
            self._source(statement)

    def end(self) -> None:
        """Finish after the last line."""
        if self._line == 0:
            self._line = 1
            self._report(Code.IR_SYNTAX, f"an IR text must start with {HEADER!r}", Columns(1, 2))

    def _header(self, version: int, line: str) -> None:
        if version != VERSION:
            message = f"unsupported version {version} of the text form"
            whole = Columns(1, len(line.rstrip()) + 1)
            self._report(Code.IR_SYNTAX, message, whole, help=f"supported: {VERSION}")

    def _source(self, line: SourceLine) -> None:
        values = self._values("a source", line.name, ATTRIBUTES[Source], line.attributes)
        if values is None:
            return
        name, place = unsigiled(line.name), self._place(_columns(line.name))
        first = self.source_places.setdefault(name, place)
        if first is not place:
            message, related = f"two sources are named @{name}", Related(first, "the first")
            self.found.append(
                Diagnostic(Code.IR_DUPLICATE_VALUE, message, origin=place, related=(related,))
            )
        self.sources.append(Source(name, unquote(line.path), **values))

    def _note(self, line: NoteLine) -> None:
        cls, name, place = NOTES[line.kind], unquote(line.name), self._place(_columns(line.name))
        values = self._values(f"a {cls.kind}", line.kind, ATTRIBUTES[cls], line.attributes)
        if values is None:
            return
        first = self._first_notes.setdefault((cls, name if cls is not MixNote else ""), place)
        if first is not place and cls.unique:
            message, related = f"a second {cls.kind}", Related(first, "the first")
            if cls is not MixNote:
                message = f"two notes of the {cls.kind} {quote(name)}"
            self.found.append(
                Diagnostic(Code.IR_DUPLICATE_VALUE, message, place, related=(related,))
            )
        self.notes.append(cls(name, **values))
        self.note_places.append(place)

    def _node(self, line: NodeLine) -> None:
        cls = KINDS.get(line.kind)
        if cls is None:
            message, help = f"unknown node kind {line.kind}", did_you_mean(line.kind, KINDS)
            self._report(Code.IR_UNKNOWN_KIND, message, _columns(line.kind), help)
            return
        values = self._values(cls.kind, line.kind, ATTRIBUTES[cls], line.attributes)
        if values is None:
            return
        operands = tuple(map(unsigiled, line.operands))
        self.nodes.append(
            cls(unsigiled(line.name), operands=operands, origin=line.origin, **values)
        )
        self.places.append(self._place(_columns(line.name)))
        self.signals.append(self._written(line.type) if line.type else None)

    def _written(self, token: Token) -> _Written:
        columns = _columns(token)
        start = columns.column + token.index("signal")
        return _Written(parse_signal(token), self._place(Columns(start, columns.end)))

    def _values(
        self,
        owner: str,
        at: Token,
        wanted: tuple[Attribute, ...],
        given: Sequence[AttributeSyntax],
    ) -> dict[str, Any] | None:
        """The attributes by name, or None if one is invalid."""
        before, known = len(self.found), {a.name: a for a in wanted}
        values: dict[str, Any] = {}
        for key, value in given:
            name = key[:-1].rstrip()  # the token ends with "="
            columns = Columns(key.column or 1, (key.column or 1) + len(name))
            if name not in known:
                message = f"{owner} has no attribute {name}"
                self._report(Code.IR_ATTRIBUTE, message, columns, did_you_mean(name, known))
            elif name in values:
                self._report(Code.IR_ATTRIBUTE, f"{name} is given twice", columns)
            else:
                try:
                    values[name] = known[name].codec.read(value)
                except UnreadableError as wrong:
                    values[name] = None
                    message = f"{name}: {wrong.message}"
                    self._report(Code.IR_ATTRIBUTE, message, wrong.at, wrong.help)
        missing = [a.name for a in wanted if a.required and a.name not in values]
        if missing:
            self._report(Code.IR_ATTRIBUTE, f"{owner} needs {', '.join(missing)}", _columns(at))
        return values if len(self.found) == before else None

    def _report(self, code: Code, message: str, at: Columns, help: str | None = None) -> None:
        self.found.append(Diagnostic(code, message, origin=self._place(at), help=help))

    def _place(self, at: Columns) -> Origin:
        return Origin(self.document, f"/{self._line}/{at.column}/{at.end - at.column}")


def _columns(token: Token) -> Columns:
    column = token.column or 1
    return Columns(column, column + len(token))
