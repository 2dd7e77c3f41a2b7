"""docs/ir.md is what the node classes say now, and leads where it points."""

from __future__ import annotations

import re

from mixdown.inspection import ir_docs
from mixdown.ir.nodes import KINDS, Source
from mixdown.ir.text.codec import ATTRIBUTES
from mixdown.ir.text.parser import parse_text

SEMANTICS = ir_docs.PAGE.parent / "semantics.md"


def test_the_page_is_up_to_date():
    written = ir_docs.PAGE.read_text(encoding="utf-8")
    assert written == ir_docs.page(), "stale: run python -m mixdown.inspection.ir_docs"


def test_the_example_holds_every_kind():
    assert {node.kind for node in parse_text(ir_docs.EXAMPLE).check()} == set(KINDS)


def test_every_attribute_is_explained_and_nothing_else():
    classes = {**KINDS, "source": Source}
    wanted = {name: [a.name for a in ATTRIBUTES[cls]] for name, cls in classes.items()}
    explained = {name: list(attributes) for name, attributes in ir_docs.ATTRIBUTE.items()}
    assert explained == wanted


def test_every_kind_links_to_a_heading_of_the_semantics():
    headings = re.findall(r"^#+ (.+)$", SEMANTICS.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(ir_docs.MEANING) == set(KINDS)
    assert not set(ir_docs.MEANING.values()) - set(headings)


def test_every_kind_in_the_table_links_to_its_section():
    page = ir_docs.page()
    anchors = [ir_docs._slug(title) for title in re.findall(r"^### (.+)$", page, re.MULTILINE)]
    assert re.findall(r"\]\(#([^)]+)\)", page) == anchors
