"""A document as a tree of nodes with their places in the text; from a pointer to its span.

Promises: YAML and JSON become the same tree, so one walk serves both; an alias is the anchored node
itself, so a pointer through it leads to the text that was written. Trees are made for YAML when it
is read, for JSON only when a place has to be shown. Depth and size are bounded before a tree grows.
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
    """A value and the half-open run of characters [start, end) that names it.

    Attributes:
        pairs: of a mapping, by key, merges applied; None elsewhere.
        items: of a sequence; None elsewhere.
        value: of a scalar, once it is constructed.
        size: nodes in it, aliases counted as often as they are used.
        opens: how many characters at its start show a collection: a bracket, or a table's name.
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
    """A composed document: its tree, and the pointers of keys that a mapping holds twice."""

    node: TreeNode
    duplicates: dict[str, Pair] = field(factory=dict)


class SyntaxProblem(Exception):  # noqa: N818 - not an error to users: `load` makes it a diagnostic
    """The text is not of its format; `index` counts characters from 0."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.message = message
        self.index = index


class TooComplex(Exception):  # noqa: N818 - see SyntaxProblem
    """The document nests too deep, or holds too much once its aliases are expanded."""

    def __init__(self, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.index = index


def too_deep(index: int | None = None) -> TooComplex:
    """The document nests deeper than any timeline does."""
    return TooComplex(f"the document nests deeper than {MAX_DEPTH} levels", index)


def too_many(index: int | None = None) -> TooComplex:
    """The document holds more values than any timeline does."""
    return TooComplex(f"the document holds more than {MAX_NODES:,} values", index)


def span_at(text: str, start: int, end: int) -> Span:
    """The span of characters [start, end) of `text`, cut at the end of its first line.

    Lines end at LF, CR LF or CR, as editors count them, whatever the format makes of other breaks.
    """
    starts, ends = _lines(text)
    start = min(start, len(text))
    line = bisect_right(starts, start) - 1
    begin, line_end = starts[line], ends[line]
    width = max(1, min(end, line_end) - start)
    return Span(line + 1, start - begin + 1, width, text[begin:line_end])


@lru_cache(maxsize=1)
def _lines(text: str) -> tuple[array[int], array[int]]:
    """Where each line starts and ends; compact, for a text may be nothing but lines."""
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
        compose: text -> its tree; called when a place is first asked for, then remembered.
        at_key: pointers whose place is their key rather than their value (keys nobody knows).
        repeated: pointers whose place is the key's second appearance.
        fixed: the one place that counts where the text has no tree.
    """

    compose: Callable[[str], Root]
    at_key: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()
    fixed: Span | None = None

    def __call__(self, text: str, pointer: str) -> Span | None:
        """The span of `pointer`, or of its nearest parent that is there."""
        if self.fixed is not None:
            return self.fixed
        root = composed(self.compose, text)
        if pointer in self.repeated and pointer in root.duplicates:
            pair = root.duplicates[pointer]
            return span_at(text, pair.start, pair.end)
        return span_at(text, *_find(root.node, pointer, pointer in self.at_key))


@lru_cache(maxsize=1)
def composed(compose: Callable[[str], Root], text: str) -> Root:
    """The tree of a text; of the text asked for last it is remembered."""
    return compose(text)


def _find(node: TreeNode, pointer: str, at_key: bool) -> tuple[int, int]:
    """The characters of `pointer`: a scalar's own, of a mapping or sequence those that open it."""
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
    """What to underline: all of a scalar; the bracket of a flow collection; a block's first key."""
    first = next(iter(node.pairs.values()), None) if node.pairs else None
    if first is not None and first.start == node.start:
        return first.start, first.end
    if node.pairs is not None or node.items is not None:
        return node.start, node.start + node.opens
    return node.start, node.end


def walk(root: TreeNode) -> Iterator[tuple[str, TreeNode]]:
    """Every node with its pointer, in document order; nodes used twice come twice."""
    stack = [("", root)]
    while stack:
        pointer, node = stack.pop()
        yield pointer, node
        below = [(f"{pointer}/{escape(p.key)}", p.node) for p in (node.pairs or {}).values()]
        below += [(f"{pointer}/{i}", item) for i, item in enumerate(node.items or ())]
        stack.extend(reversed(below))
