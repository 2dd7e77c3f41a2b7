"""Reads JSON as plain values with exact numbers, and as a tree if a place has to be shown.

Promises: reading costs little more than `json.loads`; only `compose` makes the tree. Numbers with a
fraction or an exponent become the decimals that were written; NaN and infinities, which Python's
reader accepts, become such Decimals, which `structure` refuses.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal

from ..ir.origin import escape
from .tree import MAX_DEPTH, MAX_NODES, Pair, Root, SyntaxProblem, TreeNode, too_deep, too_many
from .values import decimal_of

_TOKEN = re.compile(
    r'\s*(?:([\[{])|([\]}])|([,:])|("[^"\\]*(?:\\.[^"\\]*)*")|([^\s,:\[\]{}"]+))', re.DOTALL
)
_LONG = 4000  # digits; Python refuses to read longer integers


class _Repeated(Exception):  # noqa: N818 - never leaves this module
    """An object has a key twice."""


def read(text: str) -> tuple[object, Root | None]:
    """The document as dict, list, str, int, Decimal, bool and None; its tree only if keys repeat.

    The last value of a repeated key is used, and the tree has the place of the repetition.

    Raises:
        SyntaxProblem: not JSON.
        TooComplex: over a limit of `tree`.
    """
    # Every value but the first follows an opening bracket or a comma, so this bounds their number.
    if text.count(",") + text.count("[") + text.count("{") > MAX_NODES:
        raise too_many()
    try:
        return _loads(
            text,
            json.JSONDecoder(
                parse_float=Decimal, parse_constant=Decimal, object_pairs_hook=_object
            ),
        ), None
    except (_Repeated, ValueError, ArithmeticError):
        # A repeated key, or a number that Python refuses to read: rare enough to read twice.
        decoder = json.JSONDecoder(parse_float=_number, parse_int=_number, parse_constant=Decimal)
        return _loads(text, decoder), compose(text)


def _loads(text: str, decoder: json.JSONDecoder) -> object:
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        raise SyntaxProblem(error.msg[0].lower() + error.msg[1:], error.pos) from None
    except RecursionError:
        compose(text)  # says where
        raise too_deep() from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Repeated
    return made


def _number(text: str) -> int | Decimal:
    """A number of any length; one outside the range of decimals is an infinity."""
    if len(text) < _LONG and text.lstrip("-").isdigit():
        return int(text)
    return decimal_of(text)


def compose(text: str) -> Root:
    """The tree of a text that `read` has accepted."""
    stack: list[tuple[TreeNode, str]] = []
    duplicates: dict[str, Pair] = {}
    root = TreeNode(0, 0)
    key: tuple[str, int, int] | None = None
    position = 0
    while (match := _TOKEN.match(text, position)) is not None:
        position = match.end()
        kind = match.lastindex or 0
        start, end = match.span(kind)
        if kind == 2:
            stack.pop()[0].end = end
        elif kind == 4 and stack and stack[-1][0].pairs is not None and key is None:
            quoted = match[4]
            name = json.loads(quoted, strict=False) if "\\" in quoted else quoted[1:-1]
            key = (name, start, end)
        elif kind != 3:
            node = TreeNode(start, end)
            pointer = _attach(stack, node, key, duplicates)
            key = None
            if not stack and root.end == 0:
                root = node
            if kind == 1:
                if match[1] == "{":
                    node.pairs = {}
                else:
                    node.items = []
                if len(stack) >= MAX_DEPTH:
                    raise too_deep(start)
                stack.append((node, pointer))
    return Root(root, duplicates)


def _attach(
    stack: list[tuple[TreeNode, str]],
    node: TreeNode,
    key: tuple[str, int, int] | None,
    duplicates: dict[str, Pair],
) -> str:
    """Put `node` into the collection that is open, and return its pointer."""
    if not stack:
        return ""
    parent, pointer = stack[-1]
    if parent.items is not None:
        parent.items.append(node)
        return f"{pointer}/{len(parent.items) - 1}"
    assert parent.pairs is not None and key is not None
    pair = Pair(*key, node)
    place = f"{pointer}/{escape(pair.key)}"
    if pair.key in parent.pairs:
        duplicates[place] = pair
    parent.pairs[pair.key] = pair
    return place
