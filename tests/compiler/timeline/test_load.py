"""Reading: what documents mean, the corpus of old ones, versions, places, and the time it takes."""

from __future__ import annotations

import gc
import importlib.util
import json
import random
import time
from decimal import Decimal
from pathlib import Path
from typing import get_type_hints

import pytest
from attrs import evolve, fields
from hypothesis import HealthCheck, given, settings
from mixdown.compiler.timeline import fields as table
from mixdown.compiler.timeline.builder import BusFields, ClipFields, TrackFields
from mixdown.compiler.timeline.dump import dump, to_data
from mixdown.compiler.timeline.load import load, loads
from mixdown.compiler.timeline.migrations import migrate
from mixdown.compiler.timeline.model import (
    Automation,
    BusOverride,
    Clip,
    EqBand,
    Keyframe,
    Timeline,
    Track,
)
from mixdown.compiler.timeline.structure import TIMELINE, diagnose, document_fields, structure
from mixdown.compiler.timeline.validate import validate
from mixdown.documents import json_reader, yaml_reader
from mixdown.documents.tree import walk
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import TimelineError
from mixdown.ir.origin import Origin
from mutants import mutated_values
from strategies import timelines

CORPUS = Path(__file__).parents[2] / "corpus" / "timelines"
DOCUMENTS = sorted(CORPUS.iterdir())
CLIP = "tracks: [{id: a, role: fx, clips: [{source: a.wav%s}]}]"


def codes(text: str, **options) -> list[str]:
    with pytest.raises(TimelineError) as caught:
        loads(text, **options)
    return [d.code.value for d in caught.value.diagnostics]


# The corpus.


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_old_documents_load_and_survive_a_dump(path):
    timeline = load(path)
    assert validate(timeline) == ()
    for format in ("yaml", "json"):
        assert loads(dump(timeline, format), format=format) == timeline


def test_absent_fields_have_their_defaults():
    clip = Clip(source="a.wav")
    minimal = Timeline(id="minimal", tracks=(Track(id="a", role="music", clips=(clip,)),))
    assert load(CORPUS / "minimal.yaml") == load(CORPUS / "minimal.json") == minimal
    assert (minimal.schema_version, minimal.sample_rate, minimal.channels) == (1, 48000, 2)
    assert (minimal.pan_law, minimal.mix_preset_id) == ("constant_power", "default_mix")


def test_number_formats_mean_the_same():
    timeline = load(CORPUS / "numbers.yaml")
    assert timeline.sample_rate == 48000
    assert timeline.tracks[0].gain_db == Decimal("-1.5")
    assert {clip.start_ms for clip in timeline.tracks[0].clips} == {Decimal(4000)}
    assert {clip.gain_db for clip in timeline.tracks[0].clips} == {Decimal("-1.5")}


def test_key_order_means_nothing():
    ordered = loads(dump(load(CORPUS / "order.yaml")))
    assert ordered == load(CORPUS / "order.yaml")
    text = (CORPUS / "order.yaml").read_text()
    assert list(yaml_reader.read(text)[0]) != list(yaml_reader.read(dump(ordered))[0])


def test_comments_mean_nothing():
    text = (CORPUS / "comments.yaml").read_text()
    bare = "\n".join(line.split(" # ")[0] for line in text.splitlines() if line.strip()[:1] != "#")
    assert "#" in bare
    assert loads(bare) == loads(text)


def test_anchors_and_merges():
    timeline = load(CORPUS / "anchors.yaml")
    host, guest, third = timeline.tracks
    assert [c.start_ms for c in host.clips] == [0, 2000, 4000]
    assert [c.fade_out_ms for c in host.clips] == [60, 60, 10]
    assert guest.role == "dialogue"
    assert guest.clips[0].source == "media/voice.wav"
    assert third.eq == host.eq == guest.eq


