"""Text -> graph: the other half of `printer`.

Promises: `parse_graph(print_graph(g)) == g`, origins equal too; whatever text is given, the result
is a graph or an IRError that holds everything found wrong, each with its place in the text. Lines
are read one by one, so one wrong line hides no other; once every line reads, the graph's structure
is checked, then the printed types against the inferred ones. Soundness is the verifier's matter:
`ParsedGraph.verify` runs it and says its findings at the lines of the text.

Relies on lark (LALR, contextual lexer); import this module only where text is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from ..origin import Document, Documents, Origin, locate_columns
from ..verify import verify
from .codec import ATTRIBUTES, Attribute, Columns, UnreadableError, unquote, unsigiled
from .printer import HEADER, VERSION
from .syntax import (
    AttributeSyntax,
    LineError,
    NodeLine,
    SourceLine,
    parse_header,
    parse_signal,
    parse_statement,
)

# So many diagnostics are enough: a file that is no IR at all is wrong in every line.
MOST = 50


@frozen
class ParsedGraph:
    """A graph and the text that it was read from.

    Attributes:
        graph: as written; a node's origin is what its `loc(...)` says.
        document: the text, which locates the origins of `located` and of the diagnostics.
        places: where in the text each node of the graph stands, in graph order.
    """

    graph: Graph
    document: Document
    places: tuple[Origin, ...]

    @cached_property
    def located(self) -> Graph:
        """The same graph, each node's origin its line in the text, made from what `loc` says."""
        return Graph(self.graph.sources, _located(self.graph.nodes, self.places))

    @property
    def documents(self) -> Documents:
        """What a renderer of diagnostics needs to show this text."""
        return {self.document.name: self.document}

    def verify(self) -> tuple[Diagnostic, ...]:
        """What the verifier finds, at the lines of the text."""
        return verify(self.located)

    def check(self) -> Graph:
        """The graph itself, if it is sound.

        Raises:
            IRError: with everything that is wrong, shown at the lines of the text.
        """
        found = self.verify()
        if found:
            raise IRError(found, self.documents)
        return self.graph


def parse_graph(text: str, name: str = "<text>") -> Graph:
    """The graph that `text` describes.

    Args:
        text: the text form of docs/ir.md.
        name: how messages call the text.

    Raises:
        IRError: MIX410 syntax; MIX411 a kind that does not exist; MIX407 an attribute that is
            unknown, missing or of the wrong type; MIX401, MIX402, MIX403, MIX414 a structure that
            no graph can have; MIX409 a type that is not the inferred one.
    """
    return parse_text(text, name).graph


def parse_text(text: str, name: str = "<text>") -> ParsedGraph:
    """The same, with the places in the text.

    Raises:
        IRError: as `parse_graph`.
    """
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
    return ParsedGraph(graph, document, places)


def _why_not(sources: tuple[Source, ...], nodes: tuple[Node, ...]) -> tuple[Diagnostic, ...]:
    """What keeps sources and nodes from being a graph, at these nodes' origins."""
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
    """A type as the text has it."""

    signal: Signal
    origin: Origin


def _disagreements(graph: Graph, written: Sequence[_Written | None]) -> Iterator[Diagnostic]:
    """Written types that do not follow from the operands' written types: only the first wrong one.

    Silent where a node lacks operands, for then nothing has a type: the verifier says why.
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
                f"%{node.name} is written as {here.signal} but is {inferred}",
                origin=here.origin,
                help="a type may be left out; where it is written it must be the inferred one",
            )


class _Reader:
    """Reads lines, keeping what they say and what is wrong with them."""

    def __init__(self, document: str) -> None:
        self.document = document
        self.found: list[Diagnostic] = []
        self.sources: list[Source] = []
        self.nodes: list[Node] = []
        self.places: list[Origin] = []
        self.signals: list[_Written | None] = []
        self._source_places: dict[str, Origin] = {}
        self._line = 0

    def read(self, number: int, line: str) -> None:
        """One line that is neither blank nor a comment."""
        first, self._line = self._line == 0, number
        try:
            if first:
                self._header(parse_header(line), line)
                return
            statement = parse_statement(line)
        except LineError as wrong:
            message = f"an IR text begins with {HEADER!r}" if first else wrong.message
            self._report(Code.IR_SYNTAX, message, wrong.at)
            return
        if isinstance(statement, NodeLine):
            self._node(statement)
        else:
            self._source(statement)

    def end(self) -> None:
        """No more lines."""
        if self._line == 0:
            self._line = 1
            self._report(Code.IR_SYNTAX, f"an IR text begins with {HEADER!r}", Columns(1, 2))

    def _header(self, version: int, line: str) -> None:
        if version != VERSION:
            message = f"version {version} of the text form, which this mixdown does not know"
            whole = Columns(1, len(line.rstrip()) + 1)
            self._report(Code.IR_SYNTAX, message, whole, help=f"known: {VERSION}")

    def _source(self, line: SourceLine) -> None:
        values = self._values("a source", line.name, ATTRIBUTES[Source], line.attributes)
        if values is None:
            return
        name, place = unsigiled(line.name), self._place(_columns(line.name))
        first = self._source_places.setdefault(name, place)
        if first is not place:
            message, related = f"two sources are called @{name}", Related(first, "the first")
            self.found.append(
                Diagnostic(Code.IR_DUPLICATE_VALUE, message, origin=place, related=(related,))
            )
        self.sources.append(Source(name, unquote(line.path), **values))

    def _node(self, line: NodeLine) -> None:
        cls = KINDS.get(line.kind)
        if cls is None:
            message, help = f"no node kind is called {line.kind}", did_you_mean(line.kind, KINDS)
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
        """The attributes by name, or None once something was wrong with one of them."""
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
