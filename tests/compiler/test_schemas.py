"""The published JSON Schemas agree with the loaders, as far as a schema can see."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from errors_page import entries
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from mixdown.compiler.arrangement.model import Arrangement
from mixdown.compiler.arrangement.show import Show
from mixdown.compiler.load import loads
from mixdown.compiler.schemas import NAMES, schema
from mixdown.compiler.timeline.model import Timeline
from mixdown.documents import json_reader, models, yaml_reader
from mixdown.documents.fields import declaration, options
from mixdown.documents.values import Milliseconds
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import TimelineError
from mixdown.presets.model import DeliverySpec, ExportPreset, MixPreset
from strategies import timelines

ROOT = Path(__file__).parents[2]
CORPUS = sorted((ROOT / "tests" / "corpus" / "timelines").iterdir())
VALIDATORS = {name: Draft202012Validator(json.loads(schema(name))) for name in NAMES}
VALIDATOR = VALIDATORS["timeline"]
ROOTS = (Timeline, Arrangement, Show, ExportPreset, MixPreset, DeliverySpec)

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


def with_start(time: str) -> str:
    return f"{{id: x, tracks: [{{id: a, role: fx, clips: [{{source: a, start_ms: {time}}}]}}]}}"


def messages(name: str, data: object) -> list[str]:
    """What the schema called `name` finds wrong with values."""
    return [error.message for error in VALIDATORS[name].iter_errors(plain(data))]


def classes(*found: type) -> Iterator[type]:
    """Model classes, and those that their fields hold."""
    for cls in found:
        yield cls
        for key in declaration(cls).keys.values():
            yield from classes(*models.models_in(key.kind))


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_fresh(name):
    path = ROOT / "docs" / f"{name}.schema.json"
    stale = f"docs/{path.name} is stale; run: mixdown schema {name} -o docs/{path.name}"
    assert path.read_text("utf-8") == schema(name), stale


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_one(name):
    Draft202012Validator.check_schema(json.loads(schema(name)))


@pytest.mark.parametrize(
    "path", [*CORPUS, ROOT / "examples/podcast/podcast.yaml"], ids=lambda p: p.name
)
def test_corpus_is_accepted(path):
    reader = json_reader if path.suffix == ".json" else yaml_reader
    data, _ = reader.read(path.read_text("utf-8-sig"))
    assert messages("timeline", data) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [("arrangement", "examples/song/night-train.yaml"), ("show", "examples/show/episode.yaml")],
)
def test_examples_are_accepted(name, path):
    data, _ = yaml_reader.read((ROOT / path).read_text("utf-8"))
    assert messages(name, data) == []


@pytest.mark.parametrize("name", ["export", "mix", "spec"])
def test_our_presets_are_accepted(name):
    assert messages(name, tomllib.loads((ROOT / f"presets/{name}.toml").read_text("utf-8"))) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("show", "{show_version: 1, id: x, segments: [a.wav, {source: b.wav}, {kind: ad}]}"),
        ("show", "{show_version: 1, id: x, intro: a.wav, bed: b.wav, segments: []}"),
        ("show", "{show_version: 1, id: x, include: shared.yaml}"),
        ("show", "{show_version: 1, id: x, speakers: [a, {id: b, pan: 1}], segments: []}"),
        (
            "arrangement",
            "{arrangement_version: 1, id: x, sections: [], markers: [{label: a, at: 9}],"
            " parts: [{id: p, role: fx, play: [a, {section: b, at: '2:1'}]}]}",
        ),
    ],
)
def test_short_forms_are_accepted(name, text):
    assert messages(name, yaml_reader.read(text)[0]) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("show", "{show_version: 2, id: x, segments: []}"),
        ("show", "{show_version: 1, id: x, segments: [7]}"),
        ("show", "{show_version: 1, id: x, segments: [], gap_ms: -1}"),
        ("show", "{show_version: 1, id: x}"),
        (
            "arrangement",
            "{arrangement_version: 1, id: x, sections: [{name: a, bars: 0}], parts: []}",
        ),
        ("arrangement", "{arrangement_version: 1, id: x, sections: [], parts: [], prats: []}"),
        ("export", "{a: {title: A, use: B, ceiling_db: 1}}"),
        ("mix", "{a: {title: A, use: B, buses: [{id: c, duck: {by: x}}]}}"),
        ("spec", "{a: {id: a, title: A, use: B, source: C}}"),
    ],
)
def test_broken_documents_of_other_kinds_are_refused(name, text):
    assert messages(name, yaml_reader.read(text)[0])


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(timelines())
def test_drawn_timelines_are_accepted(timeline):
    assert messages("timeline", models.plain(timeline)) == []


@pytest.mark.parametrize("code", SEEN)
def test_broken_documents_are_refused(code):
    data, _ = yaml_reader.read(entries()[code].example)
    assert list(VALIDATOR.iter_errors(plain(data)))


@pytest.mark.parametrize(
    ("time", "milliseconds"),
    [
        ("1:30.5", 90_500),
        ("'1:02:03.25'", 3_723_250),
        ("90:00", 5_400_000),
        ("0:00.001", 1),
        ("1:5", None),
        ("1:60:00", None),
        ("5s", None),
        ("'5'", None),
        ("true", None),
    ],
)
def test_clock_times(time, milliseconds):
    text = with_start(time)
    assert bool(messages("timeline", yaml_reader.read(text)[0])) == (milliseconds is None)
    if milliseconds is not None:
        assert loads(text, format="yaml").tracks[0].clips[0].start_ms == milliseconds
        return
    with pytest.raises(TimelineError) as caught:
        loads(text, format="yaml")
    (found,) = caught.value.diagnostics
    assert found.code is Code.WRONG_TYPE
    assert "'start_ms' must be milliseconds or a clock time" in found.message


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


@pytest.mark.parametrize("cls", dict.fromkeys(classes(*ROOTS)), ids=lambda cls: cls.__name__)
def test_every_field_is_described_and_every_number_limited(cls):
    # What moves decides about these, and a list of bit rates about the last.
    free = {"value", "begin", "end", "bit_rate"}
    for name, key in declaration(cls).keys.items():
        kinds: set[Any] = {Decimal, int, float} & set(options(key.kind))
        is_free = name in free or key.is_version or str in options(key.kind)
        assert key.help
        assert name.endswith("_ms") == (Milliseconds in options(key.kind)), name
        assert (key.limit is not None) or not kinds or is_free, name
        assert (
            key.default is attrs.NOTHING
            or key.limit is None
            or key.default is None
            or (key.limit.holds(key.default))
        )