def test_everything_is_read():
    timeline = load(CORPUS / "everything.yaml")
    assert timeline.tracks[0].automation.gain[2] == Keyframe(at_ms=1000, value=-3, curve="hold")
    assert timeline.metadata["comment"] == "Two\nlines\n"
    untouched = [
        f"{type(owner).__name__}.{a.name}"
        for owner in (timeline, timeline.tracks[0], timeline.buses[0], timeline.tracks[0].filter)
        for a in document_fields(type(owner))
        if getattr(owner, a.name) == a.default
    ]
    # Those that the document sets to what they are by default, and kw-only lists of other rows.
    assert set(untouched) <= {
        *("Timeline.schema_version", "Timeline.channels", "Timeline.mix_preset_id"),
        *("Track.mute", "BusOverride.roles", "EqBand.q"),
    }


@pytest.mark.parametrize("name", ["a.yaml", "a.YML", "a.json", "a.txt", "a"])
def test_the_extension_or_else_the_first_character_tells_the_format(name, tmp_path):
    path = tmp_path / name
    text = "id: x\n" + CLIP % "" if name[-4:].lower() in (".yml", "yaml") else '{"id": "x"}'
    path.write_text(text)
    assert load(path).id == "x"
    assert load(path).root == tmp_path


# Numbers and scalars.


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("33.3333333333333333", Decimal("33.3333333333333333")),
        ("0.1", Decimal("0.1")),
        ("1e2", Decimal(100)),
        (".5", Decimal("0.5")),
        ("012", 12),
        ("0o14", 12),
        ("0xC", 12),
        ("-0", 0),
        ("no", "no"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("TRUE", True),
        ("~", None),
        ("'12'", "12"),
        ("! 12", "12"),
        ("!!str 12", "12"),
        ('!!int "12"', 12),
        ("!!null ''", None),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, value):
    (read,) = yaml_reader.read(f"- {text}")[0]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("!!int x", "!!float x", "!!bool 1", "!!set {a}", "!x y", "!!map [a]", "!!seq {a: b}"),
        *("*a", "{*a : 1}", "{[a]: 1}", "{{a: 1}: 1}", "{<<: 1}", "{<<: [1]}", "{a: &b [*b]}"),
        *("---\n---\n", "@", "%", "{", "a: b: c", "\tx: y\n\tz", "&a &b c", '"\\xZZ"', "'"),
    ],
)
def test_what_is_no_yaml_here(text):
    assert codes(text, format="yaml") == ["MIX102"]


@pytest.mark.parametrize("text", ["{", "[1,]", "{'a': 1}", "{} x", "", "nul", '"\n"', "01", "//"])
def test_what_is_no_json(text):
    assert codes(text, format="json") == ["MIX102"]


def test_yaml_and_json_readers_agree():
    data = to_plain = json.loads((CORPUS / "names.json").read_text())
    assert yaml_reader.read((CORPUS / "names.json").read_text())[0] == data
    assert json_reader.read((CORPUS / "names.json").read_text())[0] == to_plain


# Everything at once.


