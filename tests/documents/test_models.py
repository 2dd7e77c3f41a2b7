"""Models: made in Python as they are read from documents, and every mistake said at once."""

from __future__ import annotations

import inspect
import random
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from attrs.exceptions import FrozenInstanceError
from hypothesis import HealthCheck, given, settings
from mixdown.compiler.load import loads
from mixdown.compiler.timeline.automation import Automation, Keyframe
from mixdown.compiler.timeline.entry import SourceEntry
from mixdown.compiler.timeline.model import Clip, EqBand, Timeline, Track
from mixdown.documents import yaml_reader
from mixdown.documents.models import plain, replace
from mixdown.documents.structure import structure
from mixdown.documents.writer import dump
from mixdown.ir.curves import PanLaw
from mixdown.ir.diagnostics import TimelineError
from mutants import mutated_values
from strategies import timelines

CORPUS = sorted((Path(__file__).parents[1] / "corpus" / "timelines").iterdir())
WITH_TRACK = Timeline(id="x").track("a", role="fx")


# Python and documents.


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
    assert replace(with_track, tracks=()) == empty


def test_a_clip_needs_a_track():
    with pytest.raises(TimelineError, match="MIX307"):
        Timeline(id="x").clip("a.wav")


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(timelines())
def test_the_same_values_make_the_same_model_in_python_and_in_a_document(timeline):
    data = plain(timeline)
    made, found = structure(data, Timeline, "x")
    assert found.diagnostics == []
    assert made == Timeline(**data) == timeline


def test_a_broken_value_is_an_error_or_a_short_form_in_python():
    rng = random.Random(3)
    whole = [yaml_reader.read(p.read_text("utf-8-sig"))[0] for p in CORPUS]
    refused = 0
    for n in range(3000):
        data = mutated_values(rng, whole[n % len(whole)])
        made, found = structure(data, Timeline, "x")
        refused += bool(found.count)
        if not found.count:
            assert made == Timeline(**data)
    assert refused > 1000


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (1, Decimal(1)),
        (0.1, Decimal("0.1")),
        (np.float64(0.1), Decimal("0.1")),
        (np.int16(-3), Decimal(-3)),
        (Fraction(1, 4), Decimal("0.25")),
        (Decimal("1.50"), Decimal("1.5")),
    ],
)
def test_any_number_is_kept_as_the_shortest_decimal_that_names_it(given, kept):
    assert Clip("a.wav", gain_db=given).gain_db == kept


def test_values_that_python_may_give_instead(tmp_path):
    source = Path("media") / "a.wav"
    made = Timeline(id="x", sources={"a": source}, cover=Path("c.png"), root=str(tmp_path))
    assert (made.sources, made.cover, made.root) == (
        {"a": SourceEntry("media/a.wav")},
        "c.png",
        tmp_path,
    )
    assert Clip(source).source == "media/a.wav"
    assert Timeline(id="x", pan_law="linear").pan_law is PanLaw.LINEAR
    assert Track("a", role="fx", tags=(tag for tag in "ab")).tags == ("a", "b")
    assert Track("a", role="fx", tags="ab").tags == ("ab",)
    assert Automation(pan=[{"at_ms": 0, "value": 1}]).pan == (Keyframe(0, 1),)


# Mistakes.


MISTAKES = [
    (lambda: Clip("a.wav", strat_ms=1), "MIX103", "a clip has no key 'strat_ms'", "'start_ms'?"),
    (lambda: WITH_TRACK.clip("a", mut=True), "MIX103", "a clip has no key 'mut'", "'mute'?"),
    (lambda: replace(WITH_TRACK, trakcs=()), "MIX103", "a timeline has no key 'trakcs'", "tracks"),
    (Clip, "MIX104", "a clip needs the key 'source'", "source: a name"),
    (lambda: Timeline(id="x", pan_law="liner"), "MIX105", "'pan_law' cannot be 'liner'", "linear"),
    (lambda: Keyframe(0, 0, "smoth"), "MIX211", "'curve' cannot be 'smoth'", "'smooth'?"),
    (lambda: Clip("a", "b"), "MIX105", "Clip takes 1 by position, not 2", "the others by name"),
    (lambda: Clip("a", source="b"), "MIX109", "'source' was given before, by position", None),
    (lambda: Clip("a", pan="0"), "MIX105", "'pan' must be a number, not text", "without quotes"),
    (lambda: Clip("a", pan=True), "MIX105", "'pan' must be a number, not true or false", None),
    (lambda: Clip("a", pan=float("inf")), "MIX106", "'pan' is infinite", "a finite number"),
    (lambda: Clip("a", pan=Decimal("sNaN")), "MIX106", "'pan' is not a number (NaN)", "finite"),
    (lambda: Clip("a", start_ms=10**13), "MIX206", "'start_ms' is out of range", "within"),
    (lambda: Track("a", role="fx", tags=7), "MIX105", "'tags' must be a list, not a number", None),
    (lambda: Track("a", role="fx", clips=[object()]), "MIX105",
     "a clip must be a mapping, not a value of type object", None),
    (lambda: Automation(gain=[(0, 0, "hold", 4)]), "MIX105",
     "a keyframe must be a mapping, not a list", None),
    (lambda: Timeline(id="x", metadata={1: "a"}), "MIX105", "a key of 'metadata' is", None),
    (lambda: Timeline(id="x", metadata={"a": "\0"}), "MIX110", "'a' holds U+0000", "remove"),
    (lambda: Timeline(id="a\0b"), "MIX110", "'id' holds U+0000", "remove"),
    (lambda: Clip("a", id="\ud800"), "MIX110", "'id' holds U+D800", "remove"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "code", "message", "help"), MISTAKES)
def test_a_mistake_in_python_raises_an_error_of_mixdown(make, code, message, help):
    with pytest.raises(TimelineError) as caught:
        make()
    assert isinstance(caught.value, ValueError)
    (found,) = caught.value.diagnostics
    assert found.code.value == code
    assert found.message.startswith(message)
    assert (help or "") in (found.help or "")


def test_all_errors_of_a_call_are_reported_with_their_places():
    with pytest.raises(TimelineError) as caught:
        Clip(gain_db="x", mute=1, automation={"gain": [(0, "loud"), {"at_ms": 0, "valeu": 1}]})
    assert [d.origin.pointer for d in caught.value.diagnostics] == [
        *("", "/gain_db", "/mute", "/automation/gain/0/value"),
        *("/automation/gain/1", "/automation/gain/1/valeu"),
    ]
    assert "  --> Clip(...) at /automation/gain/0/value\n" in str(caught.value)


def test_models_are_frozen_and_compare_by_what_documents_say():
    clip = Clip("a.wav")
    with pytest.raises(FrozenInstanceError):
        clip.source = "b.wav"
    assert Timeline(id="x", root="/", allow_outside=False) == Timeline(id="x")
    assert clip == Clip("a.wav") != replace(clip, mute=True)


def test_signatures_show_what_may_be_given():
    fields = list(inspect.signature(Clip).parameters)
    assert fields[:3] == ["source", "id", "start_ms"]
    assert list(inspect.signature(Timeline.clip).parameters) == ["self", *fields]
    assert inspect.getdoc(Timeline.clip).startswith("The same with one more clip")
