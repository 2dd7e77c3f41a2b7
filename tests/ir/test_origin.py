"""Origins are JSON Pointers that children extend, and no part of what a node is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mixdown.ir.nodes import Gain
from mixdown.ir.origin import Document, Origin, Span, escape, tokens


# The examples of RFC 6901, section 5.
@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("", ()),
        ("/foo", ("foo",)),
        ("/foo/0", ("foo", "0")),
        ("/", ("",)),
        ("/a~1b", ("a/b",)),
        ("/m~0n", ("m~n",)),
        ("/~01", ("~1",)),
    ],
)
def test_tokens(pointer: str, expected: tuple[str, ...]):
    assert tokens(pointer) == expected


@given(st.lists(st.text()))
def test_any_token_is_read_back(parts: list[str]):
    assert tokens(Origin("d").child(*parts).pointer) == tuple(parts)


@given(st.text())
def test_an_escaped_token_has_no_slash(token: str):
    assert "/" not in escape(token)


def test_a_child_keeps_the_document_and_what_it_was_made_from():
    via = Origin("show.arr", "/lines/3")
    child = Origin("show.yaml", "/tracks", via).child(0, "clips", 1)
    assert child == Origin("show.yaml", "/tracks/0/clips/1", via)
    assert str(child) == "show.yaml#/tracks/0/clips/1"


def test_origins_take_no_part_in_what_a_node_is():
    here, there = Origin("a.yaml", "/tracks/0"), Origin("b.yaml")
    one, other = Gain("g", 1.0, origin=here), Gain("g", 1.0, origin=there)
    assert one == other
    assert hash(one) == hash(other)
    assert one.origin is here


def test_a_document_locates_by_its_own_locator():
    document = Document("d", "text", lambda text, pointer: Span(1, len(pointer), 1, text))
    assert document.locate("/abc") == Span(1, 4, 1, "text")
