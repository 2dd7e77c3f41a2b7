"""docs/service.md says what the service does."""

from __future__ import annotations

import re

import attrs
import jsonschema
from house import ROOT
from mixdown.cli.serve import SCOPES as OFFERED
from mixdown.compiler.choices import Choices
from mixdown.compiler.options import CompileOptions
from mixdown.documents.fields import declaration
from mixdown.service.bodies import MixChoices
from mixdown.service.handlers import HANDLERS
from mixdown.service.keys import SCOPES
from mixdown.service.openapi import document
from mixdown.service.operations import OPERATIONS
from mixdown.service.problems import PROBLEMS
from mixdown.service.settings import Limits

PAGE = (ROOT / "docs/service.md").read_text(encoding="utf-8")


def rows(head: str) -> list[list[str]]:
    """The cells of the table with this first column."""
    table = PAGE.partition(f"\n| {head} |")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()[2:]]


def test_the_page_lists_every_operation_with_its_scope():
    shown = [(row[0].strip("`"), row[1] or None) for row in rows("request")]
    assert sorted(shown) == sorted((f"{o.method} {o.path}", o.scope) for o in OPERATIONS)
    assert HANDLERS.keys() == {o.id for o in OPERATIONS}


def test_the_page_lists_every_limit_with_its_default():
    shown = {row[0].strip("`"): (row[1], row[2]) for row in rows("name")}
    keys = declaration(Limits).keys.values()
    assert shown == {key.name: (str(key.default), key.help) for key in keys}
    assert attrs.asdict(Limits()) == {key.name: key.default for key in keys}


def test_the_page_lists_every_scope_and_every_problem():
    assert [(row[0].strip("`"), row[1]) for row in rows("scope")] == list(SCOPES.items())
    assert set(SCOPES) == set(OFFERED)
    shown = [(re.findall("`(.*?)`", row[0]), row[1].split(", ")) for row in rows("type")]
    kinds = {k: s[-1] if len(s) == 1 else s[n] for names, s in shown for n, k in enumerate(names)}
    assert kinds == {kind: str(p.status) for kind, p in PROBLEMS.items()}


def test_the_examples_of_the_openapi_document_are_valid():
    whole = document()
    count = 0
    for path in whole["paths"].values():
        for operation in path.values():
            for kind in operation.get("requestBody", {}).get("content", {}).values():
                if "example" in kind:
                    jsonschema.validate(kind["example"], {**kind["schema"], **whole})
                    count += 1
    assert count >= 5


def test_a_request_has_every_choice_but_those_that_name_files():
    """Of the options of a compilation only `strict` changes what is delivered."""
    offered = set(declaration(MixChoices).keys)
    files = {"facts", "presets", "video"}
    others = set(declaration(CompileOptions).keys) - {"strict"}
    assert offered == set(Choices.__annotations__) - files - others
    body = PAGE.partition("**Bodies**")[2].partition("\n\n")[0]
    assert offered <= set(re.findall("`(.*?)`", body))
