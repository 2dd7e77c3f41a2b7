"""The generated pages of docs/ are up to date and complete."""

from __future__ import annotations

import re

import ir_page
import pytest
from backends_page import OURS, VERSIONS
from mixdown.backends.protocol import Support
from mixdown.backends.registry import find_backend
from mixdown.ir.nodes import KINDS, Source
from mixdown.ir.text.codec import ATTRIBUTES
from mixdown.ir.text.parser import parse_text
from mixdown.presets.load import library
from write_pages import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_up_to_date(name):
    stale = f"docs/{name}.md is stale; run: python docs/generate/write_pages.py {name}"
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == PAGES[name](), stale


def test_backends_list_every_kind_in_the_overview_and_under_every_backend():
    page, _ = PAGES["backends"]().split(VERSIONS)
    rows = re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)
    assert rows == [*KINDS] * (1 + len(OURS))


def test_backends_name_every_rule():
    for name in OURS:
        for capability in find_backend(name).capabilities.values():
            if capability.support is Support.LEGALISED:
                assert f"by rule `{capability.rule}`" in PAGES["backends"]()


def test_presets_list_every_preset():
    ids = [*library().export, *library().mix, *library().specs]
    assert not [id for id in ids if f"| {id} |" not in PAGES["presets"]()]


def test_the_ir_example_has_every_kind():
    assert {node.kind for node in parse_text(ir_page.EXAMPLE).check()} == set(KINDS)


def test_the_ir_explains_every_attribute_and_no_other():
    classes = {**KINDS, "source": Source}
    wanted = {name: [a.name for a in ATTRIBUTES[cls]] for name, cls in classes.items()}
    explained = {name: list(attributes) for name, attributes in ir_page.ATTRIBUTE.items()}
    assert explained == wanted


def test_the_ir_links_every_kind_to_a_heading_of_the_semantics():
    semantics = (DOCS / "semantics.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", semantics, re.MULTILINE)
    assert set(ir_page.MEANING) == set(KINDS)
    assert not set(ir_page.MEANING.values()) - set(headings)


def test_the_ir_table_links_every_kind_to_its_section():
    page = PAGES["ir"]().partition("## Kinds")[2]
    anchors = [ir_page._slug(title) for title in re.findall(r"^### (.+)$", page, re.MULTILINE)]
    assert re.findall(r"\]\(#([^)]+)\)", page) == anchors
