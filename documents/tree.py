"""A document as a tree of nodes with their places in the text; from a pointer to its span.

Promises: all formats have the same kind of tree, so one walk reads them all; an alias is the
anchored node itself, so a pointer through it leads to the text that was written. The tree of a YAML
document is made when it is read, others only when a place has to be shown. Depth and size are
checked before a tree grows.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache

from attrs import define, field, frozen

from ..ir.origin import Span, escape, tokens

MAX_DEPTH = 64
MAX_NODES = 1_000_000

_LINE_END = re.compile(r"\r\n|\n|\r")


@define(eq=False)
class TreeNode:
    """A value and the half-open range of characters [start, end) of its text.

    Attributes:
        pairs: of a mapping, by key, with merges applied; None for other values.
        items: of a sequence; None for other values.
        value: of a scalar, once it is constructed.
        size: the number of nodes in it; an alias counts each time that it is used.
        opens: the number of characters at its start that are shown for a collection: a bracket, or
            the name of a table.
    """

    start: int
    end: int
    value: object = None
    pairs: dict[str, Pair] | None = None
    items: list[TreeNode] | None = None
    size: int = 1
    opens: int = 1


@define(eq=False)
class Pair:
    """A key, its place in the text, and its value."""

    key: str
    start: int
    end: int
    node: TreeNode


@frozen
class Root:
    """A composed document: its tree, and the pointers of keys that a mapping has twice."""

    node: TreeNode
    duplicates: dict[str, Pair] = field(factory=dict)


class SyntaxProblem(Exception):  # noqa: N818 - not an error to users: `load` makes it a diagnostic
    """The text is not valid in its format; `index` counts characters from 0."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.message = message
        self.index = index


class TooComplex(Exception):  # noqa: N818 - see SyntaxProblem
    """The document nests too deeply, or has too many values once its aliases are expanded."""

    def __init__(self, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.index = index


def too_deep(index: int | None = None) -> TooComplex:
    """The error of a document that nests too deeply."""
    return TooComplex(f"the document nests deeper than {MAX_DEPTH} levels", index)


def too_many(index: int | None = None) -> TooComplex:
    """The error of a document with too many values."""
    return TooComplex(f"the document holds more than {MAX_NODES:,} values", index)


def span_at(text: str, start: int, end: int) -> Span:
    """The span of characters [start, end) of `text`, cut at the end of its first line.

    Lines end at LF, CR LF or CR, as in editors, even if the format has other line breaks.
    """
    starts, ends = _lines(text)
    start = min(start, len(text))
    line = bisect_right(starts, start) - 1
    begin, line_end = starts[line], ends[line]
    width = max(1, min(end, line_end) - start)
    return Span(line + 1, start - begin + 1, width, text[begin:line_end])


@lru_cache(maxsize=1)
def _lines(text: str) -> tuple[array[int], array[int]]:
    """The start and end of each line; compact, as a text may consist of empty lines."""
    starts, ends = array("Q", [0]), array("Q")
    for found in _LINE_END.finditer(text):
        ends.append(found.start())
        starts.append(found.end())
    ends.append(len(text))
    return starts, ends


@frozen
class Locator:
    """Finds pointers in a text; the document's `locator`.

    Attributes:
        compose: text -> its tree; called for the first place, then cached.
        at_key: pointers whose place is their key rather than their value (unknown keys).
        repeated: pointers whose place is the second occurrence of the key.
        fixed: the only place, if the text has no tree.
    """

    compose: Callable[[str], Root]
    at_key: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()
    fixed: Span | None = None

    def __call__(self, text: str, pointer: str) -> Span | None:
        """The span of `pointer`, or of its nearest existing parent."""
        if self.fixed is not None:
            return self.fixed
        root = composed(self.compose, text)
        if pointer in self.repeated and pointer in root.duplicates:
            pair = root.duplicates[pointer]
            return span_at(text, pair.start, pair.end)
        return span_at(text, *_find(root.node, pointer, pointer in self.at_key))


@lru_cache(maxsize=1)
def composed(compose: Callable[[str], Root], text: str) -> Root:
    """The tree of a text; that of the last text is cached."""
    return compose(text)


def _find(node: TreeNode, pointer: str, at_key: bool) -> tuple[int, int]:
    """The characters of `pointer`: all of a scalar, or the start of a mapping or sequence."""
    place = _opening(node)
    for token in tokens(pointer):
        step = _step(node, token)
        if step is None:
            return place
        node, key = step
        place = _opening(node)
    return (key.start, key.end) if at_key and pointer and key is not None else place


def _step(node: TreeNode, token: str) -> tuple[TreeNode, Pair | None] | None:
    if node.pairs is not None:
        pair = node.pairs.get(token)
        return None if pair is None else (pair.node, pair)
    if node.items is not None and token.isascii() and token.isdigit():
        index = int(token) if len(token) < 10 else len(node.items)
        return (node.items[index], None) if index < len(node.items) else None
    return None


def _opening(node: TreeNode) -> tuple[int, int]:
    """The underlined part: all of a scalar, a flow collection's bracket, or a block's first key."""
    first = next(iter(node.pairs.values()), None) if node.pairs else None
    if first is not None and first.start == node.start:
        return first.start, first.end
    if node.pairs is not None or node.items is not None:
        return node.start, node.start + node.opens
    return node.start, node.end


def walk(root: TreeNode) -> Iterator[tuple[str, TreeNode]]:
    """Every node with its pointer, in document order; a node that is used twice is there twice."""
    stack = [("", root)]
    while stack:
        pointer, node = stack.pop()
        yield pointer, node
        below = [(f"{pointer}/{escape(p.key)}", p.node) for p in (node.pairs or {}).values()]
        below += [(f"{pointer}/{i}", item) for i, item in enumerate(node.items or ())]
        stack.extend(reversed(below))
