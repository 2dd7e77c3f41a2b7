"""Loading: what documents mean, the corpus of old ones, versions, and the time it takes."""

from __future__ import annotations

import gc
import time
from decimal import Decimal
from pathlib import Path

import mixdown
import pytest
from attrs import evolve
from built_by_hand import base, document
from mixdown.compiler.graph_input import open_mix
from mixdown.compiler.load import load, loads
from mixdown.compiler.timeline.automation import Keyframe
from mixdown.compiler.timeline.model import Clip, Timeline, Track
from mixdown.compiler.timeline.validate import validate
from mixdown.documents import yaml_reader
from mixdown.documents.fields import declaration
from mixdown.documents.migrations import migrate
from mixdown.documents.writer import dump
from mixdown.ir.codes import Code
from mixdown.ir.diagnostics import TimelineError
from mixdown.ir.origin import Origin

CORPUS = Path(__file__).parents[1] / "corpus" / "timelines"
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
        f"{type(owner).__name__}.{name}"
        for owner in (
            *(timeline, timeline.tracks[0], timeline.buses[0], timeline.tracks[0].filter),
            timeline.sources["film"],
        )
        for name, key in declaration(type(owner)).keys.items()
        if getattr(owner, name) == key.default
    ]
    # Those that the document sets to what they are by default, or on another band, and lists of
    # other rows.
    assert timeline.tracks[0].eq[1].harmonics == 4
    assert set(untouched) <= {
        *("Timeline.schema_version", "Timeline.channels", "Timeline.mix_preset_id"),
        *("Track.mute", "BusOverride.roles", "EqBand.q", "EqBand.harmonics"),
        *("SourceEntry.downmix", "SourceEntry.buses"),
    }


@pytest.mark.parametrize("name", ["a.yaml", "a.YML", "a.json", "a.txt", "a"])
def test_the_extension_or_else_the_first_character_tells_the_format(name, tmp_path):
    path = tmp_path / name
    text = "id: x\n" + CLIP % "" if name[-4:].lower() in (".yml", "yaml") else '{"id": "x"}'
    path.write_text(text)
    assert load(path).id == "x"
    assert load(path).root == tmp_path


# Everything at once.


def test_all_problems_come_in_one_run():
    text = (
        "schema_version: 9\nid: x\nnonsense: 1\nsample_rate: '48000'\n"
        "tracks:\n  - {id: a, clips: [{source: http://x, start_ms: -1, pan: 2, mute: 0}]}\n"
        "  - 7\n  - {id: a, role: fx, gain_db: .nan, clips: nothing}\n  - {id: a, role: fx}\n"
    )
    assert codes(text) == [
        *("MIX107", "MIX103", "MIX105", "MIX104", "MIX105", "MIX105", "MIX106", "MIX105"),
        *("MIX202", "MIX206", "MIX213", "MIX201", "MIX201"),
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
        (
            "id: x\nlength_ms: true",
            "'length_ms' must be milliseconds or a clock time, not true or false",
        ),
        ("id: x\npan_law: constant", "'pan_law' cannot be 'constant'"),
        ("root: /\nid: x", "a timeline has no key 'root'"),
        ("id: x\nallow_outside: true", "a timeline has no key 'allow_outside'"),
    ],
)
def test_messages(text, message):
    with pytest.raises(TimelineError) as caught:
        loads(text)
    assert caught.value.diagnostics[0].message == message


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
    version = evolve(declaration(Timeline).keys["schema_version"], default=3)

    def migrated(data):
        return migrate(data, Origin("x"), version, steps)

    whole, problem = migrated({"schema_version": 1, "id": "x"})
    assert (whole, problem) == ({"schema_version": 3, "id": "x", "seen": [1, 2]}, None)
    assert migrated({"schema_version": 3})[0] == {"schema_version": 3}
    _, problem = migrated({"schema_version": 0})
    assert problem.code is Code.SCHEMA_VERSION
    assert problem.help == "this mixdown reads version 1 to 3"


@pytest.mark.parametrize("version", ["0", "2", "-1", "'1'", "1.0", "true", "null", "[]", "1e400"])
def test_unknown_versions(version):
    assert codes(f"schema_version: {version}\nid: x\n{CLIP % ''}") == ["MIX107"]


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
    text = document(2000)
    assert loads(text) == base(text)
    assert quickest(lambda: loads(text)) < 3 * quickest(lambda: base(text))


@pytest.mark.parametrize("mistake", ['"start_ms": -1', '"strat_ms": 1', '"start_ms": "x"'])
def test_of_ten_thousand_mistakes_the_first_thousand_are_counted_in_good_time(mistake):
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
    assert str(error).count("  = 999 more with the same cause:") == 1
    assert all("line" in problem.to_dict(error.documents) for problem in error.diagnostics)
    assert time.process_time() - start < 10


def test_a_misspelt_role_is_shown_beside_a_misspelt_key(tmp_path):
    """A compilation reports the errors of a document with those of later phases."""
    path = tmp_path / "t.yaml"
    path.write_text(
        "schema_version: 1\nid: t\nmix_preset_id: [music]\ntracks:\n"
        "  - {id: a, role: dialoge, gian_db: 3, clips: [{source: a.wav, fade_in_ms: -1}]}\n"
    )
    with pytest.raises(mixdown.TimelineError) as loaded:
        mixdown.load(path)
    at_load = [(d.code, d.origin.pointer) for d in loaded.value.diagnostics]
    for mix in (path, open_mix(path)):
        with pytest.raises(mixdown.TimelineError) as compiled:
            mixdown.compile(mix)
        found = [(d.code, d.origin.pointer) for d in compiled.value.diagnostics]
        later = [
            (Code.MEDIA_MISSING, "/tracks/0/clips/0/source"),
            (Code.UNKNOWN_ROLE, "/tracks/0/role"),
        ]
        assert sorted(found) == sorted([*at_load, *later])
        assert len(set(found)) == len(found)


def test_a_misspelt_source_is_not_also_a_missing_file(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text(
        "schema_version: 1\nid: t\nsources: {theme: theme.wav}\ntracks:\n"
        "  - {id: a, role: music, clips: [{source: theem}, {source: gone.wav, start_ms: 9}]}\n"
    )
    with pytest.raises(mixdown.TimelineError) as compiled:
        mixdown.compile(path)
    found = [(d.code, d.origin.pointer) for d in compiled.value.diagnostics]
    clips = "/tracks/0/clips/{}/source"
    assert sorted(found) == [
        (Code.UNKNOWN_SOURCE, clips.format(0)),
        (Code.MEDIA_MISSING, clips.format(1)),
    ]
