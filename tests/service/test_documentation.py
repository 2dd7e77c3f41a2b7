"""docs/service.md says what the service does."""

from __future__ import annotations

import re

import attrs
import jsonschema
import pytest
from house import ROOT
from mixdown.cli.serve import SCOPES as OFFERED
from mixdown.compiler.choices import Choices
from mixdown.compiler.options import CompileOptions
from mixdown.documents.fields import declaration
from mixdown.service.bodies import MixChoices
from mixdown.service.handlers import HANDLERS
from mixdown.service.keys import SCOPES
from mixdown.service.openapi import document
from mixdown.service.operations import FILE_TYPES, OPERATIONS
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


@pytest.mark.parametrize("has_keys", [False, True])
def test_the_openapi_document_has_an_example_of_every_body_parameter_and_answer(has_keys):
    """They are valid; only files have none. Links lead to operations and their parameters."""
    whole = document(has_keys=has_keys)
    parameters = {o.id: {p.name for p in o.parameters} for o in OPERATIONS}
    for operation in (o for path in whole["paths"].values() for o in path.values()):
        assert ("401" in operation["responses"]) == bool(operation.get("security"))
        assert has_keys or "security" not in operation
        for parameter in operation["parameters"]:
            schema = parameter["schema"]
            shown = schema.get("examples") or schema.get("enum") or [schema.get("default")]
            for example in shown:
                jsonschema.validate(example, schema)
        for place in (operation.get("requestBody", {}), *operation["responses"].values()):
            for name, kind in place.get("content", {}).items():
                several = [e["value"] for e in kind.get("examples", {}).values()]
                found = several or [kind.get("example")]
                for example in found if name not in (*FILE_TYPES, "text/html") else []:
                    jsonschema.validate(example, {**kind["schema"], **whole})
            for link in place.get("links", {}).values():
                assert set(link["parameters"]) <= parameters[link["operationId"]]


def test_a_request_has_every_choice_but_those_that_name_files():
    """Of the options of a compilation only `strict` changes what is delivered."""
    offered = set(declaration(MixChoices).keys)
    files = {"facts", "presets", "video"}
    others = set(declaration(CompileOptions).keys) - {"strict"}
    assert offered == set(Choices.__annotations__) - files - others
    body = PAGE.partition("**Bodies**")[2].partition("\n\n")[0]
    assert offered <= set(re.findall("`(.*?)`", body))