def test_all_problems_come_in_one_run():
    text = (
        "schema_version: 9\nid: x\nnonsense: 1\nsample_rate: '48000'\n"
        "tracks:\n  - {id: a, clips: [{source: http://x, start_ms: -1, pan: 2, mute: 0}]}\n"
        "  - 7\n  - {id: a, role: fx, gain_db: .nan, clips: nothing}\n  - {id: a, role: fx}\n"
    )
    assert codes(text) == [
        *("MIX107", "MIX103", "MIX105", "MIX104", "MIX105", "MIX105", "MIX106", "MIX105"),
        *("MIX213", "MIX201", "MIX201", "MIX202", "MIX206"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("7", "the document must be a mapping, not a number"),
        ("id: [x]", "'id' must be text, not a list"),
        ("id: 42", "'id' must be text, not a number"),
        ("id: null", "'id' must be text, not nothing"),
        ("id: x\ntracks: {}", "'tracks' must be a list, not a mapping"),
        ("id: x\ntracks: [7]", "a track must be a mapping, not a number"),
        ("id: x\nmetadata: [a]", "'metadata' must be a mapping of names to text, not a list"),
        ("id: x\nmetadata: {year: 2024}", "'year' must be text, not a number"),
        ("id: x\nsample_rate: 48000.5", "'sample_rate' must be a whole number, not a number"),
        ("id: x\nlenient: 1", "'lenient' must be true or false, not a number"),
        ("id: x\nlength_ms: true", "'length_ms' must be a number, not true or false"),
        ("id: x\npan_law: constant", "'pan_law' cannot be 'constant'"),
        ("root: /\nid: x", "a timeline has no key 'root'"),
        ("id: x\nallow_outside: true", "a timeline has no key 'allow_outside'"),
    ],
)
def test_messages(text, message):
    with pytest.raises(TimelineError) as caught:
        loads(text)
    assert caught.value.diagnostics[0].message == message


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(timelines())
def test_the_quick_and_the_slow_way_agree_on_sound_values(timeline):

    data = to_data(timeline)
    slow, findings = diagnose(data, Origin("x"), TIMELINE)
    assert findings.diagnostics == []
    assert slow == structure(data, TIMELINE) == timeline


def test_the_quick_way_refuses_what_the_slow_one_names():

    rng = random.Random(3)
    refused = 0
    whole = [yaml_reader.read(p.read_text("utf-8-sig"))[0] for p in DOCUMENTS]
    for n in range(3000):
        data = mutated_values(rng, whole[n % len(whole)])
        _, findings = diagnose(data, Origin("x"), TIMELINE)
        if findings.diagnostics:
            refused += 1
            with pytest.raises(Exception):  # noqa: B017 - any refusal will do
                structure(data, TIMELINE)
        else:
            structure(data, TIMELINE)
    assert refused > 1000


# Places.


def span(text: str, pointer: str, format: str = "yaml") -> str:
    """The line with the span in brackets, after its number."""
    document = loads(text, format=format).document
    assert document is not None
    found = document.locate(pointer)
    before, rest = found.text[: found.column - 1], found.text[found.column - 1 :]
    return f"{found.line}: {before}[{rest[: found.width]}]{rest[found.width :]}"


YAML = """\
# é
id: "x"
sources: &s {a: &p é.wav}
tracks:
  - id: one
    role: fx
    tags: [p, q]
    clips:
      -  source: a
         start_ms: 1.5   # here
      - &c {source: *p}
      - {<<: *c, start_ms: 7}
"""


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [
        ("", '2: [id]: "x"'),
        ("/id", '2: id: ["x"]'),
        ("/sources", "3: sources: &s [{]a: &p é.wav}"),
        ("/sources/a", "3: sources: &s {a: &p [é.wav]}"),
        ("/tracks/0", "5:   - [id]: one"),
        ("/tracks/0/tags", "7:     tags: [[]p, q]"),
        ("/tracks/0/tags/1", "7:     tags: [p, [q]]"),
        ("/tracks/0/clips/0/start_ms", "10:          start_ms: [1.5]   # here"),
        ("/tracks/0/clips/1/source", "3: sources: &s {a: &p [é.wav]}"),
        ("/tracks/0/clips/2/source", "3: sources: &s {a: &p [é.wav]}"),
        ("/tracks/0/clips/2/start_ms", "12:       - {<<: *c, start_ms: [7]}"),
        ("/tracks/0/clips/0/fade_in_ms", "9:       -  [source]: a"),
        ("/tracks/0/clips/9/source", "9:       [-]  source: a"),
        ("/tracks/0/clips/x", "9:       [-]  source: a"),
    ],
)
def test_places_in_yaml(pointer, shown):
    assert span(YAML, pointer) == shown


