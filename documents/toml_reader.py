"""Reads TOML as plain values with exact numbers, and as a tree if a place has to be shown.

Promises: values are those of Python's tomllib, with decimals for floats; only `compose` makes the
tree, from a text that tomllib has accepted, so it relies on valid syntax. The place of a table is
its header, or the key that contains it; the place of every other value is its text.
"""

from __future__ import annotations

import re
import tomllib

from .tree import MAX_DEPTH, Pair, Root, SyntaxProblem, TreeNode, too_deep
from .values import decimal_of

_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\])*"|\'[^\']*\'', re.DOTALL
)
_LONG = re.compile(r"[0-9_]{4001,}")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^\s,\]}#]+(?: \d[^\s,\]}#]*)?")


def read(text: str) -> tuple[object, Root | None]:
    """The document as dict, list, str, int, Decimal, bool and dates; no tree is needed for it.

    Raises:
        SyntaxProblem: not TOML.
        TooComplex: it nests too deeply.
    """
    try:
        return tomllib.loads(text, parse_float=decimal_of), None
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.fullmatch(str(error))
        message = found[1] if found else str(error)
        index = len(text)
        if found and found[2]:
            before = text.split("\n")[: int(found[2]) - 1]
            index = sum(len(line) + 1 for line in before) + int(found[3]) - 1
        raise SyntaxProblem(message[:1].lower() + message[1:], index) from None
    except RecursionError:
        raise too_deep() from None
    except ValueError:  # an integer too long for Python
        found = _LONG.search(text)
        raise SyntaxProblem("a number has too many digits", found.start() if found else 0) from None


def compose(text: str) -> Root:
    """The tree of a text that `read` has accepted."""
    return Root(_Scanner(text).document())


class _Scanner:
    """Reads a text once, from its beginning; `at` is the index of what comes next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def document(self) -> TreeNode:
        """The tree of the whole text."""
        root = table = TreeNode(0, 0, pairs={})
        while self._next():
            if self._next() == "[":
                table = self._header(root)
            else:
                self._pair(table, 1)
        return root

    def _header(self, root: TreeNode) -> TreeNode:
        """The table that a header opens; its place is the path in the header."""
        is_array = self.text.startswith("[[", self.at)
        self.at += 1 + is_array
        *outer, last = self._keys()
        self.at += 1 + is_array
        table = root
        for key in outer:
            table = _inner(table, key)
        if is_array:
            assert table.pairs is not None
            array = table.pairs.setdefault(last.key, last).node
            array.items = [*(array.items or ()), TreeNode(0, last.end, pairs={})]
        table = _inner(table, last)
        table.start = min(key.start for key in (*outer, last))
        table.opens = last.end - table.start
        return table

    def _pair(self, table: TreeNode, depth: int) -> None:
        *outer, last = self._keys()
        for key in outer:
            table = _inner(table, key)
        self.at += 1  # the equals sign
        last.node = self._value(depth)
        assert table.pairs is not None
        table.pairs[last.key] = last

    def _keys(self) -> list[Pair]:
        """The keys of a path with dots, their values still to come."""
        keys: list[Pair] = []
        while not keys or self._next() == ".":
            self.at += bool(keys)
            self._next()
            start = self.at
            name = self._match(_STRING, _BARE_KEY)
            if name[0] in "\"'":
                (name,) = tomllib.loads(f"{name} = 0")
            keys.append(Pair(name, start, self.at, TreeNode(start, self.at, opens=self.at - start)))
        return keys

    def _value(self, depth: int) -> TreeNode:
        if depth >= MAX_DEPTH:
            raise too_deep(self.at)
        opening = self._next()
        node = TreeNode(self.at, self.at)
        if opening in "[{":
            node.items, node.pairs = ([], None) if opening == "[" else (None, {})
            self.at += 1
            while self._next() not in "]}":
                if node.items is not None:
                    node.items.append(self._value(depth + 1))
                else:
                    self._pair(node, depth + 1)
                if self._next() == ",":
                    self.at += 1
            self.at += 1
        else:
            self._match(_STRING, _BARE_VALUE)
        node.end = self.at
        return node

    def _next(self) -> str:
        """The next character after white space and comments; "" at the end of the text."""
        self._match(_BLANK)
        return self.text[self.at : self.at + 1]

    def _match(self, *patterns: re.Pattern[str]) -> str:
        found = next(filter(None, (pattern.match(self.text, self.at) for pattern in patterns)))
        self.at = found.end()
        return found[0]


def _inner(table: TreeNode, key: Pair) -> TreeNode:
    """The table under a key, made if there is none; in an array of tables, the last."""
    assert table.pairs is not None
    node = table.pairs.setdefault(key.key, key).node
    if node.items:
        return node.items[-1]
    node.pairs = {} if node.pairs is None else node.pairs
    return node
