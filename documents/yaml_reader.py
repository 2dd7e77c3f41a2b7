"""Reads YAML 1.2 as plain values with exact numbers, from the parser's events.

Promises: scalars have the types of YAML 1.2's core schema (`no`, `1_000` are text, `012` is
twelve); floats become the decimals that were written; mapping keys are text; aliases, anchors and
the merge key `<<` work. Nothing here recurses, and an alias counts with its expanded size, so that
nesting and alias bombs stay within the limits of `tree`. libyaml, by way of PyYAML, does the
scanning and parsing; it knows nothing of the types of scalars.
"""

# ruff: noqa: ANN401 (the parser's events are not typed)

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from attrs import define, field
from yaml import CBaseLoader
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ..ir.origin import escape
from .tree import (
    MAX_DEPTH,
    MAX_NODES,
    Pair,
    Root,
    SyntaxProblem,
    TooComplex,
    TreeNode,
    too_deep,
    too_many,
)
from .values import decimal_of

_TAG = "tag:yaml.org,2002:"
# An anchor and a tag before a value, which are not part of it.
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s*)+")
# The line breaks of YAML 1.1, which are text in YAML 1.2, but not to libyaml.
_FORMER_BREAKS = "\x85\u2028\u2029"
# The characters that YAML 1.2 does not allow in production 1. A pattern of those that it allows
# takes 3 ms to compile.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


@define(eq=False)
class _Open:
    """A collection being read: its node, the key without a value yet, and its merges."""

    node: TreeNode
    anchor: str | None
    pointer: str
    key: Pair | None = None
    merges: list[TreeNode] = field(factory=list)


def read(text: str) -> tuple[object, Root]:
    """The document as dict, list, str, int, Decimal, bool and None, and its tree.

    A NaN or an infinity becomes such a Decimal. The last value of a repeated key is used, and the
    tree has the place of the repetition.

    Raises:
        SyntaxProblem: not YAML, or not one document.
        TooComplex: over a limit of `tree`.
    """
    root = compose(text)
    return _value(root.node, {}), root


def compose(text: str) -> Root:
    """The document's tree; raises as `read` does."""
    bad = _FORBIDDEN.search(text)
    if bad is not None:
        raise SyntaxProblem(f"character U+{ord(bad[0]):04X} is not allowed", bad.start())
    composer = _Composer(text)
    for event in _events(text):
        composer.take(event)
    return composer.finish()


def _events(text: str) -> Iterator[Any]:
    """The parser's events; its errors are raised as `SyntaxProblem` or `TooComplex`."""
    back: dict[int, str] = {}
    if any(character in text for character in _FORMER_BREAKS):
        unused = (chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in text)
        masks = dict(zip(map(ord, _FORMER_BREAKS), unused, strict=False))
        text, back = text.translate(masks), {ord(mask): chr(of) for of, mask in masks.items()}
    try:
        for event in iter(CBaseLoader(text).get_event, None):
            if back and isinstance(event, ScalarEvent):
                event.value = event.value.translate(back)
            yield event
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _problem(
            text, str(error.problem or error.context), mark.index if mark else 0
        ) from None


def _problem(text: str, reason: str, index: int) -> SyntaxProblem | TooComplex:
    """The parser's error, worded for people."""
    if "nesting depth" in reason:  # its own limit, in brackets that it reads ahead
        return too_deep(index)
    reason = re.sub("(did|could) not find expected", "expected", reason)
    if "found character that" in reason:
        reason = reason.replace("character", f"character {text[index : index + 1]!r}")
    return SyntaxProblem(reason, index)