JSON = (
    '{\r\n\t"id": "é\\"x",\r\n'
    '\t"tracks": [ {"id":"a~/b","role" : "fx"} ], "sources": {"a/b~c": "é"}}'
)


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [
        ("", "1: [{]"),
        ("/id", '2: \t"id": ["é\\"x"],'),
        ("/tracks", '3: \t"tracks": [[] {"id":"a~/b","role" : "fx"} ], "sources": {"a/b~c": "é"}}'),
        (
            "/tracks/0/role",
            '3: \t"tracks": [ {"id":"a~/b","role" : ["fx"]} ], "sources": {"a/b~c": "é"}}',
        ),
        (
            "/sources/a~1b~0c",
            '3: \t"tracks": [ {"id":"a~/b","role" : "fx"} ], "sources": {"a/b~c": ["é"]}}',
        ),
    ],
)
def test_places_in_json(pointer, shown):
    assert span(JSON, pointer, "json") == shown


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_every_place_of_a_document_is_found_where_its_value_is_written(path):
    text = path.read_text("utf-8-sig")
    reader = json_reader if path.suffix == ".json" else yaml_reader
    document = loads(text, format="json" if path.suffix == ".json" else "yaml").document
    seen = 0
    for pointer, node in walk(reader.compose(text).node):
        found = document.locate(pointer)
        assert text.splitlines()[found.line - 1] == found.text
        written = found.text[found.column - 1 :][: found.width]
        if isinstance(node.value, int) and written.isdigit():
            assert int(written) == node.value
        if isinstance(node.value, str) and "\n" not in node.value and "\\" not in written:
            assert written.strip("\"'").replace("''", "'") in (node.value, "|")
        seen += 1
    assert seen > 5


def test_a_repeated_key_is_shown_where_it_is_repeated():
    for text in ('{"id": "x",\n "id": "y"}', 'id: x\nid: "y"\n'):
        with pytest.raises(TimelineError) as caught:
            loads(text)
        data = caught.value.diagnostics[0].to_dict(caught.value.documents)
        assert (data["code"], data["line"], data["pointer"]) == ("MIX109", 2, "/id")


# Versions.


def test_migrations_run_in_order():
    steps = {
        1: lambda data: {**data, "seen": [1]},
        2: lambda data: {**data, "seen": [*data["seen"], 2]},
    }
    origin = Origin("x")
    whole, problem = migrate({"schema_version": 1, "id": "x"}, origin, steps, current=3)
    assert (whole, problem) == ({"schema_version": 3, "id": "x", "seen": [1, 2]}, None)
    assert migrate({"schema_version": 3}, origin, steps, current=3)[0] == {"schema_version": 3}
    _, problem = migrate({"schema_version": 0}, origin, steps, current=3)
    assert problem.code is Code.SCHEMA_VERSION
    assert problem.help == "this mixdown reads version 1 to 3"


@pytest.mark.parametrize("version", ["0", "2", "-1", "'1'", "1.0", "true", "null", "[]", "1e400"])
def test_unknown_versions(version):
    assert codes(f"schema_version: {version}\nid: x\n{CLIP % ''}") == ["MIX107"]


# The table of fields.


def test_every_field_is_in_the_table():
    for cls, specs in table.FIELDS.items():
        assert set(specs) == {a.name for a in document_fields(cls)}
        assert cls in table.NOUNS


def test_every_number_has_a_range():
    numbers = {Decimal, int}
    for cls, specs in table.FIELDS.items():
        for a in document_fields(cls):
            kinds = {k for k in numbers if k.__name__ in str(a.type)}
            free = (cls is Keyframe and a.name == "value") or a.name == "schema_version"
            assert (specs[a.name].range is not None) == (bool(kinds) and not free), (cls, a.name)


# The builder.


