"""The published JSON Schema agrees with the loader, as far as a schema can see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from mixdown.compiler.timeline.dump import to_data
from mixdown.compiler.timeline.schema import COMMAND, schema, schema_text
from mixdown.documents import json_reader, yaml_reader
from mixdown.inspection.error_docs import entries
from mixdown.ir.codes import Code
from strategies import timelines

ROOT = Path(__file__).parents[3]
CORPUS = sorted((ROOT / "tests" / "corpus" / "timelines").iterdir())
VALIDATOR = Draft202012Validator(schema())

# What the schema sees too. The rest needs the values of other keys, or files.
SEEN = (
    Code.UNKNOWN_KEY,
    Code.MISSING_KEY,
    Code.WRONG_TYPE,
    Code.SCHEMA_VERSION,
    Code.NEGATIVE_TIME,
    Code.OUT_OF_RANGE,
    Code.UNKNOWN_CURVE,
    Code.EMPTY_CLIP,
)


def plain(data: object) -> object:
    """Values as a reader without decimals has them."""
    return json.loads(json.dumps(data, default=float))


def test_schema_is_fresh():
    stale = f"docs/timeline.schema.json is stale; run: {COMMAND}"
    assert (ROOT / "docs" / "timeline.schema.json").read_text("utf-8") == schema_text(), stale


def test_schema_is_one():
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize(
    "path", [*CORPUS, ROOT / "examples/podcast/podcast.yaml"], ids=lambda p: p.name
)
def test_corpus_is_accepted(path):
    reader = json_reader if path.suffix == ".json" else yaml_reader
    data, _ = reader.read(path.read_text("utf-8-sig"))
    assert [e.message for e in VALIDATOR.iter_errors(plain(data))] == []


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(timelines())
def test_drawn_timelines_are_accepted(timeline):
    assert [e.message for e in VALIDATOR.iter_errors(plain(to_data(timeline)))] == []


@pytest.mark.parametrize("code", SEEN)
def test_broken_documents_are_refused(code):
    data, _ = yaml_reader.read(entries()[code].example)
    assert list(VALIDATOR.iter_errors(plain(data)))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("gain", {"at_ms": 0, "value": 61}),
        ("pan", {"at_ms": 0, "value": -1.5}),
        ("filter", {"at_ms": 0, "value": 0}),
        ("gain", {"at_ms": -1, "value": 0}),
        ("gain", {"at_ms": 0, "value": 0, "curve": "tri"}),
    ],
)
def test_keyframes_are_limited_by_what_they_move(place, value):
    clip = {"source": "a.wav", "automation": {place: [value]}}
    document = {"id": "x", "tracks": [{"id": "a", "role": "fx", "clips": [clip]}]}
    assert list(VALIDATOR.iter_errors(document))
    clip["automation"] = {place: [{"at_ms": 0, "value": 1}]}
    assert not list(VALIDATOR.iter_errors(document))


def test_every_field_is_described():
    def properties(node):
        if isinstance(node, dict):
            yield from (node.get("properties") or {}).values()
            for item in node.values():
                yield from properties(item)

    found = list(properties(schema()))
    assert len(found) > 60
    assert all(p.get("description") for p in found)
