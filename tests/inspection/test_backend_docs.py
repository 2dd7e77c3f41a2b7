"""docs/backends.md is what the backends' tables say now."""

from __future__ import annotations

import re

from mixdown.backends.protocol import Support
from mixdown.backends.registry import find_backend
from mixdown.inspection import backend_docs
from mixdown.ir.nodes import KINDS


def test_the_page_is_up_to_date():
    stale = "stale: run python -m mixdown.inspection.backend_docs"
    assert backend_docs.PAGE.read_text(encoding="utf-8") == backend_docs.page(), stale


def test_every_kind_stands_in_the_overview_and_under_every_backend():
    page, _ = backend_docs.page().split(backend_docs.VERSIONS)
    rows = re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)
    assert rows == [*KINDS] * (1 + len(backend_docs.OURS))


def test_every_rule_is_named():
    for name in backend_docs.OURS:
        for capability in find_backend(name).capabilities.values():
            if capability.support is Support.LEGALISED:
                assert f"by rule `{capability.rule}`" in backend_docs.page()