class _Composer:
    """Events in, one tree out."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.stack: list[_Open] = []
        self.anchors: dict[str, TreeNode] = {}
        self.duplicates: dict[str, Pair] = {}
        self.root: TreeNode | None = None
        self.documents = 0
        self.size = 0
        self._taking: dict[type, Callable[[Any, int, int], None]] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._open,
            SequenceStartEvent: self._open,
            MappingEndEvent: self._close,
            SequenceEndEvent: self._close,
            AliasEvent: self._alias,
            DocumentStartEvent: self._begin,
        }

    def take(self, event: Any) -> None:
        """The parser's next event."""
        taken = self._taking.get(type(event))
        if taken is not None:
            start, end = event.start_mark.index, event.end_mark.index
            if getattr(event, "anchor", None) or getattr(event, "tag", None):
                properties = _PROPERTIES.match(self.text, start)
                start = properties.end() if properties else start
            taken(event, start, end)

    def finish(self) -> Root:
        """The tree, once the events are over; an empty text is a null."""
        return Root(self.root or TreeNode(0, 0), self.duplicates)

    def _begin(self, event: Any, start: int, end: int) -> None:
        self.documents += 1
        if self.documents > 1:
            raise SyntaxProblem("a second document begins here", start)

    def _alias(self, event: Any, start: int, end: int) -> None:
        node = self.anchors.get(event.anchor)
        if node is None:
            raise SyntaxProblem(f"no anchor {event.anchor!r} before this alias", start)
        self._add(node, start, end)

    def _scalar(self, event: Any, start: int, end: int) -> None:
        parent = self.stack[-1] if self.stack else None
        if parent is not None and parent.node.pairs is not None and parent.key is None:
            self._key(parent, parent.node.pairs, event, start, end)
            return
        node = TreeNode(start, end, _scalar_value(event, start))
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        self._add(node, start, end)

    def _key(self, parent: _Open, pairs: dict[str, Pair], event: Any, start: int, end: int) -> None:
        parent.key = Pair(event.value, start, end, _NOTHING)
        if event.value == "<<" and not event.style:
            return  # not a pair: `_add` applies what it merges
        if event.value in pairs:
            self.duplicates[f"{parent.pointer}/{escape(event.value)}"] = parent.key
        pairs[event.value] = parent.key

    def _open(self, event: Any, start: int, end: int) -> None:
        parent = self.stack[-1] if self.stack else None
        if parent is not None and parent.node.pairs is not None and parent.key is None:
            raise SyntaxProblem("a key must be plain text", start)
        if len(self.stack) >= MAX_DEPTH:
            raise too_deep(start)
        mapping = isinstance(event, MappingStartEvent)
        _check_tag(event, "map" if mapping else "seq", start)
        node = TreeNode(start, end)
        if mapping:
            node.pairs = {}
        else:
            node.items = []
        self.stack.append(_Open(node, event.anchor, self._next_pointer()))

    def _close(self, event: Any, start: int, end: int) -> None:
        done = self.stack.pop()
        if done.node.pairs is not None:
            done.node.pairs = _effective(done)
        done.node.end = end
        if done.anchor is not None:
            # Registered only now: an alias inside its own anchor is an error.
            self.anchors[done.anchor] = done.node
        self._add(done.node, done.node.start, end)

    def _add(self, node: TreeNode, start: int, end: int) -> None:
        self.size += 1
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        parent.node.size += node.size
        if parent.node.size > MAX_NODES or self.size > MAX_NODES:
            raise too_many(start)
        if parent.node.items is not None:
            parent.node.items.append(node)
        elif parent.key is None:
            raise SyntaxProblem("a key must be plain text", start)
        else:
            pairs = parent.node.pairs or {}
            if pairs.get(parent.key.key) is parent.key:
                parent.key.node = node
            else:
                parent.merges += _mergeable(node, start)
            parent.key = None

    def _next_pointer(self) -> str:
        if not self.stack:
            return ""
        parent = self.stack[-1]
        if parent.node.items is not None:
            return f"{parent.pointer}/{len(parent.node.items)}"
        return f"{parent.pointer}/{escape(parent.key.key if parent.key else '')}"


_NOTHING = TreeNode(0, 0)


def _effective(done: _Open) -> dict[str, Pair]:
    """A mapping's own pairs, then those of its merges that it does not override."""
    pairs = dict(done.node.pairs or {})
    for merged in done.merges:
        for key, pair in (merged.pairs or {}).items():
            pairs.setdefault(key, pair)
    return pairs


def _mergeable(node: TreeNode, start: int) -> list[TreeNode]:
    nodes = node.items if node.items is not None else [node]
    if not all(n.pairs is not None for n in nodes):
        raise SyntaxProblem("'<<' merges a mapping or a list of mappings", start)
    return nodes


def _value(root: TreeNode, done: dict[int, object]) -> object:
    """The tree as plain values; an anchored node is built once (depth is bounded by `compose`)."""
    if root.pairs is None and root.items is None:
        return root.value
    if id(root) not in done:
        done[id(root)] = (
            {key: _value(pair.node, done) for key, pair in root.pairs.items()}
            if root.pairs is not None
            else [_value(item, done) for item in root.items or ()]
        )
    return done[id(root)]


def _check_tag(event: Any, kind: str, start: int) -> None:
    tag: str | None = event.tag
    if tag not in (None, "!", _TAG + kind):
        raise SyntaxProblem(f"tag {tag!r:.60} is not supported", start)


def _scalar_value(event: Any, start: int) -> object:
    """A scalar by its tag, or by the core schema if it is plain and has none."""
    text: str = event.value
    tag: str | None = event.tag
    if tag is None:
        return _plain(text) if not event.style else text
    if tag in ("!", _TAG + "str"):
        return text
    value = _plain(text)
    wanted = _TAGGED.get(tag.removeprefix(_TAG) if tag.startswith(_TAG) else "")
    if wanted is None:
        raise SyntaxProblem(f"tag {tag!r:.60} is not supported", start)
    if type(value) not in wanted:
        raise SyntaxProblem(f"{text!r:.60} is no {tag.removeprefix(_TAG)}", start)
    return Decimal(value) if tag == _TAG + "float" and isinstance(value, int) else value


_TAGGED: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "bool": (bool,),
    "int": (int,),
    "float": (int, Decimal),
}


def _plain(text: str) -> object:
    """A plain scalar by the core schema of YAML 1.2 (section 10.3.2)."""
    if text[:1] not in _BEGINNINGS:
        return text
    return next((make(text) for form, make in _CORE if form.fullmatch(text)), text)


# The first characters of what is no text; "" is in it.
_BEGINNINGS = "+-.0123456789~nNtTfF"
# The forms of plain scalars; others are text. Integers too long for Python become decimals.
_CORE: tuple[tuple[re.Pattern[str], Callable[[str], object]], ...] = (
    (re.compile(r"[-+]?[0-9]{1,4000}"), int),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), decimal_of),
    (re.compile(r"~|null|Null|NULL|"), lambda _: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text[0] in "tT"),
    (re.compile(r"0o[0-7]{1,30}|0x[0-9a-fA-F]{1,30}"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?\.(inf|Inf|INF)"), lambda text: Decimal(text.replace(".", "").lower())),
    (re.compile(r"\.(nan|NaN|NAN)"), lambda _: Decimal("NaN")),
)