def test_python_is_as_short_as_yaml_and_equal():
    built = (
        Timeline(id="intro", sources={"bed": "bed.ogg"}, pan_law="linear")
        .marker(0, "Start")
        .bus("bus_music", gain_db=-3, roles=["music"])
        .track("host", role="dialogue", eq=[{"kind": "highpass", "frequency_hz": 80}])
        .clip("host.wav", start_ms=0, fade_in_ms=50)
        .clip("host.wav", start_ms=4000.5, pan=-0.1)
        .track("music", role="music", tags=["a", "b"])
        .clip(
            "bed",
            filter={"kind": "lowpass", "frequency_hz": 12000},
            automation={"gain": [(0, 0), (3000, -6, "smooth")], "filter": [(0, 400)]},
        )
    )
    written = loads(
        """
        id: intro
        pan_law: linear
        sources: {bed: bed.ogg}
        markers: [{at_ms: 0, label: Start}]
        buses: [{id: bus_music, gain_db: -3, roles: [music]}]
        tracks:
          - id: host
            role: dialogue
            eq: [{kind: highpass, frequency_hz: 80}]
            clips:
              - {source: host.wav, start_ms: 0, fade_in_ms: 50}
              - {source: host.wav, start_ms: 4000.5, pan: -0.1}
          - id: music
            role: music
            tags: [a, b]
            clips:
              - source: bed
                filter: {kind: lowpass, frequency_hz: 12000}
                automation:
                  gain: [{at_ms: 0, value: 0}, {at_ms: 3000, value: -6, curve: smooth}]
                  filter: [{at_ms: 0, value: 400}]
        """
    )
    assert built == written
    assert dump(built) == dump(written)
    assert isinstance(built.tracks[0].eq[0], EqBand)
    assert hash(built.tracks[1].clips[0].automation) == hash(
        Automation(gain=((0, 0), (3000, -6, "smooth")), filter=((0, 400),))
    )


def test_adding_leaves_what_was_there_alone():
    empty = Timeline(id="x")
    with_track = empty.track("a", role="fx")
    assert empty.tracks == ()
    assert with_track.clip("a.wav").tracks[0].clips != with_track.tracks[0].clips == ()
    assert evolve(with_track, tracks=()) == empty


def test_a_clip_needs_a_track():
    with pytest.raises(TimelineError, match="MIX307"):
        Timeline(id="x").clip("a.wav")


def test_the_typed_fields_are_those_of_the_model():

    for typed, cls, given_otherwise in (
        (TrackFields, Track, {"id", "role"}),
        (ClipFields, Clip, {"source"}),
        (BusFields, BusOverride, {"id"}),
    ):
        assert set(get_type_hints(typed)) == {a.name for a in fields(cls)} - given_otherwise


# Time.


def quickest(work, rounds: int = 5) -> float:
    times = []
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def test_loading_costs_at_most_three_times_reading_and_building_by_hand():
    path = Path(__file__).parents[3] / "benchmarks" / "load.py"
    spec = importlib.util.spec_from_file_location("benchmark_load", path)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    text = benchmark.document(2000)
    assert loads(text) == benchmark.base(text)
    assert quickest(lambda: loads(text)) < 3 * quickest(lambda: benchmark.base(text))


@pytest.mark.parametrize("mistake", ['"start_ms": -1', '"strat_ms": 1', '"start_ms": "x"'])
def test_of_ten_thousand_mistakes_the_first_thousand_are_shown_in_good_time(mistake):
    clips = ",\n".join(f'{{"source": "a.wav", {mistake}}}' for _ in range(10_000))
    text = f'{{"id": "x", "tracks": [{{"id": "a", "role": "fx", "clips": [{clips}]}}]}}'
    start = time.process_time()
    try:
        timeline = loads(text, format="json")
    except TimelineError as caught:
        error = caught
    else:
        error = TimelineError(validate(timeline), timeline.documents)
    assert len(error.diagnostics) == 1000
    assert str(error).count("  = help") in (0, 1000)
    assert str(error).count("^") > 1000
    assert time.process_time() - start < 10
